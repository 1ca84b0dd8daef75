//! Reading and writing through a lease.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_io::{AsyncRead, AsyncWrite};

use super::Lease;
use super::line::Line;

/// How many bytes a look takes in.
const AHEAD: usize = 2048;

/// What was looked at and not read yet.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    bytes: Vec<u8>,
    /// So many of them were read.
    read: usize,
    /// An error that came behind them.
    error: Option<io::Error>,
}

impl Ahead {
    pub(super) fn is_empty(&self) -> bool {
        self.read == self.bytes.len() && self.error.is_none()
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[self.read..]
    }

    /// Takes in what is there, as far as there is room.
    pub(super) fn fill(&mut self, line: &Line) -> io::Result<()> {
        self.bytes.drain(..self.read);
        self.read = 0;
        while self.bytes.len() < AHEAD && self.error.is_none() {
            let known = self.bytes.len();
            self.bytes.resize(AHEAD, 0);
            let polled = line.try_read(&mut self.bytes[known..]);
            let more = match &polled {
                Poll::Ready(Ok(more)) => *more,
                _ => 0,
            };
            self.bytes.truncate(known + more);
            match polled {
                Poll::Ready(Ok(1..)) => {}
                Poll::Ready(Err(error)) => self.error = Some(error),
                Poll::Ready(Ok(0)) | Poll::Pending => break,
            }
        }
        if self.bytes.is_empty() {
            return self.error.take().map_or(Ok(()), Err);
        }
        Ok(())
    }

    fn take(&mut self, buf: &mut [u8]) -> usize {
        let rest = self.bytes();
        let count = rest.len().min(buf.len());
        buf[..count].copy_from_slice(&rest[..count]);
        self.read += count;
        count
    }
}

impl Lease {
    /// The connection, once it is there.
    fn poll_line(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<&Arc<Line>>> {
        if self.line().is_none() {
            ready!(self.poll_ready(cx)).map_err(|error| {
                // The cause stands inside.
                io::Error::new(io::ErrorKind::NotConnected, error)
            })?;
        }
        let line = self.line().ok_or(io::ErrorKind::NotConnected)?;
        Poll::Ready(Ok(line))
    }
}

impl AsyncRead for Lease {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if !this.ahead.bytes().is_empty() {
            return Poll::Ready(Ok(this.ahead.take(buf)));
        }
        if let Some(error) = this.ahead.error.take() {
            return Poll::Ready(Err(error));
        }
        ready!(this.poll_line(cx))?.poll_read(cx, buf)
    }
}

impl AsyncWrite for Lease {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let line = ready!(self.poll_line(cx))?;
        line.poll_write(cx, |connection, cx| connection.poll_write(cx, buf))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let line = ready!(self.poll_line(cx))?;
        line.poll_write(cx, |connection, cx| {
            connection.poll_write_vectored(cx, bufs)
        })
    }

    /// Connects to nothing: what was not written needs no flush.
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.line() {
            Some(line) => line.poll_flush(cx),
            None => Poll::Ready(Ok(())),
        }
    }

    /// Ends our half. Reading goes on; the connection is nobody else's after that.
    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.line() {
            Some(line) => line.poll_close(cx),
            None => Poll::Ready(Ok(())),
        }
    }
}
