use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use h2::client::Connection;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The size of the largest TLS record.
const ROOM: usize = 16 * 1024;

/// Gathers writes up to 16 KiB, and writes what it has when `h2` has nothing more to say: `h2`
/// asks for a flush after each larger frame, which would make a write of each.
///
/// Two hold it: `h2`, and the task that drives the connection.
#[derive(Debug)]
pub struct Gathered<S> {
    inner: Arc<Mutex<Inner<S>>>,
}

#[derive(Debug)]
struct Inner<S> {
    stream: S,
    gathered: Vec<u8>,
    written: usize,
    unflushed: bool,
}

impl<S> Clone for Gathered<S> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Gathered<S> {
    /// Over a stream.
    pub fn new(stream: S) -> Self {
        let inner = Inner {
            stream,
            gathered: Vec::with_capacity(ROOM),
            written: 0,
            unflushed: false,
        };
        Self {
            inner: Arc::new(Mutex::new(inner)),
        }
    }

    /// Drives a connection over it to its end.
    pub(crate) async fn drive(self, mut connection: Connection<Self>) -> Result<(), h2::Error> {
        std::future::poll_fn(|cx| {
            let polled = Pin::new(&mut connection).poll(cx);
            // What can't be written is told by the next read.
            let _ = self.lock().poll_drain(cx);
            polled
        })
        .await
    }

    fn lock(&self) -> MutexGuard<'_, Inner<S>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Inner<S> {
    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.written < self.gathered.len() {
            let rest = &self.gathered[self.written..];
            match ready!(Pin::new(&mut self.stream).poll_write(cx, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => {
                    self.written += written;
                    self.unflushed = true;
                }
            }
        }
        self.gathered.clear();
        self.written = 0;
        if self.unflushed {
            ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Gathered<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.lock().stream).poll_read(cx, buf)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Gathered<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut inner = self.lock();
        if inner.gathered.len() + buf.len() > ROOM {
            ready!(inner.poll_drain(cx))?;
        }
        let taken = buf.len().min(ROOM);
        inner.gathered.extend_from_slice(&buf[..taken]);
        Poll::Ready(Ok(taken))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut inner = self.lock();
        ready!(inner.poll_drain(cx))?;
        Pin::new(&mut inner.stream).poll_shutdown(cx)
    }
}
