//! Fetching a token: a task of its own, which no waiter's cancellation ends.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use futures_util::future::{Either, select};
use tracing::Instrument;

use super::source::no_token;
use super::{AccessToken, Inner, TokenSource};
use crate::clock::later;
use crate::session::Hangup;
use crate::{Backend, Error, ErrorKind, Result};

/// How long one fetch may take, the retries of its source included.
const LIMIT: Duration = Duration::from_secs(60);

/// A source that does not end by itself is dropped so long after that.
const GRACE: Duration = Duration::from_secs(2);

/// Starts the fetch that was decided on. Not to be called under the lock: where the runtime is gone,
/// its end is told at once.
pub(super) fn start(inner: &Arc<Inner>) {
    let message = "the task that was to fetch it has ended, with its runtime or by a panic";
    let ending = Ending {
        inner: Arc::downgrade(inner),
        source: inner.source.clone(),
        backend: inner.backend.clone(),
        began: inner.backend.now(),
        outcome: Some(Err(Error::new(ErrorKind::RuntimeGone, message))),
    };
    let not_before = inner.state().not_before();
    let hangup = inner.hangup.clone();
    let span = tracing::debug_span!(parent: None, "access token", source = inner.source.describe());
    let fetching = run(ending, hangup, not_before);
    inner.backend.spawn(Box::pin(fetching.instrument(span)));
}

async fn run(mut ending: Ending, hangup: Arc<Hangup>, not_before: Option<Instant>) {
    let outcome = {
        let fetching = pin!(fetch(&mut ending, not_before));
        match select(fetching, poll_fn(|cx| hangup.poll(cx))).await {
            Either::Left((outcome, _)) => Some(outcome),
            // Nobody is there to be told.
            Either::Right(_) => None,
        }
    };
    ending.outcome = outcome;
}

async fn fetch(ending: &mut Ending, not_before: Option<Instant>) -> Result<AccessToken> {
    let backend = ending.backend.clone();
    if let Some(until) = not_before {
        backend.sleep_until(until).await;
    }
    ending.began = backend.now();
    let deadline = later(ending.began, LIMIT);
    let limit = backend.sleep_until(later(deadline, GRACE));
    match select(ending.source.fetch(deadline), limit).await {
        Either::Left((fetched, _)) => fetched,
        Either::Right(_) => {
            let message = format!("nothing came within {} seconds", (LIMIT + GRACE).as_secs());
            Err(Error::new(ErrorKind::Timeout, message))
        }
    }
}

/// Tells how the fetch went, also when its task is dropped.
struct Ending {
    inner: Weak<Inner>,
    source: Arc<dyn TokenSource>,
    backend: Arc<dyn Backend>,
    began: Instant,
    outcome: Option<Result<AccessToken>>,
}

impl Drop for Ending {
    fn drop(&mut self) {
        let (Some(inner), Some(outcome)) = (self.inner.upgrade(), self.outcome.take()) else {
            return;
        };
        match &outcome {
            Ok(access) => tracing::debug!(lifetime = ?access.lifetime(), "fetched"),
            Err(error) => tracing::debug!(error = %error.report(), "not fetched"),
        }
        let outcome = outcome.map_err(|error| no_token(&*self.source, error));
        let times = (self.began, self.backend.now());
        let wakers = inner.state().fetched(outcome, times, self.backend.jitter());
        for waker in wakers {
            waker.wake();
        }
    }
}
