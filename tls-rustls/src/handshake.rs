use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_io::{AsyncRead, AsyncWrite, IoSlice};
use push_core::Connection;

/// The stream below TLS. While the handshake lasts, a write that fails is kept quiet: the peer has
/// gone, but mostly it has said why, and that alert is still to be read.
#[derive(Debug)]
pub(crate) struct Attentive {
    stream: Box<dyn Connection>,
    handshaking: bool,
    failure: Option<io::Error>,
}

impl Attentive {
    pub(crate) fn new(stream: Box<dyn Connection>) -> Self {
        Self {
            stream,
            handshaking: true,
            failure: None,
        }
    }

    /// From now on, writes tell how they fail; one that has failed already is told to the next.
    pub(crate) fn established(&mut self) {
        self.handshaking = false;
    }

    fn write(
        &mut self,
        len: usize,
        write: impl FnOnce(Pin<&mut Box<dyn Connection>>) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if self.failure.is_none() {
            match write(Pin::new(&mut self.stream)) {
                Poll::Ready(Err(error)) if self.handshaking => self.failure = Some(error),
                other => return other,
            }
        }
        match self.failure.take_if(|_| !self.handshaking) {
            Some(error) => Poll::Ready(Err(error)),
            None => Poll::Ready(Ok(len)),
        }
    }
}

impl AsyncRead for Attentive {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Attentive {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.write(buf.len(), |stream| stream.poll_write(cx, buf))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let len = bufs.iter().map(|buf| buf.len()).sum();
        self.write(len, |stream| stream.poll_write_vectored(cx, bufs))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.stream).poll_flush(cx) {
            Poll::Ready(Err(error)) if self.handshaking => {
                self.failure = Some(error);
                Poll::Ready(Ok(()))
            }
            other => other,
        }
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_close(cx)
    }
}
