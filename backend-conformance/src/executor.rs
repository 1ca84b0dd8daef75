//! The suite's own executor: it parks the thread of the case, and knows nothing of any runtime. So
//! everything that a case waits for is polled from outside.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use crate::failure::{Checked, Failure};

/// Runs a future to its end, at most so long; `what` names it in the failure.
#[track_caller]
pub(crate) fn block_on<F: Future>(what: &str, limit: Duration, future: F) -> Checked<F::Output> {
    let hang = Failure::hang(what, limit);
    let begun = Instant::now();
    let wakes = Arc::new(Wakes::default());
    let waker = wakes.waker();
    let mut future = std::pin::pin!(future);
    loop {
        let seen = wakes.count();
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return Ok(output);
        }
        let left = limit.saturating_sub(begun.elapsed());
        if !wakes.wait_past(seen, left) {
            return Err(hang);
        }
    }
}

/// Polls once, with this waker.
pub(crate) fn poll_once<F: Future + ?Sized>(
    future: Pin<&mut F>,
    wakes: &Arc<Wakes>,
) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(&wakes.waker()))
}

/// Counts how often a waker was woken, and waits for it.
#[derive(Debug, Default)]
pub(crate) struct Wakes {
    count: Mutex<usize>,
    changed: Condvar,
}

impl Wakes {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self::default())
    }

    pub(crate) fn waker(self: &Arc<Self>) -> Waker {
        self.clone().into()
    }

    pub(crate) fn count(&self) -> usize {
        *self.lock()
    }

    /// Waits until it was woken more often than so; `false`: not in time.
    pub(crate) fn wait_past(&self, seen: usize, limit: Duration) -> bool {
        let (count, _) = self
            .changed
            .wait_timeout_while(self.lock(), limit, |count| *count <= seen)
            .unwrap_or_else(PoisonError::into_inner);
        *count > seen
    }

    fn lock(&self) -> MutexGuard<'_, usize> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        *self.lock() += 1;
        self.changed.notify_all();
    }
}
