//! The command line of anypush.

mod apns;
mod args;
mod broadcast;
mod channels;
mod completions;
mod demo;
mod devices;
mod exit;
mod fcm;
mod feedback;
mod files;
mod gateway;
mod gcm;
mod interrupts;
mod keys;
mod lines;
mod logs;
mod output;
mod route;
mod runtime;
mod send;
mod sim;
mod topics;
mod web;
mod wns;

use std::process::ExitCode;

use args::{BroadcastCommand, ChannelsCommand, Command, KeysCommand, SendCommand, TopicsCommand};
use exit::Exit;

fn main() -> ExitCode {
    let cli = match args::parse() {
        Ok(cli) => cli,
        Err(exit) => return exit.into(),
    };
    let done = match cli.command {
        Command::Send(SendCommand::Apns(args)) => send::apns::run(&args),
        Command::Send(SendCommand::Gateway(args)) => send::gateway::run(&args),
        Command::Send(SendCommand::Fcm(args)) => send::fcm::run(&args),
        Command::Send(SendCommand::Gcm(args)) => send::gcm::run(&args),
        Command::Send(SendCommand::Web(args)) => send::web::run(&args),
        Command::Send(SendCommand::Wns(args)) => send::wns::run(&args),
        Command::Broadcast(BroadcastCommand::Apns(args)) => broadcast::apns::run(&args),
        Command::Channels(ChannelsCommand::Apns(args)) => channels::apns::run(&args.action),
        Command::Topics(TopicsCommand::Fcm(args)) => topics::fcm::run(&args.action),
        Command::Feedback(args) => feedback::run(&args),
        Command::Keys(KeysCommand::Vapid(args)) => keys::vapid::run(&args),
        Command::Sim(args) => sim::run(&args),
        Command::Demo(args) => demo::run(&args),
        Command::Completions(args) => completions::run(&args),
    };
    done.unwrap_or_else(|error| Exit::of_error(&error)).into()
}
