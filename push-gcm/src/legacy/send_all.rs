use std::collections::VecDeque;
use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::stream::Stream;
use push_core::fan_out::{FanOut, Guarded, Polled, Pushed, Pushes, TryFanOut, TryGuarded};

use super::chunks::{Chunks, TryChunks};
use super::{Error, Outcome, Receipt};

/// The outcomes of [`Client::send_all`](super::Client::send_all): a stream of each item as it was
/// given and what became of it, in the order in which the requests that carry them are answered.
///
/// Dropping it takes back the requests that were not handed to a connection. Poll it steadily: time
/// passes for the requests that are under way, polled or not.
///
/// # Devices that are gone
/// Sent with the API key of another project, or to a server that knows none of them, a whole registry
/// can seem dead. So `NotRegistered` and `InvalidRegistration` are held back until there is an
/// acceptance, and judged by what comes of the others:
///
/// - An acceptance shows that the project is right. Those held back come right before it, and every
///   later one as it comes, all with the verdict
///   [`RemoveToken`](push_core::Verdict::RemoveToken).
/// - The hundredth without an acceptance, or the end of the devices with five or more, makes a wrong
///   project likely: the verdict is [`FixCredentials`](push_core::Verdict::FixCredentials), and the
///   error says so. Nothing is to be removed for it. So it goes on after the hundredth, until an
///   acceptance comes after all; what was told before stays as it was told. Of one answer, the
///   acceptances count first.
/// - The same where nothing is under way and no device comes for as long as one request may take
///   ([`timeout`](super::ClientBuilder::timeout)): whoever gives the devices may be waiting for the
///   outcomes.
///
/// [`Rejection::judgement`](super::Rejection) has what was made of it. All else is told as it comes.
pub type SendAll<S> = Guarded<AllInChunks<S>>;

/// The outcomes of [`Client::try_send_all`](super::Client::try_send_all): as [`SendAll`], with the
/// source's error last, if it had one.
pub type TrySendAll<S, D, E> = TryGuarded<TryInChunks<S, D, E>>;

/// All devices of a source, in chunks.
pub(super) type AllInChunks<S> = InChunks<FanOut<Chunks<S>, Chunk<<S as Stream>::Item>>>;

/// All devices of a source whose items are results, in chunks.
pub(super) type TryInChunks<S, D, E> = InChunks<TryFanOut<TryChunks<S, E>, Vec<D>, E, Chunk<D>>>;

/// The devices of one request and what became of them.
#[derive(Debug)]
pub struct Chunk<D>(pub(super) Vec<(D, Outcome)>);

/// A fan-out of requests, each about many devices.
pub struct InChunks<F: Requests> {
    requests: F,
    /// Answered, and not yet told.
    ready: VecDeque<(F::Device, Outcome)>,
}

/// The next request that has ended.
type Ended<D, E> = Poll<Option<Result<Chunk<D>, E>>>;

/// A fan-out of requests, of either kind.
pub trait Requests: Unpin {
    /// What is sent to.
    type Device;
    /// What the source can end with.
    type Error;

    /// The next request that has ended; an error of the source comes last.
    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Ended<Self::Device, Self::Error>;

    /// How many requests are under way.
    fn requests(&self) -> usize;

    /// Takes no more devices.
    fn end(&mut self);
}

impl<S: Stream, D> Requests for FanOut<S, Chunk<D>> {
    type Device = D;
    type Error = Infallible;

    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Ended<D, Infallible> {
        Pin::new(self).poll_next(cx).map(|next| next.map(Ok))
    }

    fn requests(&self) -> usize {
        self.under_way()
    }

    fn end(&mut self) {
        self.stop();
    }
}

impl<S: Stream<Item = Result<T, E>>, T, D, E> Requests for TryFanOut<S, T, E, Chunk<D>> {
    type Device = D;
    type Error = E;

    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Ended<D, E> {
        Pin::new(self).poll_next(cx)
    }

    fn requests(&self) -> usize {
        self.under_way()
    }

    fn end(&mut self) {
        self.stop();
    }
}

impl<F: Requests> InChunks<F> {
    pub(super) fn new(requests: F) -> Self {
        Self {
            requests,
            ready: VecDeque::new(),
        }
    }

    /// Makes the outcomes of one request ready to be told: those that were accepted first, since all
    /// came at once and the guard has to know of them.
    fn answered(&mut self, Chunk(outcomes): Chunk<F::Device>) {
        let (accepted, others): (Vec<_>, Vec<_>) = outcomes
            .into_iter()
            .partition(|(_, outcome)| outcome.is_ok());
        self.ready.extend(accepted);
        self.ready.extend(others);
    }
}

// Nothing in it is pinned in place.
impl<F: Requests> Unpin for InChunks<F> {}

impl<F: Requests> Pushes for InChunks<F> {
    type Device = F::Device;
    type Receipt = Receipt;
    type Failure = Error;
    type Error = F::Error;

    fn next_accepted(&mut self) -> Option<Pushed<Self>> {
        let (_, outcome) = self.ready.front()?;
        outcome.is_ok().then(|| self.ready.pop_front())?
    }

    fn poll_outcome(&mut self, cx: &mut Context<'_>) -> Polled<Self> {
        loop {
            if let Some(outcome) = self.ready.pop_front() {
                return Poll::Ready(Some(Ok(outcome)));
            }
            match self.requests.poll_chunk(cx) {
                Poll::Ready(Some(Ok(chunk))) => self.answered(chunk),
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(error))),
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    fn under_way(&self) -> usize {
        self.requests.requests() + self.ready.len()
    }

    fn stop(&mut self) {
        self.requests.end();
    }
}

impl<F: Requests + fmt::Debug> fmt::Debug for InChunks<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InChunks")
            .field("requests", &self.requests)
            .field("ready", &self.ready.len())
            .finish()
    }
}
