//! What a service has counted.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Counters of one service, since the start or the last reset.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ServiceStats {
    /// Connections that finished their handshake.
    pub connections: u64,
    /// Those of them that are open now; a reset leaves this one.
    pub open: u64,
    /// Requests that arrived whole.
    pub requests: u64,
    /// Notifications that were taken.
    pub accepted: u64,
    /// Notifications that were refused, by the reason on the wire.
    pub rejected: BTreeMap<Cow<'static, str>, u64>,
    /// Requests that a fault left without being looked at.
    pub unprocessed: u64,
    /// Payload bytes of what was taken.
    pub bytes: u64,
}

impl ServiceStats {
    pub(crate) fn reject(&mut self, reason: &str) {
        match self.rejected.get_mut(reason) {
            Some(count) => *count += 1,
            None => {
                self.rejected.insert(Cow::Owned(reason.to_owned()), 1);
            }
        }
    }

    pub(crate) fn reset(&mut self) {
        *self = Self {
            open: self.open,
            ..Self::default()
        };
    }
}
