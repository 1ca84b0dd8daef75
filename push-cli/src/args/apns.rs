//! `anypush send apns`.

use anypush::apns::{ApnsId, Endpoint, Priority, PushType};
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::common::{Common, Devices, Limits, Source};
use super::credentials::Credentials;
use super::message::Message;
use super::value::{self, Until};

const USAGE: &str = "\
anypush send apns --key FILE.p8 --key-id ID --team-id ID --token TOKEN... [OPTIONS]
       anypush send apns --cert FILE --tokens FILE|- [OPTIONS]";

const MANUAL: &str = "\
Examples:
  Send an alert, with a signing key:
    anypush send apns --key AuthKey_ABC123DEFG.p8 --key-id ABC123DEFG --team-id DEF123GHIJ \\
      --topic com.example.app --title Hello --body 'It works' \\
      --token 00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0

  Wake an app on every device of a list, with a certificate, and keep what became of each:
    anypush send apns --cert push.pem --push-type background --tokens devices.txt > outcomes.jsonl

  The tokens to delete:
    jq -r 'select(.verdict == \"remove-token\") | .device' outcomes.jsonl

Verdicts:
  accepted         the service took it
  remove-token     the app is gone from the device: delete the token, unless it was registered
                   again after `since`
  retry-after      surely not taken: send it again in `retry_after_s` seconds
  unknown          perhaps taken: the answer was lost; sending again can show it twice
  fix-credentials  key, certificate or topic do not fit: nothing is wrong with the device
  fix-message      this push can't be taken as it is: its message or its token
  replace-token    does not occur here

Exit status:
  0    all devices were accepted
  1    some were not, or nobody read the output to its end
  2    wrong use or configuration; one line on standard error says what to change
  3    the service could not be reached, or gave no answer for longer than --timeout
  130  interrupted: no device was taken any more, what was under way was answered, and the summary
       tells what was done. A second interrupt ends at once";

/// Send one notification to any number of devices through the Apple Push Notification service
///
/// The notification is checked before anything is connected; then every device gets exactly one
/// outcome. What can't be a device token
/// is told without asking the service.
#[derive(Debug, Args)]
#[command(after_help = MANUAL, override_usage = USAGE)]
pub(crate) struct Apns {
    #[command(flatten)]
    pub(crate) devices: Devices,

    #[command(flatten)]
    pub(crate) credentials: Credentials,

    #[command(flatten)]
    pub(crate) message: Message,

    /// The payload as JSON, sent byte for byte, instead of the message options; - for standard
    /// input
    #[arg(long, value_name = "FILE|-", help_heading = "Message")]
    pub(crate) payload: Option<Source>,

    #[command(flatten)]
    pub(crate) delivery: Delivery,

    /// production, sandbox (for apps that Xcode installed), or HOST:PORT
    #[arg(
        long,
        value_name = "WHERE",
        default_value = "production",
        help_heading = "Connection"
    )]
    pub(crate) endpoint: Endpoint,

    #[command(flatten)]
    pub(crate) limits: Limits,

    #[command(flatten)]
    pub(crate) common: Common,
}

/// How it is delivered.
#[derive(Debug, Args)]
#[command(next_help_heading = "Delivery")]
pub(crate) struct Delivery {
    /// The app's bundle id; the push type's suffix is added where it is missing [default: with a
    /// certificate, its first topic]
    #[arg(long, value_name = "BUNDLE_ID")]
    pub(crate) topic: Option<String>,

    /// What the notification is for
    #[arg(
        long,
        value_name = "TYPE",
        default_value = "alert",
        value_parser = PossibleValuesParser::new(PushType::ALL.map(PushType::as_str))
            .try_map(|name| name.parse::<PushType>())
    )]
    pub(crate) push_type: PushType,

    /// 10 at once, 5 sparing the battery, 1 lowest [default: 5 for background, else the
    /// service's, which is 10]
    #[arg(long, value_name = "10|5|1")]
    pub(crate) priority: Option<Priority>,

    /// How long it is kept for a device that is away: 0 for one attempt, seconds from now, or a
    /// time such as 2030-01-31T12:00:00Z; at most 30 days [default: the service's own policy]
    #[arg(long, value_name = "0|SECONDS|TIME", value_parser = value::until)]
    pub(crate) expiration: Option<Until>,

    /// Notifications with the same id are shown as one; up to 64 bytes
    #[arg(long, value_name = "ID")]
    pub(crate) collapse_id: Option<String>,

    /// The notification's own id, a UUID; meant for a single device [default: a new one for each]
    #[arg(long, value_name = "UUID")]
    pub(crate) apns_id: Option<ApnsId>,
}
