use std::any::Any;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use push_core::{Backend, Certificate, Connection, Target};

use crate::executor::block_on;
use crate::failure::{Checked, Failure};
use crate::{Capability, Environment};

/// What a case works on: the backend, and the means to wait for it.
pub(crate) struct Subject {
    backend: Arc<dyn Backend>,
    runtime: Option<Box<dyn Any + Send>>,
    absent: Vec<Capability>,
    patience: Duration,
    connections: usize,
    make: Arc<Make>,
}

/// Makes one more environment of the same kind.
pub(crate) type Make = dyn Fn() -> Checked<Environment> + Send + Sync;

impl Subject {
    pub(crate) fn new(environment: Environment, make: Arc<Make>) -> Self {
        Self {
            backend: environment.backend,
            runtime: environment.runtime,
            absent: environment.absent,
            patience: environment.patience,
            connections: environment.connections,
            make,
        }
    }

    pub(crate) fn backend(&self) -> &Arc<dyn Backend> {
        &self.backend
    }

    pub(crate) fn has(&self, capability: Capability) -> bool {
        !self.absent.contains(&capability)
    }

    /// How long one step may take.
    pub(crate) fn patience(&self) -> Duration {
        self.patience
    }

    /// How many connections are many.
    pub(crate) fn connections(&self) -> usize {
        self.connections
    }

    /// One more environment of the same kind, beside this one.
    pub(crate) fn another(&self) -> Checked<Self> {
        Ok(Self::new((self.make)()?, self.make.clone()))
    }

    /// Ends the environment; the backend stays.
    pub(crate) fn end(&mut self) {
        self.runtime = None;
    }

    /// Runs a future of the backend's on this thread, off the backend's own runtime.
    #[track_caller]
    pub(crate) fn block_on<F: Future>(&self, what: &str, future: F) -> Checked<F::Output> {
        block_on(what, self.patience, future)
    }

    /// A connection that must come about.
    #[track_caller]
    pub(crate) fn connect(&self, target: &Target) -> Checked<Box<dyn Connection>> {
        self.connect_with(target, None)
    }

    /// A connection that must come about, with a client certificate.
    #[track_caller]
    pub(crate) fn connect_with(
        &self,
        target: &Target,
        certificate: Option<&dyn Certificate>,
    ) -> Checked<Box<dyn Connection>> {
        let dial = self.backend.connect(target, certificate);
        match block_on("connect", self.patience, dial)? {
            Ok(connection) => Ok(connection),
            Err(error) => Err(Failure::new(format!(
                "expected a connection to {target}, got {:?}: {}",
                error.kind(),
                error.report()
            ))),
        }
    }

    /// A connection that must not come about: gives the error.
    #[track_caller]
    pub(crate) fn refused(
        &self,
        target: &Target,
        certificate: Option<&dyn Certificate>,
    ) -> Checked<push_core::Error> {
        let dial = self.backend.connect(target, certificate);
        match block_on("connect", self.patience, dial)? {
            Ok(_) => Err(Failure::new(format!(
                "expected an error from connecting to {target}, got a connection"
            ))),
            Err(error) => Ok(error),
        }
    }

    /// Looks again and again, until it holds.
    #[track_caller]
    pub(crate) fn wait_until(&self, what: &str, holds: impl Fn() -> bool) -> Checked {
        let hang = Failure::hang(what, self.patience);
        let begun = Instant::now();
        while !holds() {
            if begun.elapsed() > self.patience {
                return Err(hang);
            }
            std::thread::park_timeout(Duration::from_millis(1));
        }
        Ok(())
    }
}
