//! The services that can be simulated.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Error;

/// A push service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Service {
    /// Apple's provider API over HTTP/2.
    Apns,
    /// Apple's binary gateway, switched off in 2021.
    ApnsGateway,
    /// The feedback service that went with the binary gateway.
    ApnsFeedback,
    /// Firebase Cloud Messaging, HTTP v1, with Google's token endpoint.
    Fcm,
    /// Google's older protocol over HTTP, switched off in 2024.
    Gcm,
    /// Windows Push Notification Services, with both of its token endpoints.
    Wns,
    /// The push services of browsers.
    Web,
}

impl Service {
    /// The name in faults, statistics and flags.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Apns => "apns",
            Self::ApnsGateway => "apns-gateway",
            Self::ApnsFeedback => "apns-feedback",
            Self::Fcm => "fcm",
            Self::Gcm => "gcm",
            Self::Wns => "wns",
            Self::Web => "web",
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Service {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        match name {
            "apns" => Ok(Self::Apns),
            "apns-gateway" => Ok(Self::ApnsGateway),
            "apns-feedback" => Ok(Self::ApnsFeedback),
            "fcm" => Ok(Self::Fcm),
            "gcm" => Ok(Self::Gcm),
            "wns" => Ok(Self::Wns),
            "web" => Ok(Self::Web),
            _ => Err(Error::Service(name.to_owned())),
        }
    }
}
