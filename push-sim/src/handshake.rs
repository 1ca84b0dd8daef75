//! Connections that do not come about.

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use crate::ending::{closed, drain};
use crate::fault::{Close, Handshake};
use crate::tls::Tls;

/// Not a record of TLS; what other servers say on such a port.
const GARBAGE: &[u8] = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n";
/// No answer of HTTP; what another server says on such a port.
const PLAIN_GARBAGE: &[u8] = b"SSH-2.0-simulated\r\n";
/// A record of type alert, of two bytes, of which the first says fatal.
const FATAL_ALERT: [u8; 6] = [21, 3, 3, 0, 2, 2];

/// Lets the handshake fail in this way.
pub(crate) async fn fail(mut tcp: TcpStream, fault: Handshake, tls: &Tls) -> io::Result<()> {
    match fault {
        Handshake::Silent => {
            closed(&tcp).await;
            Ok(())
        }
        Handshake::Close(Close::Rst) => tcp.set_zero_linger(),
        Handshake::Close(_) => finish(tcp).await,
        Handshake::Garbage => {
            tcp.write_all(GARBAGE).await?;
            finish(tcp).await
        }
        Handshake::Alert(number) => {
            // The client's hello, or the beginning of it.
            if tcp.read(&mut [0; 4096]).await? == 0 {
                return Ok(());
            }
            tcp.write_all(&FATAL_ALERT).await?;
            tcp.write_all(&[number]).await?;
            finish(tcp).await
        }
        Handshake::Certificate(rejection) => {
            let config = tls.rejecting(rejection).map_err(io::Error::other)?;
            let accept = TlsAcceptor::from(Arc::clone(&config)).accept(tcp);
            match accept.into_fallible().await {
                Ok(mut stream) => stream.shutdown().await,
                Err((error, tcp)) => {
                    tracing::debug!(%error, "a certificate was refused on command");
                    finish(tcp).await
                }
            }
        }
        // What only changes how a connection begins.
        Handshake::Delay(_) | Handshake::NoSettings => Ok(()),
    }
}

/// The same where there is no TLS: what would be an alert is the end, and garbage is none of HTTP.
pub(crate) async fn fail_plain(mut tcp: TcpStream, fault: Handshake) -> io::Result<()> {
    match fault {
        Handshake::Silent => {
            closed(&tcp).await;
            Ok(())
        }
        Handshake::Close(Close::Rst) => tcp.set_zero_linger(),
        Handshake::Garbage => {
            tcp.write_all(PLAIN_GARBAGE).await?;
            finish(tcp).await
        }
        Handshake::Alert(_) | Handshake::Certificate(_) | Handshake::Close(_) => finish(tcp).await,
        // What only changes how a connection begins.
        Handshake::Delay(_) | Handshake::NoSettings => Ok(()),
    }
}

/// FIN, and no RST in its place for what the client still sends.
pub(crate) async fn finish(mut tcp: TcpStream) -> io::Result<()> {
    tcp.shutdown().await?;
    drain(&mut tcp).await
}
