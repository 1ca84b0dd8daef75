//! What the end-to-end tests share: a simulator, a client for it, and one macro that runs each
//! test on every backend.

#![allow(clippy::unwrap_used, dead_code, missing_docs, unreachable_pub)]

pub mod fcm;
pub mod web;
pub mod wns;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use anypush::apns::{Client, ClientBuilder, Endpoint, ProviderToken};
use anypush::session::SessionBuilder;
use anypush::{
    AsyncStdBackend, AsyncStdRuntime, Backend, BoxFuture, Certificate, Compose, Connection,
    Identity, OpensslBackend, Roots, Runtime, Rustls, Session, SmolBackend, SmolRuntime, Target,
    TokioBackend, TokioRuntime,
};
use push_sim::{Action, Answer, Fault, Service, Sim, Stats};

pub type Shared = Arc<dyn Backend>;

/// Runs each named test, an `async fn(Arc<dyn Backend>)`, on every backend.
#[macro_export]
macro_rules! on_every_backend {
    ($($(#[$attribute:meta])* $test:ident),* $(,)?) => {
        $crate::on_backend!(tokio_rustls, on_tokio, Rustls, $($(#[$attribute])* $test),*);
        $crate::on_backend!(tokio_openssl, on_tokio, Openssl, $($(#[$attribute])* $test),*);
        $crate::on_backend!(smol_rustls, on_smol, Rustls, $($(#[$attribute])* $test),*);
        $crate::on_backend!(smol_openssl, on_smol, Openssl, $($(#[$attribute])* $test),*);
        $crate::on_backend!(async_std_rustls, on_async_std, Rustls, $($(#[$attribute])* $test),*);
        $crate::on_backend!(async_std_openssl, on_async_std, Openssl, $($(#[$attribute])* $test),*);
    };
}

/// The module of one backend.
#[macro_export]
macro_rules! on_backend {
    ($module:ident, $runtime:ident, $tls:ident, $($(#[$attribute:meta])* $test:ident),*) => {
        mod $module {
            $(#[test]
            $(#[$attribute])*
            fn $test() {
                let tls = $crate::common::Stack::$tls;
                $crate::common::$runtime(tls, |backend| super::$test(backend));
            })*
        }
    };
}

/// The TLS stacks.
#[derive(Clone, Copy)]
pub enum Stack {
    Rustls,
    Openssl,
}

impl Stack {
    /// The backend of this stack and a runtime.
    pub fn on(self, runtime: impl Runtime) -> Shared {
        match self {
            Self::Rustls => Arc::new(Compose::new(runtime, Rustls::new())),
            Self::Openssl => Arc::new(OpensslBackend::new(runtime)),
        }
    }
}

/// No test takes longer than this, however wrong things go; but for those that go on as long as one
/// likes.
fn limit() -> Duration {
    const USUAL: Duration = Duration::from_secs(60);
    let soak = std::env::var("ANYPUSH_SOAK_SECONDS").ok();
    let soak = soak.and_then(|seconds| seconds.parse().ok());
    USUAL + Duration::from_secs(soak.unwrap_or(0))
}

pub fn on_tokio<F: Future<Output = ()>>(tls: Stack, test: impl FnOnce(Shared) -> F) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let backend = tls.on(TokioRuntime::current().unwrap());
        tokio::time::timeout(limit(), test(backend))
            .await
            .expect("the test ends in time");
    });
}

pub fn on_async_std<F: Future<Output = ()>>(tls: Stack, test: impl FnOnce(Shared) -> F) {
    let backend = tls.on(AsyncStdRuntime::new());
    async_std::task::block_on(async_std::future::timeout(limit(), test(backend)))
        .expect("the test ends in time");
}

pub fn on_smol<F: Future<Output = ()>>(tls: Stack, test: impl FnOnce(Shared) -> F) {
    let too_late = async {
        smol::Timer::after(limit()).await;
        panic!("the test ends in time");
    };
    let backend = tls.on(SmolRuntime::new());
    smol::block_on(smol::future::or(test(backend), too_late));
}

/// All backends in one process, by name, on threads of their own.
pub fn standalone() -> [(&'static str, Shared); 6] {
    let own = TokioRuntime::start().unwrap();
    [
        ("tokio, rustls", Arc::new(TokioBackend::start().unwrap())),
        ("tokio, openssl", Arc::new(OpensslBackend::new(own))),
        ("smol, rustls", Arc::new(SmolBackend::new())),
        (
            "smol, openssl",
            Arc::new(OpensslBackend::new(SmolRuntime::new())),
        ),
        ("async-std, rustls", Arc::new(AsyncStdBackend::new())),
        (
            "async-std, openssl",
            Arc::new(OpensslBackend::new(AsyncStdRuntime::new())),
        ),
    ]
}

pub fn sim() -> Sim {
    Sim::builder().apns_any().start().unwrap()
}

pub fn roots(sim: &Sim) -> Roots {
    Roots::from_pem(sim.files().ca_pem()).unwrap()
}

pub fn endpoint(sim: &Sim) -> Endpoint {
    Endpoint::new("localhost", sim.apns_addr().unwrap().port())
}

pub fn key(sim: &Sim) -> ProviderToken {
    let key = sim.files().provider_key();
    ProviderToken::from_p8(key.p8_pem(), key.key_id(), key.team_id()).unwrap()
}

/// A client with a provider token, to be changed before it is built.
pub fn builder(session: Session, sim: &Sim) -> ClientBuilder {
    Client::builder(session)
        .endpoint(endpoint(sim))
        .roots(roots(sim))
        .provider_token(key(sim))
        .topic("com.example.app")
}

pub fn client(backend: Shared, sim: &Sim) -> Client {
    builder(Session::new(backend), sim).build().unwrap()
}

pub fn client_of(session: SessionBuilder, sim: &Sim) -> Client {
    builder(session.build(), sim).build().unwrap()
}

pub fn answer(sim: &Sim, token: &str, answer: Answer) {
    let fault = Fault::new(Service::Apns, Action::Answer(answer)).token(token);
    sim.fault(fault).unwrap();
}

/// A device token of its own for each number.
pub fn token(number: usize) -> String {
    format!("{number:064x}")
}

pub fn arm(sim: &Sim, action: Action, times: u64) {
    sim.fault(Fault::new(Service::Apns, action).times(times))
        .unwrap();
}

pub fn accepted(sim: &Sim) -> u64 {
    let stats: Stats = sim.stats();
    stats[&Service::Apns].accepted
}

/// A backend whose wall clock the test moves.
#[derive(Debug)]
pub struct Shifted {
    inner: Shared,
    /// How far behind the real clock this one is, in seconds.
    behind: Arc<AtomicU64>,
}

impl Shifted {
    pub fn new(inner: Shared, behind: Arc<AtomicU64>) -> Self {
        Self { inner, behind }
    }
}

#[anypush::async_trait]
impl Backend for Shifted {
    fn load_certificate(&self, identity: &Identity) -> anypush::Result<Arc<dyn Certificate>> {
        self.inner.load_certificate(identity)
    }

    async fn connect(
        &self,
        target: &Target,
        certificate: Option<&dyn Certificate>,
    ) -> anypush::Result<Box<dyn Connection>> {
        self.inner.connect(target, certificate).await
    }

    fn spawn(&self, task: BoxFuture<'static, ()>) {
        self.inner.spawn(task);
    }

    fn sleep_until(&self, deadline: Instant) -> BoxFuture<'static, ()> {
        self.inner.sleep_until(deadline)
    }

    fn system_time(&self) -> SystemTime {
        SystemTime::now() - Duration::from_secs(self.behind.load(Ordering::SeqCst))
    }
}

/// Waits for something that happens on another thread: looks again and again, up to a limit.
pub async fn wait_until(holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(20), "it never came");
        futures_util::future::ready(()).await;
        yield_now().await;
    }
}

async fn yield_now() {
    let mut yielded = false;
    std::future::poll_fn(|cx| {
        if std::mem::replace(&mut yielded, true) {
            return std::task::Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        std::thread::yield_now();
        std::task::Poll::Pending
    })
    .await;
}
