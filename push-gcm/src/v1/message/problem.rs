use std::fmt;
use std::time::Duration;

use push_core::text::Escaped;
use serde_json::Value;

use super::wire::Seconds;

/// All that is wrong with a message, found before anything was sent.
pub type Invalid = push_core::Invalid<Problem>;

/// One thing that is wrong with a message: where, what was given, what was expected.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Problem {
    /// The field's path in the message, such as `android.notification.color`; `message` for all of
    /// it.
    pub field: String,
    /// What is wrong with it.
    pub fault: Fault,
}

impl Problem {
    pub(super) fn new(field: impl Into<String>, fault: Fault) -> Self {
        Self {
            field: field.into(),
            fault,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", Escaped(&self.field), self.fault)
    }
}

impl std::error::Error for Problem {}

/// What is wrong with a field; reads on from the field's path.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The key of a pair of data is one of the service's own.
    #[error(
        "is a key of the service's own: use another than from, message_type, gcm, and what begins \
         with google or gcm."
    )]
    ReservedKey,
    /// Something else stands where a text has to.
    #[error("is {given}: data are texts only, so give it as one")]
    NotAText {
        /// What was given, such as `a number`.
        given: &'static str,
    },
    /// Something else stands where an object has to.
    #[error("is {given}: give an object")]
    NotAnObject {
        /// What was given, such as `a list`.
        given: &'static str,
    },
    /// The target stands in the message.
    #[error("is a target: give it to the send, apart from the message")]
    Target,
    /// A member stands in a field and in `extra`.
    #[error("is given twice, in its field and in extra: leave one out")]
    Twice,
    /// Two fields are set of which the service takes one.
    #[error("is given along with {other}: leave one out")]
    Both {
        /// The other field.
        other: &'static str,
    },
    /// The time to live is longer than the service stores.
    #[error("is {}: at most 2419200s (4 weeks) are taken", Seconds(*.given))]
    TimeToLive {
        /// The time to live.
        given: Duration,
    },
    /// The duration is longer than the service's format can say.
    #[error("is {}: at most 315576000000s can be said", Seconds(*.given))]
    Duration {
        /// The duration.
        given: Duration,
    },
    /// The time is none that the service's format can say.
    #[error("is a time that can't be said: give one of the years 1 to 9999")]
    Time,
    /// The text is no colour.
    #[error("is {given:?}: give a colour as #rrggbb")]
    Color {
        /// The text, shortened.
        given: String,
    },
    /// A number is out of its range.
    #[error("is {given}: give {expected}")]
    Range {
        /// The number.
        given: f64,
        /// What is taken, such as `0 to 1`.
        expected: &'static str,
    },
    /// A field is missing that another one needs.
    #[error("is missing: {because}")]
    Missing {
        /// What needs it.
        because: &'static str,
    },
    /// The link is not one of HTTPS.
    #[error("is {given:?}: give an address that begins with https://")]
    NotHttps {
        /// The link, shortened.
        given: String,
    },
    /// The analytics label is none.
    #[error("is {given:?}: give at most 50 of a-z, A-Z, 0-9, -, _, ., ~, %")]
    AnalyticsLabel {
        /// The label, shortened.
        given: String,
    },
    /// The header's name or value can't stand in a header.
    #[error("can't stand in a header: give visible ASCII characters")]
    Header,
    /// The header has a value that it can't have.
    #[error("is {given:?}: give {expected}")]
    HeaderValue {
        /// The value, shortened.
        given: String,
        /// What is taken, such as `10, 5 or 1`.
        expected: &'static str,
    },
    /// The message is larger than the service takes.
    #[error(
        "has at least {bytes} bytes of keys and texts: at most {limit_bytes} are taken {}, \
         shorten it",
        if *.limit_bytes == super::MAX_DEVICE_BYTES { "for a device" } else { "for a topic or condition" }
    )]
    TooLarge {
        /// Its size in bytes, as [`Encoded::payload_bytes`](super::Encoded::payload_bytes) counts.
        bytes: usize,
        /// The largest size in bytes.
        limit_bytes: usize,
    },
    /// The target can't be one.
    #[error("can't be sent to: {reason}")]
    InvalidTarget {
        /// What is wrong with it.
        reason: crate::v1::target::InvalidTarget,
    },
    /// It can't be written as JSON.
    #[error("can't be written as JSON: {reason}")]
    Unwritable {
        /// What the serialiser says.
        reason: String,
    },
}

/// The beginning of a text, for an error.
pub(super) fn shortened(text: &str) -> String {
    let mut start: String = text.chars().take(64).collect();
    if start.len() < text.len() {
        start.push('…');
    }
    start
}

/// A JSON value's kind, for an error.
pub(super) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
