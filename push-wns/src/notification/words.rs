//! Enumerations whose words stand in the XML, and in JSON as they do there.

/// Makes an enumeration from the list of its words.
macro_rules! words {
    (
        $(#[$meta:meta])*
        pub enum $name:ident ($what:literal) {
            $($(#[$doc:meta])+ $word:ident = $text:literal,)+
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$doc])+ $word,)+
        }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$word,)+];

            /// The word, as Microsoft spells it.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$word => $text,)+
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::notification::words::UnknownWord;

            /// Reads the word as Microsoft spells it; the case counts.
            fn from_str(word: &str) -> Result<Self, Self::Err> {
                let found = Self::ALL.iter().find(|known| known.as_str() == word);
                found.copied().ok_or_else(|| {
                    let all = Self::ALL.iter().map(|known| known.as_str());
                    $crate::notification::words::UnknownWord::new($what, word, all)
                })
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let word = <String as serde::Deserialize>::deserialize(deserializer)?;
                word.parse().map_err(serde::de::Error::custom)
            }
        }

        impl $crate::notification::xml::Value for $name {
            fn text(&self) -> std::borrow::Cow<'_, str> {
                self.as_str().into()
            }
        }
    };
}

pub(super) use words;

use super::problem::shortened;

/// The text is none of the words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the {what} is {given:?}: give {expected}")]
pub struct UnknownWord {
    what: &'static str,
    given: String,
    expected: String,
}

impl UnknownWord {
    pub(super) fn new<'a>(
        what: &'static str,
        given: &str,
        all: impl Iterator<Item = &'a str>,
    ) -> Self {
        let all: Vec<&str> = all.collect();
        let expected = match all.split_last() {
            Some((last, [_, ..])) => format!("{} or {last}", all[..all.len() - 1].join(", ")),
            _ => all.concat(),
        };
        Self {
            what,
            given: shortened(given),
            expected,
        }
    }
}
