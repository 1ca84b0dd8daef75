use clap::{Parser, Subcommand};

use crate::contestants::Contestant;
use crate::load::Load;
use crate::place::Place;
use crate::server::Manner;

/// Compares what a message over FCM HTTP v1 costs, against a server on this machine.
#[derive(Debug, Parser)]
#[command(name = "run --fcm", args_conflicts_with_subcommands = true)]
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

    /// Measures the memory of a fan-out from an iterator instead, with the client's defaults
    /// (1,000,000 devices unless --messages says otherwise).
    #[arg(long)]
    pub(crate) memory: bool,

    /// Sends to the simulator instead of the server that only counts.
    #[arg(long, conflicts_with = "refuse")]
    pub(crate) simulator: bool,

    /// Prints one JSON document with every sample instead of a table.
    #[arg(long)]
    pub(crate) json: bool,
}

/// What this program is when it has started itself again. Can be started by hand, for a profiler.
#[derive(Debug, Subcommand)]
pub(crate) enum Role {
    /// The server; says where it is, tells its counters for each line of input, and ends with it.
    #[command(hide = true)]
    Server(Manner),
    /// The simulator in its place.
    #[command(hide = true)]
    Simulator,
    /// One contestant in one round.
    #[command(hide = true)]
    Contestant(Part),
    /// One fan-out, whose memory is measured.
    #[command(hide = true)]
    Memory(Part),
}

/// What a contestant is told.
#[derive(Debug, clap::Args)]
pub(crate) struct Part {
    #[arg(value_enum)]
    pub(crate) who: Contestant,
    #[command(flatten)]
    pub(crate) place: Place,
    #[command(flatten)]
    pub(crate) load: Load,
}

impl Args {
    /// Who runs: those who were named, or all, of those who can.
    pub(crate) fn contestants(&self, can: impl Fn(Contestant) -> bool) -> Vec<Contestant> {
        use clap::ValueEnum;
        let named = match self.only.as_slice() {
            [] => Contestant::value_variants(),
            some => some,
        };
        named.iter().copied().filter(|who| can(*who)).collect()
    }
}
