//! What the pushes of one bulk send have to do with each other.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use push_core::fan_out::Slow;
use push_core::{Error, ErrorKind};

use super::gate::{Gate, Place};
use super::origins::Origin;
use crate::{Endpoint, PushService};

/// The pushes of one bulk send: how many are let through to each push service, and which are slow.
///
/// Each bulk send has its own, so that one whose outcomes nobody fetches holds up no other.
#[derive(Debug)]
pub(super) struct Crowd {
    pub(super) slow: Slow,
    /// By origin.
    gates: Mutex<HashMap<Box<str>, Arc<Gate>>>,
    /// Before those of hosts that are not known.
    strangers: Arc<Gate>,
    /// How many pushes may be under way to such hosts.
    strangers_room: usize,
    /// How many may wait for one such host where there are others.
    most_waiting: usize,
}

/// A push that was let through.
#[derive(Debug)]
pub(super) struct Admitted {
    _place: Place,
    _stranger: Option<Place>,
}

/// When a slow push service can be tried again.
const LATER: Duration = Duration::from_secs(60);

/// With so many gates, those are looked for that nobody needs.
const MANY: usize = 1024;

impl Crowd {
    /// `max_connections` is how many the session may have, and `in_flight` how many pushes may be under way.
    pub(super) fn new(slow: Slow, max_connections: usize, in_flight: usize) -> Self {
        Self {
            slow,
            gates: Mutex::default(),
            strangers: Arc::default(),
            // Whoever has a domain has any number of hosts. Each push holds a connection at most: three
            // quarters are left for push services that are known.
            strangers_room: (max_connections / 4).max(1),
            most_waiting: in_flight,
        }
    }

    /// Waits until there is room: as many pushes are under way to an origin as keep its connections busy,
    /// and no more; more would only wait, at the cost of their deadlines.
    ///
    /// # Errors
    /// When too many wait already for a host that is not known, and there are others to be sent to: those are
    /// not to wait for this one.
    pub(super) async fn enter(
        &self,
        endpoint: &Endpoint,
        origin: &Origin,
        service: PushService,
    ) -> push_core::Result<Admitted> {
        const AT_LEAST: usize = 16;
        let room = || match origin.way.capacity() {
            Some(capacity) => capacity.saturating_mul(2).max(AT_LEAST),
            None => usize::MAX,
        };
        let is_stranger = service == PushService::Other;
        let (gate, is_alone) = self.gate(endpoint.origin());
        if is_stranger && !is_alone && gate.waiting() >= self.most_waiting {
            return Err(too_many_wait());
        }
        let place = gate.enter(room).await;
        let stranger = match is_stranger {
            true => Some(self.strangers.enter(|| self.strangers_room).await),
            false => None,
        };
        Ok(Admitted {
            _place: place,
            _stranger: stranger,
        })
    }

    /// The gate of an origin, and whether there is no other.
    fn gate(&self, origin: &str) -> (Arc<Gate>, bool) {
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(gate) = gates.get(origin) {
            return (gate.clone(), gates.len() == 1);
        }
        if gates.len() >= MANY {
            gates.retain(|_, gate| Arc::strong_count(gate) > 1);
        }
        let gate = Arc::<Gate>::default();
        gates.insert(origin.into(), gate.clone());
        (gate, gates.len() == 1)
    }
}

fn too_many_wait() -> Error {
    let message = "not sent: the push service is slow, and too many pushes wait for it already";
    Error::new(ErrorKind::QueueFull, message).with_retry_after(LATER)
}
