//! Counts what happens on the connections of one set: for the session's statistics, and for the
//! `metrics` facade where the feature of that name is on.

use std::sync::Arc;
#[cfg(feature = "metrics")]
use std::sync::{Mutex, PoisonError};
#[cfg(feature = "metrics")]
use std::time::Instant;

use super::frames::GoAway;
#[cfg(feature = "metrics")]
use super::meters::Meters;
use crate::session::Shared;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// A connection came about.
    Connected,
    /// A connection is gone.
    Disconnected,
    DialFailed,
    /// A request was handed to a connection.
    Sent,
    Answered,
    Resent,
    Lost,
    TimedOut,
}

/// The books of one set.
#[derive(Debug)]
pub(crate) struct Tally {
    shared: Arc<Shared>,
    #[cfg(feature = "metrics")]
    meters: Meters,
    /// What was told of those who wait.
    #[cfg(feature = "metrics")]
    waiting: Mutex<usize>,
}

/// When a request began; nothing where nobody measures.
#[derive(Debug)]
pub(crate) struct Begun {
    #[cfg(feature = "metrics")]
    at: Instant,
}

impl Tally {
    pub(crate) fn new(shared: Arc<Shared>, #[allow(unused)] destination: &str) -> Self {
        Self {
            shared,
            #[cfg(feature = "metrics")]
            meters: Meters::new(destination),
            #[cfg(feature = "metrics")]
            waiting: Mutex::default(),
        }
    }

    pub(crate) fn count(&self, event: Event) {
        let counters = &self.shared.counters;
        match event {
            Event::Connected => counters.connected.count(),
            Event::Disconnected => {}
            Event::DialFailed => counters.failed_dials.count(),
            Event::Sent => counters.sent.count(),
            Event::Answered => counters.answered.count(),
            Event::Resent => counters.resent.count(),
            Event::Lost => counters.lost.count(),
            Event::TimedOut => counters.timed_out.count(),
        }
        #[cfg(feature = "metrics")]
        self.meters.count(event);
    }

    pub(crate) fn goaway(&self, goaway: &GoAway) {
        self.shared.counters.goaway(goaway);
        #[cfg(feature = "metrics")]
        self.meters.goaway();
    }

    /// So many requests wait for a stream now.
    #[cfg_attr(not(feature = "metrics"), allow(clippy::unused_self))]
    pub(crate) fn waiting(&self, #[allow(unused)] requests: impl FnOnce() -> usize) {
        #[cfg(feature = "metrics")]
        {
            // The difference, since others may have requests for the same destination.
            let mut told = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            let now = requests();
            let before = std::mem::replace(&mut *told, now);
            drop(told);
            self.meters.waiting(before, now);
        }
    }

    /// A request begins.
    #[cfg_attr(not(feature = "metrics"), allow(clippy::unused_self))]
    pub(crate) fn begin(&self) -> Begun {
        Begun {
            #[cfg(feature = "metrics")]
            at: self.shared.backend.now(),
        }
    }

    /// Its answer is there.
    #[cfg_attr(not(feature = "metrics"), allow(clippy::unused_self))]
    pub(crate) fn end(&self, #[allow(unused)] begun: &Begun) {
        #[cfg(feature = "metrics")]
        {
            let now = self.shared.backend.now();
            self.meters.took(now.saturating_duration_since(begun.at));
        }
    }
}

#[cfg(feature = "metrics")]
impl Drop for Tally {
    fn drop(&mut self) {
        self.waiting(|| 0);
    }
}
