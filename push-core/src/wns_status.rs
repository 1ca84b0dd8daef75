use std::fmt;

use http::HeaderMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::text::{redacted, start};

/// What WNS did with a push that it answered: the header `X-WNS-Status`, or `X-WNS-NotificationStatus`.
///
/// Source: Microsoft, "Push notification service request and response headers".
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WnsStatus {
    /// It was taken. That is not to say that it was delivered.
    Received,
    /// It was thrown away: the app or browser can't be reached, or wants none.
    Dropped,
    /// It was thrown away, as too many came for this channel.
    ChannelThrottled,
    /// A word that has no name here; of what can be a token or an address, nothing is kept.
    Other(Box<str>),
}

/// The most of a word that is kept, in bytes.
const MAX_WORD_BYTES: usize = 64;

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

    /// Reads it from the headers of an answer, in either of their spellings; `None` where there is none. Where
    /// both are there and differ, the notification was not received.
    pub fn read(headers: &HeaderMap) -> Option<Self> {
        let lines = ["x-wns-status", "x-wns-notificationstatus"]
            .into_iter()
            .flat_map(|name| headers.get_all(name));
        let words = lines
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(','))
            .map(str::trim)
            .filter(|word| !word.is_empty());
        let said = words.map(|word| Self::from(start(word, MAX_WORD_BYTES)));
        // The first of those that say most: that it was thrown away, or else something unknown.
        said.min_by_key(|status| match status {
            Self::Dropped | Self::ChannelThrottled => 0,
            Self::Other(_) => 1,
            Self::Received => 2,
        })
    }
}

impl From<&str> for WnsStatus {
    /// Reads the word in either case.
    fn from(word: &str) -> Self {
        [Self::Received, Self::Dropped, Self::ChannelThrottled]
            .into_iter()
            .find(|known| known.as_str().eq_ignore_ascii_case(word))
            .unwrap_or_else(|| {
                Self::Other(redacted(word, MAX_WORD_BYTES).unwrap_or_default().into())
            })
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

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &'static str, value: &'static str) -> Option<WnsStatus> {
        let mut headers = HeaderMap::new();
        headers.insert(name, http::HeaderValue::from_static(value));
        WnsStatus::read(&headers)
    }

    #[test]
    fn what_was_not_received_by_one_spelling_was_not_received() {
        let read = |new: &str, old: &str| {
            let mut headers = HeaderMap::new();
            for (name, word) in [("x-wns-status", new), ("x-wns-notificationstatus", old)] {
                headers.insert(name, word.parse().unwrap());
            }
            WnsStatus::read(&headers)
        };
        for (new, old, status) in [
            ("received", "dropped", WnsStatus::Dropped),
            ("Dropped", "received", WnsStatus::Dropped),
            ("received", "", WnsStatus::Received),
            ("", "channelthrottled", WnsStatus::ChannelThrottled),
        ] {
            assert_eq!(read(new, old), Some(status), "{new}, {old}");
        }
        assert_eq!(read("", ""), None);
    }

    #[test]
    fn the_word_is_found_under_both_names_and_in_either_case() {
        for name in ["x-wns-status", "x-wns-notificationstatus"] {
            assert_eq!(read(name, "received"), Some(WnsStatus::Received));
            assert_eq!(read(name, " Dropped "), Some(WnsStatus::Dropped));
            let throttled = read(name, "channelThrottled");
            assert_eq!(throttled, Some(WnsStatus::ChannelThrottled));
            assert_eq!(read(name, "new"), Some(WnsStatus::Other("new".into())));
            assert_eq!(read(name, " "), None);
        }
        assert_eq!(read("x-wns-msg-id", "received"), None);
    }

    #[test]
    fn no_token_is_kept_as_a_word() {
        let status = WnsStatus::from("AwYAAABl0Qx7mZ3kT9rW2AwYAAABl0Qx7mZ3kT9rW2");
        assert_eq!(status.as_str(), "…");
        assert!(WnsStatus::from(&*"a b ".repeat(100)).as_str().len() <= 64);
    }
}
