use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use slab::Slab;

/// Tells those who wait for something else that the session was shut down.
#[derive(Debug, Default)]
pub(crate) struct Closing(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    closed: bool,
    waiting: Slab<Waker>,
}

impl Closing {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn close(&self) {
        let waiting = {
            let mut state = self.lock();
            state.closed = true;
            std::mem::take(&mut state.waiting)
        };
        waiting.into_iter().for_each(|(_, waker)| waker.wake());
    }

    /// Resolves once it is closed.
    pub(crate) fn wait(self: &Arc<Self>) -> Closed {
        Closed {
            closing: self.clone(),
            key: None,
        }
    }
}

/// Resolves once the session was shut down.
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Closed {
    closing: Arc<Closing>,
    key: Option<usize>,
}

impl Future for Closed {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let mut state = this.closing.lock();
        if state.closed {
            this.key = None;
            return Poll::Ready(());
        }
        match this.key.and_then(|key| state.waiting.get_mut(key)) {
            Some(waker) => waker.clone_from(cx.waker()),
            None => this.key = Some(state.waiting.insert(cx.waker().clone())),
        }
        Poll::Pending
    }
}

impl Drop for Closed {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            self.closing.lock().waiting.try_remove(key);
        }
    }
}
