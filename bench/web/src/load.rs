use clap::Args;

/// What is made, or sent.
#[derive(Debug, Clone, Args)]
pub(crate) struct Load {
    /// How many messages each contestant makes or sends in a round [default: 20000; 1000000 with
    /// --memory, 10000 with --hosts].
    #[arg(long)]
    pub(crate) messages: Option<u64>,

    /// For how many subscriptions, in turn; each has keys of its own.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) subscriptions: u64,

    /// How long the text of a message is, in bytes.
    #[arg(long, default_value_t = 200)]
    pub(crate) text_bytes: usize,
}

impl Load {
    /// How many messages the clock is for.
    pub(crate) fn messages(&self) -> u64 {
        self.messages.unwrap_or(20_000)
    }

    /// How many come before: each subscription once.
    pub(crate) fn warm_up(&self) -> u64 {
        self.subscriptions
    }

    /// The text of the messages.
    pub(crate) fn text(&self) -> String {
        "x".repeat(self.text_bytes)
    }

    /// The arguments that say the same.
    pub(crate) fn arguments(&self) -> impl Iterator<Item = String> {
        [
            ("--messages", self.messages()),
            ("--subscriptions", self.subscriptions),
            ("--text-bytes", self.text_bytes as u64),
        ]
        .into_iter()
        .flat_map(|(name, value)| [name.to_owned(), value.to_string()])
    }
}
