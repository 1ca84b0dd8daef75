use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Makes the enum, its texts and its reader from one list.
macro_rules! reasons {
    ($($(#[$doc:meta])+ $name:ident,)+) => {
        /// Why the service refused a message, in its own words.
        ///
        /// The list is that of Google's pages "GCM: Server reference" and "Firebase Cloud Messaging
        /// HTTP protocol". A service may say more: [`Reason::Unknown`] keeps its text.
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Reason {
            $($(#[$doc])+ $name,)+
            /// A reason that has no name here, or an answer that gives none; empty when there was
            /// nothing to read.
            Unknown(Box<str>),
        }

        impl Reason {
            /// Every reason that has a name.
            pub const KNOWN: &'static [Self] = &[$(Self::$name),+];

            /// The reason as the service writes it.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$name => stringify!($name),)+
                    Self::Unknown(text) => text,
                }
            }
        }

        impl From<&str> for Reason {
            fn from(text: &str) -> Self {
                match text {
                    $(stringify!($name) => Self::$name,)+
                    _ => Self::Unknown(text.into()),
                }
            }
        }
    };
}

reasons! {
    /// The request names no registration id.
    MissingRegistration,
    /// The registration id is malformed, perhaps cut off or with something added: remove it.
    InvalidRegistration,
    /// The app is no longer on the device, or its id expired or was replaced: remove it.
    NotRegistered,
    /// The registration id belongs to another app than the restricted package name says.
    InvalidPackageName,
    /// The registration id belongs to another sender than the API key.
    MismatchSenderId,
    /// A parameter has a wrong name, type or value.
    InvalidParameters,
    /// The payload is larger than 4096 bytes, or than 2048 to a topic.
    MessageTooBig,
    /// The payload has a key that the service keeps for itself.
    InvalidDataKey,
    /// The time to live is not a number of seconds from 0 to 2,419,200.
    InvalidTtl,
    /// The service could not do it in time: send it again later.
    Unavailable,
    /// The service failed: send it again later.
    InternalServerError,
    /// Too many messages to this device: send it fewer, later.
    DeviceMessageRateExceeded,
    /// Too many messages to the subscribers of this topic: send fewer, later.
    TopicsMessageRateExceeded,
    /// The service can't reach APNs with the certificate or key that its project has.
    InvalidApnsCredential,
}

/// The longest unknown text that is kept, in bytes.
const MAX_TEXT: usize = 200;

impl Reason {
    /// The reason of this text, which is cut where it is too long to be one.
    pub(super) fn read(text: &str) -> Self {
        match text.char_indices().find(|(at, _)| *at >= MAX_TEXT) {
            Some((end, _)) => Self::from(&text[..end]),
            None => Self::from(text),
        }
    }

    /// Whether the reason has a name here.
    pub fn is_known(&self) -> bool {
        !matches!(self, Self::Unknown(_))
    }

    /// Whether the same message to the same device may well be taken later: the two reasons for
    /// which the service asks to try again.
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Unavailable | Self::InternalServerError)
    }
}

impl fmt::Display for Reason {
    /// The reason's text; what could disturb a log line is escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(text) if text.is_empty() => f.write_str("no reason given"),
            Self::Unknown(text) => text.chars().try_for_each(|character| {
                if character.is_control() {
                    write!(f, "{}", character.escape_default())
                } else {
                    write!(f, "{character}")
                }
            }),
            known => f.write_str(known.as_str()),
        }
    }
}

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Reason {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self::from(text.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_read_from_its_text() {
        assert_eq!(Reason::KNOWN.len(), 14);
        for reason in Reason::KNOWN {
            assert_eq!(Reason::read(reason.as_str()), *reason);
            let json = serde_json::to_string(reason).unwrap();
            assert_eq!(serde_json::from_str::<Reason>(&json).unwrap(), *reason);
        }
    }

    #[test]
    fn an_unknown_reason_keeps_its_text_up_to_a_bound() {
        let reason = Reason::read("ToBeInvented");
        assert_eq!(reason, Reason::Unknown("ToBeInvented".into()));
        assert_eq!(Reason::from("a\nb").to_string(), "a\\nb");
        let long = "ü".repeat(4000);
        assert_eq!(Reason::read(&long).as_str(), "ü".repeat(100));
        assert_eq!(Reason::read("").to_string(), "no reason given");
    }
}
