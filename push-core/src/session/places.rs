use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Poll, Waker};

use super::{Shared, WeakInner};

/// How many connections a session may have, and who waits for one.
#[derive(Debug)]
pub(crate) struct Places {
    most: usize,
    state: Mutex<State>,
    session: OnceLock<WeakInner>,
}

#[derive(Debug, Default)]
struct State {
    taken: usize,
    waiting: Vec<Waker>,
}

/// The right to one connection; given back when dropped.
#[derive(Debug)]
pub(crate) struct Permit(Arc<Shared>);

impl Places {
    pub(crate) fn new(most: usize) -> Self {
        Self {
            most,
            state: Mutex::default(),
            session: OnceLock::new(),
        }
    }

    pub(crate) fn belong_to(&self, session: WeakInner) {
        self.session.get_or_init(|| session);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn try_take(&self) -> bool {
        let mut state = self.lock();
        let free = state.taken < self.most;
        state.taken += usize::from(free);
        free
    }

    /// Wakes this one when a connection has ended or become idle.
    pub(crate) fn on_freed(&self, waker: &Waker) {
        let mut state = self.lock();
        if !state.waiting.iter().any(|known| known.will_wake(waker)) {
            state.waiting.push(waker.clone());
        }
    }

    /// A connection has ended or become idle.
    pub(crate) fn freed(&self) {
        let waiting = std::mem::take(&mut self.lock().waiting);
        waiting.into_iter().for_each(Waker::wake);
    }
}

impl Permit {
    /// Waits for the right to a connection, for as long as one is wanted. Where all are taken, one
    /// that is idle is closed, the one that has been so for the longest.
    pub(crate) async fn take(shared: &Arc<Shared>, wanted: impl Fn() -> bool) -> Option<Self> {
        let taken = poll_fn(|cx| {
            let places = &shared.places;
            if !wanted() {
                return Poll::Ready(false);
            }
            if places.try_take() {
                return Poll::Ready(true);
            }
            places.on_freed(cx.waker());
            if let Some(session) = places.session.get().and_then(WeakInner::upgrade) {
                session.close_one_idle();
            }
            // One may have ended before the waker was known.
            if places.try_take() {
                Poll::Ready(true)
            } else {
                Poll::Pending
            }
        })
        .await;
        taken.then(|| Self(shared.clone()))
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.places.lock().taken -= 1;
        self.0.places.freed();
    }
}
