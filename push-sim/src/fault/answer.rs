//! Answers on command.

use serde::{Deserialize, Serialize};

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The service's word for what is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Since when, in milliseconds since the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp_ms: Option<u64>,
    /// The `retry-after` header.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "text_or_number"
    )]
    pub retry_after: Option<String>,
}

impl Answer {
    /// An answer without a reason.
    #[must_use]
    pub fn new(status: u16) -> Self {
        Self {
            status,
            ..Self::default()
        }
    }

    /// Adds the reason.
    #[must_use]
    pub fn reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// Adds the timestamp, in milliseconds since the epoch.
    #[must_use]
    pub fn timestamp_ms(mut self, timestamp: u64) -> Self {
        self.timestamp_ms = Some(timestamp);
        self
    }

    /// Adds the `retry-after` header.
    #[must_use]
    pub fn retry_after(mut self, value: impl Into<String>) -> Self {
        self.retry_after = Some(value.into());
        self
    }
}

/// An answer whose body is too long: behind what it should be comes white space, so much or without
/// end.
///
/// It comes as fast as the client reads and its windows allow, and takes little memory here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Body {
    /// The HTTP status. 200: the request is served, and counts as accepted if it is good (and is
    /// answered as usual if it isn't); any other: the request is refused.
    pub status: u16,
    /// How much white space there is; `None`: it never ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
}

impl Body {
    /// A body that never ends.
    #[must_use]
    pub fn endless(status: u16) -> Self {
        Self {
            status,
            bytes: None,
        }
    }

    /// A body with so many bytes of white space.
    #[must_use]
    pub fn bytes(status: u16, bytes: u64) -> Self {
        Self {
            status,
            bytes: Some(bytes),
        }
    }
}

fn text_or_number<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(
        untagged,
        expecting = "retry_after is neither text nor a number of seconds"
    )]
    enum Either {
        Text(String),
        Number(u64),
    }
    let either = Option::<Either>::deserialize(deserializer)?;
    Ok(either.map(|either| match either {
        Either::Text(text) => text,
        Either::Number(seconds) => seconds.to_string(),
    }))
}
