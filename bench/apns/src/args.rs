use clap::{Parser, Subcommand};

use crate::contestants::Contestant;
use crate::load::Load;
use crate::simulator::{Manner, Place};

/// Compares what a push over APNs' HTTP/2 API costs, against a simulator on this machine.
///
/// `./run --gateway` does so for the binary gateway, `./run --fcm` for FCM HTTP v1, and
/// `./run --instructions` counts instructions; all have a help of their own.
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

    /// Measures how long pushes take at half of what a contestant can do, instead of its CPU time.
    #[arg(long, group = "what")]
    pub(crate) latency: bool,

    /// Makes connections instead of pushes, all at once (100 unless --connections says otherwise).
    #[arg(long, group = "what")]
    pub(crate) storm: bool,

    /// Measures the memory of a fan-out from an iterator instead (1,000,000 devices unless
    /// --pushes says otherwise).
    #[arg(long, group = "what")]
    pub(crate) memory: bool,

    /// Measures the memory of pushes that wait instead, for a stream or for their answer (100,000
    /// unless --pushes says otherwise).
    #[arg(long, group = "what")]
    pub(crate) waiting: bool,

    /// Prints one JSON document with every sample instead of a table.
    #[arg(long)]
    pub(crate) json: bool,
}

/// What this program is when it has started itself again. Can be started by hand, for a profiler.
#[derive(Debug, Subcommand)]
pub(crate) enum Role {
    /// The server; says where it is, tells its counters for each line of input, and ends with it.
    #[command(hide = true)]
    Simulator(Manner),
    /// One contestant in one round.
    #[command(hide = true)]
    Contestant(Part),
    /// One contestant at half load.
    #[command(hide = true)]
    Latency(Part),
    /// One contestant that makes connections.
    #[command(hide = true)]
    Storm(Part),
    /// One fan-out, whose memory is measured.
    #[command(hide = true)]
    Memory(Part),
    /// One contestant whose pushes wait.
    #[command(hide = true)]
    Waiting(Part),
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
