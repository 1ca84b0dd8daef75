//! A fan-out behind the environment guard.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::stream::Stream;
use push_core::fan_out::{FanOut, TryFanOut};
use push_core::{Backend, BoxFuture};

use crate::guard::{Guard, Judged};
use crate::{Endpoint, Outcome};

/// A fan-out of pushes, of either kind.
pub(crate) trait Pushes: Unpin {
    /// What is pushed to.
    type Device;
    /// What becomes of a push.
    type Outcome: Judged;
    /// What the source can end with.
    type Error;

    /// An outcome that stands ready and is an acceptance, where there is a quicker way to it.
    fn next_accepted(&mut self) -> Option<(Self::Device, Self::Outcome)> {
        None
    }

    fn poll_outcome(&mut self, cx: &mut Context<'_>) -> PolledOf<Self>;

    fn under_way(&self) -> usize;

    fn stop(&mut self);
}

pub(crate) type Polled<D, O, E> = Poll<Option<Result<(D, O), E>>>;

type PolledOf<P> = Polled<<P as Pushes>::Device, <P as Pushes>::Outcome, <P as Pushes>::Error>;

impl<S: Stream, D> Pushes for FanOut<S, (D, Outcome)> {
    type Device = D;
    type Outcome = Outcome;
    type Error = Infallible;

    fn poll_outcome(&mut self, cx: &mut Context<'_>) -> PolledOf<Self> {
        Pin::new(self).poll_next(cx).map(|next| next.map(Ok))
    }

    fn under_way(&self) -> usize {
        self.under_way()
    }

    fn stop(&mut self) {
        self.stop();
    }
}

impl<S: Stream<Item = Result<D, E>>, D, E> Pushes for TryFanOut<S, D, E, (D, Outcome)> {
    type Device = D;
    type Outcome = Outcome;
    type Error = E;

    fn poll_outcome(&mut self, cx: &mut Context<'_>) -> PolledOf<Self> {
        Pin::new(self).poll_next(cx)
    }

    fn under_way(&self) -> usize {
        self.under_way()
    }

    fn stop(&mut self) {
        self.stop();
    }
}

/// A fan-out whose outcomes go through the guard.
pub(crate) struct Guarded<P: Pushes> {
    pushes: P,
    guard: Guard<P::Device, P::Outcome>,
    /// What the source ended with, while outcomes before it are still to be told.
    error: Option<P::Error>,
    held: Held,
    backend: Arc<dyn Backend>,
    /// How long outcomes are held back while nothing else is under way and the source gives nothing:
    /// whoever feeds it may wait for them.
    patience_lasts: Duration,
    /// Runs while only what is held back is left to wait for.
    patience: Option<BoxFuture<'static, ()>>,
}

/// How many outcomes are held back: they count as under way, so that memory stays bounded.
#[derive(Clone, Debug, Default)]
pub(crate) struct Held(Arc<AtomicUsize>);

impl Held {
    /// What is left of the room for pushes. At least one is under way: what comes of it decides about
    /// those that are held back.
    pub(crate) fn leaves_of(&self, room: usize) -> usize {
        room.saturating_sub(self.0.load(Ordering::Relaxed)).max(1)
    }
}

// Nothing in it is pinned in place.
impl<P: Pushes> Unpin for Guarded<P> {}

impl<P: Pushes> Guarded<P> {
    pub(crate) fn new(
        pushes: P,
        held: Held,
        endpoint: Arc<Endpoint>,
        backend: Arc<dyn Backend>,
        patience: Duration,
    ) -> Self {
        Self {
            pushes,
            guard: Guard::new(endpoint),
            error: None,
            held,
            backend,
            patience_lasts: patience,
            patience: None,
        }
    }

    pub(crate) fn stop(&mut self) {
        self.pushes.stop();
    }

    #[inline]
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> PolledOf<P> {
        if self.guard.is_at_rest()
            && let Some(accepted) = self.pushes.next_accepted()
        {
            return Poll::Ready(Some(Ok(accepted)));
        }
        let polled = self.poll_guard(cx);
        self.held.0.store(self.guard.len(), Ordering::Relaxed);
        polled
    }

    fn poll_guard(&mut self, cx: &mut Context<'_>) -> PolledOf<P> {
        loop {
            if let Some(told) = self.guard.next() {
                return Poll::Ready(Some(Ok(told)));
            }
            if let Some(error) = self.error.take() {
                return Poll::Ready(Some(Err(error)));
            }
            // What was held back since the last look takes room from what is begun now.
            self.held.0.store(self.guard.len(), Ordering::Relaxed);
            match self.pushes.poll_outcome(cx) {
                Poll::Ready(Some(Ok(outcome))) => {
                    self.patience = None;
                    if let Some(told) = self.guard.pass(outcome) {
                        return Poll::Ready(Some(Ok(told)));
                    }
                }
                // The source has ended: no acceptance is to come.
                Poll::Ready(end) if self.guard.holds_back() => {
                    self.error = end.and_then(Result::err);
                    self.guard.suspect();
                }
                Poll::Ready(end) => return Poll::Ready(end),
                Poll::Pending => {
                    ready!(self.poll_patience(cx));
                    self.guard.suspect();
                }
            }
        }
    }

    /// Ready when what is held back has waited long enough for a source that gives nothing.
    fn poll_patience(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.guard.holds_back() || self.pushes.under_way() > 0 {
            self.patience = None;
            return Poll::Pending;
        }
        if self.patience.is_none() {
            // A time that can't be told does not come.
            let until = self.backend.now().checked_add(self.patience_lasts);
            self.patience = until.map(|until| self.backend.sleep_until(until));
        }
        let Some(patience) = &mut self.patience else {
            return Poll::Pending;
        };
        ready!(patience.as_mut().poll(cx));
        self.patience = None;
        Poll::Ready(())
    }
}

impl<P: Pushes + fmt::Debug> fmt::Debug for Guarded<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guarded")
            .field("pushes", &self.pushes)
            .field("held", &self.guard.len())
            .finish_non_exhaustive()
    }
}
