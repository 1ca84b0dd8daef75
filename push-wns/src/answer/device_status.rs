use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::text::word;

/// Whether the device is reached: the header `X-WNS-DeviceConnectionStatus`, which WNS gives on request
/// ([`Notification::request_for_status`](crate::Notification::request_for_status)).
///
/// Source: Microsoft, "Push notification service request and response headers".
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DeviceStatus {
    /// It is online and connected to WNS.
    Connected,
    /// It is offline.
    Disconnected,
    /// It has lost its connection for a moment; no longer in use. Also read from `tempdisconnected`, as
    /// the same page spells it.
    TempConnected,
    /// A word that has no name here; of what can be a token or an address, nothing is kept.
    Other(Box<str>),
}

impl DeviceStatus {
    /// The word as WNS writes it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Connected => "connected",
            Self::Disconnected => "disconnected",
            Self::TempConnected => "tempconnected",
            Self::Other(word) => word,
        }
    }
}

impl From<&str> for DeviceStatus {
    /// Reads the word in either case.
    fn from(text: &str) -> Self {
        if text.eq_ignore_ascii_case("tempdisconnected") {
            return Self::TempConnected;
        }
        [Self::Connected, Self::Disconnected, Self::TempConnected]
            .into_iter()
            .find(|known| known.as_str().eq_ignore_ascii_case(text))
            .unwrap_or_else(|| Self::Other(word(text).into()))
    }
}

impl fmt::Display for DeviceStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for DeviceStatus {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for DeviceStatus {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self::from(text.as_str()))
    }
}
