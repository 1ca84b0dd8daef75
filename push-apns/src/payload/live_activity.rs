use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::de::{self, Deserializer};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::flag;

/// The keys of a Live Activity, which stand in `aps` beside `alert` and `relevance-score`.
///
/// Source: Apple, "Starting and updating Live Activities with ActivityKit push notifications".
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct LiveActivity {
    /// When the content was made; the system shows the newest and drops what is older. Required.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// What happens to the activity. Required.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Event>,
    /// The dynamic content, an object that fits the app's `ContentState`. Required but for an end.
    #[serde(
        default,
        deserialize_with = "flag::present",
        skip_serializing_if = "Option::is_none"
    )]
    pub content_state: Option<Value>,
    /// When the content is out of date. `None` means never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stale_date: Option<Timestamp>,
    /// When an ended activity leaves the screen; a time that has passed takes it away at once,
    /// `None` leaves it to the system (up to four hours).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dismissal_date: Option<Timestamp>,
    /// The name of the app's attributes type. Required for a start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attributes_type: Option<String>,
    /// The static content, an object that fits the attributes type. Required for a start.
    #[serde(
        default,
        deserialize_with = "flag::present",
        skip_serializing_if = "Option::is_none"
    )]
    pub attributes: Option<Value>,
    /// On a start: the activity is to be updated through a token of its own; written as 1, or left
    /// out.
    #[serde(default, with = "flag", skip_serializing_if = "flag::is_off")]
    pub input_push_token: bool,
    /// On a start: the activity is to be updated through this broadcast channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_push_channel: Option<String>,
}

/// What happens to a Live Activity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Event {
    /// It begins.
    Start,
    /// Its content changes.
    Update,
    /// It ends.
    End,
}

impl Event {
    /// The event as the payload has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Update => "update",
            Self::End => "end",
        }
    }
}

/// A time in whole seconds since 1970, as Live Activities have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The time this many seconds after 1970.
    pub const fn from_unix_secs(seconds: u64) -> Self {
        Self(seconds)
    }

    /// Seconds since 1970.
    pub const fn unix_secs(self) -> u64 {
        self.0
    }
}

impl From<SystemTime> for Timestamp {
    /// Cuts off fractions of a second; a time before 1970 becomes 1970.
    fn from(time: SystemTime) -> Self {
        Self(
            time.duration_since(UNIX_EPOCH)
                .map_or(0, |since| since.as_secs()),
        )
    }
}

impl From<Timestamp> for Option<SystemTime> {
    /// `None` where the system's clock does not reach so far.
    fn from(timestamp: Timestamp) -> Self {
        UNIX_EPOCH.checked_add(Duration::from_secs(timestamp.0))
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    /// Reads whole seconds, and numbers with a fraction, which is cut off.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const END: f64 = u64::MAX as f64;
        let number = serde_json::Number::deserialize(deserializer)?;
        let whole = number.as_u64().or_else(|| {
            number
                .as_f64()
                .filter(|n| (0.0..END).contains(n))
                .map(|n| n as u64)
        });
        whole
            .map(Self)
            .ok_or_else(|| de::Error::custom("a time must be in seconds since 1970"))
    }
}
