//! `anypush channels apns`.

use anypush::apns::{ChannelId, Endpoint, StoragePolicy};
use clap::{Args, Subcommand, ValueEnum};

use super::common::Common;
use super::credentials::Credentials;

const MANUAL: &str = "\
Example, on this machine:
  anypush sim --dir /tmp/sim --apns 127.0.0.1:8443 &
  anypush channels apns create --storage most-recent \\
    --endpoint 127.0.0.1:8443 --ca /tmp/sim/ca.pem --cert /tmp/sim/client.pem
  anypush channels apns list --details \\
    --endpoint 127.0.0.1:8443 --ca /tmp/sim/ca.pem --cert /tmp/sim/client.pem

An app may have 10,000 channels in each environment, and a channel stays until it is deleted.
Devices follow it by its id (ActivityKit: pushType .channel); `anypush broadcast apns` speaks to
them.";

const STATUS: &str = "\
Exit status:
  0    it is done
  1    the service refused it, or it is not known whether it is done, or nobody read the output
  2    wrong use or configuration; one line on standard error says what to change
  3    the service could not be reached
  130  interrupted";

const LIST_MANUAL: &str = "\
Output, one line per channel:
  {\"channel\":\"dHN0LXNyY2gtY2hubA==\"}
and with --details:
  {\"channel\":\"dHN0LXNyY2gtY2hubA==\",\"storage\":\"most-recent\",\"push_type\":\"LiveActivity\"}

Example: how many channels does the app have?
  anypush channels apns list --cert push.pem | wc -l";

const CREATE_MANUAL: &str = "\
Output:
  {\"channel\":\"dHN0LXNyY2gtY2hubA==\",\"storage\":\"most-recent\"}
and where there is none:
  {\"channel\":null,\"verdict\":\"retry-after\",\"status\":429,\"reason\":\"TooManyRequests\",…}

Example: keep the id of a new channel in a variable of the shell:
  id=$(anypush channels apns create --storage none --cert push.pem | jq -er .channel)

Where the answer is lost, there may be a channel that nobody knows of: `anypush channels apns list`
tells.";

const SHOW_MANUAL: &str = "\
Output, one line per channel:
  {\"channel\":\"dHN0LXNyY2gtY2hubA==\",\"storage\":\"most-recent\",\"push_type\":\"LiveActivity\"}
and for one that is not there:
  {\"channel\":\"AAAA\",\"verdict\":\"fix-message\",\"status\":400,\"reason\":\"ChannelNotRegistered\",…}

Example:
  anypush channels apns show dHN0LXNyY2gtY2hubA== --cert push.pem";

const DELETE_MANUAL: &str = "\
Output, one line per channel:
  {\"channel\":\"dHN0LXNyY2gtY2hubA==\",\"deleted\":true}
and for one that was not there:
  {\"channel\":\"AAAA\",\"verdict\":\"fix-message\",\"status\":400,\"reason\":\"ChannelNotRegistered\",…}

Example: delete all channels of an app:
  anypush channels apns list --cert push.pem | jq -r '.channel // empty' |
    xargs anypush channels apns delete --cert push.pem";

/// Make, show, list and delete the channels that an app's Live Activities follow
#[derive(Debug, Args)]
#[command(
    after_help = MANUAL,
    arg_required_else_help = true,
    subcommand_value_name = "ACTION",
    subcommand_help_heading = "Actions"
)]
pub(crate) struct ChannelsApns {
    #[command(subcommand)]
    pub(crate) action: ChannelAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ChannelAction {
    /// List the ids of all channels of an app
    #[command(after_help = with_status(LIST_MANUAL))]
    List {
        /// Ask for the storage and push type of each channel too: one request per channel
        #[arg(long, help_heading = "Channels")]
        details: bool,

        #[command(flatten)]
        account: Box<Account>,
    },

    /// Make a channel, and tell its id
    #[command(after_help = with_status(CREATE_MANUAL))]
    Create {
        /// What it keeps for devices that are away; it can't be changed later
        #[arg(long, value_enum, value_name = "WHAT", help_heading = "Channels")]
        storage: Storage,

        #[command(flatten)]
        account: Box<Account>,
    },

    /// Show what the service knows of channels
    #[command(
        after_help = with_status(SHOW_MANUAL),
        override_usage = "anypush channels apns show [OPTIONS] <ID>..."
    )]
    Show {
        #[command(flatten)]
        channels: Ids,

        #[command(flatten)]
        account: Box<Account>,
    },

    /// Delete channels, for good: nobody is told anything by them any more
    #[command(
        after_help = with_status(DELETE_MANUAL),
        override_usage = "anypush channels apns delete [OPTIONS] <ID>..."
    )]
    Delete {
        #[command(flatten)]
        channels: Ids,

        #[command(flatten)]
        account: Box<Account>,
    },
}

impl ChannelAction {
    pub(crate) fn account(&self) -> &Account {
        match self {
            Self::List { account, .. }
            | Self::Create { account, .. }
            | Self::Show { account, .. }
            | Self::Delete { account, .. } => account,
        }
    }
}

/// Which channels.
#[derive(Debug, Args)]
pub(crate) struct Ids {
    /// The channels, in base64 as they were given when they were made
    #[arg(value_name = "ID", required_unless_present = "channel")]
    ids: Vec<ChannelId>,

    /// The same, as `broadcast apns` has it
    #[arg(long = "channel", id = "channel", value_name = "ID", hide = true)]
    more: Vec<ChannelId>,
}

impl Ids {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &ChannelId> {
        self.ids.iter().chain(&self.more)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Storage {
    /// Nothing: for frequent updates, such as scores. More of them may be sent
    None,
    /// The most recent broadcast, for up to 8 hours: for rare updates, such as those of a flight
    MostRecent,
}

impl From<Storage> for StoragePolicy {
    fn from(storage: Storage) -> Self {
        match storage {
            Storage::None => Self::None,
            Storage::MostRecent => Self::MostRecent,
        }
    }
}

/// Whose channels, and where.
#[derive(Debug, Args)]
pub(crate) struct Account {
    #[command(flatten)]
    pub(crate) credentials: Credentials,

    /// The app's bundle id [default: with a certificate, its first topic]
    #[arg(
        long,
        value_name = "BUNDLE_ID",
        required_unless_present = "cert",
        help_heading = "Channels"
    )]
    pub(crate) topic: Option<String>,

    /// production, sandbox (for apps that Xcode installed), or HOST:PORT. Channels have servers of
    /// their own: api-manage-broadcast.push.apple.com:2196, and
    /// api-manage-broadcast.sandbox.push.apple.com:2195
    #[arg(
        long,
        value_name = "WHERE",
        default_value = "production",
        help_heading = "Connection"
    )]
    pub(crate) endpoint: Endpoint,

    /// Another server for channels than the endpoint's [default: as the endpoint says]
    #[arg(long, value_name = "HOST:PORT", help_heading = "Connection")]
    pub(crate) channels_endpoint: Option<Endpoint>,

    #[command(flatten)]
    pub(crate) common: Common,
}

impl Account {
    /// The server that is asked.
    pub(crate) fn server(&self) -> String {
        let endpoint = self.channels_endpoint.as_ref().unwrap_or(&self.endpoint);
        format!("{}:{}", endpoint.channels_host(), endpoint.channels_port())
    }
}

fn with_status(manual: &str) -> String {
    format!("{manual}\n\n{STATUS}")
}
