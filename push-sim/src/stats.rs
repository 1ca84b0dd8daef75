//! What a service has counted.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::fault::{Action, Kind};

/// Counters of one service, since the start or the last reset.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ServiceStats {
    /// Connections that finished their handshake.
    pub connections: u64,
    /// Those of them that are open now; a reset leaves this one.
    pub open: u64,
    /// Requests that arrived whole. Of the binary gateway: frames that were looked at; of the
    /// feedback service: readings of its list.
    pub requests: u64,
    /// Notifications that were taken. Of the feedback service: devices that were told of, each once
    /// for every reading that was written whole.
    pub accepted: u64,
    /// Notifications that were refused, by the reason on the wire; those of the binary gateway by the
    /// name of the status, such as `InvalidToken`.
    pub rejected: BTreeMap<Cow<'static, str>, u64>,
    /// Requests that are no notification and were granted: about channels, subscriptions to topics.
    pub managed: u64,
    /// Requests for leave to push, granted or not: to a token endpoint, or a metadata server. They are
    /// not among [`Self::requests`].
    #[serde(default)]
    pub authorizations: u64,
    /// Tokens by which senders identified themselves to browsers' push services (VAPID), each counted
    /// once: real ones want them to be used for long.
    #[serde(default)]
    pub vapid_tokens: u64,
    /// Requests that a fault left without being looked at.
    pub unprocessed: u64,
    /// Notifications that came behind one that the binary gateway had refused, and were thrown away.
    #[serde(default)]
    pub discarded: u64,
    /// Notifications that were taken, and whose answer was never sent whole, since a fault withheld
    /// it or kept it until stream or connection had ended. What a client lost for other reasons is
    /// not among them: an answer may be on its way when a connection ends.
    #[serde(default)]
    pub unanswered: u64,
    /// Notifications that were taken though one of the same `apns-id` had been taken before. Of the
    /// identifiers that clients sent, the last 2,097,152 at least are remembered; a reset forgets
    /// them. Of the binary gateway, where tokens are counted: those that were taken though one for
    /// the same token had been.
    #[serde(default)]
    pub taken_twice: u64,
    /// Faults that were carried out, by their kind; an action on all connections counts once.
    #[serde(default)]
    pub faults: BTreeMap<Kind, u64>,
    /// Payload bytes of what was taken. Of the feedback service: the bytes of the tuples.
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

    pub(crate) fn struck(&mut self, action: &Action) {
        if let Some(kind) = action.kind() {
            *self.faults.entry(kind).or_default() += 1;
        }
    }

    pub(crate) fn reset(&mut self) {
        *self = Self {
            open: self.open,
            ..Self::default()
        };
    }
}
