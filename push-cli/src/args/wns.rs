//! `anypush send wns`.

use std::time::Duration;

use anypush::wns::{Badge, CachePolicy, Priority};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{ArgGroup, Args};

use super::common::{Common, Devices, Limits, ServiceUrl, Source};
use super::value;

const USAGE: &str = "\
anypush send wns --client-id SID --channels FILE|- --toast TEXT... [OPTIONS]
       anypush send wns --tenant TENANT --client-id ID --channels FILE|- --toast TEXT... [OPTIONS]
       anypush send wns ... --channel URI... --tile TEXT...|--badge N|--raw FILE|--payload FILE";

const MANUAL: &str = "\
Examples:
  To a simulator on this machine, which takes any secret:
    anypush sim --dir /tmp/sim --wns 127.0.0.1:8447 &
    WNS_CLIENT_SECRET=any anypush send wns --endpoint https://localhost:8447 \\
      --auth-url https://localhost:8447 --ca /tmp/sim/ca.pem \\
      --client-id ms-app://S-1-15-2-2972962901-2322836549-3722629029 \\
      --channel 'https://localhost:8447/?token=AwYAAAB%2b1' --toast Hello 'It works'

  A UWP app, with its Package SID and the secret of the Partner Center; what became of each channel:
    export WNS_CLIENT_SECRET=...
    anypush send wns --client-id ms-app://S-1-15-2-... --toast Goal 1:0 --launch match=4711 \\
      --channels channels.txt > outcomes.jsonl

  An app of the Windows App SDK, with its registration in Microsoft Entra ID; a badge:
    anypush send wns --tenant contoso.onmicrosoft.com \\
      --client-id 72f988bf-86f1-41af-91ab-2d7cd011db47 --badge 3 --channels channels.txt

  The channels to delete:
    jq -r 'select(.verdict == \"remove-token\") | .device' outcomes.jsonl

  XML of your own, buttons and inputs among it; the root element says which kind it is:
    anypush send wns --client-id ms-app://S-1-15-2-... --payload toast.xml --channels channels.txt

Channels are URIs as apps get them on their devices, https://….notify.windows.com/?token=…, and last
  for 30 days. They come from devices, so they are not trusted: the access token goes only to https
  on port 443 at notify.windows.com and names below it, and to --endpoint. Any other channel is told
  as fix-message, and nothing is sent to it.

Outcomes, one line each, in order of completion:
  device  the channel as it was given
  status  WNS's HTTP status; null where there was no answer
  reason  dropped or channelthrottled, which WNS says with status 200, or what its answer means:
          channel-expired, channel-not-found, throttled, other-app, domain-blocked …; or why there
          was no answer
  detail  what else WNS said (X-WNS-Error-Description); with --request-for-status also whether the
          device is connected
  id      what WNS calls the notification (X-WNS-Msg-ID), for Microsoft's support

Verdicts:
  accepted         WNS took it; that is not to say that it was delivered
  remove-token     the channel has expired or was revoked (410), or there is none (404, where WNS
                   took others of the same run): delete it
  retry-after      not taken, or thrown away by WNS: send it again in `retry_after_s` seconds. Too
                   many of the app (406, 429) or for this channel; WNS failed; or the device is
                   offline or takes no such ones (dropped). Also where WNS knows none of five
                   channels or more: likely the fault is its own, delete none
  unknown          perhaps taken: the answer was lost; sending again can show it twice
  fix-credentials  the access token was refused, the channel is another app's, or WNS has blocked
                   the sender: no channel is gone for it
  fix-message      this push can't be taken as it is: its message, or its channel
  replace-token    does not occur here

Exit status:
  0    all were accepted
  1    some were not, or nobody read the output to its end
  2    wrong use or configuration, refused credentials among it; one line on standard error says
       what to change
  3    WNS, or who gives its access tokens, could not be reached, or gave no answer for longer than
       --timeout
  130  interrupted: no device was taken any more, what was under way was answered, and the summary
       tells what was done. A second interrupt ends at once";

/// Send one notification to any number of Windows apps through WNS
///
/// A toast, a tile, a badge or raw bytes, to UWP apps and to apps of the Windows App SDK. The
/// notification is checked before anything is connected; then every channel gets exactly one outcome.
#[derive(Debug, Args)]
#[command(after_help = MANUAL, override_usage = USAGE)]
#[command(mut_arg("token", |token| token
    .visible_alias("channel").value_name("URI").help(TOKEN)))]
#[command(mut_arg("tokens", |tokens| tokens.visible_alias("channels").help(TOKENS)))]
#[command(mut_arg("connections", |most| most.default_value("32").help(CONNECTIONS)))]
pub(crate) struct Wns {
    #[command(flatten)]
    pub(crate) devices: Devices,

    #[command(flatten)]
    pub(crate) app: WnsApp,

    #[command(flatten)]
    pub(crate) message: WnsMessage,

    #[command(flatten)]
    pub(crate) delivery: WnsDelivery,

    /// A further server whose channels are trusted, beside WNS itself: https://HOST[:PORT], such as a
    /// simulator. The access token is sent there. Whoever runs the host of a channel gets the access token, and
    /// could send to all your devices with it: so channels of no other hosts are taken
    #[arg(
        long,
        value_name = "URL|production",
        default_value = "production",
        help_heading = "Connection"
    )]
    pub(crate) endpoint: ServiceUrl,

    /// Where the access token is got, and the secret sent: https://HOST[:PORT][/PATH]; without a path it
    /// is Microsoft's [default: https://login.live.com/accesstoken.srf; with --tenant
    /// https://login.microsoftonline.com/TENANT/oauth2/v2.0/token]
    #[arg(long, value_name = "URL", help_heading = "Connection")]
    pub(crate) auth_url: Option<String>,

    #[command(flatten)]
    pub(crate) limits: Limits,

    #[command(flatten)]
    pub(crate) common: Common,
}

const TOKEN: &str = "A device by its channel URI; may be repeated";

const TOKENS: &str = "A file of channel URIs, one per line, or - for standard input. It is read as it is sent, so its \
                      size does not matter. Blank lines and white space around a URI are skipped";

const CONNECTIONS: &str = "At most so many connections to each of WNS's servers. WNS speaks HTTP/1.1: each carries one \
                           push at a time";

/// Who sends.
#[derive(Debug, Args)]
#[command(next_help_heading = "Credentials")]
pub(crate) struct WnsApp {
    /// The Package SID of a UWP app, ms-app://S-1-15-2-…; with --tenant the application (client) id of
    /// the registration in Entra ID, a GUID
    #[arg(long, value_name = "ID")]
    pub(crate) client_id: String,

    /// The environment variable that holds the app's secret; of Entra ID the secret's value, and not its
    /// id
    #[arg(long, value_name = "VAR", default_value = "WNS_CLIENT_SECRET")]
    pub(crate) client_secret_env: String,

    /// The tenant of the registration in Entra ID, a GUID or a domain: for apps of the Windows App SDK
    /// [default: none, for UWP apps]
    #[arg(long, value_name = "TENANT")]
    pub(crate) tenant: Option<String>,

    /// What the access token is asked for [default: notify.windows.com; with --tenant
    /// https://wns.windows.com/.default]
    #[arg(long, value_name = "SCOPE")]
    pub(crate) scope: Option<String>,
}

/// What it says: one of the kinds.
#[derive(Debug, Args)]
#[command(next_help_heading = "Message")]
#[command(group(ArgGroup::new("kind").required(true)
    .args(["toast", "tile", "badge", "raw", "payload"])))]
pub(crate) struct WnsMessage {
    /// A toast with these lines: one to three, the title first
    #[arg(long, value_name = "TEXT", num_args = 1..)]
    pub(crate) toast: Vec<String>,

    /// The app's tile, with these lines: the same on the medium, wide and large one. Windows 11 shows
    /// no such tiles
    #[arg(long, value_name = "TEXT", num_args = 1..)]
    pub(crate) tile: Vec<String>,

    /// A badge on the app's icon: a number, 0 to take it away, or a glyph: activity, alarm, alert,
    /// attention, available, away, busy, error, newMessage, none, paused, playing, unavailable
    #[arg(long, value_name = "N|GLYPH")]
    pub(crate) badge: Option<Badge>,

    /// Bytes for the app, of which nothing is shown; - for standard input
    #[arg(long, value_name = "FILE|-")]
    pub(crate) raw: Option<Source>,

    /// The XML of a toast, a tile or a badge, as its root element says, and as it goes out; - for standard
    /// input
    #[arg(long, value_name = "FILE|-")]
    pub(crate) payload: Option<Source>,

    /// What the app gets when the toast is clicked
    #[arg(long, value_name = "TEXT", conflicts_with_all = ["tile", "badge", "raw", "payload"])]
    pub(crate) launch: Option<String>,

    /// The address of an image below the lines; may be repeated. https://, or of the app: ms-appx:///
    #[arg(long, value_name = "URL", conflicts_with_all = ["badge", "raw", "payload"])]
    pub(crate) image: Vec<String>,

    /// The address of the image in place of the app's logo
    #[arg(
        long,
        value_name = "URL",
        conflicts_with_all = ["tile", "badge", "raw", "payload", "template"]
    )]
    pub(crate) logo: Option<String>,

    /// The address of the large image at the top of the toast
    #[arg(
        long,
        value_name = "URL",
        conflicts_with_all = ["tile", "badge", "raw", "payload", "template"]
    )]
    pub(crate) hero: Option<String>,

    /// An old template, such as ToastText02 or TileSquare150x150Text01, for just as many lines and
    /// images as it has [default: the form of Windows 10 and later]
    #[arg(long, value_name = "NAME", conflicts_with_all = ["badge", "raw", "payload"])]
    pub(crate) template: Option<String>,
}

/// How it is delivered.
#[derive(Debug, Args)]
#[command(next_help_heading = "Delivery")]
pub(crate) struct WnsDelivery {
    /// How long it is worth delivering: seconds such as 90, or 5m, 12h, 7d, 2w [default: WNS decides; tiles and
    /// badges go after 3 days]
    #[arg(long, value_name = "TIME", value_parser = value::span)]
    pub(crate) ttl: Option<Duration>,

    /// Takes the place of a tile with the same tag: up to 16 letters and digits
    #[arg(long, value_name = "TAG")]
    pub(crate) tag: Option<String>,

    /// The group of a toast within which its tag counts: up to 16 letters and digits
    #[arg(long, value_name = "GROUP")]
    pub(crate) group: Option<String>,

    /// Whether it is kept for a device that is away: cache or no-cache [default: tiles and badges are, raw
    /// notifications are not]
    #[arg(
        long,
        value_name = "POLICY",
        value_parser = PossibleValuesParser::new(["cache", "no-cache"])
            .try_map(|word| word.parse::<CachePolicy>())
    )]
    pub(crate) cache_policy: Option<CachePolicy>,

    /// What may wait while the device saves power [default: high for toasts, medium for tiles and badges,
    /// low for raw notifications]
    #[arg(
        long,
        value_name = "PRIORITY",
        value_parser = PossibleValuesParser::new(["very-low", "low", "medium", "high"])
            .try_map(|word| word.parse::<Priority>())
    )]
    pub(crate) priority: Option<Priority>,

    /// Have WNS tell whether the device is connected, which stands in `detail`
    #[arg(long)]
    pub(crate) request_for_status: bool,
}
