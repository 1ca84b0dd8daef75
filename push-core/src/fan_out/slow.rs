use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use crate::Session;
use crate::session::Watch;

/// How many pushes of a fan-out are slow: they leave their places to others, so that a server which
/// answers late, or never, does not hold up those to other servers.
#[derive(Clone, Debug, Default)]
pub struct Slow(Arc<AtomicUsize>);

/// So many times the room may slow pushes have besides, since each costs memory.
const MOST: usize = 4;

impl Slow {
    /// The room for pushes, with the places that slow ones have left: at most four times as many again.
    pub fn widens(&self, room: usize) -> usize {
        let slow = self.0.load(Ordering::Relaxed);
        room.saturating_add(slow.min(room.saturating_mul(MOST)))
    }

    /// The same push, which counts as slow once it has been under way for this long. It costs no timer
    /// of its own.
    pub fn watch<F: Future + Unpin>(
        &self,
        push: F,
        session: &Session,
        patience: Duration,
    ) -> Watched<F> {
        Watched {
            push,
            watch: Some(session.watch(session.deadline(patience))),
            slow: self.clone(),
            counted: false,
        }
    }
}

/// A push that counts as slow after a while: see [`Slow`].
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Watched<F> {
    push: F,
    /// `None` once it has rung.
    watch: Option<Watch>,
    slow: Slow,
    counted: bool,
}

impl<F: Future + Unpin> Future for Watched<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = &mut *self;
        if let Poll::Ready(output) = Pin::new(&mut this.push).poll(cx) {
            return Poll::Ready(output);
        }
        if let Some(watch) = &mut this.watch
            && Pin::new(watch).poll(cx).is_ready()
        {
            this.watch = None;
            this.counted = true;
            this.slow.0.fetch_add(1, Ordering::Relaxed);
        }
        Poll::Pending
    }
}

impl<F> Drop for Watched<F> {
    fn drop(&mut self) {
        if self.counted {
            self.slow.0.fetch_sub(1, Ordering::Relaxed);
        }
    }
}
