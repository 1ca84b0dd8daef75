//! Enumerations of the service, which may grow: a word that has no name here is kept.

/// Makes an open enumeration from the list of its words.
macro_rules! words {
    (
        $(#[$meta:meta])*
        pub enum $name:ident {
            $($(#[$doc:meta])+ $word:ident = $text:literal,)+
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$doc])+ $word,)+
            /// A word that has no name here.
            Other(Box<str>),
        }

        impl $name {
            /// The word as the message has it.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$word => $text,)+
                    Self::Other(word) => word,
                }
            }
        }

        impl From<&str> for $name {
            /// Reads the word in either case.
            fn from(word: &str) -> Self {
                $(if word.eq_ignore_ascii_case($text) {
                    return Self::$word;
                })+
                Self::Other(word.into())
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                <String as serde::Deserialize>::deserialize(deserializer).map(|word| Self::from(word.as_str()))
            }
        }

        $crate::v1::message::config::plain!($name);
    };
}

pub(super) use words;
