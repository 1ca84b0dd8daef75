//! `anypush topics fcm`.

use clap::{Args, Subcommand};

use super::common::{Common, Limits};
use super::fcm::{FcmAccount, FcmDevices, TOKEN, TOKENS};

const MANUAL: &str = "\
Example, on this machine:
  anypush sim --dir /tmp/sim --fcm 127.0.0.1:8444 &
  anypush topics fcm subscribe news --token bk3RNwTe3H0:CI2k_HHwgIpoDKCIZvvDMExUdFQ3P1 \\
    --endpoint https://127.0.0.1:8444 --ca /tmp/sim/ca.pem \\
    --service-account /tmp/sim/service-account.json
  anypush topics fcm list --token bk3RNwTe3H0:CI2k_HHwgIpoDKCIZvvDMExUdFQ3P1 \\
    --endpoint https://127.0.0.1:8444 --ca /tmp/sim/ca.pem \\
    --service-account /tmp/sim/service-account.json

`anypush send fcm --topic NAME` speaks to all who follow a topic. A device may follow 2,000; Google
allows 3,000 of these requests a second for a project. This is the API that knows one device per
request; the calls of the Instance ID service, which Google ends on 2027-09-29, are not used.";

const STATUS: &str = "\
Exit status:
  0    all is done
  1    some is not, or nobody read the output to its end
  2    wrong use or configuration, refused credentials among it; one line on standard error says
       what to change
  3    FCM, or who gives its access tokens, could not be reached
  130  interrupted: what was under way was answered";

const SUBSCRIBE_MANUAL: &str = "\
Output, one line per device, in order of completion, and a summary, as of `anypush send fcm`:
  {\"device\":\"bk3R…\",\"verdict\":\"accepted\",\"status\":200,\"reason\":null,\"id\":null,\"attempts\":1}
A device that followed the topic already is accepted with status 409 and reason ALREADY_EXISTS.

Example: all of a list, and which of them are gone:
  anypush topics fcm subscribe news --tokens tokens.txt |
    jq -r 'select(.verdict == \"remove-token\") | .device'";

const UNSUBSCRIBE_MANUAL: &str = "\
Output, one line per device, in order of completion, and a summary, as of `anypush send fcm`. A
device that did not follow the topic is accepted, too.

Example:
  anypush topics fcm unsubscribe news --tokens tokens.txt";

const LIST_MANUAL: &str = "\
Output, one line per topic:
  {\"device\":\"bk3R…\",\"topic\":\"news\",\"since\":\"2026-11-22T10:00:00Z\"}
and for a device that can't be asked about:
  {\"device\":\"bk3R…\",\"topic\":null,\"verdict\":\"remove-token\",\"status\":404,\"reason\":\"UNREGISTERED\",…}
On a terminal, or with --output human, a table.

Example: what does a device follow?
  anypush topics fcm list --token \"$TOKEN\" | jq -r .topic";

/// Have devices follow topics or no longer, and list what they follow, in Firebase Cloud Messaging
#[derive(Debug, Args)]
#[command(
    after_help = MANUAL,
    arg_required_else_help = true,
    subcommand_value_name = "ACTION",
    subcommand_help_heading = "Actions"
)]
pub(crate) struct TopicsFcm {
    #[command(subcommand)]
    pub(crate) action: TopicAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TopicAction {
    /// Have any number of devices follow a topic
    #[command(
        after_help = with_status(SUBSCRIBE_MANUAL),
        override_usage = usage("subscribe TOPIC")
    )]
    Subscribe(Box<Following>),

    /// Have any number of devices no longer follow a topic
    #[command(
        after_help = with_status(UNSUBSCRIBE_MANUAL),
        override_usage = usage("unsubscribe TOPIC")
    )]
    Unsubscribe(Box<Following>),

    /// List the topics that devices follow
    #[command(
        after_help = with_status(LIST_MANUAL),
        override_usage = usage("list")
    )]
    List(Box<TopicsOf>),
}

/// Which devices are to follow a topic, or no longer.
#[derive(Debug, Args)]
pub(crate) struct Following {
    /// The topic, with or without /topics/ before its name: up to 900 of a-z A-Z 0-9 - _ . ~ %
    #[arg(value_name = "TOPIC")]
    pub(crate) topic: String,

    #[command(flatten)]
    pub(crate) of: TopicsOf,

    /// Ask again where FCM answered with 429 or 5xx, as Google asks for: after what it says, else 60 s
    /// (429) or 10 s and more, with jitter, for up to an hour. It does no harm if it was done before
    #[arg(long, help_heading = "Connection")]
    pub(crate) retry: bool,
}

/// Whose topics, and by whom.
#[derive(Debug, Args)]
#[command(mut_arg("token", |token| token.help(TOKEN)))]
#[command(mut_arg("tokens", |tokens| tokens.help(TOKENS)))]
pub(crate) struct TopicsOf {
    #[command(flatten)]
    pub(crate) devices: FcmDevices,

    #[command(flatten)]
    pub(crate) account: FcmAccount,

    #[command(flatten)]
    pub(crate) limits: Limits,

    #[command(flatten)]
    pub(crate) common: Common,
}

fn usage(action: &str) -> String {
    format!("anypush topics fcm {action} --token TOKEN...|--tokens FILE|- [OPTIONS]")
}

fn with_status(manual: &str) -> String {
    format!("{manual}\n\n{STATUS}")
}
