//! A backend whose connections do what no other does: they are never ready once they are told to be
//! deaf, and wake nobody, not even as they go.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Instant;

use backend_simulated::SimulatedBackend;
use push_core::{
    AsyncRead, AsyncWrite, Backend, BoxFuture, Certificate, Connection, Identity, Result, Target,
    async_trait,
};

#[derive(Debug)]
pub struct Deaf {
    inner: SimulatedBackend,
    told: Arc<AtomicBool>,
}

impl Deaf {
    pub fn new(inner: SimulatedBackend, told: Arc<AtomicBool>) -> Self {
        Self { inner, told }
    }
}

#[async_trait]
impl Backend for Deaf {
    fn load_certificate(&self, identity: &Identity) -> Result<Arc<dyn Certificate>> {
        self.inner.load_certificate(identity)
    }

    async fn connect(
        &self,
        target: &Target,
        certificate: Option<&dyn Certificate>,
    ) -> Result<Box<dyn Connection>> {
        let inner = self.inner.connect(target, certificate).await?;
        let told = self.told.clone();
        Ok(Box::new(Ears { inner, told }))
    }

    fn spawn(&self, task: BoxFuture<'static, ()>) {
        self.inner.spawn(task);
    }

    fn sleep_until(&self, deadline: Instant) -> BoxFuture<'static, ()> {
        self.inner.sleep_until(deadline)
    }

    fn now(&self) -> Instant {
        self.inner.now()
    }
}

#[derive(Debug)]
struct Ears {
    inner: Box<dyn Connection>,
    told: Arc<AtomicBool>,
}

impl Ears {
    fn poll<T>(&mut self, poll: impl FnOnce(Pin<&mut dyn Connection>) -> Poll<T>) -> Poll<T> {
        if self.told.load(Ordering::SeqCst) {
            return Poll::Pending;
        }
        poll(Pin::new(&mut *self.inner))
    }
}

impl Connection for Ears {
    fn alpn(&self) -> Option<&[u8]> {
        self.inner.alpn()
    }

    fn peer_addr(&self) -> Option<SocketAddr> {
        self.inner.peer_addr()
    }
}

impl AsyncRead for Ears {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.poll(|inner| inner.poll_read(cx, buf))
    }
}

impl AsyncWrite for Ears {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll(|inner| inner.poll_write(cx, buf))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll(|inner| inner.poll_flush(cx))
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll(|inner| inner.poll_close(cx))
    }
}
