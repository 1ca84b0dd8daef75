use clap::{Parser, Subcommand, ValueEnum};

use crate::contestants::Contestant;
use crate::hosts;
use crate::load::Load;
use crate::place::Place;
use crate::sending::Sender;

/// Compares what a Web Push message costs, on this machine and without the network.
#[derive(Debug, Parser)]
#[command(name = "run --web", args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) role: Option<Role>,

    /// How often each contestant runs; the rounds are interleaved.
    #[arg(long, default_value_t = 5)]
    pub(crate) rounds: usize,

    #[command(flatten)]
    pub(crate) load: Load,

    /// Who runs; all if this is not given.
    #[arg(long, value_delimiter = ',', value_enum, conflicts_with_all = ["send", "memory", "hosts"])]
    pub(crate) only: Vec<Contestant>,

    /// Sends the messages to the simulator instead, over one origin, on each backend.
    #[arg(long)]
    pub(crate) send: bool,

    /// Who sends, with --send and --memory; all if this is not given.
    #[arg(long, value_delimiter = ',', value_enum)]
    pub(crate) senders: Vec<Sender>,

    /// Sends to 10,000 subscriptions on 1,000 hosts, without and with one that never answers.
    #[arg(long, conflicts_with_all = ["send", "senders"])]
    pub(crate) hosts: bool,

    /// How many hosts, with --hosts.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u64).range(2..))]
    pub(crate) host_count: u64,

    /// Measures the memory of a fan-out from an iterator instead, with the client's defaults.
    #[arg(long, conflicts_with_all = ["send", "hosts"])]
    pub(crate) memory: bool,

    /// Prints one JSON document with every sample instead of a table.
    #[arg(long)]
    pub(crate) json: bool,
}

/// What this program is when it has started itself again. Can be started by hand, for a profiler.
#[derive(Debug, Subcommand)]
pub(crate) enum Role {
    /// The simulator; says where it is, tells its counters for each line of input, and ends with it.
    #[command(hide = true)]
    Simulator,
    /// One contestant in one round.
    #[command(hide = true)]
    Contestant {
        #[arg(value_enum)]
        who: Contestant,
        #[command(flatten)]
        load: Load,
    },
    /// One who sends, in one round.
    #[command(hide = true)]
    Sender {
        #[arg(value_enum)]
        who: Sender,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        load: Load,
    },
    /// One fan-out, whose memory is measured.
    #[command(hide = true)]
    Memory {
        #[arg(value_enum)]
        who: Sender,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        load: Load,
    },
    /// One fan-out to many hosts.
    #[command(hide = true)]
    Hosts {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        load: Load,
        #[command(flatten)]
        part: hosts::Part,
    },
}

/// Those who were named, or all, of those who can.
pub(crate) fn named<T: ValueEnum + Copy>(named: &[T], can: impl Fn(T) -> bool) -> Vec<T> {
    let named = match named {
        [] => T::value_variants(),
        some => some,
    };
    named.iter().copied().filter(|who| can(*who)).collect()
}

/// A name as it is given on the command line.
pub(crate) fn name(who: &impl ValueEnum) -> String {
    let value = who.to_possible_value();
    value.map_or_else(String::new, |value| value.get_name().to_owned())
}
