use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Makes the open list of reasons.
macro_rules! reasons {
    (
        $(#[$meta:meta])*
        pub enum $name:ident {
            $($(#[$doc:meta])+ $reason:ident = $text:literal,)+
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$doc])+ $reason,)+
            /// A reason that has no name here, as a later version may write it.
            Other(Box<str>),
        }

        impl $name {
            /// All reasons that have a name here.
            pub const KNOWN: &'static [Self] = &[$(Self::$reason,)+];

            /// Its name, such as `channel-expired`.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$reason => $text,)+
                    Self::Other(name) => name,
                }
            }
        }

        impl From<&str> for $name {
            fn from(name: &str) -> Self {
                match name {
                    $($text => Self::$reason,)+
                    _ => Self::Other(name.into()),
                }
            }
        }
    };
}

reasons! {
    /// Why WNS did not take a notification.
    ///
    /// Source: Microsoft, "Push notification service request and response headers".
    pub enum Reason {
        /// 400: a header is wrong, or headers contradict each other.
        BadRequest = "bad-request",
        /// 401: the access token is malformed, unknown or has ended.
        Unauthorized = "unauthorized",
        /// 403: the access token is for another app than the channel.
        OtherApp = "other-app",
        /// 403 with a text about the "allowed receiving apps list": the package of the app that has the
        /// channel is not mapped to the application that sends.
        NotAllowedApp = "not-allowed-app",
        /// 404: no channel has this URI.
        ChannelNotFound = "channel-not-found",
        /// 405: the channel takes no such request; only those of Windows Phone take DELETE.
        MethodNotAllowed = "method-not-allowed",
        /// 406, 429: too many notifications, of the app or of all its channels.
        Throttled = "throttled",
        /// 410: the channel has expired or was revoked.
        ChannelExpired = "channel-expired",
        /// 410 "Domain Blocked": the sender is blocked for abuse. No channel is gone for it.
        DomainBlocked = "domain-blocked",
        /// 413: the notification has more than 5000 bytes.
        TooLarge = "too-large",
        /// 500 and other 5xx: WNS failed.
        ServerError = "server-error",
        /// 503: WNS is not there for now; 408: it did not get all of the request in time.
        Unavailable = "unavailable",
        /// 200 with the status `dropped`: WNS threw the notification away, as the device is offline or takes
        /// no such ones, or by an error. The channel is not gone for it.
        Dropped = "dropped",
        /// 200 with the status `channelthrottled`: WNS threw the notification away, as too many came for
        /// this channel.
        ChannelThrottled = "channel-throttled",
        /// No answer that WNS gives: other 2xx, redirects, which are never followed, and other 4xx.
        Unexpected = "unexpected",
    }
}

impl fmt::Display for Reason {
    /// The name; what could disturb a log line is escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.as_str().chars() {
            match character.is_control() {
                true => write!(f, "{}", character.escape_default())?,
                false => write!(f, "{character}")?,
            }
        }
        Ok(())
    }
}

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Reason {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|name| Self::from(name.as_str()))
    }
}
