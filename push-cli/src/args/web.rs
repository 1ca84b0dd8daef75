//! `anypush send web`.

use std::path::PathBuf;
use std::time::Duration;

use anypush::web::{Encoding, Padding, Urgency};
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::common::{Common, Devices, Limits, Source};
use super::value;

const USAGE: &str = "\
anypush send web --vapid FILE --subject mailto:ADDRESS --subscriptions FILE|- [OPTIONS]
       anypush send web --vapid FILE --subject mailto:ADDRESS --subscription JSON... [OPTIONS]";

const MANUAL: &str = "\
Examples:
  To a simulator on this machine:
    anypush sim --dir /tmp/sim --web 127.0.0.1:8446 --control 127.0.0.1:8080 &
    curl -d '{\"count\":3}' http://127.0.0.1:8080/subscriptions > subscriptions.json
    anypush send web --ca /tmp/sim/ca.pem --allow-private \\
      --vapid /tmp/sim/vapid.pem --subject mailto:ops@example.org \\
      --subscriptions subscriptions.json --body Hello
    curl 'http://127.0.0.1:8080/received?service=web'

  A key of your own, once; pages subscribe with the application server key that it prints:
    anypush keys vapid --out vapid.pem

  A list, and what became of each:
    anypush send web --vapid vapid.pem --subject mailto:ops@example.org --ttl 90m --urgency high \\
      --body '{\"match\":4711,\"score\":\"1:0\"}' --subscriptions subscriptions.jsonl > outcomes.jsonl

  The endpoints to delete:
    jq -r 'select(.verdict == \"remove-token\") | .device' outcomes.jsonl

  A notification that Safari shows without a service worker, and others give to theirs:
    anypush send web --vapid vapid.pem --subject mailto:ops@example.org \\
      --title Goal --body 1:0 --navigate https://example.org/matches/4711 \\
      --subscriptions subscriptions.jsonl

Subscriptions are JSON as browsers give it, JSON.stringify(subscription):
  {\"endpoint\":\"https://…\",\"keys\":{\"p256dh\":\"…\",\"auth\":\"…\"}}
  One on each line; one over many lines and arrays of them are read, too. Other members are ignored.
  The keys may be in either alphabet of base64, with padding or without. A line with only an
  endpoint serves pushes without payload. What is no subscription is told as fix-message, and the
  rest goes on.

Endpoints come from users, so they are not trusted: only https on port 443 at public names that lead
  to public addresses, checked when it connects. Redirects are not followed.

Outcomes, one line each, in order of completion:
  device  the endpoint as it was given; of what has none `line 17`, or `argument 2`
  status  the push service's HTTP status; null where there was no answer
  reason  the service's own word, such as BadJwtToken, or what its answer means: gone, not-found,
          key-mismatch, unauthorized, too-large …; or why there was no answer
  detail  what else the service said
  id      the service's id of the message

Verdicts:
  accepted         the push service took it; that is not to say that it was delivered
  remove-token     gone: 410, or 404 from a service that took others of the same run. Delete it
  retry-after      not taken: send it again in `retry_after_s` seconds. Also where a service knows
                   none of five subscriptions or more: likely the fault is its own, delete none.
                   Of WNS also `dropped`, which says that it threw the push away
  unknown          perhaps taken: the answer was lost; sending again can show it twice
  fix-credentials  the subscription was made with another key, or the VAPID token was refused: check
                   --vapid, --subject and this machine's clock
  fix-message      this push can't be taken as it is: its message, its subscription or its endpoint
  replace-token    does not occur here

Exit status:
  0    all were accepted
  1    some were not, or nobody read the output to its end
  2    wrong use or configuration; one line on standard error says what to change
  3    no push service could be reached
  130  interrupted: no device was taken any more, what was under way was answered, and the summary
       tells what was done. A second interrupt ends at once";

/// Send one message to any number of browsers by Web Push (RFC 8030, 8291, 8292)
///
/// To Firefox, Chrome, Edge, Safari and others, through whichever push services their subscriptions
/// name. The message is checked before anything is connected, encrypted for each browser apart, and every
/// subscription gets exactly one outcome.
#[derive(Debug, Args)]
#[command(after_help = MANUAL, override_usage = USAGE)]
#[command(mut_arg("token", |token| token
    .visible_alias("subscription").value_name("JSON").help(TOKEN)))]
#[command(mut_arg("tokens", |tokens| tokens.visible_alias("subscriptions").help(TOKENS)))]
#[command(mut_arg("connections", |most| most.default_value("4").help(CONNECTIONS)))]
#[command(mut_arg("in_flight", |most| most.help(IN_FLIGHT)))]
pub(crate) struct Web {
    #[command(flatten)]
    pub(crate) devices: Devices,

    #[command(flatten)]
    pub(crate) sender: WebSender,

    #[command(flatten)]
    pub(crate) message: WebMessage,

    /// The payload as it is, any bytes, instead of --body; - for standard input
    #[arg(long, value_name = "FILE|-", help_heading = "Message")]
    pub(crate) payload: Option<Source>,

    #[command(flatten)]
    pub(crate) delivery: WebDelivery,

    #[command(flatten)]
    pub(crate) endpoints: Endpoints,

    #[command(flatten)]
    pub(crate) limits: Limits,

    #[command(flatten)]
    pub(crate) common: Common,
}

const TOKEN: &str = "A subscription as the browser gave it, or an array of them; may be repeated";

const TOKENS: &str = "A file of subscriptions, one JSON object per line, or - for standard input. It is read \
                      as it is sent, so its size does not matter";

const CONNECTIONS: &str = "At most so many connections to each push service; more than one are opened only \
                           while the streams of those that are open do not suffice";

const IN_FLIGHT: &str = "At most so many unanswered requests; those to push services that are slow leave \
                         their places to others";

/// Who sends.
#[derive(Debug, Args)]
#[command(next_help_heading = "Credentials")]
pub(crate) struct WebSender {
    /// The VAPID key that the pages subscribe with: PEM, DER, its private number in base64url, or the
    /// JSON of `web-push generate-vapid-keys --json`. `anypush keys vapid` makes one
    #[arg(long, value_name = "FILE", conflicts_with_all = ["vapid_env", "no_vapid"])]
    pub(crate) vapid: Option<PathBuf>,

    /// The environment variable that holds the VAPID key, in base64url or PEM
    #[arg(long, value_name = "VAR", conflicts_with = "no_vapid")]
    pub(crate) vapid_env: Option<String>,

    /// Whom the push services may write to when something is wrong: mailto:ADDRESS, or an https URL.
    /// Apple's takes nothing without
    #[arg(long, value_name = "URI", conflicts_with = "no_vapid")]
    pub(crate) subject: Option<String>,

    /// Tell nobody who sends: for subscriptions that were made without a key, which few push services
    /// give
    #[arg(long)]
    pub(crate) no_vapid: bool,
}

/// What it says. Nothing of it: a push without payload.
#[derive(Debug, Default, PartialEq, Args)]
#[command(next_help_heading = "Message")]
pub(crate) struct WebMessage {
    /// The payload, which the page's service worker gets: any text, JSON mostly; at most 3993 bytes.
    /// With --title the text of the notification. Without it and --payload there is no payload
    #[arg(long, value_name = "TEXT")]
    pub(crate) body: Option<String>,

    /// The title of a declarative message, which says itself what is shown; needs --navigate
    #[arg(long, value_name = "TEXT", requires = "navigate")]
    pub(crate) title: Option<String>,

    /// The page that a click on the notification opens; needs --title
    #[arg(long, value_name = "URL", requires = "title")]
    pub(crate) navigate: Option<String>,

    /// The address of the notification's icon
    #[arg(long, value_name = "URL", requires = "title")]
    pub(crate) icon: Option<String>,

    /// Takes the place of a notification with the same tag that is still shown
    #[arg(long, value_name = "TAG", requires = "title")]
    pub(crate) tag: Option<String>,

    /// The number on the app's icon; 0 takes it away
    #[arg(long, value_name = "N", requires = "title")]
    pub(crate) app_badge: Option<u64>,

    /// Let the page's service worker change the notification before it is shown
    #[arg(long, requires = "title")]
    pub(crate) mutable: bool,
}

/// How it is delivered.
#[derive(Debug, Args)]
#[command(next_help_heading = "Delivery")]
pub(crate) struct WebDelivery {
    /// How long it is kept for a browser that is away: seconds such as 90, or 5m, 12h, 7d, 2w; 0 for now
    /// or never. Push services may keep it for less [default: 4w]
    #[arg(long, value_name = "TIME", value_parser = value::span)]
    pub(crate) ttl: Option<Duration>,

    /// What may wait while the device saves power [default: normal]
    #[arg(
        long,
        value_name = "URGENCY",
        value_parser = PossibleValuesParser::new(["very-low", "low", "normal", "high"])
            .try_map(|word| word.parse::<Urgency>())
    )]
    pub(crate) urgency: Option<Urgency>,

    /// Of messages with the same topic a browser that was away gets the last one: up to 32 of A-Z a-z
    /// 0-9 - _
    #[arg(long, value_name = "TOPIC")]
    pub(crate) topic: Option<String>,

    /// How the payload is encrypted; aesgcm is of old, and browsers still read it
    #[arg(
        long,
        value_name = "ENCODING",
        default_value = "aes128gcm",
        value_parser = PossibleValuesParser::new(["aes128gcm", "aesgcm"])
            .try_map(|word| word.parse::<Encoding>())
    )]
    pub(crate) encoding: Encoding,

    /// Bytes that hide the payload's size: so many, or to:SIZE to bring it to a size, or multiple:SIZE
    /// [default: none]
    #[arg(long, value_name = "N", value_parser = padding)]
    pub(crate) padding: Option<Padding>,

    /// The Content-Type, of which the browser gets nothing [default: application/octet-stream; of a
    /// declarative message application/notification+json]
    #[arg(long, value_name = "TYPE")]
    pub(crate) content_type: Option<String>,
}

/// Which endpoints are taken.
#[derive(Debug, Args)]
#[command(next_help_heading = "Endpoints")]
pub(crate) struct Endpoints {
    /// Take all endpoints: on any port, without TLS, at private addresses. For simulators, tests and push
    /// services of your own network; not for subscriptions from users, who could have this machine connect
    /// to whatever it can reach
    #[arg(long, conflicts_with_all = ["port", "known_services"])]
    pub(crate) allow_private: bool,

    /// Take endpoints on this port, too; may be repeated [default: 443 only]
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) port: Vec<u16>,

    /// Take endpoints only at the push services of Apple, Google, Microsoft and Mozilla
    #[arg(long)]
    pub(crate) known_services: bool,

    /// What other services have, and here says each subscription for itself.
    #[arg(long, value_name = "URL", hide = true)]
    pub(crate) endpoint: Option<String>,
}

/// A number of bytes, `to:SIZE` or `multiple:SIZE`.
fn padding(text: &str) -> Result<Padding, String> {
    let (kind, number): (fn(usize) -> Padding, _) = match text.split_once(':') {
        None => (Padding::By, text),
        Some(("to", size)) => (Padding::To, size),
        Some(("multiple", size)) => (Padding::Multiple, size),
        Some(_) => return Err(PADDING.to_owned()),
    };
    let number = number.parse().map_err(|_| PADDING.to_owned())?;
    Ok(kind(number))
}

const PADDING: &str = "give a number of bytes, such as 100, or to:1024, or multiple:256";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_has_three_forms() {
        assert_eq!(padding("100"), Ok(Padding::By(100)));
        assert_eq!(padding("to:1024"), Ok(Padding::To(1024)));
        assert_eq!(padding("multiple:256"), Ok(Padding::Multiple(256)));
        for text in ["", "-1", "to", "to:", "up:3", "1k"] {
            assert!(padding(text).is_err(), "{text}");
        }
    }
}
