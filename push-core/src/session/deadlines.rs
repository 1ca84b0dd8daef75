use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use slab::Slab;

use crate::Backend;
use crate::session::janitor::Bell;

/// The deadlines of all requests of a session: one timer for all of them, the janitor's.
///
/// A deadline that is met costs an insertion and a removal and never touches the timer.
#[derive(Debug)]
pub(crate) struct Deadlines {
    state: Mutex<State>,
    bell: Arc<Bell>,
}

#[derive(Debug, Default)]
struct State {
    entries: Slab<Entry>,
    /// When the janitor is to look next. Not later than the earliest entry; often earlier, since
    /// entries that are gone don't move it.
    look: Option<Instant>,
    /// Nothing but the entries keeps the janitor: the last one to go calls it.
    alone: bool,
}

#[derive(Debug)]
struct Entry {
    at: Instant,
    waker: Waker,
    passed: bool,
}

impl Deadlines {
    pub(crate) fn new(bell: Arc<Bell>) -> Self {
        Self {
            state: Mutex::default(),
            bell,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes those whose time has come; tells when to look again.
    pub(crate) fn expire(&self, now: Instant) -> Option<Instant> {
        let mut due = Vec::new();
        let mut state = self.lock();
        if state.look.is_some_and(|look| look <= now) {
            let mut next = None;
            for (_, entry) in &mut state.entries {
                if entry.at > now {
                    next = Some(next.map_or(entry.at, |next: Instant| next.min(entry.at)));
                } else if !entry.passed {
                    entry.passed = true;
                    due.push(entry.waker.clone());
                }
            }
            state.look = next;
        }
        if state.entries.is_empty() {
            state.look = None;
        }
        let look = state.look;
        drop(state);
        due.into_iter().for_each(Waker::wake);
        look
    }

    /// Tells whether anything else keeps the janitor; `false` when there is no deadline either.
    pub(crate) fn keep(&self, alone: bool) -> bool {
        let mut state = self.lock();
        state.alone = alone;
        if state.entries.is_empty() {
            // Those that were there a moment ago are gone: the next one has to call the janitor.
            state.look = None;
        }
        !state.entries.is_empty()
    }
}

/// A point in time that somebody waits for: [`Session::watch`](crate::Session::watch). Costs nothing
/// until it is polled.
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Watch {
    deadlines: Arc<Deadlines>,
    at: Instant,
    key: Option<usize>,
}

impl Watch {
    pub(crate) fn new(deadlines: Arc<Deadlines>, at: Instant) -> Self {
        Self {
            deadlines,
            at,
            key: None,
        }
    }

    /// Whether the deadline has passed.
    pub(crate) fn has_passed(&self, backend: &dyn Backend) -> bool {
        self.at <= backend.now()
    }

    /// Whether it was polled: time may have passed since it was made.
    pub(crate) fn was_waited_for(&self) -> bool {
        self.key.is_some()
    }

    /// Ready once the deadline has passed.
    pub(crate) fn poll(&mut self, cx: &Context<'_>) -> Poll<()> {
        let mut state = self.deadlines.lock();
        if let Some(entry) = self.key.and_then(|key| state.entries.get_mut(key)) {
            if entry.passed {
                return Poll::Ready(());
            }
            entry.waker.clone_from(cx.waker());
            return Poll::Pending;
        }
        // One that has passed already is found by the janitor: no look at the clock for each.
        let entry = Entry {
            at: self.at,
            waker: cx.waker().clone(),
            passed: false,
        };
        self.key = Some(state.entries.insert(entry));
        let is_first = state.look.is_none_or(|look| self.at < look);
        if is_first {
            state.look = Some(self.at);
        }
        drop(state);
        if is_first {
            self.deadlines.bell.ring();
        }
        Poll::Pending
    }
}

impl Future for Watch {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Self::poll(&mut self, cx)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let Some(key) = self.key else { return };
        let mut state = self.deadlines.lock();
        state.entries.try_remove(key);
        let last = state.alone && state.entries.is_empty();
        drop(state);
        if last {
            self.deadlines.bell.ring();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    #[allow(clippy::disallowed_methods)]
    fn a_deadline_calls_the_janitor_that_leaves_as_the_last_one_is_dropped() {
        let bell = Arc::<Bell>::default();
        let deadlines = Arc::new(Deadlines::new(bell.clone()));
        let cx = Context::from_waker(Waker::noop());
        let now = Instant::now();
        let at = now + Duration::from_secs(1);
        let mut first = Watch::new(deadlines.clone(), at);
        assert!(first.poll(&cx).is_pending());
        assert!(bell.was_rung());
        // The janitor looks, and before it decides whether to stay, the only one is dropped.
        assert_eq!(deadlines.expire(now), Some(at));
        drop(first);
        assert!(!deadlines.keep(true));
        bell.was_rung();
        let mut second = Watch::new(deadlines, at);
        assert!(second.poll(&cx).is_pending());
        assert!(bell.was_rung());
    }
}
