//! Exclusive connections, for protocols that are not HTTP: one user at a time, cached or not.

mod dial;
mod line;
mod pool;
mod pools;
mod queue;
mod stream;
mod watch;

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use futures_util::future::{Either, select};

pub(crate) use pool::Pool;
pub(crate) use pools::Pools;

use super::Session;
use crate::{Error, Result};
use line::Line;
use queue::Ticket;
use stream::Ahead;

/// How long the peer has to end its half after our farewell.
const LINGER: Duration = Duration::from_secs(1);

/// An exclusive connection of a [`Session`], from [`connection`](Session::connection) or
/// [`new_connection`](Session::new_connection).
///
/// It reads and writes as any stream does. It is lazy: the first use connects, or takes a cached
/// connection that idles. I/O that fails because no connection came about has the [`Error`] as its
/// inner error.
///
/// Dropping it closes the connection: what a protocol was in the middle of is not left to others.
/// [`release`](Self::release) leaves a clean one to the next, see [the module](super#leases).
///
/// It keeps its session open, as a clone of it does.
pub struct Lease {
    session: Session,
    pool: Arc<Pool>,
    cached: bool,
    /// Another connection was asked for: one from the cache won't do.
    renewed: bool,
    state: State,
    ahead: Ahead,
}

enum State {
    /// Not asked for yet, or asked for in vain.
    Idle,
    Waiting(Ticket),
    Connected {
        line: Arc<Line>,
        reused: bool,
        /// Since when it was in the cache; `None` where it did not come from there.
        idle_since: Option<Instant>,
    },
}

impl Lease {
    pub(super) fn new(session: Session, pool: Arc<Pool>, cached: bool) -> Self {
        Self {
            session,
            pool,
            cached,
            renewed: false,
            state: State::Idle,
            ahead: Ahead::default(),
        }
    }

    /// Connects, unless it is connected: takes a cached connection that idles, or waits for one that
    /// is given back or dialled, first come first served. After a failure it can be called again.
    ///
    /// There is no deadline but the connect timeout of each dial: where all connections are leased,
    /// or the back-off holds up the next dial, it waits.
    ///
    /// # Errors
    /// What kept the connection from coming about, with the wait before the next dial in
    /// [`retry_after`](Error::retry_after); [`ErrorKind::Closed`](crate::ErrorKind::Closed) once the
    /// session is shut down.
    ///
    /// # Cancel safety
    /// The lease keeps its turn until it is dropped. A dial that has begun goes on even then: what comes
    /// of it serves the next lease, or idles.
    pub async fn ready(&mut self) -> Result<()> {
        poll_fn(|cx| self.poll_ready(cx)).await
    }

    /// [`ready`](Self::ready), for those who poll.
    ///
    /// # Errors
    /// As there.
    pub fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        let mut again = false;
        loop {
            match &self.state {
                State::Connected { line, .. } => {
                    return Poll::Ready(line.broken().map_or(Ok(()), Err));
                }
                State::Idle => {
                    let fresh = self.renewed || !self.cached;
                    let ticket = self.pool.join(cx.waker(), fresh, again)?;
                    self.state = State::Waiting(ticket);
                }
                State::Waiting(ticket) => {
                    let Some(served) = self.pool.look(*ticket, cx.waker()) else {
                        return Poll::Pending;
                    };
                    self.state = State::Idle;
                    let line = served?;
                    if line.is_second_hand() && !line.is_clean(cx) {
                        // It ended, or spoke, just now. The turn stays this one's.
                        self.pool.discard(&line);
                        again = true;
                        continue;
                    }
                    let reused = line.lease();
                    self.renewed = false;
                    let idle_since = line.take_rested_at();
                    self.state = State::Connected {
                        line,
                        reused,
                        idle_since,
                    };
                }
            }
        }
    }

    /// Whether it waits for others to be done with theirs, since there are as many connections as
    /// there [may be](super::SessionBuilder::max_connections_per_destination): that says nothing of
    /// the peer, and can take as long as they please. `false` while a connection is dialled for it,
    /// or the back-off holds up the dial.
    pub fn waits_its_turn(&self) -> bool {
        match self.state {
            State::Waiting(ticket) => self.pool.is_full_before(ticket),
            State::Idle | State::Connected { .. } => false,
        }
    }

    fn line(&self) -> Option<&Arc<Line>> {
        match &self.state {
            State::Connected { line, .. } => Some(line),
            State::Idle | State::Waiting(_) => None,
        }
    }

    /// Whether it is connected. It may have ended since: see [`is_closed`](Self::is_closed).
    pub fn is_connected(&self) -> bool {
        self.line().is_some()
    }

    /// Whether somebody used this connection before. Then the peer may be about to close it: where
    /// the first exchange on it fails, [`reconnect`](Self::reconnect) and try once more.
    pub fn is_reused(&self) -> bool {
        matches!(self.state, State::Connected { reused: true, .. })
    }

    /// Since when the connection had been idle as this lease got it; `None` where it was dialled or
    /// handed over just then, and while it is not connected.
    pub fn idle_since(&self) -> Option<Instant> {
        match self.state {
            State::Connected { idle_since, .. } => idle_since,
            State::Idle | State::Waiting(_) => None,
        }
    }

    /// Whether the connection has ended (the peer's half, or by a failure in either direction), as
    /// far as is known without waiting. What came before the end can still be read. `false` while
    /// it is not connected.
    pub fn is_closed(&self) -> bool {
        self.line().is_some_and(|line| line.has_ended())
    }

    /// The address of the peer; `None` while it is not connected, or where there is none to tell.
    pub fn peer_addr(&self) -> Option<SocketAddr> {
        self.line()?.peer_addr()
    }

    /// The protocol that the peer chose by ALPN; `None` while it is not connected, or where it chose
    /// none.
    pub fn alpn(&self) -> Option<&[u8]> {
        self.line()?.alpn()
    }

    /// The session that it belongs to.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// What is there to be read without waiting, up to 2 KiB; reading takes it from there. Nothing
    /// while it is not connected, and nothing at the end: [`is_closed`](Self::is_closed) tells
    /// that. What has only just arrived may not be noticed: to wait for it, read.
    ///
    /// # Errors
    /// That of the connection, once what came before it was read.
    pub fn peek(&mut self) -> io::Result<&[u8]> {
        if let State::Connected { line, .. } = &self.state {
            self.ahead.fill(line)?;
        }
        Ok(self.ahead.bytes())
    }

    /// Whether the connection is clean: nothing unread, nothing half written, not ended. One that is
    /// not is closed, and this lease reads and writes no more before it is
    /// [connected anew](Self::reconnect). What was written and not flushed is flushed, if that needs
    /// no waiting. `true` while it is not connected.
    ///
    /// It looks and does not wait: what the peer is about to send is not seen.
    ///
    /// # Cancel safety
    /// Nothing happened yet, but for the flush.
    pub async fn reset(&mut self) -> bool {
        let Some(line) = self.line().cloned() else {
            return true;
        };
        // Twice, so that the environment comes to tell what has arrived meanwhile.
        let mut looks = 0;
        let ahead = !self.ahead.is_empty();
        let clean = poll_fn(|cx| {
            looks += 1;
            if ahead || !line.is_clean(cx) {
                return Poll::Ready(false);
            }
            if looks > 1 {
                return Poll::Ready(true);
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        });
        let clean = clean.await;
        if !clean {
            self.pool.discard(&line);
            self.ahead = Ahead::default();
        }
        clean
    }

    /// Leaves the connection, and what was not read from it, and begins to dial another one: never
    /// one from the cache, also where the first dial fails. [`ready`](Self::ready) waits for it, as
    /// does whatever reads or writes. Its turn comes before that of others who wait.
    pub fn redial(&mut self) {
        self.ahead = Ahead::default();
        self.renewed = true;
        let ticket = match std::mem::replace(&mut self.state, State::Idle) {
            State::Connected { line, .. } => self.pool.exchange(&line),
            State::Waiting(ticket) => {
                self.pool.leave(ticket, self.cached);
                self.pool.join(Waker::noop(), true, true)
            }
            State::Idle => self.pool.join(Waker::noop(), true, false),
        };
        // A session that is closed says so when it is asked.
        self.state = ticket.map_or(State::Idle, State::Waiting);
    }

    /// [`redial`](Self::redial), and [`ready`](Self::ready).
    ///
    /// # Errors
    /// As [`ready`](Self::ready).
    ///
    /// # Cancel safety
    /// The old connection is left; [`ready`](Self::ready) goes on waiting for the new one.
    pub async fn reconnect(&mut self) -> Result<()> {
        self.redial();
        self.ready().await
    }

    /// Leaves the connection to the next lease, if it is clean as [`reset`](Self::reset) has it,
    /// younger than the session's
    /// [`max_connection_age`](super::SessionBuilder::max_connection_age), and of a cached lease; else
    /// closes it. A clean connection counts as [`proved`](Self::proved).
    pub fn release(mut self) {
        let state = std::mem::replace(&mut self.state, State::Idle);
        let line = match state {
            State::Connected { line, .. } => line,
            other => {
                // Left by the drop.
                self.state = other;
                return;
            }
        };
        let mut cx = Context::from_waker(Waker::noop());
        let clean = self.ahead.is_empty() && line.is_clean(&mut cx);
        if clean {
            self.pool.proved(&line);
        }
        if clean && self.cached {
            self.pool.keep(line);
        } else {
            self.pool.discard(&line);
        }
    }

    /// Says farewell and closes: sends what still waits, ends our half of the connection, and gives
    /// the peer a second to end its own, since a socket that is closed with bytes unread (a session
    /// ticket is enough) can throw away what is on its way. What comes in that time is thrown away
    /// too: to read it, call `AsyncWrite::poll_close` instead, and read to the end. Takes no longer
    /// than the session's connect timeout.
    ///
    /// # Errors
    /// When what was written may not have gone out whole. It is closed all the same.
    ///
    /// # Cancel safety
    /// Dropping the future closes the connection as it is.
    pub async fn close(self) -> io::Result<()> {
        let Some(line) = self.line() else {
            return Ok(());
        };
        let shared = &self.session.inner.shared;
        let farewell = pin!(poll_fn(|cx| line.poll_close(cx)));
        let until = self.session.deadline(shared.config.connect_timeout);
        match select(farewell, shared.backend.sleep_until(until)).await {
            Either::Left((said, _)) => said?,
            Either::Right(_) => return Err(io::ErrorKind::TimedOut.into()),
        }
        let until = until.min(self.session.deadline(LINGER));
        let end = pin!(poll_fn(|cx| line.poll_end(cx)));
        select(end, shared.backend.sleep_until(until)).await;
        Ok(())
    }

    /// The connection was of use: failures that were counted so far are forgotten, and the next dial
    /// need not wait. A dial that succeeds says nothing like it: many a server accepts a connection
    /// to end it.
    pub fn proved(&self) {
        if let Some(line) = self.line() {
            self.pool.proved(line);
        }
    }

    /// The connection was of no use, say since the peer ended it without an answer: closes it, and the
    /// next dial to the same place waits by the session's
    /// [`back_off`](super::SessionBuilder::back_off), as after a dial that failed. Connections that
    /// end together count once. Nothing while it is not connected.
    pub fn failed(mut self, why: Error) {
        match std::mem::replace(&mut self.state, State::Idle) {
            State::Connected { line, .. } => self.pool.failed(&line, why),
            other => self.state = other,
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        match &self.state {
            State::Idle => {}
            State::Waiting(ticket) => self.pool.leave(*ticket, self.cached),
            State::Connected { line, .. } => self.pool.discard(line),
        }
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match &self.state {
            State::Idle => "not connected",
            State::Waiting(_) => "waiting",
            State::Connected { .. } => "connected",
        };
        f.debug_struct("Lease")
            .field("target", &self.pool.target())
            .field("cached", &self.cached)
            .field("state", &state)
            .finish_non_exhaustive()
    }
}
