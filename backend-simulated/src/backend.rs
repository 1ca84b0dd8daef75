use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use push_core::{
    Backend, BoxFuture, Certificate, Connection, Identity, Lock, Result, Target, async_trait,
};

use crate::certificate::{SimulatedCertificate, shown};
use crate::dialling::dial;
use crate::lock::SimulatedLock;
use crate::timers::Sleep;
use crate::world::World;
use crate::{Network, Trace};

/// The [`Backend`] of a [`Simulation`](crate::Simulation): its clock, its tasks and its network.
///
/// Cheap to clone, and holds no task alive: once the simulation is dropped, what is spawned is
/// dropped at once, dials fail with [`ErrorKind::RuntimeGone`](push_core::ErrorKind::RuntimeGone),
/// and connections break.
#[derive(Clone)]
pub struct SimulatedBackend {
    world: Arc<World>,
}

impl SimulatedBackend {
    pub(crate) fn new(world: Arc<World>) -> Self {
        Self { world }
    }

    /// The network, for listening and for faults.
    pub fn network(&self) -> Network {
        Network {
            world: self.world.clone(),
        }
    }

    /// The simulated time since the beginning.
    pub fn elapsed(&self) -> Duration {
        self.world.lock().now
    }

    /// Waits for so long in simulated time.
    pub fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
        let at = self.world.lock().now.saturating_add(time);
        Box::pin(Sleep::new(self.world.clone(), at))
    }

    /// Lets everything else that is ready go first, as the seed has it.
    pub async fn yield_now(&self) {
        let mut yielded = false;
        std::future::poll_fn(|cx| {
            if std::mem::replace(&mut yielded, true) {
                return std::task::Poll::Ready(());
            }
            cx.waker().wake_by_ref();
            std::task::Poll::Pending
        })
        .await;
    }

    /// Sets the wall clock, apart from the monotonic one: no deadline moves. It goes on from there.
    pub fn set_system_time(&self, time: SystemTime) {
        let mut state = self.world.lock();
        let now = state.now;
        state.wall = time.checked_sub(now).unwrap_or(UNIX_EPOCH);
    }

    /// How many spawned tasks have not ended.
    pub fn live_tasks(&self) -> usize {
        self.world.lock().tasks.len()
    }

    /// How many sleeps somebody waits for. The delays of the network don't count.
    pub fn armed_timers(&self) -> usize {
        self.world.lock().timers.sleeps()
    }

    /// What happened so far, to be compared with another run.
    pub fn trace(&self) -> Trace {
        self.world.lock().recorder.trace()
    }
}

#[async_trait]
impl Backend for SimulatedBackend {
    /// Takes any identity: chain and key are not checked against each other.
    fn load_certificate(&self, identity: &Identity) -> Result<Arc<dyn Certificate>> {
        Ok(Arc::new(SimulatedCertificate::new(identity)))
    }

    async fn connect(
        &self,
        target: &Target,
        certificate: Option<&dyn Certificate>,
    ) -> Result<Box<dyn Connection>> {
        let stream = dial(&self.world, target, shown(certificate)?).await?;
        Ok(Box::new(stream))
    }

    fn spawn(&self, task: BoxFuture<'static, ()>) {
        self.world.spawn(task);
    }

    fn sleep_until(&self, deadline: Instant) -> BoxFuture<'static, ()> {
        let at = self.world.since_origin(deadline);
        Box::pin(Sleep::new(self.world.clone(), at))
    }

    fn create_lock(&self) -> Arc<dyn Lock> {
        Arc::new(SimulatedLock::new(self.world.clone()))
    }

    fn now(&self) -> Instant {
        let now = self.world.ask().now;
        self.world.instant(now)
    }

    fn system_time(&self) -> SystemTime {
        let state = self.world.lock();
        state.wall + state.now
    }

    fn jitter(&self) -> u64 {
        self.world.jitter()
    }
}

impl fmt::Debug for SimulatedBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimulatedBackend")
            .field("seed", &self.world.seed)
            .finish_non_exhaustive()
    }
}
