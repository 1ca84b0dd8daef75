use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The name of a topic: 1 to 900 of the characters `a-z A-Z 0-9 - _ . ~ %`.
///
/// Kept without the `/topics/` that older interfaces had before it. Cloning copies a pointer.
///
/// Source: Firebase, "FCM topic subscriptions" (the length) and the Admin SDKs (the characters).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Topic(Arc<str>);

impl Topic {
    /// The longest name, in bytes.
    pub const MAX_BYTES: usize = 900;

    /// The topic of this name, with or without `/topics/` before it.
    ///
    /// # Errors
    /// When it is empty, too long, or holds another character.
    pub fn new(name: impl AsRef<str>) -> Result<Self, InvalidTopic> {
        let given = name.as_ref();
        let name = given.strip_prefix("/topics/").unwrap_or(given);
        if name.is_empty() {
            return Err(InvalidTopic(Fault::Empty));
        }
        if name.len() > Self::MAX_BYTES {
            return Err(InvalidTopic(Fault::TooLong { bytes: name.len() }));
        }
        if let Some((index, character)) = name
            .chars()
            .enumerate()
            .find(|(_, character)| !is_topic_character(*character))
        {
            return Err(InvalidTopic(Fault::Character {
                name: name.chars().take(64).collect(),
                character,
                index,
            }));
        }
        Ok(Self(name.into()))
    }

    /// The name, without `/topics/`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

pub(super) fn is_topic_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || "-_.~%".contains(character)
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Topic({:?})", &*self.0)
    }
}

impl AsRef<str> for Topic {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl FromStr for Topic {
    type Err = InvalidTopic;

    fn from_str(name: &str) -> Result<Self, InvalidTopic> {
        Self::new(name)
    }
}

impl TryFrom<&str> for Topic {
    type Error = InvalidTopic;

    fn try_from(name: &str) -> Result<Self, InvalidTopic> {
        Self::new(name)
    }
}

impl TryFrom<String> for Topic {
    type Error = InvalidTopic;

    fn try_from(name: String) -> Result<Self, InvalidTopic> {
        Self::new(name)
    }
}

impl Serialize for Topic {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Topic {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// The text is not the name of a topic; the message says why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub struct InvalidTopic(Fault);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum Fault {
    #[error("the topic's name is empty: give 1 to 900 of a-z, A-Z, 0-9, -, _, ., ~, %")]
    Empty,
    #[error("the topic's name has {bytes} bytes: at most 900 are taken")]
    TooLong { bytes: usize },
    #[error(
        "the topic {name:?} holds {character:?} at {index}: \
         only a-z, A-Z, 0-9, -, _, ., ~, % can stand in a topic's name"
    )]
    Character {
        name: String,
        character: char,
        index: usize,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_kept_without_the_old_prefix() {
        for (given, name) in [
            ("news", "news"),
            ("/topics/news", "news"),
            ("A-z_0.9~%20", "A-z_0.9~%20"),
        ] {
            assert_eq!(Topic::new(given).unwrap().as_str(), name);
        }
        assert!(Topic::new("a".repeat(900)).is_ok());
    }

    #[test]
    fn what_is_no_name_is_told_by_its_first_wrong_character() {
        for (given, expected) in [
            ("", "is empty"),
            ("/topics/", "is empty"),
            ("a b", "holds ' ' at 1"),
            ("/topics/a/b", "holds '/' at 1"),
            ("topics/a", "holds '/' at 6"),
            ("é", "holds 'é' at 0"),
            ("a\n", "holds '\\n' at 1"),
        ] {
            let error = Topic::new(given).unwrap_err().to_string();
            assert!(error.contains(expected), "{given:?}: {error}");
        }
        let error = Topic::new("a".repeat(901)).unwrap_err().to_string();
        assert!(error.contains("901 bytes"), "{error}");
    }
}
