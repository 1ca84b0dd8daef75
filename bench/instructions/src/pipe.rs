//! The far end of a connection, within the connection itself: what is written to it is answered
//! at once, in memory. It costs little beside what is counted, and always the same.

use std::fmt::Debug;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use anypush::Connection;

/// Who answers.
pub(crate) trait Peer: Debug + Default + Send + Sync + Unpin + 'static {
    /// What it speaks, where that is agreed on.
    const ALPN: Option<&'static [u8]>;

    /// What it says at once.
    fn greeting(&self) -> Vec<u8> {
        Vec::new()
    }

    /// Takes what is written to it, and appends what it says to that. `false` when it closes.
    fn take(&mut self, bytes: &[u8], answers: &mut Vec<u8>) -> bool;
}

/// A connection to such a peer.
#[derive(Debug)]
pub(crate) struct Pipe<P> {
    peer: P,
    is_open: bool,
    answers: Vec<u8>,
    read: usize,
    reader: Option<Waker>,
}

impl<P: Peer> Default for Pipe<P> {
    fn default() -> Self {
        let peer = P::default();
        Self {
            answers: peer.greeting(),
            peer,
            is_open: true,
            read: 0,
            reader: None,
        }
    }
}

impl<P: Peer> Pipe<P> {
    fn take(&mut self, bytes: &[u8]) {
        self.is_open &= self.peer.take(bytes, &mut self.answers);
        if (!self.answers.is_empty() || !self.is_open)
            && let Some(reader) = self.reader.take()
        {
            reader.wake();
        }
    }

    fn read(&mut self, most: usize, cx: &Context<'_>) -> Poll<&[u8]> {
        if self.read == self.answers.len() {
            self.answers.clear();
            self.read = 0;
            if !self.is_open {
                return Poll::Ready(&[]);
            }
            self.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let begin = self.read;
        self.read = self.answers.len().min(begin + most);
        Poll::Ready(&self.answers[begin..self.read])
    }
}

impl<P: Peer> futures_io::AsyncRead for Pipe<P> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.read(buf.len(), cx).map(|bytes| {
            buf[..bytes.len()].copy_from_slice(bytes);
            Ok(bytes.len())
        })
    }
}

impl<P: Peer> futures_io::AsyncWrite for Pipe<P> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.take(buf);
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl<P: Peer> Connection for Pipe<P> {
    fn alpn(&self) -> Option<&[u8]> {
        P::ALPN
    }

    fn peer_addr(&self) -> Option<SocketAddr> {
        None
    }
}

/// The same for the bare loops, which take tokio's traits.
#[derive(Debug)]
pub(crate) struct TokioPipe<P>(Pipe<P>);

impl<P: Peer> Default for TokioPipe<P> {
    fn default() -> Self {
        Self(Pipe::default())
    }
}

impl<P: Peer> tokio::io::AsyncRead for TokioPipe<P> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut tokio::io::ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let most = buf.remaining();
        self.0.read(most, cx).map(|bytes| {
            buf.put_slice(bytes);
            Ok(())
        })
    }
}

impl<P: Peer> tokio::io::AsyncWrite for TokioPipe<P> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.0.take(buf);
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
