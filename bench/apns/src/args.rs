use clap::{Parser, Subcommand};

use crate::contestants::Contestant;
use crate::load::Load;
use crate::simulator::Place;

/// Compares what a push over APNs' HTTP/2 API costs, against a simulator on this machine.
#[derive(Debug, Parser)]
#[command(name = "run", args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) role: Option<Role>,

    /// How often each contestant runs; the rounds are interleaved.
    #[arg(long, default_value_t = 5)]
    pub(crate) rounds: usize,

    #[command(flatten)]
    pub(crate) load: Load,

    /// Who runs; all if this is not given.
    #[arg(long, value_delimiter = ',', value_enum)]
    pub(crate) only: Vec<Contestant>,

    /// Measures the memory of a fan-out from an iterator instead (1,000,000 devices unless
    /// --pushes says otherwise).
    #[arg(long)]
    pub(crate) memory: bool,

    /// Prints one JSON document with every sample instead of a table.
    #[arg(long)]
    pub(crate) json: bool,
}

/// What this program is when it has started itself again. Can be started by hand, for a profiler.
#[derive(Debug, Subcommand)]
pub(crate) enum Role {
    /// The server; says where it is, tells its counters for each line of input, and ends with it.
    #[command(hide = true)]
    Simulator,
    /// One contestant in one round.
    #[command(hide = true)]
    Contestant {
        #[arg(value_enum)]
        who: Contestant,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        load: Load,
    },
    /// One fan-out, whose memory is measured.
    #[command(hide = true)]
    Memory {
        #[arg(value_enum)]
        who: Contestant,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        load: Load,
    },
}
