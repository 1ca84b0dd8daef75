//! What became of a push that was taken.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use super::Flavour;

/// What `/received` shows of a push beside its headers and its payload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Delivery {
    /// Whose words and rules applied.
    #[serde(rename = "service")]
    pub flavour: Flavour,
    /// Whether the payload is what the sender encrypted. `false`: it is the body as it came, in base64,
    /// since the keys are not here, or it can't be decrypted.
    pub decrypted: bool,
    /// Why it can't be decrypted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Whether the payload is shown in base64, since it is no text, or not decrypted.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub payload_base64: bool,
    /// How long it is kept, in seconds, as the service shortened it.
    pub ttl: u32,
    /// `very-low`, `low`, `normal` or `high`, if it was sent.
    pub urgency: Option<String>,
    /// What replaces what, if it was sent.
    pub topic: Option<String>,
    /// What has become of it so far.
    pub state: State,
    /// What a browser said of it: 100 it was handled, 101 it could not be decrypted, 102 no worker
    /// could take it.
    pub ack: Option<u16>,
}

/// What has become of a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum State {
    /// It waits for its browser.
    Stored,
    /// It was handed to a browser.
    Delivered,
    /// The browser has acknowledged it.
    Acknowledged,
    /// Another one of the same topic has taken its place.
    Replaced,
    /// The sender has taken it back.
    Deleted,
    /// Nobody was there to take it, and it was not to be stored; or too much was stored.
    Dropped,
}

/// A delivery that goes on.
#[derive(Debug)]
pub(crate) struct Tracked(Mutex<Delivery>);

impl Tracked {
    pub(crate) fn new(delivery: Delivery) -> Self {
        Self(Mutex::new(delivery))
    }

    pub(crate) fn show(&self) -> Delivery {
        self.open().clone()
    }

    /// What was handed over stays so, whatever becomes of what is stored.
    pub(super) fn now_is(&self, state: State) {
        let mut delivery = self.open();
        if delivery.state == State::Stored {
            delivery.state = state;
        }
    }

    pub(super) fn acknowledged(&self, code: u16) {
        let mut delivery = self.open();
        delivery.state = State::Acknowledged;
        delivery.ack = Some(code);
    }

    fn open(&self) -> MutexGuard<'_, Delivery> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
