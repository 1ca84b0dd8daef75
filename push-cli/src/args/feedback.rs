//! `anypush feedback`.

use anypush::apns::Endpoint;
use clap::Args;

use super::common::Common;
use super::credentials::Certificate;
use super::value;

const MANUAL: &str = "\
Examples:
  From a simulator on this machine:
    anypush sim --dir /tmp/sim --apns-feedback 127.0.0.1:2196 --control 127.0.0.1:8080 &
    curl -d '[{\"token\":\"00fc13ad\",\"since\":1700000000}]' http://127.0.0.1:8080/feedback
    anypush feedback --endpoint 127.0.0.1:2196 --ca /tmp/sim/ca.pem --cert /tmp/sim/client.pem

  Once a day, kept before anything else is done with it:
    anypush feedback --cert push.pem >> feedback.jsonl

Output:
  One line per device, as soon as it is read:
    {\"device\":\"00fc13ad\",\"since\":\"2023-11-14T22:13:20Z\"}
  On a terminal, or with --output human, a table. Delete a device unless its app registered at
  `since` or later.

  The service forgets what it has told: what is lost on the way to a file does not come again.

Exit status:
  0    all was read, to the end
  1    the service broke off: what came before is told, and the rest is likely lost; or nobody read
       the output to its end
  2    wrong use or configuration; one line on standard error says what to change
  3    the service could not be reached, or refused the certificate: nothing was read
  130  interrupted: what was read is told";

/// Ask which devices lack the app: Apple's service was switched off on 2021-03-31, others serve on
///
/// It went with the binary gateway, and is for simulators, tests and servers of your own that still
/// have one. Apple's provider API says the same as it refuses a push: see `remove-token` in
/// `send apns --help`.
#[derive(Debug, Args)]
#[command(after_help = MANUAL)]
#[command(mut_arg("timeout", |timeout| timeout.help(TIMEOUT)))]
#[command(mut_arg("output", |output| output.help(OUTPUT)))]
pub(crate) struct Feedback {
    #[command(flatten, next_help_heading = "Credentials")]
    pub(crate) certificate: Certificate,

    /// production, sandbox (for apps that Xcode installed), or HOST:PORT
    #[arg(
        long,
        value_name = "WHERE",
        default_value = "production",
        value_parser = value::endpoint,
        help_heading = "Connection"
    )]
    pub(crate) endpoint: Endpoint,

    #[command(flatten)]
    pub(crate) common: Common,
}

const TIMEOUT: &str = "Seconds that the connection may take, and that the service may say nothing. Fractions \
                       are fine";

const OUTPUT: &str = "How to tell what is read [default: human on a terminal, else json]";
