//! What to do about a refusal.
//!
//! In this order: FCM's own code, then what Apple's service said, then the fields that are named,
//! then the class of the error, then the HTTP status. What is less than FCM's own word, or that of
//! Apple's service, never removes a token.

use std::time::Duration;

use super::{Reason, Rejection, Status};

/// What is to be done about a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Advice {
    /// The token is dead; remove it.
    RemoveToken,
    /// The service did not take the message for now; send it again later, with back-off.
    RetryLater,
    /// The credentials, the project or its keys are wrong; nothing gets through before that is
    /// changed.
    FixCredentials,
    /// This message or token is wrong; sent again unchanged, it is refused again.
    FixMessage,
}

/// What is behind a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    Gone,
    /// The registration token, or that of the Live Activity.
    GoneOrLiveActivity,
    OtherProject,
    ThirdPartyKey,
    TooMany,
    Failing,
    Field,
    SuspectToken,
    /// The message, or the token: nothing says which.
    TokenOrMessage,
    AppleRefused,
    Invalid,
    TooLarge,
    AccessToken,
    Permission,
    NotFound,
    /// No answer that this service gives.
    Endpoint,
}

impl Cause {
    pub(super) fn advice(self) -> Advice {
        match self {
            Self::Gone => Advice::RemoveToken,
            Self::TooMany | Self::Failing => Advice::RetryLater,
            Self::OtherProject
            | Self::ThirdPartyKey
            | Self::AccessToken
            | Self::Permission
            | Self::NotFound
            | Self::Endpoint => Advice::FixCredentials,
            Self::GoneOrLiveActivity
            | Self::Field
            | Self::SuspectToken
            | Self::TokenOrMessage
            | Self::AppleRefused
            | Self::Invalid
            | Self::TooLarge => Advice::FixMessage,
        }
    }

    /// How long to wait where the service does not say.
    pub(super) fn default_wait(self) -> Duration {
        Duration::from_secs(match self {
            Self::TooMany => 60,
            _ => 10,
        })
    }

    /// For people: what it means and what to do.
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Gone => "the app is gone from the device, or its token has expired: remove it",
            Self::GoneOrLiveActivity => {
                "the registration token or the Live Activity's token is dead: end the activity, \
                 and send without its token to see which"
            }
            Self::OtherProject => {
                "the token belongs to another project: send with that project's credentials"
            }
            Self::ThirdPartyKey => {
                "the project's key for APNs or for Web Push is missing or wrong: set it in the \
                 Firebase console; neither the access token nor the device is at fault"
            }
            Self::TooMany => "too many messages: send it later, and fewer",
            Self::Failing => "the service is busy or fails: send it later",
            Self::Field => "fix this field of the message",
            Self::SuspectToken => {
                "the token is malformed or dead, or else the message is wrong: the token is, if \
                 others take the same message"
            }
            Self::TokenOrMessage => {
                "the message is wrong for this device's platform, or the token is malformed: nothing \
                 says which, so remove no token for it"
            }
            Self::AppleRefused => "APNs refused the message: fix its headers or payload",
            Self::Invalid => "fix the message",
            Self::TooLarge => "the message is too large: shorten it",
            Self::AccessToken => {
                "the access token was refused: check the credentials and this machine's clock"
            }
            Self::Permission => {
                "the account may not send, or the API is not enabled: give it the permission \
                 cloudmessaging.messages.create and enable the Firebase Cloud Messaging API"
            }
            Self::NotFound => {
                "there is no such project or address: check the project id and the endpoint; \
                 no token is at fault"
            }
            Self::Endpoint => "no answer that FCM gives: check the endpoint and the proxy",
        }
    }
}

impl Rejection {
    /// What is behind it.
    pub(super) fn cause(&self) -> Cause {
        let by_apple = || self.apple_says();
        match &self.reason {
            // Apple's word on it makes it no surer which of two tokens is meant.
            Some(Reason::Unregistered) => match by_apple() {
                Some(Cause::GoneOrLiveActivity) => Cause::GoneOrLiveActivity,
                _ => Cause::Gone,
            },
            Some(Reason::SenderIdMismatch) => Cause::OtherProject,
            Some(Reason::ThirdPartyAuth) => Cause::ThirdPartyKey,
            Some(Reason::QuotaExceeded) => Cause::TooMany,
            Some(Reason::Unavailable | Reason::Internal) => Cause::Failing,
            Some(Reason::InvalidArgument) => by_apple()
                .or_else(|| self.fields_say())
                .unwrap_or_else(|| self.invalid_argument()),
            Some(Reason::Unspecified | Reason::Other(_)) | None => by_apple()
                .or_else(|| self.fields_say())
                .or_else(|| self.status_says())
                .unwrap_or_else(|| self.http_says()),
        }
    }

    /// By what Apple's service answered to FCM. Source of the reasons: Apple, "Handling
    /// notification responses from APNs"; that FCM hands them on with codes of its own that say
    /// less, such as 400 `INVALID_ARGUMENT` with 410 `Unregistered`, is seen in practice.
    fn apple_says(&self) -> Option<Cause> {
        let apns = self.apns.as_ref()?;
        Some(match apns.reason.as_str() {
            "Unregistered" | "ExpiredToken" | "BadDeviceToken" | "DeviceTokenNotForTopic" => {
                match self.live_activity {
                    true => Cause::GoneOrLiveActivity,
                    false => Cause::Gone,
                }
            }
            "InvalidProviderToken"
            | "ExpiredProviderToken"
            | "MissingProviderToken"
            | "BadEnvironmentKeyInToken"
            | "BadEnvironmentKeyIdInToken"
            | "UnrelatedKeyIdInToken"
            | "BadCertificate"
            | "BadCertificateEnvironment"
            | "Forbidden"
            | "TopicDisallowed"
            | "BadTopic" => Cause::ThirdPartyKey,
            "PayloadTooLarge" => Cause::TooLarge,
            "TooManyRequests" | "TooManyProviderTokenUpdates" => Cause::TooMany,
            "InternalServerError" | "ServiceUnavailable" | "Shutdown" | "IdleTimeout" => {
                Cause::Failing
            }
            _ => match apns.status {
                Some(403) => Cause::ThirdPartyKey,
                Some(413) => Cause::TooLarge,
                Some(429) => Cause::TooMany,
                Some(500..=599) => Cause::Failing,
                Some(400..=499) => Cause::AppleRefused,
                _ => return None,
            },
        })
    }

    /// By the fields that are named: a fault of the message, unless it is the target's.
    fn fields_say(&self) -> Option<Cause> {
        let fields = || self.violations.iter().map(|violation| &*violation.field);
        let fields = || fields().filter(|field| !field.is_empty());
        // One that names no field is about the request as a whole.
        if fields().next().is_none() {
            return (!self.violations.is_empty()).then_some(Cause::Invalid);
        }
        let is_target =
            |field: &str| ["message.token", "message.fid", "token", "fid"].contains(&field);
        Some(match fields().all(is_target) {
            true => Cause::SuspectToken,
            false => Cause::Field,
        })
    }

    /// FCM's own code for a bad token, and for much else: the text tells them apart. "Request contains
    /// an invalid argument." is also what all devices of one platform get for a payload that the others
    /// take, so acceptances of others say nothing about it.
    fn invalid_argument(&self) -> Cause {
        let text = self.detail.as_deref().unwrap_or_default();
        let text = text.to_ascii_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
        if says(&["too big", "too large"]) {
            Cause::TooLarge
        } else if says(&["package name"]) {
            Cause::Invalid
        } else if says(&[
            "registration token",
            "registration id",
            "installation id",
            "fid",
        ]) {
            Cause::SuspectToken
        } else {
            Cause::TokenOrMessage
        }
    }

    fn status_says(&self) -> Option<Cause> {
        Some(match self.rpc_status.as_ref()? {
            Status::InvalidArgument
            | Status::FailedPrecondition
            | Status::OutOfRange
            | Status::AlreadyExists => self.invalid(),
            Status::Unauthenticated => self.unauthenticated(),
            Status::PermissionDenied => Cause::Permission,
            Status::NotFound => Cause::NotFound,
            Status::ResourceExhausted => Cause::TooMany,
            Status::Unavailable
            | Status::Internal
            | Status::Unknown
            | Status::DeadlineExceeded
            | Status::Aborted
            | Status::Cancelled
            | Status::DataLoss => Cause::Failing,
            Status::Ok | Status::Unimplemented | Status::Other(_) => return None,
        })
    }

    fn http_says(&self) -> Cause {
        match self.status {
            401 => self.unauthenticated(),
            403 => Cause::Permission,
            404 => Cause::NotFound,
            // FCM's own code would say that it was FCM.
            405 | 410 if self.reason.is_none() => Cause::Endpoint,
            408 => Cause::Failing,
            413 => Cause::TooLarge,
            429 => Cause::TooMany,
            400..=499 => self.invalid(),
            500..=599 => Cause::Failing,
            _ => Cause::Endpoint,
        }
    }

    fn invalid(&self) -> Cause {
        match self.status {
            413 => Cause::TooLarge,
            _ => Cause::Invalid,
        }
    }

    /// An own code of FCM that is not known here says that it got past the access token.
    fn unauthenticated(&self) -> Cause {
        match self.reason {
            Some(Reason::Other(_)) => Cause::Permission,
            _ => Cause::AccessToken,
        }
    }
}
