//! Making a connection for leases: a task of its own, which no waiter's cancellation ends.

use std::future::poll_fn;
use std::sync::{Arc, Weak};

use futures_util::future::{Either, select};
use tracing::Instrument;

use super::line::{Line, Place};
use super::pool::Pool;
use crate::clock::later;
use crate::compose::timed_out;
use crate::session::{Hangup, Permit, Shared};
use crate::{Error, ErrorKind, Result};

/// A dial that was decided on.
#[derive(Debug)]
pub(super) struct Dial {
    /// By what the pool knows it.
    pub(super) key: usize,
    pub(super) hangup: Arc<Hangup>,
}

/// What became of a dial; `None`: nobody wanted the connection any more.
pub(super) type Dialled = Result<Option<Arc<Line>>>;

/// Starts a dial. Not to be called under the pool's lock: where the runtime is gone, its end is told
/// at once.
pub(super) fn start(pool: &Arc<Pool>, dial: Dial) {
    let shared = pool.shared.clone();
    let message = "the runtime that was to connect has ended";
    let ending = Ending {
        pool: Arc::downgrade(pool),
        key: dial.key,
        outcome: Err(Error::new(ErrorKind::RuntimeGone, message)),
    };
    let span = tracing::debug_span!(parent: None, "dial", target = %pool.key.target);
    let dialling = run(ending, dial.hangup, shared.clone()).instrument(span);
    shared.backend.spawn(Box::pin(dialling));
}

/// Tells the pool how the dial went, also when its task is dropped.
struct Ending {
    pool: Weak<Pool>,
    key: usize,
    outcome: Dialled,
}

impl Drop for Ending {
    fn drop(&mut self) {
        if let Some(pool) = self.pool.upgrade() {
            let outcome = std::mem::replace(&mut self.outcome, Ok(None));
            pool.dialled(self.key, outcome);
        }
    }
}

async fn run(mut ending: Ending, hangup: Arc<Hangup>, shared: Arc<Shared>) {
    let dialling = std::pin::pin!(dial(&ending.pool, &shared));
    ending.outcome = match select(dialling, poll_fn(|cx| hangup.poll(cx))).await {
        Either::Left((outcome, _)) => outcome,
        Either::Right(_) => Ok(None),
    };
}

async fn dial(weak: &Weak<Pool>, shared: &Arc<Shared>) -> Dialled {
    if let Some(until) = weak.upgrade().and_then(|pool| pool.not_before()) {
        shared.backend.sleep_until(until).await;
    }
    let wanted = || weak.upgrade().is_some_and(|pool| pool.wants_all_dials());
    let Some(permit) = Permit::take(shared, wanted).await else {
        return Ok(None);
    };
    let Some(pool) = weak.upgrade() else {
        return Ok(None);
    };
    let target = pool.key.target.clone();
    let (certificate, tally) = (pool.certificate(), pool.tally.clone());
    drop(pool);

    let timeout = shared.config.connect_timeout;
    let until = later(shared.backend.now(), timeout);
    let connect = shared.backend.connect(&target, certificate.as_deref());
    let connection = match select(connect, shared.backend.sleep_until(until)).await {
        Either::Left((connected, _)) => connected?,
        Either::Right(_) => return Err(timed_out(&target, timeout)),
    };
    let now = shared.backend.now();
    let place = Place::new(tally, permit);
    Ok(weak.upgrade().map(|pool| {
        let line = Line::new(pool.next_id(), now, connection, place);
        tracing::debug!(line = line.id, %target, "connected");
        Arc::new(line)
    }))
}
