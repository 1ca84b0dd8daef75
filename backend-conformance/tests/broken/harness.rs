//! A backend that is right, what can be bent in it, and the check that one flaw fails one case.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use backend_conformance::{Environment, Outcome, cases};
use backend_tokio::{TokioBackend, TokioRuntime};
use futures_util::{AsyncRead, AsyncWrite, io::IoSlice};
use push_core::{
    Backend, BoxFuture, Certificate, Connection, Identity, Lock, Result, Security, Target,
    async_trait,
};
use tokio::runtime::Builder;

pub type Shared = Arc<dyn Backend>;

/// What a hang costs that is expected.
const PATIENCE: Duration = Duration::from_millis(700);

/// A case that should pass and didn't is tried again with this: the machine may be busy.
const MORE_PATIENCE: Duration = Duration::from_secs(4);

/// More than the broken backends can have that run out of them.
const CONNECTIONS: usize = 100;

/// Cases mostly wait: so many run at a time.
const AT_A_TIME: usize = 16;

/// Makes one test of each flaw, and the list of what they fail.
///
/// A flaw: its name as a sentence, the case that it fails, and how to make an environment with it.
/// Where one flaw can't but fail several cases, they all stand there, with the reason.
#[macro_export]
macro_rules! flaws {
    ($($flaw:ident fails $($case:ident)+ : $make:expr;)*) => {
        pub const FAILED: &[&str] = &[$($(stringify!($case)),+),*];

        $(#[test]
        fn $flaw() {
            $crate::harness::fails_exactly(&[$(stringify!($case)),+], &|| $make);
        })*
    };
}

/// Runs every case, and expects exactly these to fail.
#[track_caller]
pub fn fails_exactly(expected: &[&str], make: &(dyn Fn() -> Environment + Sync)) {
    let failed = Mutex::new(Vec::new());
    let skipped = Mutex::new(Vec::new());
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some(case) = cases().get(next.fetch_add(1, Ordering::Relaxed)) {
            let mut outcome = case.run(make);
            if outcome.is_err() && !expected.contains(&case.name()) {
                outcome = case.run(&|| make().patience(MORE_PATIENCE));
            }
            match outcome {
                Ok(Outcome::Passed) => {}
                Ok(Outcome::Skipped(_)) => skipped.lock().unwrap().push(case.name()),
                Err(failure) => {
                    let failure = (case.name(), failure.to_string());
                    failed.lock().unwrap().push(failure);
                }
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(work);
        }
    });
    let failed = failed.into_inner().unwrap();
    let skipped = skipped.into_inner().unwrap();
    let names = failed
        .iter()
        .map(|(name, _)| *name)
        .collect::<BTreeSet<_>>();
    // What can't be run on this machine, a flaw can't fail.
    let expected = expected.iter().copied();
    assert_eq!(
        names,
        expected.filter(|name| !skipped.contains(name)).collect(),
        "exactly the named cases fail; the failures were {failed:#?}"
    );
}

/// An environment on a tokio runtime of its own.
pub fn environment<B: Backend>(make: impl FnOnce(TokioRuntime) -> B) -> Environment {
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let backend = make(TokioRuntime::from_handle(runtime.handle().clone()));
    Environment::new(backend)
        .ending_with(runtime)
        .patience(PATIENCE)
        .connections(CONNECTIONS)
}

/// tokio with rustls, and one thing other than it should be.
pub fn twisted(twist: impl Twist) -> Environment {
    environment(|runtime| Twisted {
        inner: Arc::new(TokioBackend::on(runtime)),
        twist,
    })
}

/// The same, for a flaw of its connections.
pub fn bent<B: Bend>(bend: impl Fn(&Shared) -> B + Send + Sync + 'static) -> Environment {
    twisted(Bending(bend))
}

/// The same, for a flaw of its plain connections only, or of those with TLS only.
pub fn only<B: Bend>(over: Over, bend: impl Fn() -> B + Send + Sync + 'static) -> Environment {
    twisted(Only(over, bend))
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Over {
    Plain,
    Tls,
}

/// A flaw of a backend: what it does not change works as it should.
#[async_trait]
pub trait Twist: Send + Sync + 'static {
    fn load_certificate(
        &self,
        inner: &Shared,
        identity: &Identity,
    ) -> Result<Arc<dyn Certificate>> {
        inner.load_certificate(identity)
    }

    async fn connect(
        &self,
        inner: &Shared,
        target: &Target,
        certificate: Option<&dyn Certificate>,
    ) -> Result<Box<dyn Connection>> {
        inner.connect(target, certificate).await
    }

    fn spawn(&self, inner: &Shared, task: BoxFuture<'static, ()>) {
        inner.spawn(task);
    }

    fn sleep_until(&self, inner: &Shared, deadline: Instant) -> BoxFuture<'static, ()> {
        inner.sleep_until(deadline)
    }

    fn create_lock(&self, inner: &Shared) -> Arc<dyn Lock> {
        inner.create_lock()
    }

    fn now(&self, inner: &Shared) -> Instant {
        inner.now()
    }

    fn system_time(&self, inner: &Shared) -> SystemTime {
        inner.system_time()
    }

    fn jitter(&self, inner: &Shared) -> u64 {
        inner.jitter()
    }
}

struct Twisted<T> {
    inner: Shared,
    twist: T,
}

impl<T> Debug for Twisted<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Twisted")
    }
}

#[async_trait]
impl<T: Twist> Backend for Twisted<T> {
    fn load_certificate(&self, identity: &Identity) -> Result<Arc<dyn Certificate>> {
        self.twist.load_certificate(&self.inner, identity)
    }

    async fn connect(
        &self,
        target: &Target,
        certificate: Option<&dyn Certificate>,
    ) -> Result<Box<dyn Connection>> {
        self.twist.connect(&self.inner, target, certificate).await
    }

    fn spawn(&self, task: BoxFuture<'static, ()>) {
        self.twist.spawn(&self.inner, task);
    }

    fn sleep_until(&self, deadline: Instant) -> BoxFuture<'static, ()> {
        self.twist.sleep_until(&self.inner, deadline)
    }

    fn create_lock(&self) -> Arc<dyn Lock> {
        self.twist.create_lock(&self.inner)
    }

    fn now(&self) -> Instant {
        self.twist.now(&self.inner)
    }

    fn system_time(&self) -> SystemTime {
        self.twist.system_time(&self.inner)
    }

    fn jitter(&self) -> u64 {
        self.twist.jitter(&self.inner)
    }
}

struct Bending<F>(F);

#[async_trait]
impl<F: Fn(&Shared) -> B + Send + Sync + 'static, B: Bend> Twist for Bending<F> {
    async fn connect(
        &self,
        inner: &Shared,
        target: &Target,
        certificate: Option<&dyn Certificate>,
    ) -> Result<Box<dyn Connection>> {
        let connection = inner.connect(target, certificate).await?;
        Ok(bend(connection, (self.0)(inner)))
    }
}

struct Only<F>(Over, F);

#[async_trait]
impl<F: Fn() -> B + Send + Sync + 'static, B: Bend> Twist for Only<F> {
    async fn connect(
        &self,
        inner: &Shared,
        target: &Target,
        certificate: Option<&dyn Certificate>,
    ) -> Result<Box<dyn Connection>> {
        let connection = inner.connect(target, certificate).await?;
        let over = match target.security {
            Security::Plain => Over::Plain,
            _ => Over::Tls,
        };
        Ok(if over == self.0 {
            bend(connection, (self.1)())
        } else {
            connection
        })
    }
}

/// A connection with a flaw.
pub fn bend(inner: Box<dyn Connection>, bend: impl Bend) -> Box<dyn Connection> {
    Box::new(Bent {
        inner: Some(inner),
        bend,
    })
}

pub type Inner = Box<dyn Connection>;

/// A flaw of a connection: what it does not change works as it should.
pub trait Bend: Send + Unpin + 'static {
    fn read(
        &mut self,
        inner: &mut Inner,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(inner).poll_read(cx, buf)
    }

    fn write(
        &mut self,
        inner: &mut Inner,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(inner).poll_write(cx, buf)
    }

    fn write_vectored(
        &mut self,
        inner: &mut Inner,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match bufs.iter().find(|buf| !buf.is_empty()) {
            Some(buf) => self.write(inner, cx, buf),
            None => Poll::Ready(Ok(0)),
        }
    }

    fn flush(&mut self, inner: &mut Inner, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(inner).poll_flush(cx)
    }

    fn close(&mut self, inner: &mut Inner, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(inner).poll_close(cx)
    }

    /// What becomes of the connection when its owner drops it.
    fn dropped(&mut self, inner: Inner) {
        drop(inner);
    }

    fn alpn<'a>(&'a self, inner: &'a Inner) -> Option<&'a [u8]> {
        inner.alpn()
    }

    fn peer_addr(&self, inner: &Inner) -> Option<SocketAddr> {
        inner.peer_addr()
    }
}

struct Bent<B: Bend> {
    /// There until the drop.
    inner: Option<Inner>,
    bend: B,
}

impl<B: Bend> Bent<B> {
    fn parts(&mut self) -> (&mut B, &mut Inner) {
        (&mut self.bend, self.inner.as_mut().unwrap())
    }

    fn inner(&self) -> &Inner {
        self.inner.as_ref().unwrap()
    }
}

impl<B: Bend> Drop for Bent<B> {
    fn drop(&mut self) {
        if let Some(inner) = self.inner.take() {
            self.bend.dropped(inner);
        }
    }
}

impl<B: Bend> Debug for Bent<B> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Bent")
    }
}

impl<B: Bend> Connection for Bent<B> {
    fn alpn(&self) -> Option<&[u8]> {
        self.bend.alpn(self.inner())
    }

    fn peer_addr(&self) -> Option<SocketAddr> {
        self.bend.peer_addr(self.inner())
    }
}

impl<B: Bend> AsyncRead for Bent<B> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let (bend, inner) = self.parts();
        bend.read(inner, cx, buf)
    }
}

impl<B: Bend> AsyncWrite for Bent<B> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let (bend, inner) = self.parts();
        bend.write(inner, cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let (bend, inner) = self.parts();
        bend.write_vectored(inner, cx, bufs)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let (bend, inner) = self.parts();
        bend.flush(inner, cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let (bend, inner) = self.parts();
        bend.close(inner, cx)
    }
}
