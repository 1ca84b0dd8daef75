use std::collections::VecDeque;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::time::Duration;

use crate::network::Side;
use crate::world::TaskId;

/// What happened in a simulation so far, in a form that is compared: equal traces are runs that
/// went the same way, event by event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Trace {
    /// How many events there were.
    pub events: u64,
    /// A digest of all of them, each with its time.
    pub digest: u64,
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} events, digest {:016x}", self.events, self.digest)
    }
}

/// One thing that happened.
#[derive(Clone, Debug, Hash)]
pub(crate) enum Event {
    Spawned(TaskId),
    Polled(TaskId),
    Ended(TaskId),
    Dialled { host: String, port: u16 },
    Refused { host: String, port: u16 },
    Connected { wire: u64, host: String, port: u16 },
    Accepted { wire: u64 },
    Wrote { wire: u64, by: Side, bytes: usize },
    Read { wire: u64, by: Side, bytes: usize },
    Ending { wire: u64, by: Side },
    Dropped { wire: u64, by: Side },
    Cut { wire: u64 },
    Healed { wire: u64 },
    Reset { wire: u64 },
    Jitter(u64),
}

/// The digest, and the latest events in words.
#[derive(Debug)]
pub(crate) struct Recorder {
    events: u64,
    digest: Fnv,
    recent: VecDeque<(Duration, Event)>,
    keep: usize,
}

impl Recorder {
    pub(crate) fn new(keep: usize) -> Self {
        Self {
            events: 0,
            digest: Fnv::default(),
            recent: VecDeque::new(),
            keep,
        }
    }

    pub(crate) fn record(&mut self, now: Duration, event: Event) {
        self.events += 1;
        (now, &event).hash(&mut self.digest);
        if self.keep == 0 {
            return;
        }
        if self.recent.len() == self.keep {
            self.recent.pop_front();
        }
        self.recent.push_back((now, event));
    }

    pub(crate) fn trace(&self) -> Trace {
        Trace {
            events: self.events,
            digest: self.digest.finish(),
        }
    }

    pub(crate) fn recent(&self) -> Vec<String> {
        let line = |(at, event): &(Duration, Event)| format!("+{at:?} {event}");
        self.recent.iter().map(line).collect()
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Spawned(task) => write!(f, "{task} was spawned"),
            Self::Polled(task) => write!(f, "{task} was polled"),
            Self::Ended(task) => write!(f, "{task} ended"),
            Self::Dialled { host, port } => write!(f, "{host}:{port} was dialled"),
            Self::Refused { host, port } => write!(f, "a dial of {host}:{port} failed"),
            Self::Connected { wire, host, port } => {
                write!(f, "connection {wire} to {host}:{port} came about")
            }
            Self::Accepted { wire } => write!(f, "connection {wire} was accepted"),
            Self::Wrote { wire, by, bytes } => {
                write!(f, "the {by} of connection {wire} wrote {bytes} bytes")
            }
            Self::Read { wire, by, bytes } => {
                write!(f, "the {by} of connection {wire} read {bytes} bytes")
            }
            Self::Ending { wire, by } => {
                write!(f, "the {by} of connection {wire} ended its writing half")
            }
            Self::Dropped { wire, by } => write!(f, "the {by} of connection {wire} dropped it"),
            Self::Cut { wire } => write!(f, "connection {wire} was cut"),
            Self::Healed { wire } => write!(f, "connection {wire} was healed"),
            Self::Reset { wire } => write!(f, "connection {wire} was reset"),
            Self::Jitter(value) => write!(f, "jitter {value:016x} was drawn"),
        }
    }
}

/// FNV-1a with 64 bits: the same on every run, which the hashers of the standard library do not
/// promise.
#[derive(Clone, Copy, Debug)]
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}
