use std::io;
use std::net::{Shutdown, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use async_std::io::{Read, Write};
use async_std::net::{TcpStream, ToSocketAddrs};
use async_std::task;
use push_core::{BoxFuture, Connection, Runtime, async_trait};

/// async-std's reactor and its global executor.
#[derive(Clone, Copy, Debug, Default)]
pub struct AsyncStdRuntime;

impl AsyncStdRuntime {
    /// Tasks run on async-std's global executor: a thread per core unless
    /// `ASYNC_STD_THREAD_COUNT` says otherwise.
    pub fn new() -> Self {
        Self
    }
}

#[async_trait]
impl Runtime for AsyncStdRuntime {
    async fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        Ok((host, port).to_socket_addrs().await?.collect())
    }

    async fn connect_tcp(&self, address: SocketAddr) -> io::Result<Box<dyn Connection>> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Box::new(AsyncStdConnection(stream)))
    }

    fn spawn(&self, task: BoxFuture<'static, ()>) {
        task::spawn(task);
    }

    fn sleep_until(&self, deadline: Instant) -> BoxFuture<'static, ()> {
        // Only durations can be slept here: what is left is taken when the wait begins.
        Box::pin(async move {
            task::sleep(deadline.saturating_duration_since(Instant::now())).await;
        })
    }
}

#[derive(Debug)]
struct AsyncStdConnection(TcpStream);

impl Connection for AsyncStdConnection {
    fn alpn(&self) -> Option<&[u8]> {
        None
    }

    fn peer_addr(&self) -> Option<SocketAddr> {
        self.0.peer_addr().ok()
    }
}

impl futures_io::AsyncRead for AsyncStdConnection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Read::poll_read(Pin::new(&mut self.0), cx, buf)
    }
}

impl futures_io::AsyncWrite for AsyncStdConnection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Write::poll_write(Pin::new(&mut self.0), cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Write::poll_flush(Pin::new(&mut self.0), cx)
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // async-std's own does nothing: the end would reach the peer with the drop.
        match self.0.shutdown(Shutdown::Write) {
            Err(error) if error.kind() != io::ErrorKind::NotConnected => Poll::Ready(Err(error)),
            _ => Poll::Ready(Ok(())),
        }
    }
}
