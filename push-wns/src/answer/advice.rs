//! What a refusal means, and what to do about it.

use std::time::Duration;

use http::StatusCode;
use push_core::WnsStatus;

use super::Reason;

/// What is to be done about a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Advice {
    /// The channel is gone; remove it.
    RemoveToken,
    /// WNS did not take the notification for now; send it again later, with back-off.
    RetryLater,
    /// The credentials are wrong, or the app's registration; nothing gets through before that is changed.
    FixCredentials,
    /// This notification or channel URI is wrong; sent again unchanged, it is refused again.
    FixMessage,
}

impl Reason {
    /// What an answer means. `says` tells whether WNS's words about it have these in them.
    pub(super) fn of(
        status: StatusCode,
        notification_status: Option<&WnsStatus>,
        says: impl Fn(&str) -> bool,
    ) -> Self {
        match status.as_u16() {
            200 => match notification_status {
                Some(WnsStatus::Dropped) => Self::Dropped,
                Some(WnsStatus::ChannelThrottled) => Self::ChannelThrottled,
                _ => Self::Unexpected,
            },
            400 => Self::BadRequest,
            401 => Self::Unauthorized,
            // "Request targets an app that is not in allowed receiving apps list by WNS": seen in practice.
            403 if says("allowedreceivingapp") => Self::NotAllowedApp,
            403 => Self::OtherApp,
            404 => Self::ChannelNotFound,
            405 => Self::MethodNotAllowed,
            406 | 429 => Self::Throttled,
            408 | 503 => Self::Unavailable,
            410 if says("domainblocked") => Self::DomainBlocked,
            410 => Self::ChannelExpired,
            413 => Self::TooLarge,
            500..=599 => Self::ServerError,
            _ => Self::Unexpected,
        }
    }

    pub(super) fn advice(&self) -> Advice {
        match self {
            Self::ChannelNotFound | Self::ChannelExpired => Advice::RemoveToken,
            Self::Throttled
            | Self::ServerError
            | Self::Unavailable
            | Self::Dropped
            | Self::ChannelThrottled => Advice::RetryLater,
            Self::Unauthorized | Self::OtherApp | Self::NotAllowedApp | Self::DomainBlocked => {
                Advice::FixCredentials
            }
            Self::BadRequest
            | Self::MethodNotAllowed
            | Self::TooLarge
            | Self::Unexpected
            | Self::Other(_) => Advice::FixMessage,
        }
    }

    /// How long to wait where WNS does not say. For what was dropped it is the shortest time between two
    /// updates that Microsoft recommends.
    pub(super) fn default_wait(&self) -> Duration {
        Duration::from_secs(match self {
            Self::Dropped => 30 * 60,
            Self::Throttled | Self::ChannelThrottled => 60,
            _ => 10,
        })
    }

    /// For people: what it means and what to do.
    pub(super) fn text(&self) -> &'static str {
        match self {
            Self::BadRequest | Self::Other(_) => "fix the notification's headers or payload",
            Self::Unauthorized => {
                "the access token was refused: check the credentials, and that they are of the kind that \
                 the app's channels are of"
            }
            Self::OtherApp => {
                "the channel belongs to another app: send with the credentials of that one; no channel is \
                 gone"
            }
            Self::NotAllowedApp => {
                "the application may not send to this app: have the app's package family name mapped to \
                 the application id, and name its object id as the app asks for channels; no channel is \
                 gone"
            }
            Self::ChannelNotFound => "there is no such channel: remove it",
            Self::MethodNotAllowed => {
                "the channel takes no such request: only those of Windows Phone let toasts be removed"
            }
            Self::Throttled => "too many notifications: send it later, and fewer",
            Self::ChannelExpired => {
                "the channel has expired or was revoked: remove it, the app has to ask for another"
            }
            Self::DomainBlocked => {
                "WNS has blocked this sender: stop sending and ask it why; no channel is gone"
            }
            Self::TooLarge => "the notification is too large: shorten it to 5000 bytes",
            Self::ServerError => "WNS has failed: send it later",
            Self::Unavailable => "WNS is busy: send it later",
            Self::Dropped => {
                "WNS threw it away, as the device is offline or takes no such ones, or by an error: send it \
                 later; the channel is not gone"
            }
            Self::ChannelThrottled => {
                "WNS threw it away, as too many came for this channel: send it later, and fewer"
            }
            Self::Unexpected => "no answer that WNS gives: check the channel and the proxy",
        }
    }
}
