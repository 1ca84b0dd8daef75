//! The push services that are played.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A push service, whose paths, rules and words are those of a subscription.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Flavour {
    /// Mozilla's autopush: `/wpush/v1/ID`, and `/wpush/v2/ID` for subscriptions that are bound to a
    /// key.
    #[default]
    Mozilla,
    /// Google's FCM: `/fcm/send/ID` and `/wp/ID`.
    Fcm,
    /// Apple's: `/apple/ID`; Apple itself has the id alone.
    Apple,
    /// Microsoft's WNS, for Edge: `/w/?token=ID`.
    Edge,
    /// A service that does what RFC 8030 says and no more: `/push/ID`, and every path that is none of the
    /// others'.
    Rfc8030,
}

impl Flavour {
    /// The name in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mozilla => "mozilla",
            Self::Fcm => "fcm",
            Self::Apple => "apple",
            Self::Edge => "edge",
            Self::Rfc8030 => "rfc8030",
        }
    }

    /// Path and query of a subscription's endpoint.
    pub(super) fn target(self, id: &str, has_key: bool) -> String {
        match self {
            Self::Mozilla if has_key => format!("/wpush/v2/{id}"),
            Self::Mozilla => format!("/wpush/v1/{id}"),
            Self::Fcm => format!("/fcm/send/{id}"),
            Self::Apple => format!("/apple/{id}"),
            Self::Edge => format!("/w/?token={id}"),
            Self::Rfc8030 => format!("/push/{id}"),
        }
    }
}

impl fmt::Display for Flavour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
