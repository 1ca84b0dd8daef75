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
use crate::waiting::Half;
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
            closing: Closing::Not,
        }
    }

    /// The stream, with what OpenSSL does next being done for this half.
    fn wire(&mut self, half: Half) -> &mut Wire {
        self.stream.get_mut().get_mut().get_mut().serve(half)
    }

    /// Why the stream took no more, told once.
    fn check_writing(&mut self) -> io::Result<()> {
        match self.wire(Half::Writer).take_failure() {
            Some(error) => Err(self.write_failed(error)),
            None => Ok(()),
        }
    }

    fn write_failed(&mut self, error: io::Error) -> io::Error {
        self.write_over = true;
        error
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
        self.wire(Half::Reader);
        let outcome = Pin::new(&mut self.stream).poll_read(cx, buf);
        // Answers of the TLS stack itself, behind what else waits.
        if self.wire(Half::Reader).has_outgoing() {
            // Its errors are the writer's.
            let _ = self.wire(Half::Reader).poll_drain(cx);
        }
        Poll::Ready(match outcome {
            Poll::Ready(Ok(0)) => {
                self.read_over = true;
                Ok(0)
            }
            Poll::Ready(Ok(read)) => Ok(read),
            Poll::Ready(Err(error)) => self.read_failed(error),
            // Servers end without a farewell; what runs above tells a whole message from a part.
            Poll::Pending => match self.wire(Half::Reader).take_end() {
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
        ready!(self.wire(Half::Writer).poll_drain(cx));
        self.check_writing()?;
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        forget_errors();
        match Pin::new(&mut self.stream).poll_write(cx, buf) {
            Poll::Ready(Ok(written)) => Poll::Ready(self.check_writing().map(|()| written)),
            Poll::Ready(Err(error)) => Poll::Ready(Err(self.write_failed(Explained::io(error)))),
            // The wire takes all. It is a message of the TLS stack that has come in part, and whose
            // rest OpenSSL wants before it writes.
            Poll::Pending if self.wire(Half::Writer).is_at_end() => {
                let message = "the server ended the connection in the middle of a message";
                let error = io::Error::new(io::ErrorKind::BrokenPipe, message);
                Poll::Ready(Err(self.write_failed(error)))
            }
            Poll::Pending => Poll::Pending,
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
        ready!(self.wire(Half::Writer).poll_flush_through(cx));
        Poll::Ready(self.check_writing())
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            match self.closing {
                Closing::Not => {
                    forget_errors();
                    self.wire(Half::Writer);
                    // Ready at once, since the wire takes all. A connection that has failed
                    // already can't say farewell.
                    let _ = Pin::new(&mut self.stream).poll_close(cx);
                    self.write_over = true;
                    self.closing = Closing::Farewell;
                }
                Closing::Farewell => {
                    ready!(self.wire(Half::Writer).poll_flush_through(cx));
                    self.closing = Closing::Ending;
                    self.check_writing()?;
                }
                Closing::Ending => {
                    let ended = ready!(self.wire(Half::Writer).poll_end(cx));
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
