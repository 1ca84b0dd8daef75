//! How connections end, with TLS and without.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio_rustls::server::TlsStream;

use crate::ending::{closed, discard, drain};
use crate::fault::{Action, Close};

/// How a connection is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    Close(Close),
    /// Stays open, and is not touched any more.
    Stall,
    /// Stays open, and is read, but not looked at or answered any more.
    Wedge,
    /// The client speaks HTTP/1 where only HTTP/2 is spoken.
    OldHttp,
}

/// A connection with a TCP socket below.
pub(super) trait Socket: AsyncRead + AsyncWrite + Unpin {
    fn tcp(&mut self) -> &mut TcpStream;
}

impl Socket for TlsStream<TcpStream> {
    fn tcp(&mut self) -> &mut TcpStream {
        self.get_mut().0
    }
}

/// A connection with TLS or without.
pub(super) enum Stream {
    Tls(Box<TlsStream<TcpStream>>),
    Plain(TcpStream),
}

impl Socket for Stream {
    fn tcp(&mut self) -> &mut TcpStream {
        match self {
            Self::Tls(stream) => stream.tcp(),
            Self::Plain(tcp) => tcp,
        }
    }
}

/// Ends it. An order to close still ends a connection that was to stay open.
pub(super) async fn end(
    mut stream: impl Socket,
    ending: Ending,
    orders: &mut UnboundedReceiver<Action>,
) -> io::Result<()> {
    let left = async {
        let tcp = stream.tcp();
        match ending {
            Ending::Close(how) => Ok(Some(how)),
            Ending::OldHttp => Ok(Some(Close::Tls)),
            Ending::Wedge => discard(tcp).await.map(|()| None),
            Ending::Stall => {
                closed(tcp).await;
                Ok(None)
            }
        }
    };
    let close = tokio::select! {
        biased;
        left = left => left?,
        how = ordered_close(orders) => Some(how),
    };
    match close {
        None => Ok(()),
        Some(Close::Rst) => stream.tcp().set_zero_linger(),
        Some(Close::Fin) => {
            stream.tcp().shutdown().await?;
            drain(stream.tcp()).await
        }
        Some(Close::Tls) => {
            stream.shutdown().await?;
            drain(stream.tcp()).await
        }
    }
}

async fn ordered_close(orders: &mut UnboundedReceiver<Action>) -> Close {
    loop {
        match orders.recv().await {
            Some(Action::Close(close)) => return close,
            Some(_) => {}
            None => std::future::pending().await,
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Plain(tcp) => Pin::new(tcp).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, octets),
            Self::Plain(tcp) => Pin::new(tcp).poll_write(cx, octets),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
            Self::Plain(tcp) => Pin::new(tcp).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Plain(tcp) => Pin::new(tcp).poll_shutdown(cx),
        }
    }
}
