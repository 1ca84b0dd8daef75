use std::sync::atomic::{AtomicU64, Ordering};

/// What a session did so far, and has open now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Connections that are open now, those that drain included.
    pub connections: usize,
    /// Connections that came about.
    pub connected: u64,
    /// Dials that failed.
    pub failed_dials: u64,
    /// Requests that were handed to a connection; a resend counts again.
    pub sent: u64,
    /// Answers that came.
    pub answered: u64,
    /// Requests that were provably not processed and were sent again.
    pub resent: u64,
    /// Requests whose answer was lost with their connection.
    pub lost: u64,
    /// Requests whose deadline passed, before or after they were handed to a connection.
    pub timed_out: u64,
    /// Requests that wait for a connection now.
    pub waiting: usize,
    /// Requests that wait for their answer now.
    pub in_flight: usize,
    /// GOAWAY frames that came.
    pub goaways: u64,
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
    pub(crate) goaways: Counter,
}

#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn count(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn read(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Counters {
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
            ..Stats::default()
        }
    }
}
