//! A fan-out behind the guard.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::stream::Stream;

use super::guard::{Grouped, Guard, Judged};
use super::{FanOut, TryFanOut};
use crate::{Backend, BoxFuture};

/// A fan-out of pushes, whatever carries them.
pub trait Pushes: Unpin {
    /// What is pushed to.
    type Device;
    /// That a push was accepted.
    type Receipt: Grouped;
    /// That one was not.
    type Failure: Judged;
    /// What the source can end with.
    type Error;

    /// An outcome that stands ready and is an acceptance, where there is a quicker way to it and all
    /// outcomes are of one [group](Grouped).
    fn next_accepted(&mut self) -> Option<Pushed<Self>> {
        None
    }

    /// The next outcome; an error of the source comes last.
    fn poll_outcome(&mut self, cx: &mut Context<'_>) -> Polled<Self>;

    /// How many pushes are under way.
    fn under_way(&self) -> usize;

    /// Takes no more devices; the outcomes of those that were taken still come.
    fn stop(&mut self);
}

/// What a fan-out gives next.
pub type Polled<P> = Poll<Option<Result<Pushed<P>, <P as Pushes>::Error>>>;

/// A device, and what became of the push to it.
pub type Pushed<P> = (
    <P as Pushes>::Device,
    Result<<P as Pushes>::Receipt, <P as Pushes>::Failure>,
);

impl<S: Stream, D, R: Grouped, F: Judged> Pushes for FanOut<S, (D, Result<R, F>)> {
    type Device = D;
    type Receipt = R;
    type Failure = F;
    type Error = Infallible;

    fn poll_outcome(&mut self, cx: &mut Context<'_>) -> Polled<Self> {
        Pin::new(self).poll_next(cx).map(|next| next.map(Ok))
    }

    fn under_way(&self) -> usize {
        self.under_way()
    }

    fn stop(&mut self) {
        self.stop();
    }
}

impl<S: Stream<Item = Result<D, E>>, D, E, R: Grouped, F: Judged> Pushes
    for TryFanOut<S, D, E, (D, Result<R, F>)>
{
    type Device = D;
    type Receipt = R;
    type Failure = F;
    type Error = E;

    fn poll_outcome(&mut self, cx: &mut Context<'_>) -> Polled<Self> {
        Pin::new(self).poll_next(cx)
    }

    fn under_way(&self) -> usize {
        self.under_way()
    }

    fn stop(&mut self) {
        self.stop();
    }
}

/// A fan-out whose outcomes go through the guard: suspect errors that come before the first acceptance
/// are held back, less than [`SUSPICIOUS`](super::SUSPICIOUS) of them, and judged by what comes of the
/// others.
///
/// An acceptance clears them: they come right before it. The hundredth without an acceptance, the end of
/// the devices, and a source that gives nothing while nothing is under way make them suspicious.
pub struct Guarded<P: Pushes> {
    pushes: P,
    guard: Guard<P::Device, P::Receipt, P::Failure>,
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
pub struct Held(Arc<AtomicUsize>);

impl Held {
    /// What is left of the room for pushes. At least one is under way: what comes of it decides about
    /// those that are held back.
    pub fn leaves_of(&self, room: usize) -> usize {
        room.saturating_sub(self.0.load(Ordering::Relaxed)).max(1)
    }
}

// Nothing in it is pinned in place.
impl<P: Pushes> Unpin for Guarded<P> {}

impl<P: Pushes> Guarded<P> {
    /// `suspicion` is what the send as a whole is suspected of, and `patience` how long errors are
    /// held back while nothing is under way and the source gives nothing.
    pub fn new(
        pushes: P,
        held: Held,
        suspicion: <P::Failure as Judged>::Suspicion,
        backend: Arc<dyn Backend>,
        patience: Duration,
    ) -> Self {
        Self {
            pushes,
            guard: Guard::new(suspicion),
            error: None,
            held,
            backend,
            patience_lasts: patience,
            patience: None,
        }
    }

    /// Takes no more devices; the outcomes of those that were taken still come.
    pub fn stop(&mut self) {
        self.pushes.stop();
    }

    /// The next outcome; an error of the source comes last.
    #[inline]
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Polled<P> {
        if self.guard.is_at_rest()
            && let Some(accepted) = self.pushes.next_accepted()
        {
            return Poll::Ready(Some(Ok(accepted)));
        }
        let polled = self.poll_guard(cx);
        self.held.0.store(self.guard.len(), Ordering::Relaxed);
        polled
    }

    fn poll_guard(&mut self, cx: &mut Context<'_>) -> Polled<P> {
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

impl<P: Pushes<Error = Infallible>> Stream for Guarded<P> {
    type Item = Pushed<P>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll(cx).map(|next| {
            next.map(|outcome| match outcome {
                Ok(outcome) => outcome,
                Err(never) => match never {},
            })
        })
    }
}

/// As [`Guarded`], for a source whose items are results; its first error comes last.
pub struct TryGuarded<P: Pushes>(Guarded<P>);

impl<P: Pushes> TryGuarded<P> {
    /// The same outcomes, each a result.
    pub fn new(guarded: Guarded<P>) -> Self {
        Self(guarded)
    }

    /// Takes no more devices; the outcomes of those that were taken still come.
    pub fn stop(&mut self) {
        self.0.stop();
    }
}

impl<P: Pushes> Stream for TryGuarded<P> {
    type Item = Result<Pushed<P>, P::Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll(cx)
    }
}

impl<P: Pushes + fmt::Debug> fmt::Debug for TryGuarded<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
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
