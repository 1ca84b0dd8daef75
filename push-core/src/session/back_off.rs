use std::time::{Duration, Instant};

use super::Shared;
use crate::clock::later;
use crate::{Error, ErrorKind};

/// Where connections came about before, so many dials must fail before a handshake that fails counts
/// as a fault of the credentials, for which nothing is sent again.
const CERTAIN: u32 = 3;

/// When the next dial of one key may begin, after those that came to nothing.
#[derive(Debug, Default)]
pub(crate) struct BackOff {
    /// Dials that failed, and connections that were of no use, since the last one that was.
    failures: u32,
    /// Whether a connection ever came about.
    was_connected: bool,
    /// When the last of them failed.
    failed_at: Option<Instant>,
    /// No dial before this time.
    not_before: Option<Instant>,
    /// Why the last connection did not come about or ended early, for those who wait in vain.
    last_failure: Option<Error>,
}

impl BackOff {
    /// A connection came about. What failed before is not forgotten by that.
    pub(crate) fn connected(&mut self) {
        self.was_connected = true;
    }

    /// A dial failed; gives the error for those who waited for it.
    pub(crate) fn dial_failed(&mut self, shared: &Shared, error: Error) -> Error {
        let error = match error.kind() {
            ErrorKind::Tls if self.was_connected && self.failures < CERTAIN => {
                let message = "the TLS handshake failed, after others with this server did not";
                Error::new(ErrorKind::Connect, message).with_source(error)
            }
            _ => error,
        };
        self.failed(shared, error)
    }

    /// Counts a failure and sets the time before which there is no other dial.
    pub(crate) fn failed(&mut self, shared: &Shared, error: Error) -> Error {
        self.failures = self.failures.saturating_add(1);
        let wait = wait_after(shared, self.failures);
        let now = shared.backend.now();
        self.failed_at = Some(now);
        self.not_before = Some(later(now, wait));
        let error = error.with_retry_after(wait);
        self.last_failure = Some(error.clone());
        error
    }

    /// No dial before this time, though nothing failed.
    pub(crate) fn postpone(&mut self, until: Instant) {
        self.not_before = self.not_before.max(Some(until));
    }

    /// Whether a connection from this time would prove something by being of use: one from before
    /// the failure proves nothing about the next dial.
    pub(crate) fn is_proof(&self, connected_at: Instant) -> bool {
        self.failed_at.is_some_and(|at| connected_at >= at)
    }

    /// Whether the failure of a connection from this time is news, and not the same one once more.
    pub(crate) fn is_news(&self, connected_at: Instant) -> bool {
        self.failed_at.is_none_or(|at| connected_at >= at)
    }

    /// A connection was of use: what failed before is forgotten.
    pub(crate) fn forget(&mut self) {
        self.failures = 0;
        self.failed_at = None;
        self.not_before = None;
        self.last_failure = None;
    }

    pub(crate) fn failures(&self) -> u32 {
        self.failures
    }

    pub(crate) fn not_before(&self) -> Option<Instant> {
        self.not_before
    }

    pub(crate) fn last_failure(&self) -> Option<&Error> {
        self.last_failure.as_ref()
    }
}

/// The wait after so many failures, by the session's policy.
pub(crate) fn wait_after(shared: &Shared, failures: u32) -> Duration {
    let policy = &shared.config.back_off;
    let jitter = shared.backend.jitter();
    let wait = policy.delay(failures, Duration::ZERO, None, jitter);
    wait.unwrap_or_default()
}
