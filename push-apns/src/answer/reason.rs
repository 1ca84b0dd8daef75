use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Makes the enum, its texts and its reader from one list.
macro_rules! reasons {
    ($($(#[$doc:meta])+ $name:ident $(= $spelling:literal)*,)+) => {
        /// Why the service refused a request, in its own words.
        ///
        /// The list is that of Apple's pages "Handling notification responses from APNs" and
        /// "Handling error responses from Apple Push Notification service" (broadcast). The service
        /// may say more than they list: [`Reason::Unknown`] keeps its text.
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Reason {
            $($(#[$doc])+ $name,)+
            /// A reason that has no name here, or an answer that gives none; empty when the body
            /// was.
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
                    $(stringify!($name) $(| $spelling)* => Self::$name,)+
                    _ => Self::Unknown(text.into()),
                }
            }
        }
    };
}

reasons! {
    /// 400: the collapse id is longer than 64 bytes.
    BadCollapseId,
    /// 400: the token is not one of this environment or app.
    ///
    /// Often a development token that was sent to production, or the reverse; a burst of these
    /// means a wrong endpoint. Compare the environment before any token is deleted for it.
    BadDeviceToken,
    /// 400: the header `apns-expiration` is not a time.
    BadExpirationDate,
    /// 400: the header `apns-id` is not a UUID.
    BadMessageId,
    /// 400: the header `apns-priority` is not one that the push type allows.
    BadPriority,
    /// 400: the header `apns-topic` is not a topic.
    BadTopic,
    /// 400: the token belongs to another app than the topic names.
    DeviceTokenNotForTopic,
    /// 400: a header stands twice.
    DuplicateHeaders,
    /// 400: the connection was idle for too long and is closed; send again on a new one.
    IdleTimeout,
    /// 400: the header `apns-push-type` has a value that the service does not know.
    InvalidPushType,
    /// 400: the path holds no token.
    MissingDeviceToken,
    /// 400: the header `apns-topic` is missing, which only a certificate of one topic allows.
    MissingTopic,
    /// 400: there is no payload.
    PayloadEmpty,
    /// 400: the key or certificate may not push to this topic.
    TopicDisallowed,
    /// 403: the certificate is not valid.
    BadCertificate,
    /// 403: the certificate is for the other environment.
    BadCertificateEnvironment,
    /// 403: the provider token is older than an hour; sign a new one.
    ExpiredProviderToken,
    /// 403: the action is not allowed.
    Forbidden,
    /// 403: the provider token is malformed, or its key, key id or team id is wrong or revoked.
    InvalidProviderToken,
    /// 403: there is neither a certificate nor a provider token.
    MissingProviderToken,
    /// 403: the key belongs to another team or set of topics than the first one of this connection.
    UnrelatedKeyIdInToken,
    /// 403: the key is for the other environment. Also seen spelled `BadEnvironmentKeyInToken`.
    BadEnvironmentKeyIdInToken = "BadEnvironmentKeyInToken",
    /// 404: the request's path is wrong.
    BadPath,
    /// 405: the request's method is not POST.
    MethodNotAllowed,
    /// 410: the token has expired; remove it.
    ExpiredToken,
    /// 410: the app is no longer on the device; remove the token, unless it was registered again
    /// since.
    Unregistered,
    /// 413: the payload is larger than the push type allows.
    PayloadTooLarge,
    /// 429: the provider token was renewed too often on this connection; keep the old one for 20
    /// minutes.
    TooManyProviderTokenUpdates,
    /// 429: too many notifications to this device; send it fewer, later.
    TooManyRequests,
    /// 500: the service failed; try later.
    InternalServerError,
    /// 503: the service is busy; try later.
    ServiceUnavailable,
    /// 503: the service is going down; send again on a new connection.
    Shutdown,
    /// 400, broadcast: the app has not enabled broadcast for its push notifications capability.
    FeatureNotEnabled,
    /// 400, broadcast: the header `apns-channel-id` is missing.
    MissingChannelId,
    /// 400, broadcast: the channel id is malformed.
    BadChannelId,
    /// 400, broadcast: there is no such channel.
    ChannelNotRegistered,
    /// 400, broadcast: a header or parameter is wrong.
    BadRequestParams,
    /// 400, broadcast: the body is not what the request needs.
    BadRequestPayload,
    /// 400, broadcast: the push type is missing.
    MissingPushType,
    /// 400, broadcast: the channel can't be created, as when the app has 10,000 of them.
    CannotCreateChannelConfig,
    /// 403, broadcast: the credentials are for another app than the path names.
    TopicMismatch,
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
        assert_eq!(Reason::KNOWN.len(), 41);
        for reason in Reason::KNOWN {
            assert_eq!(Reason::from(reason.as_str()), *reason);
            let json = serde_json::to_string(reason).unwrap();
            assert_eq!(serde_json::from_str::<Reason>(&json).unwrap(), *reason);
        }
        assert_eq!(
            Reason::from("BadEnvironmentKeyInToken"),
            Reason::BadEnvironmentKeyIdInToken
        );
    }

    #[test]
    fn an_unknown_reason_keeps_its_text() {
        let reason = Reason::from("ToBeInvented");
        assert_eq!(reason, Reason::Unknown("ToBeInvented".into()));
        assert_eq!(reason.to_string(), "ToBeInvented");
        assert_eq!(Reason::from("a\nb").to_string(), "a\\nb");
    }
}
