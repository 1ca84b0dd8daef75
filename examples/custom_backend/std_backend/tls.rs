//! TLS by rustls, driven by hand over any asynchronous byte stream.

use std::fmt;
use std::future::poll_fn;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use anypush::Connection;
use futures_util::io::{AsyncRead, AsyncWrite};
use rustls::pki_types::ServerName;
use rustls::{AlertDescription as Alert, ClientConfig, ClientConnection};

use super::super::threads::Socket;

/// An established TLS connection.
pub(crate) struct TlsConnection {
    tls: ClientConnection,
    socket: Socket,
    /// Told again when somebody reads again: rustls says it once more only with more bytes.
    failure: Option<rustls::Error>,
    has_said_farewell: bool,
}

impl TlsConnection {
    /// Makes the handshake.
    ///
    /// # Errors
    /// A [`rustls::Error`] inside when the peer is not to be trusted, does not trust us, or does
    /// not speak TLS.
    pub(super) async fn handshake(
        socket: Socket,
        config: Arc<ClientConfig>,
        name: ServerName<'static>,
    ) -> io::Result<Self> {
        let mut connection = Self {
            tls: ClientConnection::new(config, name).map_err(io::Error::other)?,
            socket,
            failure: None,
            has_said_farewell: false,
        };
        loop {
            // Once more after the last message: the peer waits for our end of it.
            poll_fn(|cx| connection.poll_send(cx)).await?;
            if !connection.tls.is_handshaking() {
                return Ok(connection);
            }
            match poll_fn(|cx| connection.poll_receive(cx)).await {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(_) => {}
                Err(error) => {
                    // The peer may hear why.
                    let _ = poll_fn(|cx| connection.poll_send(cx)).await;
                    return Err(error);
                }
            }
        }
    }

    /// Takes ciphertext from the socket; 0 at its end.
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if let Some(failure) = &self.failure {
            return Poll::Ready(Err(told(failure.clone())));
        }
        let count = ready!(into_poll(
            self.tls.read_tls(&mut Bridge(&mut self.socket, cx))
        ))?;
        if let Err(failure) = self.tls.process_new_packets() {
            self.failure = Some(failure.clone());
            return Poll::Ready(Err(told(failure)));
        }
        Poll::Ready(Ok(count))
    }

    /// Gives the socket all ciphertext that there is.
    fn poll_hand_over(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.tls.wants_write() {
            let mut bridge = Bridge(&mut self.socket, cx);
            ready!(into_poll(self.tls.write_tls(&mut bridge)))?;
        }
        Poll::Ready(Ok(()))
    }

    /// The same, and waits until the system has taken it.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_hand_over(cx))?;
        Pin::new(&mut self.socket).poll_flush(cx)
    }
}

impl Connection for TlsConnection {
    fn alpn(&self) -> Option<&[u8]> {
        self.tls.alpn_protocol()
    }

    fn peer_addr(&self) -> Option<SocketAddr> {
        Some(self.socket.peer_addr())
    }
}

impl AsyncRead for TlsConnection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        loop {
            match self.tls.reader().read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                // Servers end without a farewell; what runs above tells a whole message from a
                // part.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    return Poll::Ready(Ok(0));
                }
                other => return Poll::Ready(other),
            }
            // What came may be no data but a session ticket: then more is needed. Nothing is
            // written here, not even what TLS has to answer: another task may wait for the
            // writing half, and its waker would be lost.
            ready!(self.poll_receive(cx))?;
        }
    }
}

impl AsyncWrite for TlsConnection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        // Back-pressure: nothing more is encrypted before the socket took what is.
        ready!(self.poll_hand_over(cx))?;
        let count = self.tls.writer().write(buffer)?;
        // What the socket has no room for goes with the next write or flush.
        if let Poll::Ready(Err(error)) = self.poll_hand_over(cx) {
            return Poll::Ready(Err(error));
        }
        Poll::Ready(Ok(count))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_send(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.has_said_farewell {
            self.has_said_farewell = true;
            self.tls.send_close_notify();
        }
        ready!(self.poll_hand_over(cx))?;
        Pin::new(&mut self.socket).poll_close(cx)
    }
}

/// Not the state of TLS, which has keys in it.
impl fmt::Debug for TlsConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsConnection")
            .field("socket", &self.socket)
            .finish_non_exhaustive()
    }
}

/// The socket as rustls wants it: "not now" is an error there, and a waker is left here.
struct Bridge<'a, 'b>(&'a mut Socket, &'a mut Context<'b>);

impl Read for Bridge<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        into_result(Pin::new(&mut *self.0).poll_read(self.1, buffer))
    }
}

impl Write for Bridge<'_, '_> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        into_result(Pin::new(&mut *self.0).poll_write(self.1, buffer))
    }

    fn flush(&mut self) -> io::Result<()> {
        into_result(Pin::new(&mut *self.0).poll_flush(self.1))
    }
}

fn into_result<T>(poll: Poll<io::Result<T>>) -> io::Result<T> {
    match poll {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
    }
}

fn into_poll<T>(outcome: io::Result<T>) -> Poll<io::Result<T>> {
    match outcome {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Poll::Pending,
        other => Poll::Ready(other),
    }
}

/// Under TLS 1.3 the server judges our certificate after the handshake, and says so to the first
/// read. `PermissionDenied` tells the core that it was not the connection that broke.
fn told(failure: rustls::Error) -> io::Error {
    let kind = match &failure {
        rustls::Error::AlertReceived(
            Alert::CertificateRequired
            | Alert::BadCertificate
            | Alert::UnsupportedCertificate
            | Alert::CertificateRevoked
            | Alert::CertificateExpired
            | Alert::CertificateUnknown
            | Alert::UnknownCA
            | Alert::DecryptError
            | Alert::AccessDenied,
        ) => io::ErrorKind::PermissionDenied,
        _ => io::ErrorKind::InvalidData,
    };
    io::Error::new(kind, failure)
}
