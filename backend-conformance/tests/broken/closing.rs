//! Flaws of the ends of a stream, and of connections that break.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_util::{AsyncRead, AsyncWrite};

use crate::flaws;
use crate::harness::{Bend, Inner, Over, bent, only};

flaws! {
    the_end_of_file_is_told_only_once fails end_of_file_is_zero_bytes_and_stays:
        only(Over::Plain, EndOnce::default);
    the_peers_end_ends_both_halves fails the_peer_may_end_its_half_first:
        bent(|_| BothEnd::default());
    // The end is missed under back pressure too.
    closing_plain_tcp_does_nothing fails closing_plain_tcp_ends_the_writing_half
        closing_under_back_pressure_loses_nothing:
        only(Over::Plain, || ClosesNothing);
    closing_tls_does_nothing fails closing_tls_says_farewell
        closing_under_back_pressure_loses_nothing:
        only(Over::Tls, || ClosesNothing);
    closing_does_not_wait_for_room fails closing_under_back_pressure_loses_nothing:
        bent(|_| ClosesAtOnce);
    closing_ends_both_halves fails after_closing_there_is_still_reading:
        bent(|_| ClosesBoth::default());
    a_dropped_connection_stays_open fails dropping_closes_the_socket:
        only(Over::Plain, || Leaks);
    // Errors are looked for behind empty reads too.
    a_reset_looks_like_an_end fails a_reset_is_an_error_and_no_end_of_file
        an_empty_read_changes_nothing:
        bent(|_| NoReset);
    after_an_error_reading_hangs fails after_an_error_reads_do_not_hang
        an_empty_read_changes_nothing:
        only(Over::Plain, HangsAfterError::default);
    errors_of_writing_are_not_told fails writing_to_a_broken_connection_fails:
        bent(|_| AlwaysWrites);
}

#[derive(Default)]
struct EndOnce {
    ended: bool,
}

impl Bend for EndOnce {
    fn read(
        &mut self,
        inner: &mut Inner,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let length = ready!(Pin::new(inner).poll_read(cx, buf))?;
        let end = length == 0 && !buf.is_empty();
        if end && std::mem::replace(&mut self.ended, true) {
            return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
        }
        Poll::Ready(Ok(length))
    }
}

#[derive(Default)]
struct BothEnd {
    ended: bool,
}

impl Bend for BothEnd {
    fn read(
        &mut self,
        inner: &mut Inner,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let length = ready!(Pin::new(inner).poll_read(cx, buf))?;
        self.ended |= length == 0;
        Poll::Ready(Ok(length))
    }

    fn write(
        &mut self,
        inner: &mut Inner,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.ended {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        Pin::new(inner).poll_write(cx, buf)
    }
}

struct ClosesNothing;

impl Bend for ClosesNothing {
    fn close(&mut self, inner: &mut Inner, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(inner).poll_flush(cx)
    }
}

#[derive(Default)]
struct ClosesBoth {
    closed: bool,
}

impl Bend for ClosesBoth {
    fn read(
        &mut self,
        inner: &mut Inner,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if self.closed {
            return Poll::Ready(Ok(0));
        }
        Pin::new(inner).poll_read(cx, buf)
    }

    fn close(&mut self, inner: &mut Inner, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.closed = true;
        Pin::new(inner).poll_close(cx)
    }
}

struct ClosesAtOnce;

impl Bend for ClosesAtOnce {
    fn close(&mut self, inner: &mut Inner, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match Pin::new(inner).poll_close(cx) {
            Poll::Pending => Poll::Ready(Ok(())),
            closed => closed,
        }
    }
}

struct Leaks;

impl Bend for Leaks {
    fn dropped(&mut self, inner: Inner) {
        std::mem::forget(inner);
    }
}

struct NoReset;

impl Bend for NoReset {
    fn read(
        &mut self,
        inner: &mut Inner,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        match ready!(Pin::new(inner).poll_read(cx, buf)) {
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => Poll::Ready(Ok(0)),
            outcome => Poll::Ready(outcome),
        }
    }
}

#[derive(Default)]
struct HangsAfterError {
    told: bool,
}

impl Bend for HangsAfterError {
    fn read(
        &mut self,
        inner: &mut Inner,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if self.told {
            return Poll::Pending;
        }
        let outcome = ready!(Pin::new(inner).poll_read(cx, buf));
        self.told = outcome.is_err();
        Poll::Ready(outcome)
    }
}

struct AlwaysWrites;

impl Bend for AlwaysWrites {
    fn write(
        &mut self,
        inner: &mut Inner,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(inner).poll_write(cx, buf));
        Poll::Ready(Ok(written.unwrap_or(buf.len())))
    }

    fn flush(&mut self, inner: &mut Inner, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let _ = ready!(Pin::new(inner).poll_flush(cx));
        Poll::Ready(Ok(()))
    }
}
