use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::stream::Stream;
use push_core::fan_out::{Guarded, Polled, Pushes, TryGuarded, UntilError};

use super::intake::{Alike, Each};
use super::pipeline::{Pipeline, TakeIn};
use super::{Error, Outcome, Receipt};
use crate::{Device, Notification};

/// The outcomes of [`Client::send_all`](super::Client::send_all): a stream of each item as it was
/// given and what became of it.
///
/// Dropping it closes the connections: what was written may have been taken. Nothing goes on while it
/// is not polled.
///
/// What is made of [`Status::InvalidToken`](super::Status::InvalidToken), which is also what every token of the other environment
/// is, is told as in the provider API's [`SendAll`](crate::SendAll): held back until one device was
/// taken, and then a verdict to remove the token; without that, the wrong environment is suspected.
pub struct SendAll<S: Stream>(pub(super) Guarded<Sending<S, S::Item, Alike<S::Item>>>)
where
    S::Item: Device;

/// The outcomes of [`Client::send_each`](super::Client::send_each): a stream of each device as it was
/// given and what became of it. As [`SendAll`].
pub struct SendEach<S: Stream<Item = (D, Notification)>, D: Device>(
    pub(super) Guarded<Sending<S, D, Each>>,
);

/// The outcomes of [`Client::try_send_all`](super::Client::try_send_all): as [`SendAll`], with the
/// source's error last, if it had one.
pub struct TrySendAll<S: Stream<Item = Result<D, E>>, D: Device, E>(
    pub(super) TryGuarded<TrySending<S, D, E>>,
);

/// A send whose source can't fail.
pub(super) struct Sending<S: Stream, D: Device, I>(pub(super) Pipeline<S, D, I>);

/// A send whose source can fail.
pub(super) struct TrySending<S: Stream<Item = Result<D, E>>, D: Device, E>(
    pub(super) Pipeline<UntilError<S, E>, D, Alike<D>>,
);

impl<S: Stream, D: Device, I: TakeIn<S::Item, D>> Pushes for Sending<S, D, I> {
    type Device = D;
    type Receipt = Receipt;
    type Failure = Error;
    type Error = Infallible;

    #[inline]
    fn next_accepted(&mut self) -> Option<(D, Outcome)> {
        self.0.next_taken()
    }

    fn poll_outcome(&mut self, cx: &mut Context<'_>) -> Polled<Self> {
        self.0.poll(cx).map(|next| next.map(Ok))
    }

    fn under_way(&self) -> usize {
        self.0.under_way()
    }

    fn stop(&mut self) {
        self.0.stop();
    }
}

impl<S: Stream<Item = Result<D, E>>, D: Device, E> Pushes for TrySending<S, D, E> {
    type Device = D;
    type Receipt = Receipt;
    type Failure = Error;
    type Error = E;

    #[inline]
    fn next_accepted(&mut self) -> Option<(D, Outcome)> {
        self.0.next_taken()
    }

    fn poll_outcome(&mut self, cx: &mut Context<'_>) -> Polled<Self> {
        match self.0.poll(cx) {
            Poll::Ready(None) => Poll::Ready(self.0.source().take_error().map(Err)),
            polled => polled.map(|next| next.map(Ok)),
        }
    }

    fn under_way(&self) -> usize {
        self.0.under_way()
    }

    fn stop(&mut self) {
        self.0.stop();
    }
}

impl<S: Stream> SendAll<S>
where
    S::Item: Device,
{
    /// Takes no more devices from the source; the outcomes of those that were taken still come.
    pub fn stop(&mut self) {
        self.0.stop();
    }
}

impl<S: Stream<Item = (D, Notification)>, D: Device> SendEach<S, D> {
    /// Takes no more devices from the source; the outcomes of those that were taken still come.
    pub fn stop(&mut self) {
        self.0.stop();
    }
}

impl<S: Stream<Item = Result<D, E>>, D: Device, E> TrySendAll<S, D, E> {
    /// Takes no more devices from the source; the outcomes of those that were taken still come.
    pub fn stop(&mut self) {
        self.0.stop();
    }
}

impl<S: Stream> Stream for SendAll<S>
where
    S::Item: Device,
{
    type Item = (S::Item, Outcome);

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.0).poll_next(cx)
    }
}

impl<S: Stream<Item = (D, Notification)>, D: Device> Stream for SendEach<S, D> {
    type Item = (D, Outcome);

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.0).poll_next(cx)
    }
}

impl<S: Stream<Item = Result<D, E>>, D: Device, E> Stream for TrySendAll<S, D, E> {
    type Item = Result<(D, Outcome), E>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.0).poll_next(cx)
    }
}

impl<S: Stream> fmt::Debug for SendAll<S>
where
    S::Item: Device,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SendAll").field(&self.0).finish()
    }
}

impl<S: Stream<Item = (D, Notification)>, D: Device> fmt::Debug for SendEach<S, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SendEach").field(&self.0).finish()
    }
}

impl<S: Stream<Item = Result<D, E>>, D: Device, E> fmt::Debug for TrySendAll<S, D, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TrySendAll").field(&self.0).finish()
    }
}

impl<S: Stream, D: Device, I> fmt::Debug for Sending<S, D, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<S: Stream<Item = Result<D, E>>, D: Device, E> fmt::Debug for TrySending<S, D, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
