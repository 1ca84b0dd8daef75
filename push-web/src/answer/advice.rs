//! What a refusal means, and what to do about it.
//!
//! The HTTP status counts first, since it is what RFC 8030 defines. The service's own word says more
//! where the status leaves it open: 400, 401, 403 and 404.

use std::time::Duration;

use http::HeaderMap;

use super::body::Body;
use super::{Judgement, Reason, Rejection, WnsStatus, wns};
use crate::profile::PushService;

/// What is to be done about a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Advice {
    /// The subscription is gone; remove it.
    RemoveToken,
    /// The service did not take the push for now; send it again later, with back-off.
    RetryLater,
    /// The VAPID key or token is wrong for the service, or for this subscription; it gets nothing before
    /// that is changed.
    FixCredentials,
    /// This message or subscription is wrong; sent again unchanged, it is refused again.
    FixMessage,
}

impl Reason {
    /// What an answer means.
    pub(super) fn of(service: PushService, status: u16, headers: &HeaderMap, body: &Body) -> Self {
        let by_word = || body.code.as_deref().and_then(Self::of_word);
        let wns_status = wns::status(service, headers);
        let is_wns = || match service {
            PushService::Wns => true,
            PushService::Other => wns::is_wns(headers),
            _ => false,
        };
        match status {
            0..=299 if wns_status == Some(WnsStatus::ChannelThrottled) => Self::TooMany,
            0..=299 if wns_status == Some(WnsStatus::Dropped) => Self::Dropped,
            300..=399 => Self::Redirect,
            401 | 403 if says_key_mismatch(service, body) => Self::KeyMismatch,
            401 | 403 => by_word()
                .filter(|reason| reason.advice() == Advice::FixCredentials)
                .unwrap_or_else(|| match status == 403 && is_wns() {
                    true => Self::KeyMismatch,
                    false => Self::Unauthorized,
                }),
            404 => match by_word() {
                Some(Self::Gone) => Self::Gone,
                _ => Self::NotFound,
            },
            406 if is_wns() => Self::TooMany,
            408 => Self::Failing,
            410 if is_wns() && says(body, "domain blocked") => Self::Blocked,
            410 => Self::Gone,
            413 => Self::TooLarge,
            429 => Self::TooMany,
            400 if is_wns() && says(body, "ttl") => Self::Ttl,
            400..=499 => by_word()
                .filter(|reason| reason.is_of_bad_request())
                .unwrap_or_else(|| match (&body.code, status) {
                    (Some(word), _) => Self::Other(word.as_str().into()),
                    (None, 400) => Self::BadRequest,
                    (None, _) => Self::Unexpected,
                }),
            500..=599 => match by_word() {
                Some(Self::Bridge) => Self::Bridge,
                _ => Self::Failing,
            },
            _ => Self::Unexpected,
        }
    }

    /// Whether a status that leaves it open, such as 400, can come with this: no subscription is removed,
    /// and nothing waited for, because of a word alone.
    fn is_of_bad_request(&self) -> bool {
        matches!(self.advice(), Advice::FixCredentials | Advice::FixMessage)
    }

    pub(super) fn advice(&self) -> Advice {
        match self {
            Self::Gone | Self::NotFound => Advice::RemoveToken,
            Self::TooMany | Self::Failing | Self::Bridge | Self::Dropped => Advice::RetryLater,
            Self::KeyMismatch | Self::Unauthorized | Self::Blocked => Advice::FixCredentials,
            Self::Ttl
            | Self::Urgency
            | Self::Topic
            | Self::Encryption
            | Self::TooLarge
            | Self::BadRequest
            | Self::Redirect
            | Self::Unexpected
            | Self::Other(_) => Advice::FixMessage,
        }
    }

    /// How long to wait where the service does not say. For what was dropped it is the shortest time between
    /// two updates that Microsoft recommends.
    pub(super) fn default_wait(&self) -> Duration {
        Duration::from_secs(match self {
            Self::Dropped => 30 * 60,
            Self::TooMany => 60,
            _ => 10,
        })
    }

    /// For people: what it means and what to do.
    pub(super) fn text(&self) -> &'static str {
        match self {
            Self::Gone => "the user unsubscribed, or the subscription expired: remove it",
            Self::NotFound => "there is no such subscription: remove it",
            Self::KeyMismatch => {
                "the subscription was made with another VAPID key: send with that one, or let the browser \
                 subscribe again"
            }
            Self::Unauthorized => {
                "the VAPID token was refused: check the key, the subject, the origin and this machine's \
                 clock"
            }
            Self::Blocked => {
                "the push service has blocked this sender: stop sending and ask it why; no \
                 subscription is gone"
            }
            Self::Ttl => "fix the message's time to live",
            Self::Urgency => "fix the message's urgency",
            Self::Topic => "fix the message's topic",
            Self::Encryption => "the encryption's headers or keys were refused: fix the encoding",
            Self::TooLarge => "the message is too large: shorten it",
            Self::BadRequest | Self::Other(_) => "fix the message",
            Self::TooMany => "too many pushes: send it later, and fewer",
            Self::Failing => "the push service is busy or fails: send it later",
            Self::Bridge => {
                "the service to which the push service hands its pushes on fails: send it later"
            }
            Self::Dropped => {
                "WNS threw it away, as the browser can't be reached or wants none: send it later; the \
                 subscription is not gone"
            }
            Self::Redirect => "it leads elsewhere, where nothing is sent: check the endpoint",
            Self::Unexpected => "no answer that a push service gives: check the endpoint",
        }
    }
}

impl Rejection {
    /// What to do about it, in the service's own terms.
    pub fn advice(&self) -> Advice {
        match (&self.reason, self.judgement) {
            (Reason::NotFound, Some(Judgement::LikelyServiceFault)) => Advice::RetryLater,
            (reason, _) => reason.advice(),
        }
    }
}

/// FCM and autopush have one code for all that is wrong with VAPID: the text tells the key apart. At
/// FCM it is "the VAPID credentials … do not correspond to the credentials used to create the
/// subscriptions", or "the key … does not correspond to the sender ID"; at Mozilla "VAPID public key
/// mismatch".
fn says_key_mismatch(service: PushService, body: &Body) -> bool {
    let is = |other| service == other || service == PushService::Other;
    let is_mozilla = is(PushService::Mozilla) && body.code.as_deref() == Some("109");
    is(PushService::Fcm) && (says(body, "not correspond to the"))
        || is_mozilla && says(body, "key mismatch")
}

/// Whether the text has these words in it, which are given in lower case.
fn says(body: &Body, words: &str) -> bool {
    let detail = body.detail.as_deref().unwrap_or_default();
    detail.to_ascii_lowercase().contains(words)
}
