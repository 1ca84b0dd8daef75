//! One exclusive connection, whoever has it: a lease, or the cache.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use std::time::Instant;

use futures_io::{AsyncRead, AsyncWrite};

use crate::http::tally::{Event, Tally};
use crate::session::Permit;
use crate::{Connection, Error, ErrorKind};

/// A connection behind a lock, so that the session can break it under whoever uses it.
pub(super) struct Line {
    /// In the order in which the connections of one key came about.
    pub(super) id: u64,
    pub(super) connected_at: Instant,
    peer_addr: Option<SocketAddr>,
    alpn: Option<Box<[u8]>>,
    was_leased: AtomicBool,
    wire: Mutex<Wire>,
}

struct Wire {
    /// `None` once it is closed from this side.
    open: Option<Open>,
    /// Why it was closed.
    broken: Option<Error>,
    /// Those of the last polls that were pending: to be woken when it is broken, and lent to looks
    /// that nobody waits for.
    reader: Option<Waker>,
    writer: Option<Waker>,
    /// A byte that a look has found; it comes before all that is read later.
    ahead: Option<u8>,
    /// An error that a look has found; the next read tells it.
    error: Option<io::Error>,
    /// The peer has ended its half, or reading has failed.
    ended: bool,
    /// Writing has failed. What the peer said before may still be read.
    failed: bool,
    /// Our half was ended.
    finished: bool,
    /// Something was written since the last flush.
    unflushed: bool,
    /// Changes when the connection is left to the cache, and when it is taken from there.
    stint: u64,
    /// When it was last left to the cache; `None` unless it came from there.
    rested_at: Option<Instant>,
}

/// The connection, and what is given back after it.
struct Open {
    connection: Box<dyn Connection>,
    _place: Place,
}

/// The place of one connection in the session's count.
pub(super) struct Place {
    tally: Arc<Tally>,
    _permit: Permit,
}

impl Place {
    pub(super) fn new(tally: Arc<Tally>, permit: Permit) -> Self {
        tally.count(Event::Connected);
        Self {
            tally,
            _permit: permit,
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.tally.count(Event::Disconnected);
    }
}

impl Line {
    pub(super) fn new(
        id: u64,
        connected_at: Instant,
        connection: Box<dyn Connection>,
        place: Place,
    ) -> Self {
        Self {
            id,
            connected_at,
            peer_addr: connection.peer_addr(),
            alpn: connection.alpn().map(Box::from),
            was_leased: AtomicBool::new(false),
            wire: Mutex::new(Wire {
                open: Some(Open {
                    connection,
                    _place: place,
                }),
                broken: None,
                reader: None,
                writer: None,
                ahead: None,
                error: None,
                ended: false,
                failed: false,
                finished: false,
                unflushed: false,
                stint: 0,
                rested_at: None,
            }),
        }
    }

    pub(super) fn peer_addr(&self) -> Option<SocketAddr> {
        self.peer_addr
    }

    pub(super) fn alpn(&self) -> Option<&[u8]> {
        self.alpn.as_deref()
    }

    fn lock(&self) -> MutexGuard<'_, Wire> {
        self.wire.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A lease has it now; tells whether another one had it before.
    pub(super) fn lease(&self) -> bool {
        self.was_leased.swap(true, Ordering::Relaxed)
    }

    /// Whether it may carry what another user left behind, or have ended while nobody used it.
    pub(super) fn is_second_hand(&self) -> bool {
        self.was_leased.load(Ordering::Relaxed) || self.lock().stint > 0
    }

    pub(super) fn poll_read(
        &self,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let mut wire = self.lock();
        let polled = wire.poll_read(cx, buf);
        let former = match polled.is_pending() {
            true => remember(&mut wire.reader, cx),
            false => None,
        };
        drop(wire);
        drop(former);
        polled
    }

    /// Reads what is there, without waiting and without taking the place of a read that waits.
    pub(super) fn try_read(&self, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        self.lock().try_read(buf)
    }

    pub(super) fn poll_write(
        &self,
        cx: &mut Context<'_>,
        write: impl FnOnce(Pin<&mut dyn Connection>, &mut Context<'_>) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        self.poll_out(cx, |wire, cx| {
            let polled = wire.poll_out(cx, write);
            wire.unflushed |= matches!(polled, Poll::Ready(Ok(1..)));
            polled
        })
    }

    pub(super) fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_out(cx, Wire::poll_flush)
    }

    /// Ends the writing half: the connection is of no use to anybody else then.
    pub(super) fn poll_close(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_out(cx, |wire, cx| {
            wire.finished = true;
            wire.poll_out(cx, |connection, cx| connection.poll_close(cx))
        })
    }

    fn poll_out<T>(
        &self,
        cx: &mut Context<'_>,
        poll: impl FnOnce(&mut Wire, &mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        let mut wire = self.lock();
        let polled = poll(&mut wire, cx);
        let former = match polled.is_pending() {
            true => remember(&mut wire.writer, cx),
            false => None,
        };
        drop(wire);
        drop(former);
        polled
    }

    /// Reads up to the end, and keeps nothing of it.
    pub(super) fn poll_end(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut part = [0; 2048];
        // A peer that sends without end leaves others their turn.
        for _ in 0..32 {
            match ready!(self.poll_read(cx, &mut part)) {
                Ok(1..) => {}
                Ok(0) | Err(_) => return Poll::Ready(()),
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Why it was closed from this side; `None` while it is open.
    pub(super) fn broken(&self) -> Option<Error> {
        let wire = self.lock();
        match &wire.open {
            Some(_) => None,
            None => Some(wire.why()),
        }
    }

    /// Whether it has ended, as far as is known without waiting.
    pub(super) fn has_ended(&self) -> bool {
        let mut wire = self.lock();
        wire.glance();
        wire.open.is_none() || wire.ended || wire.failed
    }

    /// Whether somebody else could use it: nothing unread, nothing half written, not ended.
    pub(super) fn is_clean(&self, cx: &mut Context<'_>) -> bool {
        let mut wire = self.lock();
        if wire.unflushed && !matches!(wire.poll_flush(cx), Poll::Ready(Ok(()))) {
            return false;
        }
        wire.is_quiet(cx)
    }

    /// It is left to the cache from now on; tells by what number that stay is known.
    pub(super) fn rest(&self, now: Instant) -> u64 {
        let mut wire = self.lock();
        wire.stint += 1;
        wire.rested_at = Some(now);
        let wakers = (wire.reader.take(), wire.writer.take());
        let stint = wire.stint;
        drop(wire);
        drop(wakers);
        stint
    }

    /// Since when it was in the cache, where it was; told once.
    pub(super) fn take_rested_at(&self) -> Option<Instant> {
        self.lock().rested_at.take()
    }

    /// It is taken from the cache: whoever watched it there is to be woken.
    pub(super) fn rise(&self) -> Option<Waker> {
        let mut wire = self.lock();
        wire.stint += 1;
        wire.reader.take()
    }

    /// While it is left to the cache: ready once that stay is over, or the connection of no use.
    pub(super) fn poll_rest(&self, stint: u64, cx: &mut Context<'_>) -> Poll<()> {
        let mut wire = self.lock();
        if wire.stint != stint || wire.open.is_none() || !wire.is_quiet(cx) {
            return Poll::Ready(());
        }
        let former = remember(&mut wire.reader, cx);
        drop(wire);
        drop(former);
        Poll::Pending
    }

    /// Closes it, with a farewell as far as that needs no waiting; who uses it is told why.
    pub(super) fn close(&self, why: impl FnOnce() -> Error) {
        let mut wire = self.lock();
        let Some(mut open) = wire.open.take() else {
            return;
        };
        wire.broken = Some(why());
        let wakers = [wire.reader.take(), wire.writer.take()];
        drop(wire);
        let mut cx = Context::from_waker(Waker::noop());
        // One that fails, or would have to wait, is closed all the same.
        let _ = Pin::new(&mut open.connection).poll_close(&mut cx);
        drop(open);
        wakers.into_iter().flatten().for_each(Waker::wake);
    }
}

impl Wire {
    fn why(&self) -> Error {
        self.broken.clone().unwrap_or_else(given_up)
    }

    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        let Some(open) = &mut self.open else {
            return Poll::Ready(Err(aborted(self.why())));
        };
        let Some(first) = buf.first_mut() else {
            return Poll::Ready(Ok(0));
        };
        if let Some(byte) = self.ahead.take() {
            *first = byte;
            return Poll::Ready(Ok(1));
        }
        if let Some(error) = self.error.take() {
            return Poll::Ready(Err(error));
        }
        let polled = Pin::new(&mut open.connection).poll_read(cx, buf);
        self.ended |= matches!(polled, Poll::Ready(Ok(0) | Err(_)));
        polled
    }

    /// With the waker of a read that waits, if one does: a look must not take its place.
    fn try_read(&mut self, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        let reader = self.reader.clone();
        let waker = reader.as_ref().unwrap_or(Waker::noop());
        self.poll_read(&mut Context::from_waker(waker), buf)
    }

    /// Looks for one byte, or the end, unless either is known.
    fn glance(&mut self) {
        if self.ahead.is_some() || self.ended || self.open.is_none() {
            return;
        }
        let mut byte = [0];
        if let Poll::Ready(read) = self.try_read(&mut byte) {
            self.found(read, byte);
        }
    }

    /// What a look has read is kept for who reads next.
    fn found(&mut self, read: io::Result<usize>, byte: [u8; 1]) {
        match read {
            Ok(0) => {}
            Ok(_) => self.ahead = Some(byte[0]),
            Err(error) => self.error = Some(error),
        }
    }

    /// Whether it is open, and there is nothing to read; if so, the waker hears of what comes.
    fn is_quiet(&mut self, cx: &mut Context<'_>) -> bool {
        let used_up = self.ended || self.failed || self.finished || self.open.is_none();
        if used_up || self.unflushed || self.ahead.is_some() {
            return false;
        }
        let mut byte = [0];
        match self.poll_read(cx, &mut byte) {
            Poll::Pending => true,
            Poll::Ready(read) => {
                self.found(read, byte);
                false
            }
        }
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = self.poll_out(cx, |connection, cx| connection.poll_flush(cx));
        if matches!(polled, Poll::Ready(Ok(()))) {
            self.unflushed = false;
        }
        polled
    }

    fn poll_out<T>(
        &mut self,
        cx: &mut Context<'_>,
        poll: impl FnOnce(Pin<&mut dyn Connection>, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        let Some(open) = &mut self.open else {
            return Poll::Ready(Err(aborted(self.why())));
        };
        let polled = poll(Pin::new(&mut *open.connection), cx);
        // What the peer said before may be read still.
        self.failed |= matches!(polled, Poll::Ready(Err(_)));
        polled
    }
}

/// Gives the waker that is forgotten for it, to be dropped outside all locks: a task can go with it.
fn remember(place: &mut Option<Waker>, cx: &Context<'_>) -> Option<Waker> {
    match place {
        Some(known) if known.will_wake(cx.waker()) => None,
        _ => place.replace(cx.waker().clone()),
    }
}

/// The connection was given up from this side, and not by the session's end.
pub(super) fn given_up() -> Error {
    let message = "the connection was given up: reconnect, or take another lease";
    Error::new(ErrorKind::Connect, message)
}

/// A break, as those see it who read and write.
fn aborted(why: Error) -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, why)
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Line({})", self.id)
    }
}
