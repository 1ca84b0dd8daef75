//! `anypush send fcm`, and what all commands for FCM have.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::common::{Common, Devices, Limits, ServiceUrl, Source};
use super::value;
use anypush::fcm::AndroidPriority;

const USAGE: &str = "\
anypush send fcm [--service-account FILE] --token TOKEN... [OPTIONS]
       anypush send fcm [--service-account FILE] --tokens FILE|- [OPTIONS]
       anypush send fcm [--service-account FILE] --topic NAME|--condition EXPR [OPTIONS]";

const MANUAL: &str = "\
Examples:
  To a simulator on this machine:
    anypush sim --dir /tmp/sim --fcm 127.0.0.1:8444 &
    anypush send fcm --endpoint https://127.0.0.1:8444 --ca /tmp/sim/ca.pem \\
      --service-account /tmp/sim/service-account.json --title Hello --body 'It works' \\
      --token bk3RNwTe3H0:CI2k_HHwgIpoDKCIZvvDMExUdFQ3P1

  A list, with the credentials that gcloud or the machine has, and what became of each:
    anypush send fcm --title Goal --body 1:0 --data match=4711 --ttl 90m \\
      --tokens tokens.txt > outcomes.jsonl

  The tokens to delete:
    jq -r 'select(.verdict == \"remove-token\") | .device' outcomes.jsonl

  Is a message right, and are the tokens alive? Nothing is delivered:
    anypush send fcm --validate-only --payload message.json --tokens tokens.txt

  Everybody who follows a topic, or two and not a third:
    anypush send fcm --topic news --title Hello
    anypush send fcm --title Hello \\
      --condition \"'news' in topics && 'sport' in topics && !('off' in topics)\"

Credentials, where --service-account is not given, are looked for in Google's order:
  1. the file that GOOGLE_APPLICATION_CREDENTIALS names;
  2. the one that `gcloud auth application-default login` leaves;
  3. the metadata server of a machine in Google Cloud.
  With -v it is said which were found. Access tokens are got with them, and never shown.

Outcomes, one line each, in order of completion:
  status  FCM's HTTP status; null where there was no answer
  reason  FCM's own word, such as UNREGISTERED, with that of APNs behind it where there is one; or
          why there was no answer
  detail  what else FCM said, such as which field of the message is wrong
  id      the name of the message: projects/PROJECT/messages/ID

Verdicts:
  accepted         FCM took it; that is not to say that it was delivered
  remove-token     the app is gone from the device: delete the token
  retry-after      not taken, as the service says: send it again in `retry_after_s` seconds
  unknown          perhaps taken: the answer was lost; sending again can show it twice
  fix-credentials  the token is another project's; the account may not send; the project's own
                   key for APNs or Web Push is missing. Also where no token was taken and all are
                   said to be gone: likely the wrong project, so none is told as remove-token
  fix-message      this push can't be taken as it is: its message or its token
  replace-token    does not occur here

Exit status:
  0    all were accepted
  1    some were not, or nobody read the output to its end
  2    wrong use or configuration, refused credentials among it; one line on standard error says
       what to change
  3    FCM, or who gives its access tokens, could not be reached, or gave no answer for longer than
       --timeout
  130  interrupted: no device was taken any more, what was under way was answered, and the summary
       tells what was done. A second interrupt ends at once";

/// Send one message to any number of devices through Firebase Cloud Messaging (HTTP v1)
///
/// To Android devices, Apple's devices and browsers whose apps use Firebase; or to all who follow a
/// topic. The message is checked before anything is connected; then every device gets exactly one
/// outcome.
#[derive(Debug, Args)]
#[command(after_help = MANUAL, override_usage = USAGE)]
pub(crate) struct Fcm {
    #[command(flatten)]
    pub(crate) targets: Targets,

    #[command(flatten)]
    pub(crate) account: FcmAccount,

    #[command(flatten)]
    pub(crate) message: FcmMessage,

    /// The message as JSON, instead of the message options: a `Message` of the API, or a whole request,
    /// {"message": {...}}. Without a target, which the options give; - for standard input
    #[arg(long, value_name = "FILE|-", help_heading = "Message")]
    pub(crate) payload: Option<Source>,

    /// Have message and tokens checked by the service, and deliver nothing. No message has the name
    /// that is told then
    #[arg(long, help_heading = "Delivery")]
    pub(crate) validate_only: bool,

    /// Send again what FCM answered with 429 or 5xx, as Google asks for: after what it says, else 60 s
    /// (429) or 10 s and more, with jitter, for up to an hour. A push can arrive twice by that, since a
    /// 503 may have been delivered all the same: --collapse-key lets the second replace the first
    /// [default: it is told as retry-after]
    #[arg(long, help_heading = "Delivery")]
    pub(crate) retry: bool,

    #[command(flatten)]
    pub(crate) limits: Limits,

    #[command(flatten)]
    pub(crate) common: Common,
}

/// Where to send to: devices, or those who follow topics.
#[derive(Debug, Args)]
#[command(mut_arg("token", |token| token.help(TOKEN)))]
#[command(mut_arg("tokens", |tokens| tokens.help(TOKENS)))]
pub(crate) struct Targets {
    #[command(flatten)]
    pub(crate) devices: FcmDevices,

    /// All devices that follow this topic, with or without /topics/ before its name
    #[arg(
        long,
        value_name = "NAME",
        conflicts_with_all = ["token", "tokens", "fid", "condition"],
        help_heading = "Devices"
    )]
    pub(crate) topic: Option<String>,

    /// All devices whose topics fulfil this: 'a' in topics, with && || ! and parentheses; up to 5
    /// topics
    #[arg(
        long,
        value_name = "EXPR",
        conflicts_with_all = ["token", "tokens", "fid"],
        help_heading = "Devices"
    )]
    pub(crate) condition: Option<String>,
}

/// Devices by their registration tokens or installation ids.
#[derive(Debug, Args)]
pub(crate) struct FcmDevices {
    #[command(flatten)]
    pub(crate) listed: Devices,

    /// A device by its Firebase installation id; may be repeated. The same as --token fid:ID, and told
    /// so
    #[arg(long, value_name = "ID", help_heading = "Devices")]
    pub(crate) fid: Vec<String>,
}

pub(super) const TOKEN: &str = "A device by its registration token, or fid:ID by its Firebase \
                                installation id; may be repeated";

pub(super) const TOKENS: &str = "A file of devices, one per line as with --token, or - for standard \
                                 input. It is read as it is sent, so its size does not matter. Blank \
                                 lines and white space around a device are skipped";

/// Who sends, and where FCM is.
#[derive(Debug, Args)]
pub(crate) struct FcmAccount {
    /// The key of a service account, as the Firebase console makes it under "Service accounts", or any
    /// other file with Google's credentials [default: application default credentials]
    #[arg(long, value_name = "FILE", help_heading = "Credentials")]
    pub(crate) service_account: Option<PathBuf>,

    /// The Firebase project, its id or its number [default: that of the credentials, else of the
    /// environment]
    #[arg(long, value_name = "ID", help_heading = "Credentials")]
    pub(crate) project: Option<String>,

    /// Where access tokens are got [default: where the credentials say]
    #[arg(long, value_name = "URL", help_heading = "Connection")]
    pub(crate) token_url: Option<String>,

    /// production (https://fcm.googleapis.com), or a URL: https://HOST[:PORT][/PATH]; over http://
    /// everybody on the way can read the access token
    #[arg(
        long,
        value_name = "URL|production",
        default_value = "production",
        help_heading = "Connection"
    )]
    pub(crate) endpoint: ServiceUrl,
}

/// What it says, and how it is delivered.
#[derive(Debug, Default, PartialEq, Args)]
#[command(next_help_heading = "Message")]
pub(crate) struct FcmMessage {
    /// The title
    #[arg(long, value_name = "TEXT")]
    pub(crate) title: Option<String>,

    /// The text
    #[arg(long, value_name = "TEXT")]
    pub(crate) body: Option<String>,

    /// The address of an image; Android takes up to 1 MB
    #[arg(long, value_name = "URL")]
    pub(crate) image: Option<String>,

    /// What the app gets, a text by its key; may be repeated. Without a title, a text or an image
    /// nothing is shown but what the app shows
    #[arg(long, value_name = "KEY=VALUE", value_parser = value::pair)]
    pub(crate) data: Vec<(String, String)>,

    /// The sound on Android: a file of the app, or `default`
    #[arg(long, value_name = "NAME")]
    pub(crate) sound: Option<String>,

    /// The notification channel on Android, which the app made
    #[arg(long, value_name = "ID")]
    pub(crate) channel_id: Option<String>,

    /// The page that a click opens in browsers; https only
    #[arg(long, value_name = "URL")]
    pub(crate) link: Option<String>,

    /// How long it is kept for an Android device that is away: seconds such as 90 or 3.5s, or 5m, 12h,
    /// 7d, 2w; 0 for now or never; at most 4w. Apple's devices and browsers have headers of their own
    /// for it [default: 4w]
    #[arg(long, value_name = "TIME", value_parser = value::span, help_heading = "Delivery")]
    pub(crate) ttl: Option<Duration>,

    /// Of messages with the same key an Android device gets the last one; up to 4 keys wait for one
    /// device
    #[arg(long, value_name = "KEY", help_heading = "Delivery")]
    pub(crate) collapse_key: Option<String>,

    /// How soon an Android device gets it: high wakes it [default: high with a notification, else
    /// normal]
    #[arg(
        long,
        value_name = "PRIORITY",
        value_parser = PossibleValuesParser::new(["high", "normal"])
            .map(|word| AndroidPriority::from(&*word)),
        help_heading = "Delivery"
    )]
    pub(crate) priority: Option<AndroidPriority>,

    /// A header for APNs, such as apns-priority=5 or apns-expiration=0; may be repeated
    #[arg(
        long,
        value_name = "NAME=VALUE",
        value_parser = value::pair,
        help_heading = "Delivery"
    )]
    pub(crate) apns_header: Vec<(String, String)>,

    /// A header for Web Push, such as TTL=3600 or Urgency=high; may be repeated
    #[arg(
        long,
        value_name = "NAME=VALUE",
        value_parser = value::pair,
        help_heading = "Delivery"
    )]
    pub(crate) webpush_header: Vec<(String, String)>,

    /// The label in Google's analytics: up to 50 of a-z A-Z 0-9 - _ . ~ %
    #[arg(long, value_name = "LABEL", help_heading = "Delivery")]
    pub(crate) analytics_label: Option<String>,
}
