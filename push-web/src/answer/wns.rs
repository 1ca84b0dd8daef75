//! What WNS says in headers: its answers have no bodies.

use super::text::one_line;
use std::fmt;

use http::HeaderMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What WNS did with a push that it answered: the header `X-WNS-Status`, or `X-WNS-NotificationStatus`.
///
/// Source: Microsoft, "Push notification service request and response headers".
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WnsStatus {
    /// It was taken. That is not to say that it was delivered.
    Received,
    /// It was taken and thrown away: the browser can't be reached, or wants none.
    Dropped,
    /// It was thrown away, as too many came for this browser.
    ChannelThrottled,
    /// A word that has no name here; of what can be a token or an address, nothing is kept.
    Other(Box<str>),
}

impl WnsStatus {
    /// The word as the service writes it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Received => "received",
            Self::Dropped => "dropped",
            Self::ChannelThrottled => "channelthrottled",
            Self::Other(word) => word,
        }
    }

    /// Reads it from an answer's headers; `None` where there is none.
    pub fn read(headers: &HeaderMap) -> Option<Self> {
        let word =
            text(headers, "x-wns-status").or_else(|| text(headers, "x-wns-notificationstatus"))?;
        Some(Self::from(super::text::start(word, 64)))
    }
}

impl From<&str> for WnsStatus {
    /// Reads the word in either case.
    fn from(word: &str) -> Self {
        [Self::Received, Self::Dropped, Self::ChannelThrottled]
            .into_iter()
            .find(|known| known.as_str().eq_ignore_ascii_case(word))
            .unwrap_or_else(|| Self::Other(one_line(word).unwrap_or_default().into()))
    }
}

impl fmt::Display for WnsStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for WnsStatus {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for WnsStatus {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|word| Self::from(word.as_str()))
    }
}

/// What is wrong, for people.
pub(super) fn error_description(headers: &HeaderMap) -> Option<&str> {
    text(headers, "x-wns-error-description")
}

/// Whether an answer is one of WNS's: by its headers, all of which begin alike.
pub(super) fn is_wns(headers: &HeaderMap) -> bool {
    headers
        .keys()
        .any(|name| name.as_str().starts_with("x-wns-"))
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let text = headers.get(name)?.to_str().ok()?.trim();
    (!text.is_empty()).then_some(text)
}
