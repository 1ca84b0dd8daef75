use std::time::Duration;

use push_core::Verdict;
use push_core::fan_out::Grouped;

use super::answer::BUSY;
use super::{Error, Message, Multicast, RegistrationId};

/// What became of one message to one device, or to a topic.
pub type Outcome = Result<Receipt, Error>;

/// The service took the message. That is not to say that it was delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Receipt {
    /// The service's id of the message: an opaque text, of a topic a number.
    pub message_id: String,
    /// The id that the service knows the device by now: store that one in place of the one that was
    /// sent to. `None` when that is still the right one.
    pub canonical: Option<RegistrationId>,
    /// How often the request was handed to a connection.
    pub attempts: u32,
}

impl Grouped for Receipt {}

impl push_core::Outcome for Receipt {
    fn verdict(&self) -> Verdict {
        match &self.canonical {
            Some(id) => Verdict::ReplaceToken(id.as_str().to_owned()),
            None => Verdict::Accepted,
        }
    }
}

/// What became of a message to a device group.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GroupReceipt {
    /// How many devices of the group it was taken for.
    pub success: u64,
    /// How many it was not taken for.
    pub failure: u64,
    /// The devices that it was not taken for. To a message to one of these the service says why.
    pub failed: Vec<RegistrationId>,
    /// How long to wait before it is sent to them again, where the service says so.
    pub retry_after: Option<Duration>,
    /// How often the request was handed to a connection.
    pub attempts: u32,
}

impl GroupReceipt {
    /// The message for just the devices that it was not taken for; `None` where the service names
    /// none.
    pub fn retry(&self, message: &Message) -> Option<Multicast> {
        let failed = || Multicast::new(message.clone(), self.failed.iter().cloned());
        (!self.failed.is_empty()).then(failed)
    }
}

impl push_core::Outcome for GroupReceipt {
    /// Accepted when one device of the group got it: [`failed`](Self::failed) has the others.
    fn verdict(&self) -> Verdict {
        match (self.success, self.failure) {
            // There is nobody in it.
            (0, 0) => Verdict::FixMessage,
            (0, _) => Verdict::RetryAfter(self.retry_after.unwrap_or(BUSY)),
            _ => Verdict::Accepted,
        }
    }
}
