use std::ops::Range;

use clap::Args;

/// What is sent.
#[derive(Debug, Clone, Args)]
pub(crate) struct Load {
    /// How many pushes each contestant sends in a round, after the warm-up [default: 100000].
    #[arg(long)]
    pub(crate) pushes: Option<u64>,

    /// How many pushes are under way at a time.
    #[arg(long, default_value_t = 900)]
    pub(crate) in_flight: usize,

    /// How many connections the pushes go over.
    #[arg(long, default_value_t = 1)]
    pub(crate) connections: usize,

    /// How long the payload is: an alert with a text of fitting length.
    #[arg(long, default_value_t = 109)]
    pub(crate) payload_bytes: usize,

    /// How many pushes are sent before the clock starts: they raise the limit of streams, fill
    /// the compression table and the heap [default: 2000, or 25000 for each of several connections].
    #[arg(long)]
    pub(crate) warm_up: Option<u64>,
}

impl Load {
    /// How many pushes the clock is for.
    pub(crate) fn pushes(&self) -> u64 {
        self.pushes.unwrap_or(100_000)
    }

    /// How many are sent before.
    pub(crate) fn warm_up(&self) -> u64 {
        // Several connections come about one after the other, while the pushes run.
        let each = if self.connections > 1 { 25_000 } else { 2000 };
        self.warm_up.unwrap_or(each * self.connections as u64)
    }

    /// The devices before the clock starts, and those after: no two alike.
    pub(crate) fn devices(&self) -> [Range<u64>; 2] {
        let before = self.warm_up();
        [0..before, before..before + self.pushes()]
    }

    /// The arguments that say the same.
    pub(crate) fn arguments(&self) -> impl Iterator<Item = String> {
        [
            ("--pushes", self.pushes()),
            ("--in-flight", self.in_flight as u64),
            ("--connections", self.connections as u64),
            ("--payload-bytes", self.payload_bytes as u64),
            ("--warm-up", self.warm_up()),
        ]
        .into_iter()
        .flat_map(|(name, value)| [name.to_owned(), value.to_string()])
    }
}
