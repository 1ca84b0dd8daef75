//! What simulated push services are like.

/// Settings of the push services for browsers; the defaults are those of the real ones.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Config {
    /// How many pushes a subscription that was made here takes; more are answered as too many, until
    /// everything is reset. `None`: any number. `None` by default.
    pub pushes_per_subscription: Option<u64>,
    /// How many seconds the services' clock is ahead of the real one, or behind if it is negative;
    /// 0 by default. It judges when a sender's token expires.
    pub clock_offset_seconds: i64,
    /// The limit of concurrent streams of a connection; 100 by default.
    pub max_streams: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            pushes_per_subscription: None,
            clock_offset_seconds: 0,
            max_streams: 100,
        }
    }
}

impl Config {
    /// Limits how many pushes a subscription takes.
    #[must_use]
    pub fn pushes_per_subscription(mut self, pushes: u64) -> Self {
        self.pushes_per_subscription = Some(pushes);
        self
    }

    /// Puts the clock forward, or back if it is negative.
    #[must_use]
    pub fn clock_offset_seconds(mut self, seconds: i64) -> Self {
        self.clock_offset_seconds = seconds;
        self
    }

    /// Sets the limit of concurrent streams.
    #[must_use]
    pub fn max_streams(mut self, streams: u32) -> Self {
        self.max_streams = streams;
        self
    }
}
