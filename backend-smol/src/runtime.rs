use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};
use std::time::Instant;

use push_core::{BoxFuture, Connection, Runtime, async_trait};
use smol::io::{AsyncRead, AsyncWrite};
use smol::net::TcpStream;
use smol::{Async, Executor, Timer};

/// smol's reactor, with tasks on its global executor or on one of your own.
#[derive(Clone, Debug, Default)]
pub struct SmolRuntime {
    executor: Option<Weak<Executor<'static>>>,
}

impl SmolRuntime {
    /// Tasks run on smol's global executor, which starts one thread unless `SMOL_THREADS` says
    /// otherwise.
    pub fn new() -> Self {
        Self::default()
    }

    /// Tasks run on this executor, which its owner drives. It is held weakly: when its owner drops
    /// it, its tasks are dropped, and new ones at once.
    pub fn with_executor(executor: &Arc<Executor<'static>>) -> Self {
        Self {
            executor: Some(Arc::downgrade(executor)),
        }
    }
}

#[async_trait]
impl Runtime for SmolRuntime {
    async fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        smol::net::resolve((host, port)).await
    }

    async fn connect_tcp(&self, address: SocketAddr) -> io::Result<Box<dyn Connection>> {
        let stream = TcpStream::from(Async::<std::net::TcpStream>::connect(address).await?);
        stream.set_nodelay(true)?;
        Ok(Box::new(SmolConnection(stream)))
    }

    fn spawn(&self, task: BoxFuture<'static, ()>) {
        match &self.executor {
            None => smol::spawn(task).detach(),
            Some(executor) => {
                if let Some(executor) = executor.upgrade() {
                    executor.spawn(task).detach();
                }
            }
        }
    }

    fn sleep_until(&self, deadline: Instant) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            Timer::at(deadline).await;
        })
    }
}

#[derive(Debug)]
struct SmolConnection(TcpStream);

impl Connection for SmolConnection {
    fn alpn(&self) -> Option<&[u8]> {
        None
    }

    fn peer_addr(&self) -> Option<SocketAddr> {
        self.0.peer_addr().ok()
    }
}

impl AsyncRead for SmolConnection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for SmolConnection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_close(cx)
    }
}
