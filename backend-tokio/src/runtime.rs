use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use futures_io::{AsyncRead, AsyncWrite, IoSlice};
use push_core::{
    BoxFuture, Connection, Error, ErrorKind, Lock, LockGuard, Result, Runtime, async_trait,
};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Handle};
use tokio::task::JoinHandle;
use tokio_util::compat::{Compat, TokioAsyncReadCompatExt};

/// A tokio runtime, held by its handle: sockets, timers and tasks belong to it, whoever polls
/// them.
#[derive(Clone, Debug)]
pub struct TokioRuntime {
    handle: Handle,
    /// The runtime itself, where it was started here.
    _owned: Option<Arc<Owned>>,
}

impl TokioRuntime {
    /// The runtime that this is called from.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] outside a runtime.
    pub fn current() -> Result<Self> {
        let handle = Handle::try_current().map_err(|error| {
            Error::new(
                ErrorKind::Config,
                "no tokio runtime is running here: call this inside one, or give its handle",
            )
            .with_source(error)
        })?;
        Ok(Self::from_handle(handle))
    }

    /// The runtime of this handle. Its time and I/O drivers must be enabled.
    pub fn from_handle(handle: Handle) -> Self {
        Self {
            handle,
            _owned: None,
        }
    }

    /// Starts a runtime with one thread, for programs that have none. It ends with the last clone
    /// of this value, and with it what it still does.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when the system gives no thread or no event queue.
    pub fn start() -> Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("anypush")
            .enable_io()
            .enable_time()
            .build()
            .map_err(|error| {
                let message = "can't start a tokio runtime";
                Error::new(ErrorKind::Config, message).with_source(error)
            })?;
        Ok(Self {
            handle: runtime.handle().clone(),
            _owned: Some(Arc::new(Owned(Some(runtime)))),
        })
    }

    /// Lets another executor poll a future of tokio's: the runtime is entered at each poll.
    fn entered<F: Future>(&self, future: F) -> Entered<Pin<Box<F>>> {
        Entered {
            handle: self.handle.clone(),
            inner: Box::pin(future),
        }
    }
}

/// A runtime that ends without waiting, so that it can be dropped anywhere, in a task too.
#[derive(Debug)]
struct Owned(Option<tokio::runtime::Runtime>);

impl Drop for Owned {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

#[async_trait]
impl Runtime for TokioRuntime {
    async fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        let lookup = self.entered(tokio::net::lookup_host((host, port)));
        Ok(lookup.await?.collect())
    }

    async fn connect_tcp(&self, address: SocketAddr) -> io::Result<Box<dyn Connection>> {
        let stream = self.entered(TcpStream::connect(address)).await?;
        stream.set_nodelay(true)?;
        Ok(Box::new(TokioConnection(stream.compat())))
    }

    fn spawn(&self, task: BoxFuture<'static, ()>) {
        self.handle.spawn(task);
    }

    fn sleep_until(&self, deadline: Instant) -> BoxFuture<'static, ()> {
        Box::pin(Sleep {
            handle: self.handle.clone(),
            deadline,
            timer: None,
        })
    }

    fn create_lock(&self) -> Arc<dyn Lock> {
        Arc::new(TokioLock::default())
    }
}

#[derive(Debug, Default)]
struct TokioLock(Arc<tokio::sync::Mutex<()>>);

impl Lock for TokioLock {
    fn lock(&self) -> BoxFuture<'static, LockGuard> {
        let mutex = self.0.clone();
        Box::pin(async move { LockGuard::new(mutex.lock_owned().await) })
    }
}

/// Something of tokio's that is polled inside its runtime, from wherever.
#[derive(Debug)]
struct Entered<T> {
    handle: Handle,
    inner: T,
}

impl<F: Future + Unpin> Future for Entered<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = &mut *self;
        let _entered = this.handle.enter();
        Pin::new(&mut this.inner).poll(cx)
    }
}

/// A timer on a task of its runtime. Polled from outside, tokio's own would panic when the runtime
/// goes away under it, and it would wait for a driver that sleeps though its deadline has passed.
#[derive(Debug)]
struct Sleep {
    handle: Handle,
    deadline: Instant,
    /// Started by the first poll that must wait.
    timer: Option<JoinHandle<()>>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        if Instant::now() >= this.deadline {
            return Poll::Ready(());
        }
        let timer = this.timer.get_or_insert_with(|| {
            let deadline = this.deadline;
            this.handle
                .spawn(async move { tokio::time::sleep_until(deadline.into()).await })
        });
        // A runtime that is gone has dropped the task: that ends the wait too.
        Pin::new(timer).poll(cx).map(|_| ())
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(timer) = &self.timer {
            timer.abort();
        }
    }
}

/// A TCP connection. Unlike a connect, an open socket knows its reactor: any executor
/// may poll it as it is.
#[derive(Debug)]
struct TokioConnection(Compat<TcpStream>);

impl Connection for TokioConnection {
    fn alpn(&self) -> Option<&[u8]> {
        None
    }

    fn peer_addr(&self) -> Option<SocketAddr> {
        self.0.get_ref().peer_addr().ok()
    }
}

impl AsyncRead for TokioConnection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for TokioConnection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(cx, bufs)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_close(cx)
    }
}
