use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use async_tls::client::TlsStream;
use futures_io::{AsyncRead, AsyncWrite};
use push_core::Connection;
use rustls::AlertDescription;

/// An established TLS connection.
pub(crate) struct AsyncTlsConnection {
    stream: TlsStream<Turns>,
    peer: Option<SocketAddr>,
    /// The session failed: there is nothing to be read any more, whatever the socket says.
    failed: bool,
}

impl AsyncTlsConnection {
    pub(crate) fn new(stream: TlsStream<Turns>, peer: Option<SocketAddr>) -> Self {
        Self {
            stream,
            peer,
            failed: false,
        }
    }

    /// The TLS stream, for one call that reads, or one that writes.
    fn turn(&mut self, turn: Turn) -> Pin<&mut TlsStream<Turns>> {
        self.stream.get_mut().turn = turn;
        Pin::new(&mut self.stream)
    }
}

impl Connection for AsyncTlsConnection {
    fn alpn(&self) -> Option<&[u8]> {
        None
    }

    fn peer_addr(&self) -> Option<SocketAddr> {
        self.peer
    }
}

impl fmt::Debug for AsyncTlsConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncTlsConnection")
            .field("stream", &self.stream.get_ref().io)
            .finish_non_exhaustive()
    }
}

impl AsyncRead for AsyncTlsConnection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if self.failed || buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        match self.turn(Turn::Read).poll_read(cx, buf) {
            // Servers end without a farewell; what runs above tells a whole message from a part.
            Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Poll::Ready(Ok(0))
            }
            Poll::Ready(Err(error)) => {
                if of_session(&error).is_some() {
                    self.failed = true;
                    // The alert that tells the peer why, as far as the socket takes it.
                    let _ = self.turn(Turn::Write).poll_flush(cx);
                }
                Poll::Ready(Err(about_certificate(error)))
            }
            other => other,
        }
    }
}

impl AsyncWrite for AsyncTlsConnection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.turn(Turn::Write).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.turn(Turn::Write).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.turn(Turn::Write).poll_close(cx)
    }
}

fn of_session(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref().and_then(|inner| inner.downcast_ref())
}

/// Under TLS 1.3 the server judges our certificate after the handshake, and says so to the first
/// read: as what it is, and not as a connection that broke.
pub(crate) fn about_certificate(error: io::Error) -> io::Error {
    use AlertDescription as Alert;
    let what = match of_session(&error) {
        Some(rustls::Error::AlertReceived(Alert::CertificateRequired)) => {
            "the server asks for a client certificate"
        }
        Some(rustls::Error::AlertReceived(
            Alert::BadCertificate
            | Alert::UnsupportedCertificate
            | Alert::CertificateRevoked
            | Alert::CertificateExpired
            | Alert::CertificateUnknown
            | Alert::UnknownCA
            | Alert::DecryptError
            | Alert::AccessDenied,
        )) => "the server refused the client certificate",
        _ => return error,
    };
    io::Error::new(io::ErrorKind::PermissionDenied, format!("{what}: {error}"))
}

/// What may be done with the socket: after the handshake, only what the caller asked for.
///
/// async-tls reads also while it writes, and writes also while it reads. The task that writes would
/// then be the one that is woken when bytes come for the task that reads, which sleeps on; and the
/// peer's alerts would go to whoever writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    Handshake,
    Read,
    Write,
}

fn hung_up(error: &io::Error) -> bool {
    use io::ErrorKind as Kind;
    matches!(
        error.kind(),
        Kind::BrokenPipe | Kind::ConnectionReset | Kind::ConnectionAborted
    )
}

/// The socket below TLS, by turns.
pub(crate) struct Turns {
    io: Box<dyn Connection>,
    turn: Turn,
}

impl Turns {
    pub(crate) fn new(io: Box<dyn Connection>) -> Self {
        Self {
            io,
            turn: Turn::Handshake,
        }
    }
}

impl AsyncRead for Turns {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        match self.turn {
            // Whoever writes waits for room, and not for bytes.
            Turn::Write => Poll::Pending,
            Turn::Handshake | Turn::Read => Pin::new(&mut self.io).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Turns {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.turn == Turn::Read {
            // What waits to be written goes out with the next write or flush.
            return Poll::Pending;
        }
        match Pin::new(&mut self.io).poll_write(cx, buf) {
            // async-tls would try again without end.
            Poll::Ready(Ok(0)) if !buf.is_empty() => {
                Poll::Ready(Err(io::ErrorKind::WriteZero.into()))
            }
            // The peer hung up on the handshake. Why it did waits to be read, and async-tls would
            // not look: it asks for the end of the stream next, and finds that or an alert.
            Poll::Ready(Err(error)) if self.turn == Turn::Handshake && hung_up(&error) => {
                Poll::Ready(Ok(buf.len()))
            }
            other => other,
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_close(cx)
    }
}
