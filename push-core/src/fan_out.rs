//! Sending to any number of devices: from an iterator or a stream, with bounded room, as a stream
//! of outcomes.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::stream::{self, FuturesUnordered, Stream};

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
    room: usize,
}

impl<S: Stream, O> FanOut<S, O> {
    /// At most `room` items are worked on at a time; zero is taken as one.
    pub fn new(
        source: S,
        room: usize,
        begin: impl FnMut(S::Item) -> BoxFuture<'static, O> + Send + 'static,
    ) -> Self {
        Self {
            source: Box::pin(source),
            ended: false,
            begin: Box::new(begin),
            under_way: FuturesUnordered::new(),
            room: room.max(1),
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

    fn source(&mut self) -> Pin<&mut S> {
        self.source.as_mut()
    }
}

impl<S: Stream, O> Stream for FanOut<S, O> {
    type Item = O;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<O>> {
        let this = &mut *self;
        while !this.ended && this.under_way.len() < this.room {
            match this.source.as_mut().poll_next(cx) {
                Poll::Ready(Some(item)) => this.under_way.push((this.begin)(item)),
                Poll::Ready(None) => this.ended = true,
                Poll::Pending => break,
            }
        }
        match Pin::new(&mut this.under_way).poll_next(cx) {
            Poll::Ready(None) if !this.ended => Poll::Pending,
            polled => polled,
        }
    }
}

impl<S: Stream, O> fmt::Debug for FanOut<S, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FanOut")
            .field("under_way", &self.under_way.len())
            .field("room", &self.room)
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
    /// At most `room` items are worked on at a time; zero is taken as one.
    pub fn new(
        source: S,
        room: usize,
        begin: impl FnMut(T) -> BoxFuture<'static, O> + Send + 'static,
    ) -> Self {
        let source = UntilError {
            source: Box::pin(source),
            error: None,
        };
        Self {
            inner: FanOut::new(source, room, begin),
        }
    }

    /// Takes no more items; the outcomes of those that were taken still come.
    pub fn stop(&mut self) {
        self.inner.stop();
    }
}

impl<S: Stream<Item = Result<T, E>>, T, E, O> Stream for TryFanOut<S, T, E, O> {
    type Item = Result<O, E>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let inner = &mut self.inner;
        match Pin::new(&mut *inner).poll_next(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Some(outcome)) => Poll::Ready(Some(Ok(outcome))),
            Poll::Ready(None) => Poll::Ready(inner.source().error.take().map(Err)),
        }
    }
}

impl<S: Stream<Item = Result<T, E>>, T, E, O> fmt::Debug for TryFanOut<S, T, E, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

/// The items of a source up to its first error, which is kept.
struct UntilError<S, E> {
    source: Pin<Box<S>>,
    error: Option<E>,
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
