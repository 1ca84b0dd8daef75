//! Sending to any number of devices: from an iterator or a stream, with bounded room, as a stream
//! of outcomes.

mod gate;
mod guard;
mod guarded;
mod judgement;
mod slow;

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::stream::{self, FuturesUnordered, Stream};

pub use gate::{Gate, Gates, Place};
pub use guard::{Grouped, Judged, MOST_GROUPS, SUSPICIOUS};
pub use guarded::{Guarded, Held, Polled, Pushed, Pushes, TryGuarded};
pub use judgement::Judgement;
pub use slow::{Slow, Watched};

use crate::BoxFuture;

/// What devices can come from: anything that is an iterator or a stream.
///
/// The marker lets both be taken by one method; it is never named.
pub trait IntoSource<Marker> {
    /// What it gives.
    type Item;
    /// The stream that it becomes.
    type Source: Stream<Item = Self::Item>;

    /// Makes it a stream.
    fn into_source(self) -> Self::Source;
}

/// Marks an iterator.
#[derive(Debug)]
pub struct FromIterator;

/// Marks a stream.
#[derive(Debug)]
pub struct FromStream;

impl<I: IntoIterator> IntoSource<FromIterator> for I {
    type Item = I::Item;
    type Source = stream::Iter<I::IntoIter>;

    fn into_source(self) -> Self::Source {
        stream::iter(self)
    }
}

impl<S: Stream> IntoSource<FromStream> for S {
    type Item = S::Item;
    type Source = S;

    fn into_source(self) -> Self::Source {
        self
    }
}

/// Begins the work on one item.
type Begin<T, O> = Box<dyn FnMut(T) -> BoxFuture<'static, O> + Send>;

/// Works on the items of a source, so many at a time, and gives the outcomes in the order in which
/// they come.
///
/// An item is taken from the source only when there is room. Memory does not grow with the number
/// of items. Dropping it drops the work that is under way.
pub struct FanOut<S: Stream, O> {
    source: Pin<Box<S>>,
    ended: bool,
    begin: Begin<S::Item, O>,
    under_way: FuturesUnordered<BoxFuture<'static, O>>,
    room: Room,
}

/// How many items may be worked on at a time, from moment to moment.
type Room = Box<dyn Fn() -> usize + Send>;

impl<S: Stream, O> FanOut<S, O> {
    /// As many items are worked on at a time as `room` says, which is asked again and again; zero
    /// is taken as one.
    pub fn new(
        source: S,
        room: impl Fn() -> usize + Send + 'static,
        begin: impl FnMut(S::Item) -> BoxFuture<'static, O> + Send + 'static,
    ) -> Self {
        Self {
            source: Box::pin(source),
            ended: false,
            begin: Box::new(begin),
            under_way: FuturesUnordered::new(),
            room: Box::new(room),
        }
    }

    /// Takes no more items; the outcomes of those that were taken still come.
    pub fn stop(&mut self) {
        self.ended = true;
    }

    /// How many items are being worked on.
    pub fn under_way(&self) -> usize {
        self.under_way.len()
    }

    fn room(&self) -> usize {
        if self.ended { 0 } else { (self.room)().max(1) }
    }

    /// Begins as much as there is room for; whether the source has nothing more for now.
    fn fill(&mut self, cx: &mut Context<'_>) -> bool {
        let room = self.room();
        while !self.ended && self.under_way.len() < room {
            match self.source.as_mut().poll_next(cx) {
                Poll::Ready(Some(item)) => self.under_way.push((self.begin)(item)),
                Poll::Ready(None) => self.ended = true,
                Poll::Pending => return true,
            }
        }
        self.ended
    }

    fn source(&mut self) -> Pin<&mut S> {
        self.source.as_mut()
    }
}

impl<S: Stream, O> Stream for FanOut<S, O> {
    type Item = O;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<O>> {
        let this = &mut *self;
        loop {
            let dry = this.fill(cx);
            match Pin::new(&mut this.under_way).poll_next(cx) {
                Poll::Ready(None) if !this.ended => return Poll::Pending,
                // Those under way may have left their places to others.
                Poll::Pending if !dry && this.under_way.len() < this.room() => {}
                polled => return polled,
            }
        }
    }
}

impl<S: Stream, O> fmt::Debug for FanOut<S, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FanOut")
            .field("under_way", &self.under_way.len())
            .field("room", &(self.room)())
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}

/// As [`FanOut`], for a source whose items are results. Its first error ends the intake; it is
/// told last, after all outcomes.
pub struct TryFanOut<S: Stream<Item = Result<T, E>>, T, E, O> {
    inner: FanOut<UntilError<S, E>, O>,
}

impl<S: Stream<Item = Result<T, E>>, T, E, O> TryFanOut<S, T, E, O> {
    /// As [`FanOut::new`].
    pub fn new(
        source: S,
        room: impl Fn() -> usize + Send + 'static,
        begin: impl FnMut(T) -> BoxFuture<'static, O> + Send + 'static,
    ) -> Self {
        Self {
            inner: FanOut::new(UntilError::new(source), room, begin),
        }
    }

    /// Takes no more items; the outcomes of those that were taken still come.
    pub fn stop(&mut self) {
        self.inner.stop();
    }

    /// How many items are being worked on.
    pub fn under_way(&self) -> usize {
        self.inner.under_way()
    }
}

impl<S: Stream<Item = Result<T, E>>, T, E, O> Stream for TryFanOut<S, T, E, O> {
    type Item = Result<O, E>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let inner = &mut self.inner;
        match Pin::new(&mut *inner).poll_next(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Some(outcome)) => Poll::Ready(Some(Ok(outcome))),
            Poll::Ready(None) => Poll::Ready(inner.source().take_error().map(Err)),
        }
    }
}

impl<S: Stream<Item = Result<T, E>>, T, E, O> fmt::Debug for TryFanOut<S, T, E, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

/// The items of a source up to its first error, which is kept.
pub struct UntilError<S, E> {
    source: Pin<Box<S>>,
    error: Option<E>,
}

impl<S, E> UntilError<S, E> {
    /// The items of this source.
    pub fn new(source: S) -> Self {
        Self {
            source: Box::pin(source),
            error: None,
        }
    }

    /// The error that ended it, once.
    pub fn take_error(&mut self) -> Option<E> {
        self.error.take()
    }
}

impl<S, E> fmt::Debug for UntilError<S, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UntilError")
            .field("failed", &self.error.is_some())
            .finish_non_exhaustive()
    }
}

// Nothing in it is pinned in place.
impl<S, E> Unpin for UntilError<S, E> {}

impl<S: Stream<Item = Result<T, E>>, T, E> Stream for UntilError<S, E> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        match self.source.as_mut().poll_next(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Ready(Some(Ok(item))) => Poll::Ready(Some(item)),
            Poll::Ready(Some(Err(error))) => {
                self.error = Some(error);
                Poll::Ready(None)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::FutureExt;
    use futures_util::stream::StreamExt;

    use super::*;

    /// Counts what was taken from it.
    fn counted(taken: &Arc<AtomicUsize>, items: usize) -> impl Iterator<Item = usize> + use<> {
        let taken = taken.clone();
        (0..items).inspect(move |_| {
            taken.fetch_add(1, Ordering::SeqCst);
        })
    }

    #[test]
    fn an_item_is_taken_only_when_there_is_room() {
        let taken = Arc::new(AtomicUsize::new(0));
        let gate = Arc::new(async_lock::Semaphore::new(0));
        let opener = gate.clone();
        let source = counted(&taken, 100).into_source();
        let mut all = FanOut::new(
            source,
            || 3,
            move |item| {
                let gate = gate.clone();
                async move {
                    gate.acquire_arc().await.forget();
                    item
                }
                .boxed()
            },
        );
        assert!(all.next().now_or_never().is_none());
        assert_eq!(taken.load(Ordering::SeqCst), 3);
        opener.add_permits(100);
        let rest: Vec<_> = all.collect().now_or_never().unwrap();
        assert_eq!(rest.len(), 100);
    }

    #[test]
    fn a_place_that_is_left_is_taken_at_once() {
        let room = Arc::new(AtomicUsize::new(1));
        let (asked, left) = (room.clone(), room.clone());
        let mut all = FanOut::new(
            stream::iter(0..100),
            move || asked.load(Ordering::SeqCst),
            move |item| {
                let left = left.clone();
                async move {
                    // The first three never end, and leave their places.
                    if item < 3 {
                        left.store(item + 2, Ordering::SeqCst);
                        std::future::pending::<()>().await;
                    }
                    item
                }
                .boxed()
            },
        );
        assert_eq!(all.next().now_or_never(), Some(Some(3)));
        assert_eq!(all.under_way(), 3);
    }

    #[test]
    fn stopping_takes_no_more_and_loses_nothing() {
        let taken = Arc::new(AtomicUsize::new(0));
        let source = counted(&taken, 100).into_source();
        let mut all = FanOut::new(source, || 10, |item| async move { item }.boxed());
        assert!(all.next().now_or_never().unwrap().is_some());
        all.stop();
        let rest: Vec<_> = all.collect().now_or_never().unwrap();
        assert_eq!(rest.len() + 1, taken.load(Ordering::SeqCst));
    }

    #[test]
    fn an_error_of_the_source_comes_last_and_once() {
        let source = stream::iter([Ok(1), Ok(2), Err("gone"), Ok(3)]);
        let mut all = TryFanOut::new(source, || 10, |item| async move { item }.boxed());
        let mut seen = Vec::new();
        while let Some(next) = all.next().now_or_never().unwrap() {
            seen.push(next);
        }
        seen[..2].sort_unstable();
        assert_eq!(seen, [Ok(1), Ok(2), Err("gone")]);
        assert_eq!(all.next().now_or_never().unwrap(), None);
    }

    #[test]
    fn a_source_that_waits_holds_up_no_outcome() {
        let source = stream::iter([1]).chain(stream::pending());
        let mut all = FanOut::new(source, || 10, |item| async move { item }.boxed());
        assert_eq!(all.next().now_or_never(), Some(Some(1)));
        assert_eq!(all.next().now_or_never(), None);
    }
}
