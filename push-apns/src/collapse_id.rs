use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Notifications with the same collapse id are shown as one, the newest: the header
/// `apns-collapse-id`.
///
/// One to 64 bytes, visible ASCII characters and spaces between them, so that it can stand in a
/// header. Source: Apple, "Sending notification requests to APNs" (the length); RFC 9113, section
/// 8.2.1 (the characters).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct CollapseId(Arc<str>);

impl CollapseId {
    /// The longest collapse id, in bytes.
    pub const MAX_BYTES: usize = 64;

    /// Checks and keeps a collapse id.
    ///
    /// # Errors
    /// When it is empty, longer than 64 bytes, or holds what a header can't.
    pub fn new(text: &str) -> Result<Self, InvalidCollapseId> {
        if text.is_empty() {
            return Err(InvalidCollapseId::Empty);
        }
        if text.len() > Self::MAX_BYTES {
            return Err(InvalidCollapseId::TooLong { bytes: text.len() });
        }
        if let Some(character) = unfit_for_header(text) {
            return Err(InvalidCollapseId::Character { character });
        }
        Ok(Self(text.into()))
    }

    /// The collapse id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The first character that can't stand in a header's value where it does.
fn unfit_for_header(text: &str) -> Option<char> {
    let edge = |end: Option<char>| end.filter(|character| *character == ' ');
    text.chars()
        .find(|character| !matches!(character, ' '..='~'))
        .or_else(|| edge(text.chars().next()))
        .or_else(|| edge(text.chars().next_back()))
}

impl fmt::Display for CollapseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for CollapseId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl From<CollapseId> for String {
    fn from(id: CollapseId) -> Self {
        id.as_str().to_owned()
    }
}

impl TryFrom<String> for CollapseId {
    type Error = InvalidCollapseId;

    fn try_from(text: String) -> Result<Self, InvalidCollapseId> {
        Self::new(&text)
    }
}

impl FromStr for CollapseId {
    type Err = InvalidCollapseId;

    fn from_str(text: &str) -> Result<Self, InvalidCollapseId> {
        Self::new(text)
    }
}

/// Why a text can't be a collapse id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidCollapseId {
    /// It has no characters.
    #[error("the collapse id is empty: give 1 to 64 bytes, or leave it out")]
    Empty,
    /// It is longer than the service takes.
    #[error(
        "the collapse id has {bytes} bytes: the service takes at most 64, so shorten or hash it"
    )]
    TooLong {
        /// Its length in bytes.
        bytes: usize,
    },
    /// It holds a character that a header can't, or begins or ends with a space.
    #[error(
        "the collapse id holds {character:?} where a header can't: \
         give visible ASCII, spaces only inside"
    )]
    Character {
        /// The first such character.
        character: char,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixty_four_bytes_are_taken_and_one_more_is_not() {
        assert!(CollapseId::new(&"x".repeat(64)).is_ok());
        assert_eq!(
            CollapseId::new(&"x".repeat(65)),
            Err(InvalidCollapseId::TooLong { bytes: 65 })
        );
    }

    #[test]
    fn what_a_header_cannot_hold_is_refused() {
        assert_eq!(CollapseId::new(""), Err(InvalidCollapseId::Empty));
        for (text, character) in [
            ("a\nb", '\n'),
            ("a\r\nx: y", '\r'),
            ("é", 'é'),
            (" a", ' '),
            ("a ", ' '),
            ("\u{7f}", '\u{7f}'),
        ] {
            assert_eq!(
                CollapseId::new(text),
                Err(InvalidCollapseId::Character { character }),
                "{text:?}"
            );
        }
        assert_eq!(
            CollapseId::new("score 3:2").map(String::from),
            Ok("score 3:2".to_owned())
        );
    }
}
