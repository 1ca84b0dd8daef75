//! One message: what it says and how it is delivered, the same for every device.

mod encode;
mod form;
mod notification;
mod problem;
mod rules;

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

pub use self::encode::Encoded;
pub use self::notification::Notification;
pub use self::problem::{Invalid, Problem};

/// A message: data for the app, a notification for the user, and how it is delivered.
///
/// It is completed by methods, none of which fail: all that is wrong is said at once when it is
/// encoded or sent, before any I/O. As JSON it is the request of the protocol without its target, so
/// that it can be put on a queue, and read from what others have stored.
///
/// What is not set is not sent, and the service decides: its priority is normal for data and high
/// for a notification, and it stores a message for four weeks.
///
/// ```
/// # use push_gcm::legacy::{Message, Notification};
/// let hello = Message::text("Hello")
///     .notification(Notification::new().title("anypush").body("Hello"))
///     .collapse_key("greetings")
///     .time_to_live(std::time::Duration::from_secs(3600));
/// let queued = serde_json::to_string(&hello)?;
/// assert_eq!(serde_json::from_str::<Message>(&queued)?, hello);
/// # Ok::<_, serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
#[must_use]
pub struct Message {
    /// What the app gets. Give texts: other values arrive as texts at Android apps.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub data: Map<String, Value>,
    /// What the system shows to the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notification: Option<Notification>,
    /// Of the messages with the same key, a device that could not be reached gets the last one. At most
    /// four keys are stored for a device at a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collapse_key: Option<String>,
    /// How soon the device gets it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// iOS: wakes the app.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_available: Option<bool>,
    /// iOS 10: the app's service extension may change the notification.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mutable_content: Option<bool>,
    /// Waits until the device is active. Ignored by the service since 2016.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_while_idle: Option<bool>,
    /// How long it is stored for a device that can't be reached, in whole seconds: 0 (now or never)
    /// to four weeks.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "seconds")]
    pub time_to_live: Option<Duration>,
    /// Only the app of this package name gets it (Android).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restricted_package_name: Option<String>,
    /// The service checks the request and delivers nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dry_run: Option<bool>,
    /// Parameters that have no name here; those of the target are not allowed.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Message {
    /// A message that says nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A message whose data is this text, as `message`.
    pub fn text(text: impl Into<String>) -> Self {
        Self::new().data("message", text.into())
    }

    /// A key of the data, for the app. Values are best texts.
    ///
    /// Not allowed: `from`, `message_type`, and what begins with `google` or `gcm`.
    pub fn data(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.data.insert(key.into(), value.into());
        self
    }

    /// Many keys of the data, such as those of a map.
    pub fn data_from<K: Into<String>, V: Into<Value>>(
        mut self,
        pairs: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let pairs = pairs.into_iter();
        self.data
            .extend(pairs.map(|(key, value)| (key.into(), value.into())));
        self
    }

    /// What the system shows to the user.
    pub fn notification(mut self, notification: Notification) -> Self {
        self.notification = Some(notification);
        self
    }

    /// Of the messages with the same key, a device that could not be reached gets the last one.
    pub fn collapse_key(mut self, key: impl Into<String>) -> Self {
        self.collapse_key = Some(key.into());
        self
    }

    /// How soon the device gets it.
    pub fn priority(mut self, priority: Priority) -> Self {
        self.priority = Some(priority);
        self
    }

    /// At once, even if that wakes the device: short for [`Priority::High`].
    pub fn high_priority(self) -> Self {
        self.priority(Priority::High)
    }

    /// When it costs the device little: short for [`Priority::Normal`].
    pub fn low_priority(self) -> Self {
        self.priority(Priority::Normal)
    }

    /// iOS: whether it wakes the app.
    pub fn content_available(mut self, on: bool) -> Self {
        self.content_available = Some(on);
        self
    }

    /// iOS 10: whether the app's service extension may change the notification.
    pub fn mutable_content(mut self, on: bool) -> Self {
        self.mutable_content = Some(on);
        self
    }

    /// Whether it waits until the device is active. Ignored by the service since 2016.
    pub fn delay_while_idle(mut self, on: bool) -> Self {
        self.delay_while_idle = Some(on);
        self
    }

    /// How long it is stored for a device that can't be reached: 0 (now or never) to four weeks. A
    /// part of a second counts as a whole one.
    pub fn time_to_live(mut self, time: Duration) -> Self {
        self.time_to_live = Some(Duration::from_secs(whole_seconds(time)));
        self
    }

    /// Only the app of this package name gets it (Android).
    pub fn restricted_package_name(mut self, name: impl Into<String>) -> Self {
        self.restricted_package_name = Some(name.into());
        self
    }

    /// Whether the service only checks the request, and delivers nothing.
    pub fn dry_run(mut self, on: bool) -> Self {
        self.dry_run = Some(on);
        self
    }

    /// A parameter that has no method here.
    pub fn extra(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.extra.insert(name.into(), value.into());
        self
    }
}

/// How soon a device gets a message.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Priority {
    /// When it costs the device little; 5 at APNs.
    Normal,
    /// At once; 10 at APNs.
    High,
    /// One that has no name here.
    Other(String),
}

impl Priority {
    /// The priority as the service reads it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Normal => "normal",
            Self::High => "high",
            Self::Other(text) => text,
        }
    }
}

impl From<&str> for Priority {
    fn from(text: &str) -> Self {
        match text {
            "normal" => Self::Normal,
            "high" => Self::High,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Priority {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Priority {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self::from(text.as_str()))
    }
}

/// A part of a second counts as a whole one: rounded down, a short time would mean now or never.
fn whole_seconds(time: Duration) -> u64 {
    let more = u64::from(time.subsec_nanos() > 0);
    time.as_secs().saturating_add(more)
}

/// A time as a number of seconds.
mod seconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(
        time: &Option<Duration>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        time.map(super::whole_seconds).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Duration>, D::Error> {
        let seconds = Option::<u64>::deserialize(deserializer)?;
        Ok(seconds.map(Duration::from_secs))
    }
}
