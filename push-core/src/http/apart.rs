//! Work on a task of its own, for one who waits for it and may not poll.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use futures_util::future::{Either, select};
use futures_util::task::AtomicWaker;

use crate::Backend;
use crate::session::Hangup;

/// What comes of work that a task of the backend does, whoever polls this; `None` where the task has ended
/// without it, with its runtime. Dropping it ends the work.
#[must_use = "dropping it ends the work"]
pub(super) struct Apart<T>(Arc<Shared<T>>);

struct Shared<T> {
    outcome: Mutex<Outcome<T>>,
    /// Of the one who waits.
    waker: AtomicWaker,
    hangup: Hangup,
}

enum Outcome<T> {
    Awaited,
    Come(T),
    /// Nothing comes any more.
    Ended,
}

impl<T: Send + 'static> Apart<T> {
    pub(super) fn start(
        backend: &dyn Backend,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Self {
        let shared = Arc::new(Shared {
            outcome: Mutex::new(Outcome::Awaited),
            waker: AtomicWaker::new(),
            hangup: Hangup::default(),
        });
        let teller = Teller(shared.clone());
        backend.spawn(Box::pin(async move {
            let hung_up = poll_fn(|cx| teller.0.hangup.poll(cx));
            if let Either::Right((outcome, _)) = select(pin!(hung_up), pin!(work)).await {
                *teller.0.outcome() = Outcome::Come(outcome);
            }
        }));
        Self(shared)
    }
}

impl<T> Shared<T> {
    fn outcome(&self) -> MutexGuard<'_, Outcome<T>> {
        self.outcome.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Future for Apart<T> {
    type Output = Option<T>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        self.0.waker.register(cx.waker());
        let mut outcome = self.0.outcome();
        if let Outcome::Awaited = *outcome {
            return Poll::Pending;
        }
        match std::mem::replace(&mut *outcome, Outcome::Ended) {
            Outcome::Come(outcome) => Poll::Ready(Some(outcome)),
            Outcome::Awaited | Outcome::Ended => Poll::Ready(None),
        }
    }
}

impl<T> Drop for Apart<T> {
    fn drop(&mut self) {
        self.0.hangup.hang_up();
    }
}

/// Tells the one who waits, whether the task comes to its end or is dropped.
struct Teller<T>(Arc<Shared<T>>);

impl<T> Drop for Teller<T> {
    fn drop(&mut self) {
        let mut outcome = self.0.outcome();
        if let Outcome::Awaited = *outcome {
            *outcome = Outcome::Ended;
        }
        drop(outcome);
        self.0.waker.wake();
    }
}
