//! Bytes between a socket and a connection of HTTP/2.

use std::io;
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use crate::http2::Connection;

/// Holds the longest frame, and enough more that requests come many at a time.
const BUFFER_BYTES: usize = 64 << 10;
/// With so much unwritten nothing is read.
const MOST_UNWRITTEN_BYTES: usize = 256 << 10;

pub(super) struct Pipe {
    pub(super) stream: TlsStream<TcpStream>,
    buffer: Box<[u8]>,
    /// What is in the buffer and not taken yet.
    filled: Range<usize>,
    written: usize,
    needs_flush: bool,
    /// The peer is known to speak HTTP/2, so it may be spoken to.
    may_write: bool,
}

impl Pipe {
    pub(super) fn new(stream: TlsStream<TcpStream>) -> Self {
        let may_write = stream.get_ref().1.alpn_protocol().is_some();
        Self {
            stream,
            buffer: vec![0; BUFFER_BYTES].into(),
            filled: 0..0,
            written: 0,
            needs_flush: false,
            may_write,
        }
    }

    /// What was read and not taken yet.
    pub(super) fn input(&self) -> &[u8] {
        &self.buffer[self.filled.clone()]
    }

    /// Keeps only the last `left` bytes of what was read.
    pub(super) fn keep(&mut self, left: usize) {
        self.filled.start = self.filled.end - left;
    }

    /// The peer may be spoken to from now on.
    pub(super) fn open_writing(&mut self) {
        self.may_write = true;
    }

    /// Writes what there is, and reads. Ready with `true` when something was read, with `false` at
    /// the end.
    pub(super) fn poll(
        &mut self,
        http2: &mut Connection,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<bool>> {
        loop {
            let written = self.poll_write(http2, cx)?;
            if http2.output().len() - self.written > MOST_UNWRITTEN_BYTES {
                return Poll::Pending;
            }
            if let Poll::Ready(read) = self.poll_read(cx)? {
                return Poll::Ready(Ok(read));
            }
            // More of a long answer can have come when the last of it was written.
            if written.is_pending() || !self.may_write || http2.output().is_empty() {
                return Poll::Pending;
            }
        }
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let length = self.filled.len();
        self.buffer.copy_within(self.filled.clone(), 0);
        self.filled = 0..length;
        let mut ended = false;
        while self.filled.end < self.buffer.len() {
            let mut space = ReadBuf::new(&mut self.buffer[self.filled.end..]);
            match Pin::new(&mut self.stream).poll_read(cx, &mut space) {
                Poll::Ready(Ok(())) if space.filled().is_empty() => {
                    ended = true;
                    break;
                }
                Poll::Ready(Ok(())) => self.filled.end += space.filled().len(),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => break,
            }
        }
        if self.filled.len() > length {
            Poll::Ready(Ok(true))
        } else if ended {
            Poll::Ready(Ok(false))
        } else {
            Poll::Pending
        }
    }

    /// Ready when all is written that was there; more of a long answer may be there then.
    pub(super) fn poll_write(
        &mut self,
        http2: &mut Connection,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.may_write {
            return Poll::Ready(Ok(()));
        }
        while self.written < http2.output().len() {
            let rest = &http2.output()[self.written..];
            let length = ready!(Pin::new(&mut self.stream).poll_write(cx, rest))?;
            if length == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.written += length;
            self.needs_flush = true;
        }
        if self.needs_flush {
            ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
            self.needs_flush = false;
        }
        if self.written > 0 {
            self.written = 0;
            http2.output().clear();
            http2.flushed();
        }
        Poll::Ready(Ok(()))
    }
}
