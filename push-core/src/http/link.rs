use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};
use std::time::SystemTime;

use bytes::Bytes;
use futures_util::stream::{FuturesUnordered, Stream};
use futures_util::task::AtomicWaker;
use h2::client::{ResponseFuture, SendRequest};
use h2::{Ping, PingPong};
use http::HeaderValue;
use tokio_util::compat::Compat;

use super::credential::ConnectionCredential;
use super::flight::Abandoned;
use super::set::Set;
use super::wire::{Observed, Wire};
use crate::session::{Permit, Shared, Watch};
use crate::{Error, Result};

pub(crate) type H2Connection = h2::client::Connection<Compat<Wire>, Bytes>;

/// One HTTP/2 connection of a set, as its requests see it.
pub(crate) struct Link {
    pub(crate) id: u64,
    pub(crate) observed: Arc<Observed>,
    /// `None` once the connection takes no more requests: that lets `h2` close it.
    sender: Mutex<Option<SendRequest<Bytes>>>,
    credential: Mutex<Option<Box<dyn ConnectionCredential>>>,
    orders: Orders,
    _permit: Permit,
}

/// What the driver of a connection is to do besides driving it.
#[derive(Default)]
struct Orders {
    ping: AtomicBool,
    close: AtomicBool,
    abandoned: Mutex<Vec<Abandoned>>,
    waker: AtomicWaker,
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
        observed: Arc<Observed>,
        credential: Option<Box<dyn ConnectionCredential>>,
        permit: Permit,
    ) -> Self {
        Self {
            id,
            observed,
            sender: Mutex::new(Some(sender)),
            credential: Mutex::new(credential),
            orders: Orders::default(),
            _permit: permit,
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

    /// Hands a request to `h2`.
    pub(crate) fn start(
        &self,
        request: http::Request<()>,
        body: Bytes,
    ) -> Result<(ResponseFuture, u32), NotStarted> {
        let mut sender = lock(&self.sender);
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
                    if error.is_io() || error.is_go_away() || error.is_reset() {
                        NotStarted::Ended
                    } else {
                        NotStarted::Malformed(error)
                    }
                })?;
        let id = stream.stream_id().as_u32();
        if !body.is_empty() {
            // Fails only when the stream is gone already: the answer tells why.
            let _ = stream.send_data(body, true);
        }
        Ok((response, id))
    }

    /// Takes no more requests; those under way go on, and then the connection closes.
    pub(crate) fn retire(&self) {
        lock(&self.sender).take();
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

    /// Leaves a stream that nobody waits for any more to the driver: it stays open until its
    /// answer comes, since a peer that sees many resets closes the connection.
    pub(crate) fn abandon(&self, stream: Abandoned) {
        lock(&self.orders.abandoned).push(stream);
        self.orders.waker.wake();
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Link({})", self.id)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Drives one connection until it ends; a task of its own.
pub(crate) struct Driver {
    link: Arc<Link>,
    set: Weak<Set>,
    shared: Arc<Shared>,
    connection: Option<H2Connection>,
    wire: Wire,
    ping: Option<PingPong>,
    /// The deadline of the ping that is under way.
    pong_due: Option<Watch>,
    abandoned: FuturesUnordered<Abandoned>,
}

impl Driver {
    pub(crate) fn new(
        link: Arc<Link>,
        set: Weak<Set>,
        shared: Arc<Shared>,
        mut connection: H2Connection,
        wire: Wire,
    ) -> Self {
        wire.drain_by_hand();
        Self {
            link,
            set,
            shared,
            ping: connection.ping_pong(),
            connection: Some(connection),
            wire,
            pong_due: None,
            abandoned: FuturesUnordered::new(),
        }
    }

    fn poll_ping(&mut self, cx: &mut Context<'_>) -> Poll<Error> {
        let Some(ping) = &mut self.ping else {
            return Poll::Pending;
        };
        if self.pong_due.is_none()
            && self.link.orders.ping.swap(false, Ordering::AcqRel)
            && ping.send_ping(Ping::opaque()).is_ok()
        {
            let due = self.shared.backend.now() + self.shared.config.ping_timeout;
            self.pong_due = Some(self.shared.watch(due));
        }
        if let Some(due) = &mut self.pong_due {
            if ping.poll_pong(cx).is_ready() {
                self.pong_due = None;
                if let Some(set) = self.set.upgrade() {
                    set.alive(&self.link);
                }
            } else if due.poll(self.shared.backend.as_ref(), cx).is_ready() {
                return Poll::Ready(Error::new(
                    crate::ErrorKind::Connect,
                    "the connection is dead: a PING was not answered in time",
                ));
            }
        }
        Poll::Pending
    }

    fn poll_abandoned(&mut self, cx: &mut Context<'_>) {
        self.abandoned
            .extend(lock(&self.link.orders.abandoned).drain(..));
        while let Poll::Ready(Some(())) = Pin::new(&mut self.abandoned).poll_next(cx) {}
    }

    fn tell_news(&self) {
        if self.link.observed.take_news()
            && let Some(set) = self.set.upgrade()
        {
            set.news(&self.link);
        }
    }
}

impl Future for Driver {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        this.link.orders.waker.register(cx.waker());
        if this.link.orders.close.load(Ordering::Acquire) {
            return Poll::Ready(());
        }
        if let Poll::Ready(error) = this.poll_ping(cx) {
            if let Some(set) = this.set.upgrade() {
                set.link_failed(&this.link, error);
            }
            return Poll::Ready(());
        }
        let Some(connection) = &mut this.connection else {
            return Poll::Ready(());
        };
        let polled = Pin::new(connection).poll(cx);
        this.tell_news();
        this.poll_abandoned(cx);
        if let Poll::Ready(outcome) = polled {
            if let Err(error) = outcome
                && let Some(set) = this.set.upgrade()
            {
                set.link_failed(&this.link, Set::lost_connection(error));
            }
            return Poll::Ready(());
        }
        match this.wire.poll_drain(cx) {
            Poll::Ready(Err(error)) => {
                if let Some(set) = this.set.upgrade() {
                    let lost = Error::new(crate::ErrorKind::Connect, "the connection broke");
                    set.link_failed(&this.link, lost.with_source(error));
                }
                Poll::Ready(())
            }
            _ => Poll::Pending,
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // First the connection, which ends its streams; then their places are given back.
        self.link.retire();
        self.connection = None;
        self.abandoned.clear();
        lock(&self.link.orders.abandoned).clear();
        if let Some(set) = self.set.upgrade() {
            set.ended(&self.link);
        }
    }
}
