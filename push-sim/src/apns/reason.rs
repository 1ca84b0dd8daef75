//! Reasons of refusal.

use std::fmt;

macro_rules! reasons {
    ($($status:literal: $($name:ident $text:literal)*;)*) => {
        /// Why a request is refused, with the HTTP status that goes with it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Reason {
            $($(#[doc = $text] $name,)*)*
        }

        impl Reason {
            /// All of them.
            pub const ALL: &'static [Self] = &[$($(Self::$name,)*)*];

            /// The word on the wire.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $($(Self::$name => stringify!($name),)*)*
                }
            }

            /// The HTTP status.
            #[must_use]
            pub fn status(self) -> u16 {
                match self {
                    $($(Self::$name => $status,)*)*
                }
            }
        }
    };
}

reasons! {
    400:
        BadChannelId "The channel identifier is not in base64, or too long."
        BadCollapseId "The collapse identifier is longer than 64 bytes."
        BadDeviceToken "The device token is malformed."
        BadExpirationDate "The expiration is not a number of seconds, or not one that the push type allows."
        BadMessageId "The identifier of the push or request is no UUID."
        BadPriority "The priority is not 10, 5 or 1, or not one that the push type allows."
        BadRequestParams "An attribute of the body is unknown, missing or out of its range."
        BadRequestPayload "The body is no JSON object."
        BadTopic "The topic is malformed, or does not fit the push type."
        CannotCreateChannelConfig "The app has as many channels as it may have."
        ChannelNotRegistered "The app has no such channel."
        DuplicateHeaders "A header is repeated."
        FeatureNotEnabled "Broadcasts are not enabled for this app."
        InvalidPushType "The push type is unknown."
        MissingChannelId "There is no channel identifier."
        MissingDeviceToken "The path has no device token."
        MissingPushType "There is no push type, and the request needs one."
        MissingTopic "There is no topic, and the certificate does not imply one."
        PayloadEmpty "There is no payload, or none that is a JSON object."
        TopicDisallowed "The certificate or the key is not for this topic, or a bundle identifier has the suffix of a push type.";
    403:
        BadCertificate "The certificate is not a provider's."
        BadCertificateEnvironment "The certificate is for the other environment."
        ExpiredProviderToken "The provider token is too old."
        Forbidden "The request is not allowed."
        InvalidProviderToken "The provider token is malformed, or not of a known key and team."
        MissingProviderToken "There is neither a certificate nor a provider token."
        TopicMismatch "The certificate or the key is not for the app of the path."
        UnrelatedKeyIdInToken "The key is not the one that this connection began with.";
    404: BadPath "The path is none of the API's.";
    405: MethodNotAllowed "The method is none of the path's.";
    413: PayloadTooLarge "The payload is above the limit of its push type.";
    429: TooManyProviderTokenUpdates "The provider token changes too often.";
    431: HeaderListTooLarge "The header list is above the limit; Apple documents no reason for it.";
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
