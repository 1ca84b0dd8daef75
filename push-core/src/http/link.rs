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
use crate::clock::later;
use crate::session::{Permit, Shared, Watch};
use crate::{Error, ErrorKind, Result};

pub(crate) type H2Connection = h2::client::Connection<Compat<Wire>, Bytes>;

/// One HTTP/2 connection of a set, as its requests see it.
pub(crate) struct Link {
    pub(crate) id: u64,
    pub(crate) observed: Arc<Observed>,
    wire: Wire,
    /// `None` once the connection takes no more requests: that lets `h2` close it.
    sender: Mutex<Option<SendRequest<Bytes>>>,
    credential: Mutex<Option<Box<dyn ConnectionCredential>>>,
    orders: Orders,
}

/// What the driver of a connection is to do besides driving it.
struct Orders {
    ping: AtomicBool,
    close: AtomicBool,
    /// `None` once the driver has ended.
    abandoned: Mutex<Option<Vec<Abandoned>>>,
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
        wire: Wire,
        credential: Option<Box<dyn ConnectionCredential>>,
    ) -> Self {
        Self {
            id,
            observed: wire.observed(),
            wire,
            sender: Mutex::new(Some(sender)),
            credential: Mutex::new(credential),
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

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Drives one connection until it ends; a task of its own.
pub(crate) struct Driver {
    link: Arc<Link>,
    set: Weak<Set>,
    shared: Arc<Shared>,
    connection: Option<H2Connection>,
    permit: Option<Permit>,
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
        permit: Permit,
    ) -> Self {
        link.wire.drain_by_hand();
        Self {
            link,
            set,
            shared,
            ping: connection.ping_pong(),
            connection: Some(connection),
            permit: Some(permit),
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
            let due = later(self.shared.backend.now(), self.shared.config.ping_timeout);
            self.pong_due = Some(self.shared.watch(due));
        }
        if let Some(due) = &mut self.pong_due {
            if ping.poll_pong(cx).is_ready() {
                self.pong_due = None;
                if let Some(set) = self.set.upgrade() {
                    set.alive(&self.link);
                }
            } else if due.poll(cx).is_ready() {
                return Poll::Ready(Error::new(
                    ErrorKind::Connect,
                    "the connection is dead: a PING was not answered in time",
                ));
            }
        }
        Poll::Pending
    }

    fn poll_abandoned(&mut self, cx: &mut Context<'_>) {
        if let Some(abandoned) = lock(&self.link.orders.abandoned).as_mut() {
            self.abandoned.extend(abandoned.drain(..));
        }
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

impl Driver {
    /// `Ready` once the connection has ended, with why, unless it ended in order.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<Option<Error>> {
        if let Poll::Ready(dead) = self.poll_ping(cx) {
            return Poll::Ready(Some(dead));
        }
        let polled = self.poll_connection(cx);
        if let Poll::Ready(end) = polled {
            return Poll::Ready(end.err().map(Set::lost_connection));
        }
        match self.link.wire.poll_drain(cx) {
            Poll::Ready(Err(error)) => {
                // What the peer said before it broke off may still be there to be read.
                let _ = self.poll_connection(cx);
                let broke = Error::new(ErrorKind::Connect, "the connection broke");
                Poll::Ready(Some(broke.with_source(error)))
            }
            _ => Poll::Pending,
        }
    }

    fn poll_connection(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), h2::Error>> {
        let polled = match &mut self.connection {
            Some(connection) => Pin::new(connection).poll(cx),
            None => Poll::Ready(Ok(())),
        };
        self.tell_news();
        self.poll_abandoned(cx);
        polled
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
        let Poll::Ready(why) = this.poll_end(cx) else {
            return Poll::Pending;
        };
        if let Some(set) = this.set.upgrade() {
            set.failed(&this.link, why);
        }
        Poll::Ready(())
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // First the connection, which ends its streams; then their places are given back.
        self.link.retire();
        self.connection = None;
        self.link.wire.release();
        self.abandoned.clear();
        let left = lock(&self.link.orders.abandoned).take();
        drop(left);
        self.permit = None;
        if let Some(set) = self.set.upgrade() {
            set.ended(&self.link);
        }
    }
}
