//! What the pushes of one bulk send have to do with each other.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use push_core::fan_out::{Gate, Gates, Place, Slow};
use push_core::{Error, ErrorKind};

use super::PATIENCE;
use super::origins::Origin;
use crate::{Endpoint, PushService};

/// The pushes of one bulk send: how many are let through to each push service, and which are slow.
///
/// Each bulk send has its own, so that one whose outcomes nobody fetches holds up no other.
#[derive(Debug)]
pub(super) struct Crowd {
    pub(super) slow: Slow,
    gates: Gates,
    /// Before those of hosts that are not known.
    strangers: Arc<Gate>,
    /// How many pushes may be under way to such hosts.
    strangers_room: usize,
    /// How many may wait for one such host where there are others, and three times as many for all of them.
    most_waiting: usize,
    /// How many wait for such hosts, each at the gate of its own.
    waiting: AtomicUsize,
}

/// One that waits for a host that is not known.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn among(all: &'a AtomicUsize) -> Self {
        all.fetch_add(1, Ordering::Relaxed);
        Self(all)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A push that was let through.
#[derive(Debug)]
pub(super) struct Admitted {
    _place: Place,
    _stranger: Option<Place>,
}

/// How many pushes are under way to a host that is not known and has answered nothing yet.
const UNPROVEN: usize = 2;

/// When a slow push service can be tried again.
const LATER: Duration = Duration::from_secs(60);

impl Crowd {
    /// `max_connections` is how many the session may have, and `in_flight` how many pushes may be under way.
    pub(super) fn new(slow: Slow, max_connections: usize, in_flight: usize) -> Self {
        Self {
            slow,
            gates: Gates::default(),
            strangers: Arc::default(),
            // Whoever has a domain has any number of hosts: a quarter is left for push services that are
            // known.
            strangers_room: (max_connections / 4 * 3).max(1),
            most_waiting: in_flight,
            waiting: AtomicUsize::new(0),
        }
    }

    /// Waits until there is room: as many pushes are under way to an origin as keep its connections busy,
    /// and no more; more would only wait, at the cost of their deadlines.
    ///
    /// # Errors
    /// When too many wait already, and for too long, for a host that is not known, and there are others to be
    /// sent to: those are not to wait for this one.
    pub(super) async fn enter(
        &self,
        endpoint: &Endpoint,
        origin: &Origin,
        service: PushService,
        now: Instant,
    ) -> push_core::Result<Admitted> {
        const AT_LEAST: usize = 16;
        let (gate, is_alone) = self.gates.gate(endpoint.origin());
        let room = || match origin.way.capacity() {
            Some(capacity) => capacity.saturating_mul(2).max(AT_LEAST),
            None => usize::MAX,
        };
        if service != PushService::Other {
            return Ok(Admitted {
                _place: gate.enter(room, now).await,
                _stranger: None,
            });
        }
        if !is_alone && self.is_crowded(&gate, now) {
            return Err(too_many_wait());
        }
        // Of one that has answered nothing yet, little is expected.
        let room = || match origin.silence.has_answered() {
            true => room(),
            false => UNPROVEN,
        };
        let waiting = Waiting::among(&self.waiting);
        let place = gate.enter(room, now).await;
        drop(waiting);
        // Each holds one connection at most, and all of an origin not more than it may have.
        let stranger = match gate.inside() <= origin.most_connections {
            true => Some(self.strangers.enter(|| self.strangers_room, now).await),
            false => None,
        };
        Ok(Admitted {
            _place: place,
            _stranger: stranger,
        })
    }

    /// Whether too many wait for a host that is slow.
    fn is_crowded(&self, gate: &Gate, now: Instant) -> bool {
        let (waiting, first) = gate.waiting();
        let all_waiting = self.waiting.load(Ordering::Relaxed);
        let is_slow = first.is_some_and(|since| now.saturating_duration_since(since) >= PATIENCE);
        is_slow
            && (waiting >= self.most_waiting || all_waiting >= self.most_waiting.saturating_mul(3))
    }
}

fn too_many_wait() -> Error {
    let message = "not sent: the push service is slow, and too many pushes wait for it already";
    Error::new(ErrorKind::QueueFull, message).with_retry_after(LATER)
}
