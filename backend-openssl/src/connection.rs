use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_io::{AsyncRead, AsyncWrite, IoSlice};
use openssl::error::ErrorStack;
use push_core::Connection;
use tokio_openssl::SslStream;
use tokio_util::compat::{Compat, TokioAsyncReadCompatExt};

use crate::error::{Explained, about_certificate, is_end};
use crate::wire::Wire;

/// The most that goes into one TLS record.
const RECORD: usize = 16 * 1024;

/// An established TLS connection.
#[derive(Debug)]
pub(crate) struct OpensslConnection {
    stream: Compat<SslStream<Compat<Wire>>>,
    alpn: Option<Vec<u8>>,
    peer: Option<SocketAddr>,
    /// Whether the end, or an error, was told to the reader.
    read_over: bool,
    /// The same for the writer.
    write_over: bool,
    /// Whether the writer waits for the stream, its waker being there.
    writer_waits: bool,
    closing: Closing,
}

#[derive(Clone, Copy, Debug)]
enum Closing {
    Not,
    /// The farewell is said and on its way.
    Farewell,
    /// The farewell is out, or can't be; the stream's writing half is being ended.
    Ending,
    Closed,
}

impl OpensslConnection {
    pub(crate) fn new(stream: SslStream<Compat<Wire>>, peer: Option<SocketAddr>) -> Self {
        Self {
            alpn: stream.ssl().selected_alpn_protocol().map(<[u8]>::to_vec),
            stream: stream.compat(),
            peer,
            read_over: false,
            write_over: false,
            writer_waits: false,
            closing: Closing::Not,
        }
    }

    fn wire(&mut self) -> &mut Wire {
        self.stream.get_mut().get_mut().get_mut()
    }

    /// Hands over the records that wait, for the writer.
    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let drained = self.wire().poll_drain(cx);
        self.settle(drained)
    }

    /// The writer's errors, told once, and whether it waits.
    fn settle(&mut self, outcome: Poll<()>) -> Poll<io::Result<()>> {
        self.writer_waits = outcome.is_pending();
        ready!(outcome);
        match self.wire().take_failure() {
            Some(error) => {
                self.write_over = true;
                Poll::Ready(Err(error))
            }
            None => Poll::Ready(Ok(())),
        }
    }

    fn read_failed(&mut self, error: io::Error) -> io::Result<usize> {
        self.read_over = true;
        if is_end(&error) {
            return Ok(0);
        }
        Err(about_certificate(error))
    }
}

impl Connection for OpensslConnection {
    fn alpn(&self) -> Option<&[u8]> {
        self.alpn.as_deref()
    }

    fn peer_addr(&self) -> Option<SocketAddr> {
        self.peer
    }
}

impl AsyncRead for OpensslConnection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if self.read_over || buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        forget_errors();
        let outcome = Pin::new(&mut self.stream).poll_read(cx, buf);
        // Answers of the TLS stack itself. A writer that waits hands them over with its own.
        if self.wire().has_outgoing() && !self.writer_waits {
            // Its errors are the writer's.
            let _ = self.wire().poll_drain(cx);
        }
        Poll::Ready(match outcome {
            Poll::Ready(Ok(0)) => {
                self.read_over = true;
                Ok(0)
            }
            Poll::Ready(Ok(read)) => Ok(read),
            Poll::Ready(Err(error)) => self.read_failed(error),
            // Servers end without a farewell; what runs above tells a whole message from a part.
            Poll::Pending => match self.wire().take_end() {
                None => return Poll::Pending,
                Some(Ok(())) => {
                    self.read_over = true;
                    Ok(0)
                }
                Some(Err(error)) => self.read_failed(error),
            },
        })
    }
}

impl AsyncWrite for OpensslConnection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.write_over {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        // First what waits: no more than one record does.
        ready!(self.poll_drain(cx))?;
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        forget_errors();
        match ready!(Pin::new(&mut self.stream).poll_write(cx, buf)) {
            Ok(written) => match self.wire().take_failure() {
                None => Poll::Ready(Ok(written)),
                Some(error) => {
                    self.write_over = true;
                    Poll::Ready(Err(error))
                }
            },
            Err(error) => {
                self.write_over = true;
                Poll::Ready(Err(Explained::io(error)))
            }
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut filled = bufs.iter().filter(|buf| !buf.is_empty());
        let first = match (filled.next(), filled.next()) {
            (Some(first), Some(_)) if first.len() < RECORD => first,
            (first, _) => return self.poll_write(cx, first.map_or(&[], |buf| &**buf)),
        };
        // One record for all is cheaper than one for each.
        let mut gathered = Vec::with_capacity(RECORD);
        gathered.extend_from_slice(first);
        let begin = bufs.iter().position(|buf| !buf.is_empty()).unwrap_or(0);
        for buf in &bufs[begin + 1..] {
            let room = RECORD - gathered.len();
            gathered.extend_from_slice(&buf[..buf.len().min(room)]);
        }
        self.poll_write(cx, &gathered)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.write_over {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let flushed = self.wire().poll_flush_through(cx);
        self.settle(flushed)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            match self.closing {
                Closing::Not => {
                    forget_errors();
                    // Ready at once, since the wire takes all. A connection that has failed
                    // already can't say farewell.
                    let _ = Pin::new(&mut self.stream).poll_close(cx);
                    self.write_over = true;
                    self.closing = Closing::Farewell;
                }
                Closing::Farewell => {
                    let flushed = self.wire().poll_flush_through(cx);
                    let outcome = ready!(self.settle(flushed));
                    self.closing = Closing::Ending;
                    outcome?;
                }
                Closing::Ending => {
                    let ended = ready!(self.wire().poll_end(cx));
                    self.closing = Closing::Closed;
                    return Poll::Ready(match ended {
                        // Nothing to end: the peer was faster.
                        Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
                        ended => ended,
                    });
                }
                Closing::Closed => return Poll::Ready(Ok(())),
            }
        }
    }
}

/// What another user of OpenSSL left on this thread would be taken for our own errors.
pub(crate) fn forget_errors() {
    drop(ErrorStack::get());
}
