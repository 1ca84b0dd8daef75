//! `anypush sim`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{ArgGroup, Args};
use push_sim::WebAddress;

const MANUAL: &str = "\
Example:
  anypush sim --dir /tmp/sim --apns 127.0.0.1:8443 --control 127.0.0.1:8080
  anypush send apns --endpoint 127.0.0.1:8443 --ca /tmp/sim/ca.pem \\
    --key /tmp/sim/AuthKey.p8 --key-id ABC123DEFG --team-id DEF123GHIJ \\
    --topic com.example.app --body Hello \\
    --token 00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0
  curl 'http://127.0.0.1:8080/received?service=apns&limit=1'

  anypush sim --dir /tmp/sim --fcm 127.0.0.1:8444 --gcm plain:127.0.0.1:8081
  anypush send fcm --endpoint https://localhost:8444 --ca /tmp/sim/ca.pem \\
    --service-account /tmp/sim/service-account.json --token TOKEN --title Hello

  anypush sim --dir /tmp/sim --web 127.0.0.1:8445 --control 127.0.0.1:8080
  curl -d '{\"service\":\"mozilla\"}' http://127.0.0.1:8080/subscriptions > subscriptions.json
  anypush send web --ca /tmp/sim/ca.pem --allow-private --vapid /tmp/sim/vapid.pem \\
    --subject mailto:ops@example.org --tokens subscriptions.json --body Hello

  anypush sim --dir /tmp/sim --wns 127.0.0.1:8447 --control 127.0.0.1:8080
  curl -d '{\"count\":3}' http://127.0.0.1:8080/channels | jq -r '.[].uri' > channels.txt
  WNS_CLIENT_SECRET=any anypush send wns --endpoint https://localhost:8447 \\
    --auth-url https://localhost:8447 --ca /tmp/sim/ca.pem --client-id ms-app://S-1-15-2-1-2-3 \\
    --channels channels.txt --toast Hello

Once a service listens it is told by one line of JSON on standard output, the control address last:
  {\"service\":\"apns\",\"addr\":\"127.0.0.1:8443\"}
  {\"service\":\"gcm\",\"addr\":\"127.0.0.1:8081\",\"plain\":true}
  {\"service\":\"control\",\"addr\":\"127.0.0.1:8080\"}

Files in DIR, made anew at each start:
  ca.pem                  the root to trust
  server.pem, server.key  the services' certificate, for localhost and 127.0.0.1
  client.pem, client.p12  a provider's certificate and key; the password is anypush
  AuthKey.p8              a signing key: key id ABC123DEFG, team id DEF123GHIJ
  vapid.pem               a key by which senders identify themselves to browsers' push services
  service-account.json    with --fcm: an account of the project anypush-sim; token_uri leads here

FCM, GCM, WNS and Web Push speak HTTP/2 and HTTP/1.1 over TLS, and plain HTTP/1.1 at plain:ADDR. A
request is told by its path, whatever its host is: /v1/projects/anypush-sim/messages:send, /token,
/gcm/send …

WNS gives access tokens at /accesstoken.srf, to any Package SID with any secret, and at
/TENANT/oauth2/v2.0/token, to any application id that is a GUID. Every other path is a channel:
those of POST /channels, and any that nobody has made, such as /?token=abc. Headers and XML are
checked; what Windows would not show is refused with 400, which says why, though the real service
takes it.

Web Push has the rules and the words of one service for each form of path: /wpush/v1/ID and
/wpush/v2/ID are Mozilla's, /fcm/send/ID and /wp/ID FCM's, /apple/ID Apple's, /w/?token=ID is WNS
for Edge; /push/ID, and every other path, does what RFC 8030 says. Subscriptions come from POST
/subscriptions, or from Firefox, whose dom.push.serverURL may be ws://ADDR/. To an endpoint that
nobody has made here can be pushed, too, but what arrives is not decrypted.

Control, in plain HTTP and JSON:
  GET /stats                           what was counted, by service
  GET /received?service=apns&limit=N   the last that were accepted, newest last
  GET /tokens?service=fcm              how often each token was taken, with --count-tokens:
                                       of apns-gateway, fcm, gcm, wns and web
  POST /faults                         what to do wrong, such as
    [{\"service\":\"apns\",\"token\":\"00fc…\",\"do\":{\"answer\":{\"status\":410,\"reason\":\"Unregistered\"}}},
     {\"service\":\"apns-gateway\",\"token\":\"00fc…\",\"do\":{\"code\":8}},
     {\"service\":\"fcm\",\"token\":\"/token\",\"do\":{\"answer\":{\"status\":400,\"reason\":\"invalid_grant\"}}}]
    A token that begins with / is a path. The token endpoint is befallen by faults of its path only.
    \"do\" is one of
    apns, fcm, gcm, wns, web
                   answer, body, close, goaway, streams, window, starve, delay_ms, drop_answer,
                   reset, stop_reading, stall, wedge, ignore_pings, malformed, handshake
    apns-gateway   code, close, delay_ms, stop_reading, slow, idle, stall, wedge, malformed,
                   handshake
    apns-feedback  close, delay_ms, slow, stall, handshake
    and {\"random\":{\"seed\":17,\"one_in\":50}} draws from them. A code of the gateway can have options:
      {\"code\":{\"code\":8,\"delay_ms\":200,\"close\":\"rst\"}}   later; what comes meanwhile is thrown away
      {\"code\":{\"code\":8,\"discard\":100,\"split\":true}}    after 100 more; byte by byte
      {\"code\":{\"code\":8,\"close\":\"none\"}}                and it stays open: tls, fin, rst or none
      {\"code\":{\"code\":8,\"identifier\":7,\"bytes\":3,\"drain\":false}}
      {\"close\":{\"how\":\"rst\",\"at\":\"after_answer\"}}         taken, then closed
      {\"slow\":{\"bytes_per_s\":1000}}, {\"idle\":{\"after_ms\":200,\"close\":\"fin\"}}
    An answer has a status, and can have a reason, retry_after, timestamp_ms (apns); of the others
      {\"answer\":{\"status\":502,\"body\":\"<html>\",\"content_type\":\"text/html\"}}       word for word
      {\"answer\":{\"status\":400,\"reason\":\"INVALID_ARGUMENT\",\"message\":\"text\",
        \"violations\":{\"message.token\":\"why\"},\"apns_status\":400,\"apns_reason\":\"BadTopic\"}}
      {\"answer\":{\"status\":200,\"reason\":\"NotRegistered\"}}    gcm: for this id, inside results
      {\"answer\":{\"status\":200,\"canonical\":\"NEWID\"}}         gcm: this id has another one now
      {\"answer\":{\"status\":200,\"reason\":\"dropped\"}}          wns: channelthrottled, received, too
      {\"answer\":{\"status\":410,\"reason\":\"DomainBlocked\"}}    wns: ChannelExpired, Throttled,
                                                     OtherApp, Unavailable …, or a text
      {\"answer\":{\"status\":410,\"reason\":\"106\"}}              web: Mozilla's number, and its text
      {\"answer\":{\"status\":400,\"reason\":\"VapidPkHashMismatch\"}}   web: Apple's word
      {\"answer\":{\"status\":200,\"reason\":\"channelthrottled\"}}      web: in the headers of WNS
  POST /subscriptions                  new ones of Web Push, as browsers give them, such as
    {\"count\":2,\"service\":\"mozilla\"}     or fcm, apple, edge, rfc8030; all can be left out:
    \"application_server_key\":\"BA1…\"     who may push there, and nobody else
    \"keys\":{\"p256dh\":\"BCV…\",\"auth\":\"BTB…\"}   made elsewhere: then nothing is decrypted here
    \"id\":\"mine\", \"origin\":\"https://a.push.example:8445\"   what the endpoint ends and begins with
  GET /subscriptions                   all of them, what is stored, how browsers acknowledged
  DELETE /subscriptions/ID             ends one: who pushes there is told so
  POST /channels                       new ones of WNS, as apps get them: one, or such as
    [{\"count\":2,\"kind\":\"uwp\",\"app\":\"ms-app://S-1-15-2-1\"}, {\"kind\":\"app-sdk\",\"secondary_tile\":true}]
    \"phone\":true, \"expired\":true, \"id\":\"mine\", \"origin\":\"https://db5.notify.windows.com:8447\"
  GET /channels                        all of them, and what each took
  DELETE /channels/ID                  ends one: who pushes there is told so; ?as=expired
  DELETE /access_tokens?service=wns    no access token is good any more
  POST /feedback                       what the feedback service has to tell, such as
    [{\"token\":\"00fc…\",\"since\":1700000000}]
  POST /apply                          at once, on all connections that are open, such as
    {\"service\":\"apns\",\"do\":{\"goaway\":{\"reason\":\"Shutdown\"}}}
  DELETE /faults                       no more of it
  POST /reset                          all that was counted, received, made and commanded

It runs until it is interrupted, and ends with status 0.";

/// At least one service has to run.
fn services() -> ArgGroup {
    ArgGroup::new("service")
        .args([
            "apns",
            "apns_gateway",
            "apns_feedback",
            "fcm",
            "gcm",
            "wns",
            "web",
        ])
        .required(true)
        .multiple(true)
}

/// Run simulators of the push services on this machine
///
/// They check what the real services check and answer as they answer, and fail on command: for
/// tests of any client, in any language.
#[derive(Debug, Args)]
#[command(after_help = MANUAL, group(services()))]
pub(crate) struct Sim {
    /// The folder for certificates and keys; made if it is not there
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: PathBuf,

    /// Run the APNs provider API here, with broadcasts and channels, such as 127.0.0.1:8443; port 0
    /// takes a free one
    #[arg(long, value_name = "ADDR", value_parser = push_sim::parse_address)]
    pub(crate) apns: Option<SocketAddr>,

    /// Run the binary gateway here, which Apple has switched off in 2021
    #[arg(long, value_name = "ADDR", value_parser = push_sim::parse_address)]
    pub(crate) apns_gateway: Option<SocketAddr>,

    /// Run the feedback service here, which went with the binary gateway
    #[arg(long, value_name = "ADDR", value_parser = push_sim::parse_address)]
    pub(crate) apns_feedback: Option<SocketAddr>,

    /// Run FCM here, with Google's token endpoint; plain:ADDR does without TLS
    #[arg(long, value_name = "[plain:]ADDR")]
    pub(crate) fcm: Option<WebAddress>,

    /// Run GCM here, and FCM's legacy protocol, which Google has switched off in 2024; plain:ADDR does
    /// without TLS
    #[arg(long, value_name = "[plain:]ADDR")]
    pub(crate) gcm: Option<WebAddress>,

    /// Run WNS here, with the token endpoints of Microsoft's account service and of Entra ID; plain:ADDR
    /// does without TLS
    #[arg(long, value_name = "[plain:]ADDR")]
    pub(crate) wns: Option<WebAddress>,

    /// Run the push services of browsers here: Mozilla's, FCM's, Apple's, Edge's and a plain one;
    /// plain:ADDR does without TLS
    #[arg(long, value_name = "[plain:]ADDR")]
    pub(crate) web: Option<WebAddress>,

    /// Let the binary gateway and the feedback service demand the client's certificate, not only ask
    /// for it
    #[arg(long)]
    pub(crate) require_client_certificate: bool,

    /// Let the binary gateway, FCM, GCM, WNS and Web Push count for each device token how often it was
    /// taken: GET /tokens
    #[arg(long)]
    pub(crate) count_tokens: bool,

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
