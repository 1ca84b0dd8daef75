use std::ops::Range;

use clap::Args;

/// What is sent.
#[derive(Debug, Clone, Args)]
pub(crate) struct Load {
    /// How many messages each contestant sends in a round, after the warm-up; fcm-service, which
    /// takes that much longer, sends the five-hundredth part [default: 100000].
    #[arg(long)]
    pub(crate) messages: Option<u64>,

    /// How many messages are under way at a time [default: 100 for each connection, which is what
    /// Google's own SDKs keep to].
    #[arg(long)]
    pub(crate) in_flight: Option<usize>,

    /// How many connections the messages go over.
    #[arg(long, default_value_t = 1)]
    pub(crate) connections: usize,

    /// How long the body of a request is, registration token and all: a notification with a text
    /// of fitting length.
    #[arg(long, default_value_t = 400)]
    pub(crate) body_bytes: usize,

    /// How many messages are sent before the clock starts [default: 2000, or 10000 for each of
    /// several connections].
    #[arg(long)]
    pub(crate) warm_up: Option<u64>,

    /// Has every so many-th message refused, by UNREGISTERED, INVALID_ARGUMENT, QUOTA_EXCEEDED and
    /// UNAVAILABLE in turn [default: none].
    #[arg(long, value_parser = clap::value_parser!(u64).range(2..))]
    pub(crate) refuse: Option<u64>,
}

impl Load {
    /// How many messages the clock is for.
    pub(crate) fn messages(&self) -> u64 {
        self.messages.unwrap_or(100_000)
    }

    /// How many are sent before.
    pub(crate) fn warm_up(&self) -> u64 {
        // Several connections come about one after the other, while the messages run.
        let each = if self.connections > 1 { 10_000 } else { 2000 };
        self.warm_up.unwrap_or(each * self.connections as u64)
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight.unwrap_or(100 * self.connections)
    }

    /// The devices before the clock starts, and those after: no two alike.
    pub(crate) fn devices(&self) -> [Range<u64>; 2] {
        let before = self.warm_up();
        [0..before, before..self.sent()]
    }

    /// How many are sent in all.
    pub(crate) fn sent(&self) -> u64 {
        self.warm_up() + self.messages()
    }

    /// How many of them are refused.
    pub(crate) fn refused(&self) -> u64 {
        self.refuse.map_or(0, |every| self.sent() / every)
    }

    /// What a headline says of those that are refused.
    pub(crate) fn refusals(&self) -> String {
        let refuse = self.refuse;
        refuse.map_or_else(String::new, |every| format!(", one of {every} refused"))
    }

    /// This part of it, with as many before as are under way at a time.
    pub(crate) fn part(&self, of: u64) -> Self {
        Self {
            messages: Some((self.messages() / of).max(1)),
            warm_up: Some(self.warm_up().min(self.in_flight() as u64)),
            ..self.clone()
        }
    }

    /// The arguments that say the same.
    pub(crate) fn arguments(&self) -> impl Iterator<Item = String> {
        let refuse = self.refuse.map(|every| ("--refuse", every));
        [
            ("--messages", self.messages()),
            ("--in-flight", self.in_flight() as u64),
            ("--connections", self.connections as u64),
            ("--body-bytes", self.body_bytes as u64),
            ("--warm-up", self.warm_up()),
        ]
        .into_iter()
        .chain(refuse)
        .flat_map(|(name, value)| [name.to_owned(), value.to_string()])
    }
}
