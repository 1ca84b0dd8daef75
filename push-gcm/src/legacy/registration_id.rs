use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::de::{self, Deserializer};
use serde::{Deserialize, Serialize, Serializer};

/// The address of one app on one device, as the app got it from the service.
///
/// Its form is the service's own affair: any text is taken that is not empty, has at most 4096 bytes
/// and no control characters, and is not a topic (`/topics/…`), so that a device that claims to be
/// one can't make a message to it a message to everybody.
///
/// Cloning copies a pointer. `Display` shows the whole id, `Debug` and
/// [`RegistrationId::shortened`] its first characters only, which is what belongs into a log.
///
/// ```
/// # use push_gcm::legacy::RegistrationId;
/// let id: RegistrationId = "dQw4w9WgXcQ:APA91bHun4MxP5egoKMwt2KZFBaFUH".parse()?;
/// assert_eq!(format!("{id:?}"), "RegistrationId(dQw4w9Wg…)");
/// # Ok::<_, push_gcm::legacy::InvalidRegistrationId>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RegistrationId(Arc<str>);

impl RegistrationId {
    /// The longest id that is taken, in bytes. The service names no limit.
    pub const MAX_BYTES: usize = 4096;

    /// The id of this text.
    ///
    /// # Errors
    /// When no id can read so.
    pub fn new(text: impl AsRef<str>) -> Result<Self, InvalidRegistrationId> {
        let text = text.as_ref();
        check(text)?;
        Ok(Self(text.into()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first characters and an ellipsis, for logs.
    pub fn shortened(&self) -> impl fmt::Display + '_ {
        Shortened(&self.0)
    }
}

/// Whether a text can be a registration id.
pub(super) fn check(text: &str) -> Result<(), InvalidRegistrationId> {
    let fault = if text.is_empty() {
        Fault::Empty
    } else if text.len() > RegistrationId::MAX_BYTES {
        Fault::TooLong { bytes: text.len() }
    } else if let Some(at) = text.find(|character: char| character.is_control()) {
        Fault::Control { at }
    } else if text.starts_with("/topics/") {
        Fault::Topic
    } else {
        return Ok(());
    };
    Err(InvalidRegistrationId(fault))
}

/// At most eight characters, and never more than half of them.
pub(super) struct Shortened<'a>(pub(super) &'a str);

impl fmt::Display for Shortened<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = (self.0.chars().count() / 2).min(8);
        for character in self.0.chars().take(shown) {
            write!(f, "{}", character.escape_debug())?;
        }
        f.write_str("…")
    }
}

impl fmt::Display for RegistrationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for RegistrationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RegistrationId({})", self.shortened())
    }
}

impl AsRef<str> for RegistrationId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl FromStr for RegistrationId {
    type Err = InvalidRegistrationId;

    fn from_str(text: &str) -> Result<Self, InvalidRegistrationId> {
        Self::new(text)
    }
}

impl TryFrom<String> for RegistrationId {
    type Error = InvalidRegistrationId;

    fn try_from(text: String) -> Result<Self, InvalidRegistrationId> {
        Self::new(text)
    }
}

impl TryFrom<&str> for RegistrationId {
    type Error = InvalidRegistrationId;

    fn try_from(text: &str) -> Result<Self, InvalidRegistrationId> {
        Self::new(text)
    }
}

impl Serialize for RegistrationId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for RegistrationId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::new(text).map_err(de::Error::custom)
    }
}

/// A text that is no registration id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidRegistrationId(Fault);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Fault {
    Empty,
    TooLong { bytes: usize },
    Control { at: usize },
    Topic,
}

impl fmt::Display for InvalidRegistrationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Fault::Empty => f.write_str("the registration id is empty"),
            Fault::TooLong { bytes } => write!(
                f,
                "the registration id has {bytes} bytes: at most {} are taken",
                RegistrationId::MAX_BYTES
            ),
            Fault::Control { at } => write!(
                f,
                "the registration id has a control character at byte {at}: give it as the app got it"
            ),
            Fault::Topic => f.write_str(
                "the registration id is a topic, which many devices listen to: \
                 send to it as a topic",
            ),
        }
    }
}

impl std::error::Error for InvalidRegistrationId {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_no_id_says_why() {
        for (text, why) in [
            ("", "is empty"),
            ("abc\n", "control character at byte 3"),
            ("/topics/news", "is a topic"),
            (&"x".repeat(4097), "has 4097 bytes"),
        ] {
            let error = RegistrationId::new(text).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
        for text in ["4", "a b", "ü", "APA91b_-:", &"x".repeat(4096)] {
            assert_eq!(RegistrationId::new(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn a_log_never_shows_more_than_half_of_an_id() {
        for (text, shown) in [("4", "…"), ("abcd", "ab…"), ("ünïcödé", "ünï…")] {
            let id = RegistrationId::new(text).unwrap();
            assert_eq!(format!("{id:?}"), format!("RegistrationId({shown})"));
        }
    }

    #[test]
    fn an_id_is_stored_as_its_text_and_checked_as_it_comes_back() {
        let id = RegistrationId::new("abc:def").unwrap();
        let stored = serde_json::to_string(&id).unwrap();
        assert_eq!(stored, r#""abc:def""#);
        assert_eq!(serde_json::from_str::<RegistrationId>(&stored).unwrap(), id);
        assert!(serde_json::from_str::<RegistrationId>(r#""""#).is_err());
    }
}
