//! `anypush sim`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

const MANUAL: &str = "\
Example:
  anypush sim --dir /tmp/sim --apns 127.0.0.1:8443 --control 127.0.0.1:8080
  anypush send apns --endpoint 127.0.0.1:8443 --ca /tmp/sim/ca.pem \\
    --key /tmp/sim/AuthKey.p8 --key-id ABC123DEFG --team-id DEF123GHIJ \\
    --topic com.example.app --body Hello \\
    --token 00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0
  curl 'http://127.0.0.1:8080/received?service=apns&limit=1'

Once a service listens it is told by one line of JSON on standard output, the control address last:
  {\"service\":\"apns\",\"addr\":\"127.0.0.1:8443\"}
  {\"service\":\"control\",\"addr\":\"127.0.0.1:8080\"}

Files in DIR, made anew at each start:
  ca.pem                  the root to trust
  server.pem, server.key  the services' certificate, for localhost and 127.0.0.1
  client.pem, client.p12  a provider's certificate and key; the password is anypush
  AuthKey.p8              a signing key: key id ABC123DEFG, team id DEF123GHIJ

Control, in plain HTTP and JSON:
  GET /stats                           what was counted, by service
  GET /received?service=apns&limit=N   the last that were accepted, newest last
  POST /faults                         what to do wrong, such as
    [{\"service\":\"apns\",\"token\":\"00fc…\",\"do\":{\"answer\":{\"status\":410,\"reason\":\"Unregistered\"}}}]
    \"do\" is one of answer, body, close, goaway, streams, window, starve, delay_ms, drop_answer, reset,
    stop_reading, stall, wedge, ignore_pings, malformed, handshake; {\"random\":{\"seed\":17,\"one_in\":50}}
    draws from them
  POST /apply                          at once, on all connections that are open, such as
    {\"service\":\"apns\",\"do\":{\"goaway\":{\"reason\":\"Shutdown\"}}}
  DELETE /faults                       no more of it
  POST /reset                          counters, received and faults

It runs until it is interrupted, and ends with status 0.";

/// Run simulators of the push services on this machine
///
/// They check what the real services check and answer as they answer, and fail on command: for
/// tests of any client, in any language.
#[derive(Debug, Args)]
#[command(after_help = MANUAL)]
pub(crate) struct Sim {
    /// The folder for certificates and keys; made if it is not there
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: PathBuf,

    /// Run the APNs provider API here, with broadcasts and channels, such as 127.0.0.1:8443; port 0
    /// takes a free one
    #[arg(long, value_name = "ADDR", value_parser = push_sim::parse_address, required = true)]
    pub(crate) apns: Option<SocketAddr>,

    /// Where to ask what came and to command faults; port 0 takes a free one
    #[arg(
        long,
        value_name = "ADDR",
        value_parser = push_sim::parse_address,
        default_value = "127.0.0.1:0"
    )]
    pub(crate) control: SocketAddr,

    /// Log to standard error: -v what happens, -vv also what the libraries below do. RUST_LOG,
    /// where it is set, decides instead
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}
