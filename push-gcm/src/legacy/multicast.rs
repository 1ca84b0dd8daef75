use serde::{Deserialize, Serialize};

use super::{Message, RegistrationId};

/// A message and the devices it is for, to be put on a queue and sent elsewhere, or later.
///
/// ```
/// # use push_gcm::legacy::{Message, Multicast, RegistrationId};
/// let id: RegistrationId = "dQw4w9WgXcQ:APA91bHun4MxP5egoKMwt2KZFBaFUH".parse()?;
/// let multicast = Multicast::new(Message::text("Hello"), [id]);
/// let queued = serde_json::to_string(&multicast)?;
/// assert_eq!(serde_json::from_str::<Multicast>(&queued)?, multicast);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Multicast {
    /// What is sent.
    pub message: Message,
    /// To whom; one that is there twice gets it twice.
    pub devices: Vec<RegistrationId>,
}

impl Multicast {
    /// This message for these devices.
    pub fn new(message: Message, devices: impl IntoIterator<Item = RegistrationId>) -> Self {
        Self {
            message,
            devices: devices.into_iter().collect(),
        }
    }
}
