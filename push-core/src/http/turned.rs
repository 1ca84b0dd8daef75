//! The news that a server has turned to another protocol, for those who wait for its connections.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use slab::Slab;

/// The news that a server has turned to another protocol.
#[derive(Debug, Default)]
pub(super) struct Turned(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    times: u64,
    wakers: Slab<Waker>,
}

/// One who waits for the news from now on.
#[derive(Debug)]
pub(super) struct Listener<'a> {
    turned: &'a Turned,
    since: u64,
    key: Option<usize>,
}

impl Turned {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells all who listen.
    pub(super) fn tell(&self) {
        let mut state = self.lock();
        state.times += 1;
        let wakers: Vec<_> = state.wakers.drain().collect();
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
    }

    pub(super) fn listen(&self) -> Listener<'_> {
        Listener {
            turned: self,
            since: self.lock().times,
            key: None,
        }
    }
}

impl Listener<'_> {
    /// Ready once it was told.
    pub(super) fn poll(&mut self, cx: &Context<'_>) -> Poll<()> {
        let mut state = self.turned.lock();
        if state.times != self.since {
            self.key = None;
            return Poll::Ready(());
        }
        let former = match self.key.and_then(|key| state.wakers.get_mut(key)) {
            Some(known) if known.will_wake(cx.waker()) => None,
            Some(known) => Some(std::mem::replace(known, cx.waker().clone())),
            None => {
                self.key = Some(state.wakers.insert(cx.waker().clone()));
                None
            }
        };
        drop(state);
        drop(former);
        Poll::Pending
    }
}

impl Drop for Listener<'_> {
    fn drop(&mut self) {
        let mut state = self.turned.lock();
        // Once it was told, its place may be another one's.
        let waker = match self.key {
            Some(key) if state.times == self.since => state.wakers.try_remove(key),
            _ => None,
        };
        drop(state);
        drop(waker);
    }
}
