use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};
use std::time::SystemTime;

use bytes::Bytes;
use futures_util::task::AtomicWaker;
use h2::client::{ResponseFuture, SendRequest};
use http::HeaderValue;

use super::credential::ConnectionCredential;
use super::flight::Abandoned;
use super::streams::{Ended, Freed, Streams};
use super::wire::{Observed, Wire};
use crate::Result;
use crate::session::Counter;

/// One HTTP/2 connection of a set, as its requests see it.
pub(crate) struct Link {
    pub(crate) id: u64,
    pub(crate) observed: Arc<Observed>,
    pub(super) wire: Wire,
    outlet: Mutex<Outlet>,
    credential: Mutex<Option<Box<dyn ConnectionCredential>>>,
    pub(super) orders: Orders,
    pub(crate) counters: Counters,
    succeeded: AtomicBool,
}

struct Outlet {
    /// `None` once the connection takes no more requests: that lets `h2` close it.
    sender: Option<SendRequest<Bytes>>,
    streams: Streams,
}

/// What the driver of a connection is to do besides driving it.
pub(super) struct Orders {
    pub(super) ping: AtomicBool,
    pub(super) close: AtomicBool,
    /// `None` once the driver has ended.
    pub(super) abandoned: Mutex<Option<Vec<Abandoned>>>,
    pub(super) waker: AtomicWaker,
}

/// What became of the requests of one connection.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) answered: Counter,
    /// Requests that had not been processed elsewhere before.
    pub(crate) resent: Counter,
    /// Provably not processed by this one.
    pub(crate) refused: Counter,
    /// Streams that were broken off by either side.
    pub(crate) resets: Counter,
    pub(crate) lost: Counter,
}

/// Why a request could not be given to a connection.
#[derive(Debug)]
pub(crate) enum NotStarted {
    /// The connection takes no more requests.
    Ended,
    /// It is no request that could be sent on any connection.
    Malformed(h2::Error),
}

impl Link {
    pub(crate) fn new(
        id: u64,
        sender: SendRequest<Bytes>,
        wire: Wire,
        credential: Option<Box<dyn ConnectionCredential>>,
    ) -> Self {
        Self {
            id,
            observed: wire.observed(),
            wire,
            outlet: Mutex::new(Outlet {
                sender: Some(sender),
                streams: Streams::default(),
            }),
            credential: Mutex::new(credential),
            counters: Counters::default(),
            succeeded: AtomicBool::new(false),
            orders: Orders {
                ping: AtomicBool::new(false),
                close: AtomicBool::new(false),
                abandoned: Mutex::new(Some(Vec::new())),
                waker: AtomicWaker::new(),
            },
        }
    }

    /// The credential's header for a request on this connection; `None` when it carries none.
    pub(crate) fn header(&self, now: SystemTime) -> Result<Option<HeaderValue>> {
        let mut credential = lock(&self.credential);
        credential.as_mut().map(|c| c.header(now)).transpose()
    }

    /// Lets a change be made to the credential.
    pub(crate) fn with_credential<T>(
        &self,
        change: impl FnOnce(&mut dyn ConnectionCredential) -> T,
    ) -> Option<T> {
        lock(&self.credential).as_mut().map(|c| change(c.as_mut()))
    }

    /// A request was answered by a success; whether it is the first.
    pub(super) fn is_first_success(&self) -> bool {
        !self.succeeded.load(Ordering::Relaxed) && !self.succeeded.swap(true, Ordering::Relaxed)
    }

    /// Hands a request to `h2`.
    pub(crate) fn start(
        &self,
        request: http::Request<()>,
        body: Bytes,
    ) -> Result<(ResponseFuture, u32), NotStarted> {
        let mut outlet = lock(&self.outlet);
        let Outlet { sender, streams } = &mut *outlet;
        let sender = sender.as_mut().ok_or(NotStarted::Ended)?;
        // After the limit of streams was lowered one may wait in here, and then the sender refuses
        // the next; a clone does not.
        let mut cx = Context::from_waker(Waker::noop());
        if sender.poll_ready(&mut cx).is_pending() {
            let fresh = sender.clone();
            *sender = fresh;
        }
        let (response, mut stream) =
            sender
                .send_request(request, body.is_empty())
                .map_err(|error| {
                    if error.is_io() || error.is_go_away() || error.is_reset() || has_no_ids(&error)
                    {
                        NotStarted::Ended
                    } else {
                        NotStarted::Malformed(error)
                    }
                })?;
        let id = stream.stream_id().as_u32();
        streams.open(id);
        if !body.is_empty() {
            // Fails only when the stream is gone already: the answer tells why.
            let _ = stream.send_data(body, true);
        }
        Ok((response, id))
    }

    /// Takes no more requests; those under way go on, and then the connection closes.
    pub(crate) fn retire(&self) {
        lock(&self.outlet).sender.take();
    }

    /// Closes now, whatever is under way.
    pub(crate) fn close(&self) {
        self.retire();
        self.orders.close.store(true, Ordering::Release);
        self.orders.waker.wake();
    }

    /// Asks the peer for a sign of life; the connection is closed if there is none in time.
    pub(crate) fn ping(&self) {
        self.orders.ping.store(true, Ordering::Release);
        self.orders.waker.wake();
    }

    /// These streams have ended; tells what that frees. One that was told before frees nothing.
    pub(super) fn end_streams(&self, ended: &[Ended]) -> Freed {
        let freed = lock(&self.outlet).streams.end(ended);
        self.counters.resets.add(freed.resets.into());
        freed
    }

    /// Nobody waits for this stream any more; `false` when it has ended already.
    pub(super) fn forsake(&self, stream: u32) -> bool {
        lock(&self.outlet).streams.abandon(stream)
    }

    /// Whether there are open streams, and none of them was written.
    pub(super) fn has_only_unwritten(&self) -> bool {
        let written = self.observed.highest_written();
        lock(&self.outlet).streams.are_all_above(written)
    }

    /// How many requests were handed to it.
    pub(crate) fn sent(&self) -> u64 {
        lock(&self.outlet).streams.sent()
    }

    /// Leaves a stream that nobody waits for any more to the driver: it stays open until its
    /// answer comes, since a peer that sees many resets closes the connection.
    pub(crate) fn abandon(&self, stream: Abandoned) {
        let mut orders = lock(&self.orders.abandoned);
        let Some(abandoned) = orders.as_mut() else {
            drop(orders);
            return;
        };
        abandoned.push(stream);
        drop(orders);
        // A peer that does not answer may be gone.
        self.ping();
    }

    /// Whether any byte of this stream may have been written, of a connection that is lost.
    pub(crate) fn was_written(&self, stream: u32) -> bool {
        self.wire.was_written(stream)
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Link({})", self.id)
    }
}

/// Whether the ids of streams have run out: a peer that names a very high one brings that about. It
/// can't be told from other errors of `h2` but by its text.
fn has_no_ids(error: &h2::Error) -> bool {
    error.to_string().contains("stream ID overflowed")
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
