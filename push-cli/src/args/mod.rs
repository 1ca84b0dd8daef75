//! What can be typed: parsed here, done elsewhere.

mod apns;
mod broadcast;
mod channels;
mod common;
mod completions;
mod credentials;
mod demo;
mod fcm;
mod feedback;
mod gateway;
mod gcm;
mod keys;
mod message;
mod sim;
mod topics;
mod value;
mod web;
mod wns;

use clap::error::ErrorKind;
use clap::{Parser, Subcommand};

pub(crate) use apns::{Apns, Delivery};
pub(crate) use broadcast::{Activity, ActivityEvent, BroadcastApns};
pub(crate) use channels::{Account, ChannelAction, ChannelsApns};
pub(crate) use common::{
    BackendName, Common, Devices, Limits, OutputFormat, RuntimeName, ServiceUrl, Source, TlsName,
};
pub(crate) use completions::Completions;
pub(crate) use credentials::{Certificate, Credentials};
pub(crate) use demo::Demo;
pub(crate) use fcm::{Fcm, FcmAccount, FcmDevices, FcmMessage, Targets};
pub(crate) use feedback::Feedback;
pub(crate) use gateway::Gateway;
pub(crate) use gcm::{ApiKey, Gcm, GcmMessage};
pub(crate) use keys::KeysVapid;
pub(crate) use message::Message;
pub(crate) use sim::Sim;
pub(crate) use topics::{Following, TopicAction, TopicsFcm, TopicsOf};
pub(crate) use value::Json;
pub(crate) use web::{Endpoints, Web, WebMessage, WebSender};
pub(crate) use wns::{Wns, WnsApp, WnsDelivery, WnsMessage};

use crate::exit::{Exit, complain};

const MANUAL: &str = "\
Try it, without network or account:
  anypush demo

Send to a simulator on this machine:
  anypush sim --dir /tmp/sim --apns 127.0.0.1:8443 &
  anypush send apns --endpoint 127.0.0.1:8443 --ca /tmp/sim/ca.pem \\
    --key /tmp/sim/AuthKey.p8 --key-id ABC123DEFG --team-id DEF123GHIJ \\
    --topic com.example.app --body Hello \\
    --token 00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0

Exit status:
  0    all devices were accepted, or all is done
  1    some were not, or nobody read the output to its end
  2    wrong use or configuration; one line on standard error says what to change
  3    the service could not be reached
  130  interrupted: what was under way was answered, the rest was not sent";

/// Push notifications to any device, from any async runtime, through any TLS stack
#[derive(Debug, Parser)]
#[command(name = "anypush", version, after_help = MANUAL, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Send one notification to any number of devices
    #[command(subcommand, arg_required_else_help = true)]
    Send(SendCommand),
    /// Update or end the Live Activities of all who follow a channel
    #[command(subcommand, arg_required_else_help = true)]
    Broadcast(BroadcastCommand),
    /// Make, show, list and delete the channels of an app
    #[command(subcommand, arg_required_else_help = true)]
    Channels(ChannelsCommand),
    /// Have devices follow topics or no longer, and list what they follow
    #[command(subcommand, arg_required_else_help = true)]
    Topics(TopicsCommand),
    Feedback(Box<Feedback>),
    /// Make keys, and show what is public of them
    #[command(subcommand, arg_required_else_help = true)]
    Keys(KeysCommand),
    Sim(Box<Sim>),
    Demo(Demo),
    Completions(Completions),
}

#[derive(Debug, Subcommand)]
pub(crate) enum SendCommand {
    Apns(Box<Apns>),
    Gateway(Box<Gateway>),
    Fcm(Box<Fcm>),
    Gcm(Box<Gcm>),
    Wns(Box<Wns>),
    Web(Box<Web>),
}

#[derive(Debug, Subcommand)]
pub(crate) enum BroadcastCommand {
    Apns(Box<BroadcastApns>),
}

#[derive(Debug, Subcommand)]
pub(crate) enum TopicsCommand {
    Fcm(TopicsFcm),
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    Vapid(KeysVapid),
}

#[derive(Debug, Subcommand)]
pub(crate) enum ChannelsCommand {
    Apns(ChannelsApns),
}

/// Reads the command line; where there is nothing to do, says why and how to end.
pub(crate) fn parse() -> Result<Cli, Exit> {
    Cli::try_parse().map_err(|error| match error.kind() {
        ErrorKind::DisplayHelp
        | ErrorKind::DisplayVersion
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            // A closed pipe is no fault here.
            let _ = error.print();
            match error.exit_code() {
                0 => Exit::Success,
                _ => Exit::Usage,
            }
        }
        _ => {
            complain(format_args!("{}", one_line(&error.to_string())));
            Exit::Usage
        }
    })
}

/// What the parser says in several lines, with the usage left out.
fn one_line(message: &str) -> String {
    let start = message.strip_prefix("error: ").unwrap_or(message);
    let end = ["\n\nUsage:", "\n\nFor more information"]
        .iter()
        .filter_map(|heading| start.find(heading))
        .min()
        .unwrap_or(start.len());
    let words: Vec<&str> = start[..end].split_whitespace().collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    /// All commands below, with their names.
    fn commands(command: clap::Command) -> Vec<clap::Command> {
        let below: Vec<_> = command.get_subcommands().cloned().collect();
        let below = below.into_iter().flat_map(commands);
        below.chain([command]).collect()
    }

    #[test]
    fn no_line_of_a_manual_is_wrapped() {
        for command in commands(Cli::command()) {
            let manual = command.get_after_help().map(ToString::to_string);
            for line in manual.unwrap_or_default().lines() {
                assert!(
                    line.chars().count() <= 100,
                    "{}: {line}",
                    command.get_name()
                );
            }
        }
    }

    #[test]
    fn what_is_wrong_stands_on_one_line() {
        let error = Cli::try_parse_from(["anypush", "send", "apns", "--tokn", "00"]).unwrap_err();
        let line = one_line(&error.to_string());
        assert!(
            line.contains("--tokn") && line.contains("--token"),
            "{line}"
        );
        assert!(!line.contains('\n') && !line.contains("Usage"), "{line}");
    }
}
