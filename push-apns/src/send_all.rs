use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::stream::Stream;
use push_core::fan_out::{FanOut, TryFanOut};

use crate::Outcome;

/// The outcomes of [`Client::send_all`](crate::Client::send_all): a stream of each item as it was
/// given and what became of it, in order of completion.
///
/// Dropping it takes back the pushes that were not handed to a connection. Poll it steadily: an
/// answer that came while nobody polled keeps its place on the connection, and pushes that wait for
/// one stand in line before those of others.
pub struct SendAll<S: Stream>(pub(crate) FanOut<S, (S::Item, Outcome)>);

/// The outcomes of [`Client::send_each`](crate::Client::send_each): a stream of each device as it
/// was given and what became of it, in order of completion.
///
/// Dropping it takes back the pushes that were not handed to a connection.
pub struct SendEach<S: Stream, D>(pub(crate) FanOut<S, (D, Outcome)>);

/// The outcomes of [`Client::try_send_all`](crate::Client::try_send_all): as
/// [`SendAll`], with the source's error last, if it had one.
pub struct TrySendAll<S: Stream<Item = Result<D, E>>, D, E>(
    pub(crate) TryFanOut<S, D, E, (D, Outcome)>,
);

impl<S: Stream> SendAll<S> {
    /// Takes no more devices from the source; the outcomes of those that were taken still come.
    pub fn stop(&mut self) {
        self.0.stop();
    }
}

impl<S: Stream, D> SendEach<S, D> {
    /// Takes no more devices from the source; the outcomes of those that were taken still come.
    pub fn stop(&mut self) {
        self.0.stop();
    }
}

impl<S: Stream<Item = Result<D, E>>, D, E> TrySendAll<S, D, E> {
    /// Takes no more devices from the source; the outcomes of those that were taken still come.
    pub fn stop(&mut self) {
        self.0.stop();
    }
}

impl<S: Stream> Stream for SendAll<S> {
    type Item = (S::Item, Outcome);

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.0).poll_next(cx)
    }
}

impl<S: Stream, D> Stream for SendEach<S, D> {
    type Item = (D, Outcome);

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.0).poll_next(cx)
    }
}

impl<S: Stream<Item = Result<D, E>>, D, E> Stream for TrySendAll<S, D, E> {
    type Item = Result<(D, Outcome), E>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.0).poll_next(cx)
    }
}

impl<S: Stream> fmt::Debug for SendAll<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SendAll").field(&self.0).finish()
    }
}

impl<S: Stream, D> fmt::Debug for SendEach<S, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SendEach").field(&self.0).finish()
    }
}

impl<S: Stream<Item = Result<D, E>>, D, E> fmt::Debug for TrySendAll<S, D, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TrySendAll").field(&self.0).finish()
    }
}
