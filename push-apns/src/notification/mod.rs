//! One notification: a payload and the headers that go with it, the same for every device.

mod broadcast;
mod encode;
mod fields;
mod gateway;
mod problem;
mod rules;

use serde::{Deserialize, Serialize};

pub use self::broadcast::EncodedBroadcast;
pub use self::encode::{EncodeContext, Encoded};
pub use self::gateway::GatewayContext;
pub use self::problem::{Invalid, Problem};
use crate::apns_id::ApnsId;
use crate::expiration::Expiration;
use crate::payload::{Alert, Event, LiveActivity, Payload, Timestamp};
use crate::priority::Priority;
use crate::push_type::PushType;
use crate::truncate::Truncation;

/// A notification: what it says (the payload) and how it is delivered (the headers).
///
/// It is made by the constructor of its push type and completed by methods, none of which fail: all
/// that is wrong is said at once when it is encoded or sent, before any I/O. It can be put on a
/// queue as JSON and restored.
///
/// ```
/// # use push_apns::Notification;
/// let hello = Notification::alert("Hello").title("anypush").badge(1).custom("chat", 42);
/// let queued = serde_json::to_string(&hello)?;
/// assert_eq!(serde_json::from_str::<Notification>(&queued)?, hello);
/// # Ok::<_, serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[must_use]
pub struct Notification {
    push_type: PushType,
    content: Content,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    topic: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    priority: Option<Priority>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expiration: Option<Expiration>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    collapse_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<ApnsId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    truncation: Option<Truncation>,
    // Stays with the notification on a queue: what could not be kept must not be forgotten there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    faults: Vec<Fault>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Content {
    Payload(Box<Payload>),
    Raw(String),
}

/// What a builder method could not keep.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Fault {
    Value { key: String, reason: String },
    ReservedKey { key: String },
    FieldOfRaw { field: String },
    NotUtf8 { reason: String },
}

/// Constructors, one per push type.
impl Notification {
    /// An alert with this text.
    pub fn alert(text: impl Into<Alert>) -> Self {
        let mut payload = Payload::default();
        payload.aps.alert = Some(text.into());
        Self::from_payload(PushType::Alert, payload)
    }

    /// Wakes the app and shows nothing: `content-available`, priority 5.
    pub fn background() -> Self {
        Self::of_type(PushType::Background).content_available(true)
    }

    /// An incoming call; what the app needs to know goes into custom keys.
    pub fn voip() -> Self {
        Self::of_type(PushType::Voip)
    }

    /// Asks for the device's location; needs a provider token.
    pub fn location() -> Self {
        Self::of_type(PushType::Location)
    }

    /// Updates a complication of a watchOS app.
    pub fn complication() -> Self {
        Self::of_type(PushType::Complication)
    }

    /// Tells a File Provider extension that files changed; which ones, custom keys say.
    pub fn file_provider() -> Self {
        Self::of_type(PushType::FileProvider)
    }

    /// Wakes a managed device, with the push magic that it gave when it enrolled.
    ///
    /// The topic has to be given: the UID attribute of the certificate's subject.
    pub fn mdm(push_magic: impl Into<String>) -> Self {
        let payload = Payload {
            mdm: Some(push_magic.into()),
            ..Payload::default()
        };
        Self::from_payload(PushType::Mdm, payload)
    }

    /// Starts a Live Activity; needs an alert too.
    ///
    /// `attributes` and `content_state` are written as the app's types of these names are.
    pub fn live_activity_start(
        timestamp: impl Into<Timestamp>,
        attributes_type: impl Into<String>,
        attributes: impl Serialize,
        content_state: impl Serialize,
    ) -> Self {
        Self::of_type(PushType::LiveActivity)
            .live_activity(|live| {
                live.timestamp = Some(timestamp.into());
                live.event = Some(Event::Start);
                live.attributes_type = Some(attributes_type.into());
            })
            .attributes(attributes)
            .content_state(content_state)
    }

    /// Changes the content of a Live Activity.
    pub fn live_activity_update(
        timestamp: impl Into<Timestamp>,
        content_state: impl Serialize,
    ) -> Self {
        Self::of_type(PushType::LiveActivity)
            .live_activity(|live| {
                live.timestamp = Some(timestamp.into());
                live.event = Some(Event::Update);
            })
            .content_state(content_state)
    }

    /// Ends a Live Activity; its last content can be given with [`Notification::content_state`].
    pub fn live_activity_end(timestamp: impl Into<Timestamp>) -> Self {
        Self::of_type(PushType::LiveActivity).live_activity(|live| {
            live.timestamp = Some(timestamp.into());
            live.event = Some(Event::End);
        })
    }

    /// Starts or stops a Push to Talk transmission: priority 10, one attempt.
    pub fn push_to_talk() -> Self {
        Self::of_type(PushType::PushToTalk)
    }

    /// Reloads the app's widgets: `content-changed`.
    pub fn widgets() -> Self {
        Self::of_type(PushType::Widgets).content_changed(true)
    }

    /// Reloads the app's controls: `content-changed`.
    pub fn controls() -> Self {
        Self::of_type(PushType::Controls).content_changed(true)
    }

    /// A notification with this payload.
    pub fn from_payload(push_type: PushType, payload: Payload) -> Self {
        Self::with_content(push_type, Content::Payload(Box::new(payload)))
    }

    /// A notification whose payload is this JSON, sent byte for byte.
    ///
    /// It has to be a JSON object of a size that the push type allows; what is in it is between its
    /// author and the service. Methods that set a part of the payload don't apply.
    pub fn raw(push_type: PushType, json: impl Into<Vec<u8>>) -> Self {
        match String::from_utf8(json.into()) {
            Ok(json) => Self::with_content(push_type, Content::Raw(json)),
            Err(error) => {
                let mut notification = Self::with_content(push_type, Content::Raw("{}".to_owned()));
                notification.faults.push(Fault::NotUtf8 {
                    reason: error.utf8_error().to_string(),
                });
                notification
            }
        }
    }

    fn of_type(push_type: PushType) -> Self {
        Self::from_payload(push_type, Payload::default())
    }

    fn with_content(push_type: PushType, content: Content) -> Self {
        Self {
            push_type,
            content,
            topic: None,
            priority: None,
            expiration: None,
            collapse_id: None,
            id: None,
            truncation: None,
            faults: Vec::new(),
        }
    }
}

/// Headers, and what is done with a text that is too long.
impl Notification {
    /// Another push type than the constructor's.
    pub fn push_type(mut self, push_type: PushType) -> Self {
        self.push_type = push_type;
        self
    }

    /// The topic, or the bundle ID of which it is made: the push type's suffix is appended where it
    /// is missing. Defaults to the client's.
    pub fn topic(mut self, topic: impl Into<String>) -> Self {
        self.topic = Some(topic.into());
        self
    }

    /// How soon the device gets it. Defaults to 5 for background, 10 for Push to Talk, and else to
    /// the service's default (10).
    pub fn priority(mut self, priority: Priority) -> Self {
        self.priority = Some(priority);
        self
    }

    /// How long it is kept for a device that can't be reached. Defaults to one attempt for Push to
    /// Talk, and else to the service's own policy.
    pub fn expiration(mut self, expiration: Expiration) -> Self {
        self.expiration = Some(expiration);
        self
    }

    /// Notifications with the same collapse id are shown as one; 1 to 64 bytes.
    pub fn collapse_id(mut self, id: impl Into<String>) -> Self {
        self.collapse_id = Some(id.into());
        self
    }

    /// The `apns-id`, and the `apns-request-id` of a broadcast. Without one, every device's
    /// notification gets its own.
    pub fn id(mut self, id: ApnsId) -> Self {
        self.id = Some(id);
        self
    }

    /// Shortens the alert's text, with `…` at its end, where the payload would be too large
    /// otherwise.
    pub fn truncate(self) -> Self {
        self.truncate_with(Truncation::default())
    }

    /// As [`Notification::truncate`], with another ellipsis.
    pub fn truncate_with(mut self, truncation: Truncation) -> Self {
        self.truncation = Some(truncation);
        self
    }

    /// The payload; `None` when it is raw.
    pub fn payload(&self) -> Option<&Payload> {
        match &self.content {
            Content::Payload(payload) => Some(payload),
            Content::Raw(_) => None,
        }
    }

    fn live_activity(mut self, set: impl FnOnce(&mut LiveActivity)) -> Self {
        if let Some(payload) = self.payload_for("a key of Live Activities") {
            set(&mut payload.aps.live_activity);
        }
        self
    }

    /// The payload, where a field of this name is to be set; a raw one notes the fault.
    fn payload_for(&mut self, field: &str) -> Option<&mut Payload> {
        match &mut self.content {
            Content::Payload(payload) => Some(payload),
            Content::Raw(_) => {
                self.faults.push(Fault::FieldOfRaw {
                    field: field.to_owned(),
                });
                None
            }
        }
    }
}
