use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::http::GoAway;

/// What a session did so far, and has open now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Connections that are open now, those that drain and those of leases included.
    pub connections: usize,
    /// Connections among them that leases have.
    pub leased: usize,
    /// Connections among them that idle and wait for a lease.
    pub idle_leases: usize,
    /// Leases that wait for a connection now.
    pub waiting_leases: usize,
    /// Connections that came about.
    pub connected: u64,
    /// Dials that failed.
    pub failed_dials: u64,
    /// Requests that were handed to a connection; a resend counts again.
    pub sent: u64,
    /// Answers that came.
    pub answered: u64,
    /// Requests that were handed to a connection once more: provably not processed before, or allowed
    /// by [`ResendUnknown`](crate::ResendUnknown).
    pub resent: u64,
    /// Requests whose answer was lost: with their connection, or as their stream was broken off.
    pub lost: u64,
    /// Requests whose deadline passed, before or after they were handed to a connection.
    pub timed_out: u64,
    /// Requests that wait for a connection now.
    pub waiting: usize,
    /// Requests that wait for their answer now.
    pub in_flight: usize,
    /// Connections whose peer said GOAWAY.
    pub goaways: u64,
    /// What the last one said.
    pub last_goaway: Option<GoAway>,
}

/// One connection of a session: what it carries now, and what became of its requests so far.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectionStats {
    /// Counts the connections of one destination, from 1.
    pub id: u64,
    /// Host and port that were asked for.
    pub destination: String,
    /// The address that was dialled; `None` where the backend does not tell.
    pub peer_addr: Option<SocketAddr>,
    /// The time since it came about.
    pub age: Duration,
    /// How many streams it takes at once: the least of what the peer and this session allow.
    pub stream_limit: u32,
    /// Streams that are open now, abandoned ones included.
    pub open_streams: u32,
    /// Streams whose answer nobody waits for any more.
    pub abandoned_streams: u32,
    /// Whether it takes no more requests, and closes after the last answer.
    pub draining: bool,
    /// Requests that were handed to it.
    pub sent: u64,
    /// Answers that came.
    pub answered: u64,
    /// Requests among them that had been handed to a connection before.
    pub resent: u64,
    /// Requests that it provably did not process.
    pub refused: u64,
    /// Requests whose answer was lost.
    pub lost: u64,
    /// Streams that were broken off by either side.
    pub resets: u64,
    /// The peer's farewell.
    pub goaway: Option<GoAway>,
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) connected: Counter,
    pub(crate) failed_dials: Counter,
    pub(crate) sent: Counter,
    pub(crate) answered: Counter,
    pub(crate) resent: Counter,
    pub(crate) lost: Counter,
    pub(crate) timed_out: Counter,
    goaways: Counter,
    last_goaway: Mutex<Option<GoAway>>,
}

#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn count(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn add(&self, more: u64) {
        if more > 0 {
            self.0.fetch_add(more, Ordering::Relaxed);
        }
    }

    pub(crate) fn read(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Counters {
    pub(crate) fn goaway(&self, goaway: &GoAway) {
        self.goaways.count();
        *self.lock_goaway() = Some(goaway.clone());
    }

    fn lock_goaway(&self) -> MutexGuard<'_, Option<GoAway>> {
        self.last_goaway
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn read(&self) -> Stats {
        Stats {
            connected: self.connected.read(),
            failed_dials: self.failed_dials.read(),
            sent: self.sent.read(),
            answered: self.answered.read(),
            resent: self.resent.read(),
            lost: self.lost.read(),
            timed_out: self.timed_out.read(),
            goaways: self.goaways.read(),
            last_goaway: self.lock_goaway().clone(),
            ..Stats::default()
        }
    }
}
