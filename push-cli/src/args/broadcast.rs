//! `anypush broadcast apns`.

use anypush::apns::{ApnsId, Endpoint, Priority};
use clap::{Args, ValueEnum};
use serde_json::Value;

use super::common::{Common, Source};
use super::credentials::Credentials;
use super::value::{self, Json, Until};

const USAGE: &str = "\
anypush broadcast apns --key FILE.p8 --key-id ID --team-id ID --topic BUNDLE_ID \\
         --channel ID... --content-state JSON|FILE|- [OPTIONS]
       anypush broadcast apns --cert FILE --channel ID... --payload FILE|- [OPTIONS]";

const MANUAL: &str = "\
Examples:
  Tell everybody who follows a match its score:
    anypush broadcast apns --key AuthKey_ABC123DEFG.p8 --key-id ABC123DEFG --team-id DEF123GHIJ \\
      --topic com.example.app --channel dHN0LXNyY2gtY2hubA== \\
      --content-state '{\"home\": 2, \"away\": 1}'

  End the Live Activity, with its last content, and take it off the screens in 15 minutes:
    anypush broadcast apns --cert push.pem --channel dHN0LXNyY2gtY2hubA== \\
      --event end --content-state final.json --dismissal-date 900

  Try it on this machine:
    anypush sim --dir /tmp/sim --apns 127.0.0.1:8443 &
    anypush channels apns create --endpoint 127.0.0.1:8443 --ca /tmp/sim/ca.pem \\
      --cert /tmp/sim/client.pem --storage none
    anypush broadcast apns --endpoint 127.0.0.1:8443 --ca /tmp/sim/ca.pem \\
      --cert /tmp/sim/client.pem --content-state '{\"home\": 2}' --channel ID

Channels are made with `anypush channels apns create`. A Live Activity is started on each device, by
the app or by `anypush send apns --push-type liveactivity --payload FILE`; what is broadcast updates
or ends it.

Verdicts:
  accepted         the service took it, and tells all who follow the channel
  retry-after      surely not taken: send it again in `retry_after_s` seconds
  unknown          perhaps taken: the answer was lost
  fix-credentials  key, certificate or app do not fit, or broadcasts are not enabled for the app
  fix-message      it can't be taken as it is: the message, or a channel that is not there

Exit status:
  0    all channels took it
  1    some did not, or nobody read the output to its end
  2    wrong use or configuration; one line on standard error says what to change
  3    the service could not be reached, or gave no answer for longer than --timeout
  130  interrupted: what was under way was answered, and the summary tells what was done";

/// Update or end a Live Activity on every device that follows a channel (iOS 18 and later)
///
/// One push to the Apple Push Notification service reaches any number of devices: those that
/// subscribed to the channel. The push is checked before anything is connected; then every channel
/// gets exactly one outcome.
#[derive(Debug, Args)]
#[command(after_help = MANUAL, override_usage = USAGE)]
pub(crate) struct BroadcastApns {
    /// The channel, in base64 as it was given when it was made; may be repeated
    #[arg(
        long = "channel",
        value_name = "ID",
        required = true,
        help_heading = "Channels"
    )]
    pub(crate) channels: Vec<String>,

    #[command(flatten)]
    pub(crate) credentials: Credentials,

    #[command(flatten)]
    pub(crate) activity: Activity,

    /// The payload as JSON, sent byte for byte, instead of the Live Activity options; - for standard
    /// input. At most 5120 bytes
    #[arg(long, value_name = "FILE|-", help_heading = "Live Activity")]
    pub(crate) payload: Option<Source>,

    #[command(flatten)]
    pub(crate) delivery: BroadcastDelivery,

    /// production, sandbox (for apps that Xcode installed), or HOST:PORT
    #[arg(
        long,
        value_name = "WHERE",
        default_value = "production",
        help_heading = "Connection"
    )]
    pub(crate) endpoint: Endpoint,

    #[command(flatten)]
    pub(crate) common: Common,
}

/// What happens to the Live Activity.
#[derive(Debug, Default, PartialEq, Args)]
#[command(next_help_heading = "Live Activity")]
pub(crate) struct Activity {
    /// What happens [default: update]
    #[arg(long, value_enum, value_name = "EVENT")]
    pub(crate) event: Option<ActivityEvent>,

    /// The new content: an object as the app's ContentState is written, as JSON, as a file, or - for
    /// standard input. An end can do without
    #[arg(long, value_name = "JSON|FILE|-", value_parser = value::json)]
    pub(crate) content_state: Option<Json>,

    /// When the content is out of date: seconds from now, or a time such as 2030-01-31T12:00:00Z
    /// [default: never]
    #[arg(long, value_name = "SECONDS|TIME", value_parser = value::moment)]
    pub(crate) stale_date: Option<Until>,

    /// When an ended activity leaves the screen: 0 for at once, seconds from now, or a time
    /// [default: up to four hours later, as the system likes]
    #[arg(long, value_name = "0|SECONDS|TIME", value_parser = value::moment)]
    pub(crate) dismissal_date: Option<Until>,

    /// Alert people to the change: the title
    #[arg(long, value_name = "TEXT")]
    pub(crate) title: Option<String>,

    /// Alert people to the change: the text
    #[arg(long, value_name = "TEXT")]
    pub(crate) body: Option<String>,

    /// The sound of the alert: a file of the app, or `default`
    #[arg(long, value_name = "NAME")]
    pub(crate) sound: Option<String>,

    /// Which of the app's Live Activities comes first: the one with the highest score
    #[arg(long, value_name = "SCORE")]
    pub(crate) relevance_score: Option<f64>,

    /// A key of the app's own beside `aps`, and its value as JSON; may be repeated
    #[arg(long, value_name = "KEY=JSON", value_parser = value::custom)]
    pub(crate) custom: Vec<(String, Value)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ActivityEvent {
    /// Its content changes
    Update,
    /// It is over
    End,
}

/// How it is delivered.
#[derive(Debug, Args)]
#[command(next_help_heading = "Delivery")]
pub(crate) struct BroadcastDelivery {
    /// The app's bundle id [default: with a certificate, its first topic]
    #[arg(long, value_name = "BUNDLE_ID", required_unless_present = "cert")]
    pub(crate) topic: Option<String>,

    /// 10 at once, 5 sparing the battery, 1 lowest
    #[arg(long, value_name = "10|5|1", default_value = "10")]
    pub(crate) priority: Priority,

    /// How long it is kept for devices that are away: 0 for one attempt, seconds from now, or a time
    /// such as 2030-01-31T12:00:00Z. A channel that stores nothing takes 0 only; others keep the most
    /// recent broadcast for at most 8 hours
    #[arg(
        long,
        value_name = "0|SECONDS|TIME",
        default_value = "0",
        value_parser = value::until
    )]
    pub(crate) expiration: Until,

    /// The request's own id, a UUID, which the service's answer repeats; meant for a single channel
    /// [default: a new one for each]
    #[arg(long, value_name = "UUID")]
    pub(crate) request_id: Option<ApnsId>,
}
