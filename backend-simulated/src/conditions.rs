use std::ops::RangeInclusive;
use std::time::Duration;

/// How the network is, for connections that are made from now on.
#[derive(Clone, Debug)]
pub struct Conditions {
    pub(crate) latency: RangeInclusive<Duration>,
    pub(crate) buffer_bytes: usize,
    pub(crate) bytes_per_second: Option<u64>,
    pub(crate) fragmentation: f64,
}

impl Conditions {
    /// From 1 to 50 milliseconds in each direction, buffers of 64 KiB, no limit of the bandwidth,
    /// and a quarter of all reads and writes in pieces.
    pub fn new() -> Self {
        Self {
            latency: Duration::from_millis(1)..=Duration::from_millis(50),
            buffer_bytes: 64 * 1024,
            bytes_per_second: None,
            fragmentation: 0.25,
        }
    }

    /// A network without properties: no latency, nothing in pieces.
    pub fn ideal() -> Self {
        Self::new().latency(Duration::ZERO).fragmentation(0.0)
    }

    /// The same latency always.
    #[must_use]
    pub fn latency(self, latency: Duration) -> Self {
        self.latency_between(latency, latency)
    }

    /// A latency drawn from the seed for each write; bytes don't overtake each other all the same.
    #[must_use]
    pub fn latency_between(mut self, least: Duration, most: Duration) -> Self {
        self.latency = least..=most.max(least);
        self
    }

    /// How many bytes may be on their way or unread in one direction, before writes wait. Zero is
    /// taken as one.
    #[must_use]
    pub fn buffer_bytes(mut self, bytes: usize) -> Self {
        self.buffer_bytes = bytes.max(1);
        self
    }

    /// How fast the line is, in each direction. `None`, the default: without limit.
    #[must_use]
    pub fn bytes_per_second(mut self, rate: Option<u64>) -> Self {
        self.bytes_per_second = rate;
        self
    }

    /// The share of reads and writes that take only a part, from 0 to 1; and half as many writes
    /// are not ready at first. One in a thousand is whole at least, so that all come to an end.
    #[must_use]
    pub fn fragmentation(mut self, share: f64) -> Self {
        self.fragmentation = if share.is_nan() {
            0.0
        } else {
            share.clamp(0.0, 0.999)
        };
        self
    }

    /// How long these bytes take the line.
    pub(crate) fn line(&self, bytes: usize) -> Duration {
        match self.bytes_per_second {
            Some(rate) => Duration::from_secs_f64(bytes as f64 / rate.max(1) as f64),
            None => Duration::ZERO,
        }
    }
}

impl Default for Conditions {
    fn default() -> Self {
        Self::new()
    }
}

/// What becomes of a dial.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Dial {
    /// It comes about, if anybody listens. The default.
    Accept,
    /// It comes about so much later.
    Slow(Duration),
    /// It is refused: [`ErrorKind::Connect`](push_core::ErrorKind::Connect).
    Refuse,
    /// Nothing ever comes of it, and no error either.
    Stall,
    /// The name is not found: [`ErrorKind::Resolve`](push_core::ErrorKind::Resolve).
    Unresolved,
    /// The handshake fails: [`ErrorKind::Tls`](push_core::ErrorKind::Tls), with this reason. On a
    /// plain target the same as [`Refuse`](Self::Refuse).
    Tls(String),
}
