//! `anypush send gateway`.

use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

use anypush::apns::gateway::Command;
use anypush::apns::{Endpoint, Priority, PushType};
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::common::{Common, Devices, Source};
use super::credentials::Certificate;
use super::message::Message;
use super::value::{self, Until};

/// What Apple's gateway had a payload for.
const PUSH_TYPES: [PushType; 6] = [
    PushType::Alert,
    PushType::Background,
    PushType::Voip,
    PushType::Complication,
    PushType::FileProvider,
    PushType::Mdm,
];

const USAGE: &str = "\
anypush send gateway --cert FILE --token TOKEN... [OPTIONS]
       anypush send gateway --cert FILE --tokens FILE|- [OPTIONS]";

const MANUAL: &str = "\
Examples:
  To a simulator on this machine:
    anypush sim --dir /tmp/sim --apns-gateway 127.0.0.1:2195 &
    anypush send gateway --endpoint 127.0.0.1:2195 --ca /tmp/sim/ca.pem --cert /tmp/sim/client.pem \\
      --body Hello --token 00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0

  A list, and what is to be sent once more, since it surely was not taken:
    anypush send gateway --cert push.pem --body Hello --tokens devices.txt > outcomes.jsonl
    jq -r 'select(.verdict == \"retry-after\") | .device' outcomes.jsonl

How it is known what was taken:
  The gateway says nothing of what it takes. What it refuses it names, which proves that all before
  was taken, and throws away what came behind: that is sent again over a new connection. At the end,
  after 5 seconds without another device, and each time that --in-flight have no verdict, it is
  asked for a proof: a notification with an empty token, which it refuses. So every device has a
  proven verdict. With --no-confirm it is not asked, and what came behind the last refusal is
  unknown.

Outcomes, as with `send apns`, but:
  status  the gateway's own number: 0 where it took the notification, null where there was no word
  reason  the name of the status, or why there was no word
  id      the identifier that the notification had on its connection

Verdicts:
  accepted         taken: that was proven
  remove-token     8 (InvalidToken), and others were taken: delete the token
  retry-after      surely not taken: 1 (ProcessingError), 255 and undocumented numbers; or not sent,
                   since the send ended before: 3, 4, 6 and 7 are true of all and end it
  unknown          perhaps taken: the connection ended, or stayed open, without a word
  fix-credentials  3, 6: what is wrong is the certificate; 8 where none was taken: likely the wrong
                   environment
  fix-message      2, 4, 5, 7, 128: the message or the token, or it can't be sent as it is
  replace-token    does not occur here

Exit status:
  0    all devices were accepted
  1    some were not, or nobody read the output to its end
  2    wrong use or configuration; one line on standard error says what to change
  3    the gateway could not be reached, refused the certificate, or was silent for longer than
       --timeout
  130  interrupted: no device was taken any more, what was under way was proven, and the summary
       tells what was done. A second interrupt ends at once";

/// Send through a binary gateway: Apple's was switched off on 2021-03-31, simulators and others serve on
///
/// Apple's own service is reached by `send apns` now. This is for gateways, simulators and tests that
/// still speak the protocol before it.
///
/// The notification is checked before anything is connected; then every device gets exactly one
/// outcome. The protocol knows neither topic, collapse id nor an id of the notification's own, so
/// there are no options for them: the certificate says which app is meant.
#[derive(Debug, Args)]
#[command(after_help = MANUAL, override_usage = USAGE)]
#[command(mut_arg("timeout", |timeout| timeout.help(TIMEOUT)))]
pub(crate) struct Gateway {
    #[command(flatten)]
    pub(crate) devices: Devices,

    #[command(flatten, next_help_heading = "Credentials")]
    pub(crate) certificate: Certificate,

    #[command(flatten)]
    pub(crate) message: Message,

    /// The payload as JSON, sent byte for byte, instead of the message options; - for standard
    /// input
    #[arg(long, value_name = "FILE|-", help_heading = "Message")]
    pub(crate) payload: Option<Source>,

    #[command(flatten)]
    pub(crate) delivery: GatewayDelivery,

    #[command(flatten)]
    pub(crate) proof: Proof,

    /// production, sandbox (for apps that Xcode installed), or HOST:PORT
    #[arg(
        long,
        value_name = "WHERE",
        default_value = "production",
        value_parser = value::endpoint,
        help_heading = "Connection"
    )]
    pub(crate) endpoint: Endpoint,

    /// At most so many connections: one is written to, and the others wait for the gateway's last
    /// word
    #[arg(
        long,
        value_name = "N",
        default_value = "2",
        help_heading = "Connection"
    )]
    pub(crate) connections: NonZeroUsize,

    /// At most so many notifications on one connection that have no verdict: then it is asked for a
    /// proof, and another connection goes on. Each takes some 500 bytes of memory
    #[arg(
        long,
        visible_alias = "window",
        value_name = "N",
        default_value = "50000",
        help_heading = "Connection"
    )]
    pub(crate) in_flight: NonZeroUsize,

    /// At most so many notifications are written at once, within 64 KiB
    #[arg(
        long,
        value_name = "N",
        default_value = "1024",
        help_heading = "Connection"
    )]
    pub(crate) batch: NonZeroUsize,

    #[command(flatten)]
    pub(crate) common: Common,
}

const TIMEOUT: &str = "Seconds to try for a connection that leads to anything, again and again, before what \
                       waits for it is told as not sent; also the longest wait for the first connection. \
                       Fractions are fine";

/// How it is delivered.
#[derive(Debug, Args)]
#[command(next_help_heading = "Delivery")]
pub(crate) struct GatewayDelivery {
    /// The form of the frames: 0 simple, 1 with expiration, 2 with expiration and priority. With 0 no
    /// refusal can say which notification it means, so that one leaves all the others unknown
    #[arg(
        long,
        value_name = "0|1|2",
        default_value = "2",
        value_parser = PossibleValuesParser::new(["0", "1", "2"])
            .try_map(|text| text.parse::<Command>()),
        hide_possible_values = true
    )]
    pub(crate) frame: Command,

    /// What the notification is for. It is not sent, and decides what the payload must have, and how
    /// large it may be
    #[arg(
        long,
        value_name = "TYPE",
        default_value = "alert",
        value_parser = PossibleValuesParser::new(PUSH_TYPES.map(PushType::as_str))
            .try_map(|name| name.parse::<PushType>())
    )]
    pub(crate) push_type: PushType,

    /// 10 at once, 5 sparing the battery; frame 2 only [default: 5 for background, else the gateway's,
    /// which is 10]
    #[arg(
        long,
        value_name = "10|5",
        value_parser = PossibleValuesParser::new(["10", "5"])
            .try_map(|text| text.parse::<Priority>()),
        hide_possible_values = true
    )]
    pub(crate) priority: Option<Priority>,

    /// How long it is kept for a device that is away: 0 for one attempt, seconds from now, or a time
    /// such as 2030-01-31T12:00:00Z; not with frame 0 [default: with frame 1 one attempt, else the
    /// gateway's own policy]
    #[arg(long, value_name = "0|SECONDS|TIME", value_parser = value::until)]
    pub(crate) expiration: Option<Until>,

    /// The largest payload that the gateway takes [default: 2048, with frame 2 for push type voip
    /// 4096]
    #[arg(long, value_name = "BYTES")]
    pub(crate) payload_limit: Option<NonZeroUsize>,
}

/// What is done to know what was taken, and what is sent again.
#[derive(Debug, Args)]
#[command(next_help_heading = "Proof")]
pub(crate) struct Proof {
    /// Don't ask the gateway what it has taken: what came behind the last refusal is unknown
    #[arg(long, conflicts_with = "confirm_after")]
    pub(crate) no_confirm: bool,

    /// Seconds without another device, after which a proof is asked for what was sent
    #[arg(
        long,
        value_name = "SECS",
        default_value = "5",
        value_parser = value::seconds
    )]
    pub(crate) confirm_after: Duration,

    /// Seconds to wait for the gateway's last word on a connection, beside the next one [default: 30;
    /// with --no-confirm 3, in which an error may still come]
    #[arg(long, value_name = "SECS", value_parser = value::seconds)]
    pub(crate) tail: Option<Duration>,

    /// Send up to so many times again what the gateway failed at (1, 255, undocumented numbers), after
    /// a growing pause of seconds [default: 0]
    #[arg(long, value_name = "N")]
    pub(crate) retries: Option<u8>,

    /// Send up to so many times again what may have been taken, since its connection ended without a
    /// word: at least once rather than at most once, and a device may show it twice [default: 0]
    #[arg(long, value_name = "N")]
    pub(crate) resend_unknown: Option<NonZeroU32>,
}
