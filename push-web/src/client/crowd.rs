//! What the pushes of one bulk send have to do with each other.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use push_core::fan_out::Slow;

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
}

/// A push that was let through.
#[derive(Debug)]
pub(super) struct Admitted {
    _place: Place,
    _stranger: Option<Place>,
}

/// With so many gates, those are looked for that nobody needs.
const MANY: usize = 1024;

impl Crowd {
    /// `max_connections` is how many the session may have.
    pub(super) fn new(slow: Slow, max_connections: usize) -> Self {
        Self {
            slow,
            gates: Mutex::default(),
            strangers: Arc::default(),
            // Whoever has a domain has any number of hosts. Each push holds a connection at most: three
            // quarters are left for push services that are known.
            strangers_room: (max_connections / 4).max(1),
        }
    }

    /// Waits until there is room: as many pushes are under way to an origin as keep its connections busy,
    /// and no more; more would only wait, at the cost of their deadlines.
    pub(super) async fn enter(
        &self,
        endpoint: &Endpoint,
        origin: &Origin,
        service: PushService,
    ) -> Admitted {
        const AT_LEAST: usize = 16;
        let room = || match origin.way.capacity() {
            Some(capacity) => capacity.saturating_mul(2).max(AT_LEAST),
            None => usize::MAX,
        };
        let place = self.gate(endpoint.origin()).enter(room).await;
        let stranger = match service {
            PushService::Other => Some(self.strangers.enter(|| self.strangers_room).await),
            _ => None,
        };
        Admitted {
            _place: place,
            _stranger: stranger,
        }
    }

    fn gate(&self, origin: &str) -> Arc<Gate> {
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(gate) = gates.get(origin) {
            return gate.clone();
        }
        if gates.len() >= MANY {
            gates.retain(|_, gate| Arc::strong_count(gate) > 1);
        }
        let gate = Arc::<Gate>::default();
        gates.insert(origin.into(), gate.clone());
        gate
    }
}
