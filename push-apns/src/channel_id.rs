use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Names a broadcast channel of an app: the header `apns-channel-id`, in base64.
///
/// The service makes it when the channel is created; it is passed on to the app's devices, and back to
/// the service, as it is. What it says is the service's own matter: only its form is checked here, with
/// or without padding, in either alphabet. Source: Apple, "Sending channel management requests to
/// APNs".
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct ChannelId(Arc<str>);

impl ChannelId {
    /// The longest channel id that is sent, in bytes. Apple names no limit: this one is ours, so that no
    /// header of one request ends the connection of all.
    pub const MAX_BYTES: usize = 255;

    /// Checks and keeps a channel id.
    ///
    /// # Errors
    /// When it is empty, longer than 255 bytes, or not base64.
    pub fn new(text: &str) -> Result<Self, InvalidChannelId> {
        let digits = text.trim_end_matches('=');
        let padding = text.len() - digits.len();
        let fits = digits.bytes().all(is_digit)
            // A single digit too many can't hold a byte.
            && digits.len() % 4 != 1
            && (padding == 0 || (padding <= 2 && text.len().is_multiple_of(4)));
        if digits.is_empty() || text.len() > Self::MAX_BYTES || !fits {
            return Err(InvalidChannelId {
                given: text.chars().take(48).collect(),
            });
        }
        Ok(Self(text.into()))
    }

    /// The channel id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_digit(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_')
}

impl fmt::Display for ChannelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ChannelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChannelId({self})")
    }
}

impl AsRef<str> for ChannelId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl From<ChannelId> for String {
    fn from(id: ChannelId) -> Self {
        id.as_str().to_owned()
    }
}

impl From<&ChannelId> for String {
    fn from(id: &ChannelId) -> Self {
        id.as_str().to_owned()
    }
}

impl TryFrom<String> for ChannelId {
    type Error = InvalidChannelId;

    fn try_from(text: String) -> Result<Self, InvalidChannelId> {
        Self::new(&text)
    }
}

impl FromStr for ChannelId {
    type Err = InvalidChannelId;

    fn from_str(text: &str) -> Result<Self, InvalidChannelId> {
        Self::new(text)
    }
}

/// The text is not a channel id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the channel id is not base64 of 2 to 255 characters: {given:?}: give it as the service gave it \
     when the channel was created, as in dHN0LXNyY2gtY2hubA=="
)]
pub struct InvalidChannelId {
    given: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "dHN0LXNyY2gtY2hubA==";

    #[test]
    fn a_channel_id_comes_back_as_it_was_given() {
        let id: ChannelId = TEXT.parse().unwrap();
        assert_eq!(id.to_string(), TEXT);
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(json, format!("{TEXT:?}"));
        assert_eq!(serde_json::from_str::<ChannelId>(&json).unwrap(), id);
        for text in [
            "ab",
            "abc",
            "abcd",
            "abc=",
            "ab==",
            "+/-_",
            "dHN0LXNyY2gtY2hubA",
        ] {
            assert_eq!(ChannelId::new(text).map(String::from).as_deref(), Ok(text));
        }
    }

    #[test]
    fn what_is_not_base64_is_refused_with_what_was_given() {
        for text in [
            "",
            "=",
            "====",
            "a",
            "abcde",
            "a===",
            "ab=",
            "abcd=",
            "ab==cd",
            "a b",
            "ab\n",
            "é234",
            &"a".repeat(256),
        ] {
            assert!(ChannelId::new(text).is_err(), "{text:?}");
        }
        let message = ChannelId::new("not one").unwrap_err().to_string();
        assert!(message.contains("\"not one\""), "{message}");
    }
}
