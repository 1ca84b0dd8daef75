//! `anypush send gcm`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::common::{Common, Devices, Limits, ServiceUrl, Source};
use super::value;

const USAGE: &str = "\
anypush send gcm --endpoint URL --token ID... [OPTIONS]
       anypush send gcm --endpoint URL --tokens FILE|- [OPTIONS]
       anypush send gcm --endpoint URL --topic NAME|--condition EXPR [OPTIONS]";

const MANUAL: &str = "\
Examples:
  To a simulator on this machine, which takes any key:
    anypush sim --dir /tmp/sim --gcm 127.0.0.1:8445 &
    GCM_API_KEY=any anypush send gcm --endpoint https://127.0.0.1:8445/gcm/send \\
      --ca /tmp/sim/ca.pem --title Hello --body 'It works' \\
      --token dQw4w9WgXcQ:APA91bHun4MxP5egoKMwt2KZFBaFUH

  A list, and the ids to store instead:
    anypush send gcm --endpoint https://push.example/gcm/send --api-key-file api.key \\
      --data message=Hello --tokens ids.txt > outcomes.jsonl
    jq -r 'select(.verdict == \"replace-token\") | [.device, .token] | @tsv' outcomes.jsonl

Outcomes, one line each, as the requests of up to 1000 devices are answered:
  status  the HTTP status; null where there was no answer
  reason  the service's word, such as NotRegistered, or why there was no answer
  detail  what else the service said
  id      the service's id of the message
  token   the registration id to store instead, with replace-token

Verdicts:
  accepted         the service took it
  replace-token    it took it, and knows the device by `token` now: store that one
  remove-token     NotRegistered, InvalidRegistration: delete the id
  retry-after      Unavailable, InternalServerError, 5xx, 429: send it again in `retry_after_s`
                   seconds
  unknown          perhaps taken: the answer was lost or can't be read
  fix-credentials  the key was refused, the id is another sender's, or there is no such service.
                   Also where no id was taken and all are said to be gone: likely the wrong key or
                   endpoint
  fix-message      this push can't be taken as it is: its message or its id

Exit status:
  0    all were accepted, and none is to be replaced
  1    some were not, or are to be replaced, or nobody read the output to its end
  2    wrong use or configuration; one line on standard error says what to change
  3    the service could not be reached, or gave no answer for longer than --timeout
  130  interrupted: no device was taken any more, what was under way was answered, and the summary
       tells what was done. A second interrupt ends at once";

/// Send by the legacy HTTP protocol of GCM and FCM: Google shut it down in 2024, others serve on
///
/// Google's own service is reached by `send fcm` now. This is for compatible servers, gateways of your
/// own, simulators and tests that still speak the protocol before it.
///
/// The message is checked before anything is connected; then every device gets exactly one outcome. Up
/// to 1000 devices go out with one request.
#[derive(Debug, Args)]
#[command(after_help = MANUAL, override_usage = USAGE)]
#[command(mut_arg("token", |token| token.help("A device by its registration id; may be repeated")))]
#[command(mut_arg("in_flight", |most| most.default_value("8").help(IN_FLIGHT)))]
#[command(mut_arg("connections", |most| most.help(CONNECTIONS)))]
pub(crate) struct Gcm {
    #[command(flatten)]
    pub(crate) devices: Devices,

    /// All devices that listen to this topic, with or without /topics/ before its name
    #[arg(
        long,
        value_name = "NAME",
        conflicts_with_all = ["token", "tokens", "condition", "plain"],
        help_heading = "Devices"
    )]
    pub(crate) topic: Option<String>,

    /// All devices whose topics fulfil this, such as 'news' in topics && !('off' in topics)
    #[arg(
        long,
        value_name = "EXPR",
        conflicts_with_all = ["token", "tokens", "plain"],
        help_heading = "Devices"
    )]
    pub(crate) condition: Option<String>,

    #[command(flatten)]
    pub(crate) api_key: ApiKey,

    #[command(flatten)]
    pub(crate) message: GcmMessage,

    /// The message as JSON, instead of the message options: a request of the protocol, without its
    /// target, which the options give; - for standard input
    #[arg(long, value_name = "FILE|-", help_heading = "Message")]
    pub(crate) payload: Option<Source>,

    /// Have it checked by the service, and deliver nothing
    #[arg(long, help_heading = "Delivery")]
    pub(crate) dry_run: bool,

    /// Send in the plain-text format, a form: for servers that speak no other. One device per request,
    /// and no --title, --body or --low-priority
    #[arg(long, help_heading = "Delivery")]
    pub(crate) plain: bool,

    /// production (https://fcm.googleapis.com/fcm/send, which answers no more), or a URL:
    /// https://HOST[:PORT]/PATH; without a path it is /gcm/send. Over http:// everybody on the way can
    /// read the API key
    #[arg(
        long,
        value_name = "URL|production",
        default_value = "production",
        help_heading = "Connection"
    )]
    pub(crate) endpoint: ServiceUrl,

    #[command(flatten)]
    pub(crate) limits: Limits,

    #[command(flatten)]
    pub(crate) common: Common,
}

const IN_FLIGHT: &str = "At most so many unanswered requests, with up to 1000 devices each; with --plain \
                         no more than --connections";

const CONNECTIONS: &str = "At most so many connections; more than one are opened only while those that are \
                           open do not suffice";

/// Who sends.
#[derive(Debug, Args)]
#[command(next_help_heading = "Credentials")]
pub(crate) struct ApiKey {
    /// The environment variable that holds the API key (server key)
    #[arg(
        long,
        value_name = "VAR",
        default_value = "GCM_API_KEY",
        conflicts_with = "api_key_file"
    )]
    pub(crate) api_key_env: String,

    /// The file that holds the API key, instead of a variable
    #[arg(long, value_name = "FILE")]
    pub(crate) api_key_file: Option<PathBuf>,
}

/// What it says, and how it is delivered.
#[derive(Debug, Default, PartialEq, Args)]
#[command(next_help_heading = "Message")]
pub(crate) struct GcmMessage {
    /// The title of the notification
    #[arg(long, value_name = "TEXT")]
    pub(crate) title: Option<String>,

    /// The text of the notification
    #[arg(long, value_name = "TEXT")]
    pub(crate) body: Option<String>,

    /// What the app gets, a text by its key; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = value::pair)]
    pub(crate) data: Vec<(String, String)>,

    /// Of messages with the same key a device that was away gets the last one; up to 4 keys wait for
    /// one device
    #[arg(long, value_name = "KEY", help_heading = "Delivery")]
    pub(crate) collapse_key: Option<String>,

    /// How long it is kept for a device that is away: seconds such as 90, or 5m, 12h, 7d, 2w; 0 for now
    /// or never; at most 4w [default: the service's, which is 4w]
    #[arg(long, value_name = "TIME", value_parser = value::span, help_heading = "Delivery")]
    pub(crate) ttl: Option<Duration>,

    /// Wait until the device is active; ignored by Google since 2016
    #[arg(long, help_heading = "Delivery")]
    pub(crate) delay_while_idle: bool,

    /// When it costs the device little, instead of at once
    #[arg(long, conflicts_with = "plain", help_heading = "Delivery")]
    pub(crate) low_priority: bool,

    /// Only the app of this package gets it
    #[arg(long, value_name = "NAME", help_heading = "Delivery")]
    pub(crate) restricted_package_name: Option<String>,
}
