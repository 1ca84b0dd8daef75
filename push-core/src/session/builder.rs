use std::sync::Arc;
use std::time::Duration;

use super::config::{Config, MOST_REQUESTS};
use crate::{Backend, RetryPolicy, Session};

/// The limits of a [`Session`]: all have defaults.
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it is built"]
pub struct SessionBuilder {
    backend: Arc<dyn Backend>,
    config: Config,
}

impl SessionBuilder {
    pub(super) fn new(backend: Arc<dyn Backend>) -> Self {
        Self {
            backend,
            config: Config::default(),
        }
    }

    /// The most connections of the whole session, those being dialled included. Where there are so
    /// many and another one is needed, the one that has been idle for the longest is closed; where
    /// none is idle, the dial waits. Default: 1024. Zero is taken as one.
    pub fn max_connections(mut self, most: usize) -> Self {
        self.config.max_connections = most.max(1);
        self
    }

    /// The most connections to one destination with one credential, those that drain not counted;
    /// [leases](super#leases) are counted apart from the connections that requests share. Default: as
    /// the client of the service has it, which most have not: 8. Zero is taken as one.
    pub fn max_connections_per_destination(mut self, most: usize) -> Self {
        self.config.max_connections_per_key = Some(most.max(1));
        self
    }

    /// The most streams on one connection, where the peer allows more. Default: 1000. Zero is
    /// taken as one.
    pub fn max_streams_per_connection(mut self, most: u32) -> Self {
        self.config.max_streams = most.max(1);
        self
    }

    /// The most requests that wait for a stream of one destination; one more fails at once with
    /// [`ErrorKind::QueueFull`](crate::ErrorKind::QueueFull) and
    /// [`queue_depth`](crate::Error::queue_depth). Bulk sends never fail so: they take what there is
    /// room for, and wait. Zero is taken as one: the first request waits for the connection. `None`,
    /// the default: requests wait, which holds up those who send them; the wait costs no more than
    /// their own futures.
    pub fn max_waiting(mut self, most: Option<usize>) -> Self {
        self.config.max_waiting = most.map(|most| most.max(1));
        self
    }

    /// How many streams of a connection may wait for an answer that nobody waits for any more
    /// (their deadline passed, or they were dropped) before another connection takes its place.
    /// Default: 100.
    pub fn max_abandoned_streams(mut self, most: usize) -> Self {
        self.config.max_abandoned = most;
        self
    }

    /// How many requests a connection carries before another takes its place. Default, and the most
    /// that is possible: 939,524,096, since the ids of streams run out soon after. Zero is taken as
    /// one.
    pub fn max_requests_per_connection(mut self, most: u32) -> Self {
        self.config.max_requests = most.clamp(1, MOST_REQUESTS);
        self
    }

    /// How old a connection may become before another takes its place, so that new ones spread over
    /// the addresses that the service has by then. It answers what is under way first. Up to a tenth
    /// is taken off at random, so that they don't end all at once. Less than a second is taken as
    /// one. `None`: any age. Default: 24 hours.
    pub fn max_connection_age(mut self, age: Option<Duration>) -> Self {
        self.config.max_age = age.map(|age| age.max(Duration::from_secs(1)));
        self
    }

    /// How often a request that was provably not processed is sent again, within its deadline: the
    /// first time at once, then with a growing pause. Default: 10. Zero: never.
    pub fn max_resends(mut self, most: u32) -> Self {
        self.config.max_resends = most;
        self
    }

    /// The largest body of an answer, in bytes; what comes beyond it is thrown away. Default: 64
    /// KiB.
    pub fn max_answer_bytes(mut self, most: usize) -> Self {
        self.config.max_answer_bytes = most;
        self
    }

    /// How long a connection may take to come about, from resolving to the peer's SETTINGS.
    /// Default: 10 seconds.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.config.connect_timeout = timeout;
        self
    }

    /// Closes a connection that has been idle for so long. `None`, the default: never.
    pub fn idle_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.config.idle_timeout = timeout;
        self
    }

    /// Sends a PING on a connection that has been idle for so long, and again after as long.
    /// Default: one hour, as Apple advises; firewalls on the way may want less.
    pub fn ping_interval(mut self, interval: Duration) -> Self {
        self.config.ping_interval = interval.max(Duration::from_millis(100));
        self
    }

    /// How long an answer to a PING may take before the connection counts as dead. Default: 5
    /// seconds.
    pub fn ping_timeout(mut self, timeout: Duration) -> Self {
        self.config.ping_timeout = timeout;
        self
    }

    /// A connection that has been idle for longer must answer a PING before it is given a request:
    /// processes freeze and firewalls forget. One that has requests under way and was silent for so
    /// long is pinged too. Default: 30 seconds.
    pub fn probe_after(mut self, idle: Duration) -> Self {
        self.config.probe_after = idle;
        self
    }

    /// How long to wait after a failed dial. Only the delays of the policy count: the number of
    /// dials is bounded by the deadlines of the requests that need one. Default: exponential from
    /// 0.5 to 30 seconds.
    pub fn back_off(mut self, policy: RetryPolicy) -> Self {
        self.config.back_off = policy.attempts(u32::MAX);
        self
    }

    /// Makes the session. Nothing is connected and no task runs before it is used.
    pub fn build(self) -> Session {
        Session::with_config(self.backend, self.config)
    }
}
