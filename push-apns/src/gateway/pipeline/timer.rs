//! One timer for all that is waited for.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use push_core::{Backend, BoxFuture};

/// Wakes whoever polls it at a point in time, or sooner: deadlines mostly move on before they pass,
/// and the timer is not set anew for each.
pub(in super::super) struct Timer {
    backend: Arc<dyn Backend>,
    set: Option<(Instant, BoxFuture<'static, ()>)>,
}

impl Timer {
    pub(in super::super) fn new(backend: Arc<dyn Backend>) -> Self {
        Self { backend, set: None }
    }

    pub(in super::super) fn now(&self) -> Instant {
        self.backend.now()
    }

    pub(in super::super) fn jitter(&self) -> u64 {
        self.backend.jitter()
    }

    /// Ready when there is something to look at, at this time at the latest.
    pub(in super::super) fn poll(&mut self, cx: &mut Context<'_>, at: Instant) -> Poll<()> {
        let is_late = |(set, _): &(Instant, _)| *set > at;
        if self.set.as_ref().is_none_or(is_late) {
            self.set = Some((at, self.backend.sleep_until(at)));
        }
        let Some((_, sleep)) = &mut self.set else {
            return Poll::Pending;
        };
        let polled = sleep.as_mut().poll(cx);
        if polled.is_ready() {
            self.set = None;
        }
        polled
    }
}

impl fmt::Debug for Timer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.set.as_ref().map(|(at, _)| at);
        f.debug_struct("Timer")
            .field("at", &at)
            .finish_non_exhaustive()
    }
}
