//! Flaws of reading and writing.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::io::IoSlice;
use futures_util::{AsyncRead, AsyncWrite};
use push_core::BoxFuture;

use crate::flaws;
use crate::harness::{Bend, Inner, Shared, bent};

flaws! {
    a_small_read_loses_what_does_not_fit fails bytes_arrive_one_at_a_time:
        bent(|_| LosesTheRest);
    a_large_write_says_that_all_was_taken fails large_transfers_go_both_ways_at_once:
        bent(|_| TakesTooMuch);
    a_vectored_write_counts_what_it_left fails vectored_writes_say_what_they_wrote:
        bent(|_| CountsAll);
    a_flush_does_not_wait fails a_flush_ends_when_all_is_on_its_way:
        bent(|_| Hasty::default());
    a_second_small_write_waits fails small_writes_are_not_held_back:
        bent(Nagle::new);
    an_empty_read_is_the_end fails an_empty_read_changes_nothing:
        bent(|_| EmptyEnds::default());
    an_empty_read_takes_the_next_byte fails an_empty_read_changes_nothing:
        bent(|_| EmptyTakes);
    an_empty_read_makes_a_broken_connection_wait fails an_empty_read_changes_nothing:
        bent(|_| EmptyForgets::default());
    the_address_is_another_one fails the_peers_address_is_told:
        bent(|_| NextDoor);
}

struct LosesTheRest;

impl Bend for LosesTheRest {
    fn read(
        &mut self,
        inner: &mut Inner,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let mut two = [0; 2];
        let [first] = buf else {
            return AsyncRead::poll_read(Pin::new(inner), cx, buf);
        };
        let length = ready!(AsyncRead::poll_read(Pin::new(inner), cx, &mut two))?;
        *first = two[0];
        Poll::Ready(Ok(length.min(1)))
    }
}

struct TakesTooMuch;

impl Bend for TakesTooMuch {
    fn write(
        &mut self,
        inner: &mut Inner,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(inner).poll_write(cx, buf))?;
        let all = buf.len() > 1024 * 1024;
        Poll::Ready(Ok(if all { buf.len() } else { written }))
    }
}

struct CountsAll;

impl Bend for CountsAll {
    fn write_vectored(
        &mut self,
        inner: &mut Inner,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let first = bufs.iter().find(|buf| !buf.is_empty());
        ready!(Pin::new(inner).poll_write(cx, first.map_or(&[], |buf| buf)))?;
        Poll::Ready(Ok(bufs.iter().map(|buf| buf.len()).sum()))
    }
}

/// Gathers writes, and calls them flushed when the socket takes no more.
#[derive(Default)]
struct Hasty {
    gathered: Vec<u8>,
    write_waits: bool,
}

impl Hasty {
    const ROOM: usize = 64 * 1024;

    fn drain(&mut self, inner: &mut Inner, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.gathered.is_empty() {
            let written = ready!(Pin::new(&mut *inner).poll_write(cx, &self.gathered))?;
            self.gathered.drain(..written);
        }
        Poll::Ready(Ok(()))
    }
}

impl Bend for Hasty {
    fn read(
        &mut self,
        inner: &mut Inner,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if !self.write_waits {
            let _ = self.drain(inner, cx);
        }
        AsyncRead::poll_read(Pin::new(inner), cx, buf)
    }

    fn write(
        &mut self,
        inner: &mut Inner,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.gathered.len() >= Self::ROOM {
            let drained = self.drain(inner, cx);
            self.write_waits = drained.is_pending();
            ready!(drained)?;
        }
        let length = buf.len().min(Self::ROOM);
        self.gathered.extend(&buf[..length]);
        Poll::Ready(Ok(length))
    }

    fn flush(&mut self, inner: &mut Inner, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.drain(inner, cx) {
            Poll::Ready(Ok(())) => Pin::new(inner).poll_flush(cx),
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => Poll::Ready(Ok(())),
        }
    }

    fn close(&mut self, inner: &mut Inner, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.drain(inner, cx))?;
        Pin::new(inner).poll_close(cx)
    }
}

/// The first write after an answer goes out, the second one waits for an acknowledgement.
struct Nagle {
    backend: Shared,
    writes_since_answer: Option<u32>,
    held: Option<BoxFuture<'static, ()>>,
}

impl Nagle {
    fn new(backend: &Shared) -> Self {
        Self {
            backend: backend.clone(),
            writes_since_answer: None,
            held: None,
        }
    }
}

impl Bend for Nagle {
    fn read(
        &mut self,
        inner: &mut Inner,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let length = ready!(AsyncRead::poll_read(Pin::new(inner), cx, buf))?;
        self.writes_since_answer = Some(0);
        Poll::Ready(Ok(length))
    }

    fn write(
        &mut self,
        inner: &mut Inner,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.writes_since_answer == Some(1) {
            let backend = &self.backend;
            let held = self.held.get_or_insert_with(|| {
                backend.sleep_until(backend.now() + Duration::from_millis(40))
            });
            ready!(held.as_mut().poll(cx));
            self.held = None;
            self.writes_since_answer = None;
        }
        let length = ready!(Pin::new(inner).poll_write(cx, buf))?;
        if let Some(writes) = &mut self.writes_since_answer {
            *writes += 1;
        }
        Poll::Ready(Ok(length))
    }
}

#[derive(Default)]
struct EmptyEnds {
    ended: bool,
}

impl Bend for EmptyEnds {
    fn read(
        &mut self,
        inner: &mut Inner,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.ended |= buf.is_empty();
        if self.ended {
            return Poll::Ready(Ok(0));
        }
        AsyncRead::poll_read(Pin::new(inner), cx, buf)
    }
}

struct EmptyTakes;

impl Bend for EmptyTakes {
    fn read(
        &mut self,
        inner: &mut Inner,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if buf.is_empty() {
            ready!(AsyncRead::poll_read(Pin::new(inner), cx, &mut [0]))?;
            return Poll::Ready(Ok(0));
        }
        AsyncRead::poll_read(Pin::new(inner), cx, buf)
    }
}

/// Forgets at an empty read that it has told an error, and waits for more.
#[derive(Default)]
struct EmptyForgets {
    told: bool,
    waits: bool,
}

impl Bend for EmptyForgets {
    fn read(
        &mut self,
        inner: &mut Inner,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if self.told && buf.is_empty() {
            self.waits = true;
            return Poll::Ready(Ok(0));
        }
        if self.waits {
            return Poll::Pending;
        }
        let outcome = ready!(AsyncRead::poll_read(Pin::new(inner), cx, buf));
        self.told |= outcome.is_err();
        Poll::Ready(outcome)
    }
}

struct NextDoor;

impl Bend for NextDoor {
    fn peer_addr(&self, inner: &Inner) -> Option<SocketAddr> {
        let address = inner.peer_addr()?;
        let port = u16::from(address.is_ipv4());
        Some(SocketAddr::new(address.ip(), address.port() ^ port))
    }
}
