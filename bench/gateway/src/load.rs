use std::ops::Range;

use clap::Args;

/// How much more this client and the bare loop send than the peers.
const EASE: u64 = 10;

/// What is sent.
#[derive(Debug, Clone, Args)]
pub(crate) struct Load {
    /// How many notifications each contestant sends in a round, after the warm-up; the peers, which
    /// take that much longer, send a tenth [default: 2000000].
    #[arg(long)]
    pub(crate) notifications: Option<u64>,

    /// How long the payload is: an alert with a text of fitting length.
    #[arg(long, default_value_t = 109)]
    pub(crate) payload_bytes: usize,

    /// How many notifications are sent before the clock starts.
    #[arg(long, default_value_t = 2000)]
    pub(crate) warm_up: u64,
}

impl Load {
    /// How many notifications the clock is for.
    pub(crate) fn notifications(&self) -> u64 {
        self.notifications.unwrap_or(2_000_000)
    }

    /// The devices before the clock starts, and those after: no two alike.
    pub(crate) fn devices(&self) -> [Range<u64>; 2] {
        [0..self.warm_up, self.warm_up..self.sent()]
    }

    /// How many are sent in all.
    pub(crate) fn sent(&self) -> u64 {
        self.warm_up + self.notifications()
    }

    /// What a peer sends.
    pub(crate) fn eased(&self) -> Self {
        Self {
            notifications: Some((self.notifications() / EASE).max(1)),
            ..self.clone()
        }
    }

    /// The arguments that say the same.
    pub(crate) fn arguments(&self) -> impl Iterator<Item = String> {
        [
            ("--notifications", self.notifications()),
            ("--payload-bytes", self.payload_bytes as u64),
            ("--warm-up", self.warm_up),
        ]
        .into_iter()
        .flat_map(|(name, value)| [name.to_owned(), value.to_string()])
    }
}
