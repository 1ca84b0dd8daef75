//! Devices by the thousand.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::stream::Stream;
use push_core::fan_out::UntilError;

/// How many devices one request may have.
pub(super) const MOST: usize = 1000;

/// The items of a source in chunks of up to a thousand: less where the source ends, or gives nothing
/// just then, so that nobody waits for a chunk to fill.
pub struct Chunks<S: Stream> {
    source: Pin<Box<S>>,
    ended: bool,
}

// Nothing in it is pinned in place.
impl<S: Stream> Unpin for Chunks<S> {}

impl<S: Stream> Chunks<S> {
    pub(super) fn new(source: S) -> Self {
        Self {
            source: Box::pin(source),
            ended: false,
        }
    }
}

impl<S: Stream> Stream for Chunks<S> {
    type Item = Vec<S::Item>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Vec<S::Item>>> {
        let mut chunk = Vec::new();
        while !self.ended && chunk.len() < MOST {
            match self.source.as_mut().poll_next(cx) {
                Poll::Ready(Some(item)) => chunk.push(item),
                Poll::Ready(None) => self.ended = true,
                Poll::Pending if chunk.is_empty() => return Poll::Pending,
                Poll::Pending => break,
            }
        }
        Poll::Ready((!chunk.is_empty()).then_some(chunk))
    }
}

impl<S: Stream> fmt::Debug for Chunks<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chunks")
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}

/// As [`Chunks`], for a source whose items are results: its first error ends it, and comes after the
/// items before it.
pub struct TryChunks<S, E>
where
    UntilError<S, E>: Stream,
{
    chunks: Chunks<UntilError<S, E>>,
}

impl<S: Stream<Item = Result<T, E>>, T, E> TryChunks<S, E> {
    pub(super) fn new(source: S) -> Self {
        Self {
            chunks: Chunks::new(UntilError::new(source)),
        }
    }
}

impl<S: Stream<Item = Result<T, E>>, T, E> Stream for TryChunks<S, E> {
    type Item = Result<Vec<T>, E>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match Pin::new(&mut self.chunks).poll_next(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Some(chunk)) => Poll::Ready(Some(Ok(chunk))),
            Poll::Ready(None) => Poll::Ready(self.chunks.source.take_error().map(Err)),
        }
    }
}

impl<S, E> fmt::Debug for TryChunks<S, E>
where
    UntilError<S, E>: Stream,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.chunks.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use futures_util::stream::{self, StreamExt};

    use super::*;

    fn lengths<S: Stream>(source: S) -> Vec<usize> {
        let lengths = Chunks::new(source).map(|chunk| chunk.len());
        lengths.collect().now_or_never().unwrap()
    }

    #[test]
    fn a_source_comes_in_thousands_and_the_rest() {
        assert_eq!(lengths(stream::iter(0..2500)), [1000, 1000, 500]);
        assert_eq!(lengths(stream::iter(0..2000)), [1000, 1000]);
        assert_eq!(lengths(stream::iter(0..0)), [0; 0]);
    }

    #[test]
    fn what_is_there_does_not_wait_for_more() {
        let source = stream::iter([1, 2, 3]).chain(stream::pending());
        let mut chunks = Chunks::new(source);
        assert_eq!(chunks.next().now_or_never(), Some(Some(vec![1, 2, 3])));
        assert_eq!(chunks.next().now_or_never(), None);
    }

    #[test]
    fn an_error_comes_after_what_was_before_it_and_ends_the_source() {
        let source = stream::iter([Ok(1), Ok(2), Err("gone"), Ok(3)]);
        let chunks: Vec<_> = TryChunks::new(source).collect().now_or_never().unwrap();
        assert_eq!(chunks, [Ok(vec![1, 2]), Err("gone")]);
    }
}
