use std::any::Any;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use push_core::Backend;

/// One backend under test, with whatever keeps it alive.
///
/// The suite makes a new one for every case.
pub struct Environment {
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) runtime: Option<Box<dyn Any + Send>>,
    pub(crate) absent: Vec<Capability>,
    pub(crate) patience: Duration,
    pub(crate) connections: usize,
    pub(crate) strict: bool,
}

impl Environment {
    /// With everything that a backend can have, except that it can't be ended; 10 seconds of
    /// patience, 1,000 connections.
    pub fn new(backend: impl Backend) -> Self {
        Self {
            backend: Arc::new(backend),
            runtime: None,
            absent: Vec::new(),
            patience: Duration::from_secs(10),
            connections: 1000,
            strict: false,
        }
    }

    /// Dropping `runtime` ends the environment: its tasks are gone when `drop` returns, or soon
    /// after. This turns on the cases of [`Capability::Ending`].
    #[must_use]
    pub fn ending_with(mut self, runtime: impl Any + Send) -> Self {
        self.runtime = Some(Box::new(runtime));
        self
    }

    /// The backend can't do this, by design: its cases are skipped, and say so.
    #[must_use]
    pub fn without(mut self, capability: Capability) -> Self {
        self.absent.push(capability);
        self
    }

    /// Lets no case be skipped unawares: one that needs what is absent by itself (IPv6 of the machine,
    /// an end that nobody gave) fails, unless [`without`](Self::without) names it.
    ///
    /// For a machine that has everything, such as the one that decides what is released; without
    /// this a test that was skipped counts as passed.
    #[must_use]
    pub fn strict(mut self) -> Self {
        self.strict = true;
        self
    }

    /// How long a case waits for one step before it calls it hung. Default: 10 seconds.
    #[must_use]
    pub fn patience(mut self, limit: Duration) -> Self {
        self.patience = limit;
        self
    }

    /// How many connections the case opens that opens many. Default: 1,000.
    #[must_use]
    pub fn connections(mut self, count: usize) -> Self {
        self.connections = count;
        self
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment")
            .field("backend", &self.backend)
            .field("absent", &self.absent)
            .finish_non_exhaustive()
    }
}

/// Something that not every backend can do; what it can do, it does as the contract says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Capability {
    /// TLS at all. Without it only plain targets are tried.
    Tls,
    /// The protocol can be agreed on by ALPN, and is told.
    Alpn,
    /// TLS 1.2.
    Tls12,
    /// TLS 1.3.
    Tls13,
    /// Certificates that the client shows.
    ClientCertificates,
    /// Connections over IPv6. Absent by itself where the machine has none.
    Ipv6,
    /// `localhost` has addresses of both families. Absent by itself where it has not.
    TwoLoopbacks,
    /// Proxies.
    Proxy,
    /// The environment can be ended: given by [`Environment::ending_with`].
    Ending,
    /// A task that panics harms no other. Without it, whoever runs the tasks looks after that.
    PanickingTasks,
    /// The threads of the process can be counted. Absent by itself outside Linux.
    ThreadCount,
}
