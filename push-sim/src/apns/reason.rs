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
        BadCollapseId "The collapse identifier is longer than 64 bytes."
        BadDeviceToken "The device token is malformed."
        BadExpirationDate "The expiration is not a number of seconds, or not one that the push type allows."
        BadMessageId "The identifier is no UUID."
        BadPriority "The priority is not 10, 5 or 1, or not one that the push type allows."
        BadTopic "The topic is malformed, or does not fit the push type."
        DuplicateHeaders "A header is repeated."
        InvalidPushType "The push type is unknown."
        MissingDeviceToken "The path has no device token."
        MissingTopic "There is no topic, and the certificate does not imply one."
        PayloadEmpty "There is no payload, or none that is a JSON object."
        TopicDisallowed "The certificate or the key is not for this topic.";
    403:
        BadCertificate "The certificate is not a provider's."
        BadCertificateEnvironment "The certificate is for the other environment."
        ExpiredProviderToken "The provider token is too old."
        Forbidden "The request is not allowed."
        InvalidProviderToken "The provider token is malformed, or not of a known key and team."
        MissingProviderToken "There is neither a certificate nor a provider token."
        UnrelatedKeyIdInToken "The key is not the one that this connection began with.";
    404: BadPath "The path is none of the API's.";
    405: MethodNotAllowed "The method is not POST.";
    413: PayloadTooLarge "The payload is above the limit of its push type.";
    429: TooManyProviderTokenUpdates "The provider token changes too often.";
    431: HeaderListTooLarge "The header list is above the limit; Apple documents no reason for it.";
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
