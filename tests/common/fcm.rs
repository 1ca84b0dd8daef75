//! What the tests of FCM and GCM share: simulators of both, clients for them, and faults.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anypush::{
    Backend, BoxFuture, Certificate, Connection, Identity, Session, Target, Verdict, fcm, gcm,
};
use push_sim::fcm::Config;
use push_sim::{Action, Answer, Fault, Service, ServiceStats, Sim};

use super::{Shared, roots};

pub const API_KEY: &str = "AIzaSy-simulated-server-key";

pub fn fcm_sim() -> Sim {
    Sim::builder().fcm_any().count_tokens().start().unwrap()
}

pub fn fcm_sim_with(config: Config) -> Sim {
    let sim = Sim::builder().fcm_any().count_tokens();
    sim.fcm_config(config).start().unwrap()
}

pub fn gcm_sim() -> Sim {
    let config = push_sim::gcm::Config::default().api_key(API_KEY);
    let sim = Sim::builder().gcm_any().count_tokens();
    sim.gcm_config(config).start().unwrap()
}

/// The service account that the simulator has written down.
pub fn service_account(sim: &Sim) -> fcm::Credentials {
    fcm::Credentials::from_file(sim.dir().join("service-account.json")).unwrap()
}

/// A client with the simulator's service account, to be changed before it is built.
pub fn fcm_builder(session: Session, sim: &Sim) -> fcm::ClientBuilder {
    fcm::Client::builder(session)
        .credentials(service_account(sim))
        .endpoint(sim.fcm_url().unwrap())
        .roots(roots(sim))
}

pub fn fcm_client(backend: Shared, sim: &Sim) -> fcm::Client {
    fcm_builder(Session::new(backend), sim).build().unwrap()
}

pub fn gcm_builder(session: Session, sim: &Sim) -> gcm::ClientBuilder {
    gcm::Client::builder(session)
        .endpoint(format!("{}/gcm/send", sim.gcm_url().unwrap()))
        .api_key(API_KEY)
        .roots(roots(sim))
}

pub fn gcm_client(backend: Shared, sim: &Sim) -> gcm::Client {
    gcm_builder(Session::new(backend), sim).build().unwrap()
}

pub fn hello() -> fcm::Message {
    fcm::Message::with_notification("anypush", "Hello")
}

/// A registration token of its own for each number, as long as real ones.
pub fn registration(number: usize) -> String {
    format!("dQw4w9WgXcQ:APA91bHun4MxP5egoKMwt2KZFBaFUH-1RYqx_{number:090}")
}

/// The service answers so whenever it is asked for this token; with a path for a token, whenever it is
/// asked for that.
pub fn answers(sim: &Sim, service: Service, token: &str, answer: Answer) {
    let fault = Fault::new(service, Action::Answer(answer)).token(token);
    sim.fault(fault).unwrap();
}

/// So many requests are struck.
pub fn strike(sim: &Sim, service: Service, action: Action, times: u64) {
    sim.fault(Fault::new(service, action).times(times)).unwrap();
}

pub fn stats_of(sim: &Sim, service: Service) -> ServiceStats {
    sim.stats()[&service].clone()
}

/// The names of the verdicts, and how often there was each.
pub fn verdicts<'a>(
    all: impl IntoIterator<Item = &'a Verdict>,
) -> std::collections::BTreeMap<&'static str, usize> {
    let mut counts = std::collections::BTreeMap::new();
    for verdict in all {
        *counts.entry(verdict.name()).or_default() += 1;
    }
    counts
}

/// A backend whose monotonic clock the test puts forward.
#[derive(Debug)]
pub struct Jumping {
    inner: Shared,
    /// How far ahead of the real clock this one is, in seconds.
    ahead: Arc<AtomicU64>,
}

impl Jumping {
    pub fn new(inner: Shared, ahead: Arc<AtomicU64>) -> Self {
        Self { inner, ahead }
    }

    fn ahead(&self) -> Duration {
        Duration::from_secs(self.ahead.load(Ordering::SeqCst))
    }
}

#[anypush::async_trait]
impl Backend for Jumping {
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
        let real = deadline.checked_sub(self.ahead());
        self.inner.sleep_until(real.unwrap_or(deadline))
    }

    fn now(&self) -> Instant {
        Instant::now() + self.ahead()
    }
}
