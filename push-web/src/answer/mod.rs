//! What a push service answers when it does not take a push, and what to do about it.
//!
//! The table of answers and verdicts stands in the documentation of the crate (`lib.rs`).

mod advice;
mod body;
mod reason;
mod text;
pub(crate) mod wns;

use std::fmt;
use std::time::{Duration, SystemTime};

use http::{HeaderMap, StatusCode};
pub use push_core::WnsStatus;
pub use push_core::fan_out::Judgement;
use push_core::{BELIEVABLE_WAIT, Verdict, retry_after};

pub use self::advice::Advice;
use self::body::Body;
pub use self::reason::Reason;
use crate::profile::PushService;

/// The push service answered no.
///
/// `Display` says on one line what it answered and what to do; the service's own text is in it on one
/// line, without endpoints, tokens and keys.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rejection {
    /// The HTTP status, such as 410.
    pub status: u16,
    /// What the answer means, in the same words for all push services.
    pub reason: Reason,
    /// The service's own word: Mozilla's `errno` such as `109`, Apple's reason such as `BadJwtToken`, FCM's
    /// such as `UnauthorizedRegistration`. `None` where the answer has none, as WNS's and those of proxies.
    pub code: Option<String>,
    /// The service's text on one line, of at most 512 bytes; of a page in HTML its title.
    pub detail: Option<String>,
    /// How long to wait: the header `Retry-After`.
    pub retry_after: Option<Duration>,
    /// Whose push service it is.
    pub service: PushService,
    /// What a bulk send made of it; `None` where one push was sent by itself.
    pub judgement: Option<Judgement>,
}

impl Rejection {
    /// Reads an answer that is no success. It takes whatever a server, or a proxy on the way, may
    /// send, and never fails; `now` is what a date in `Retry-After` counts from, where the answer has no
    /// date itself.
    ///
    /// An answer is read in the form of its service, and at an unknown one
    /// ([`PushService::Other`]) in whichever form it has.
    pub fn read(
        service: PushService,
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
        now: SystemTime,
    ) -> Self {
        let body = Body::read(service, headers, body);
        Self {
            status: status.as_u16(),
            reason: Reason::of(service, status.as_u16(), headers, &body),
            code: body.code,
            detail: body.detail,
            retry_after: retry_after(headers, now).map(|wait| wait.min(BELIEVABLE_WAIT)),
            service,
            judgement: None,
        }
    }

    /// The same answer, with what a bulk send made of it. It changes the advice on a subscription that
    /// is not found where that means [`Judgement::LikelyServiceFault`].
    #[must_use]
    pub fn judged(mut self, judgement: Judgement) -> Self {
        self.judgement = Some(judgement);
        self
    }

    /// What to do about it.
    ///
    /// Where the service is busy or fails and does not say for how long, it is 60 s after too many
    /// pushes, 10 s after a failure, and half an hour for what WNS dropped; an hour where a bulk send found that it likely takes living
    /// subscriptions for dead ones.
    pub fn verdict(&self) -> Verdict {
        let wait = || match self.judgement {
            Some(Judgement::LikelyServiceFault) if self.is_suspect() => Judgement::WAIT,
            _ => self.reason.default_wait(),
        };
        if matches!(self.status, 200..=299) && self.reason == Reason::Unexpected {
            // A success that no push service gives: nobody knows what was taken.
            return Verdict::Unknown;
        }
        match self.advice() {
            Advice::RemoveToken => Verdict::remove_token(None),
            Advice::RetryLater => Verdict::RetryAfter(self.retry_after.unwrap_or_else(wait)),
            Advice::FixCredentials => Verdict::FixCredentials,
            Advice::FixMessage => Verdict::FixMessage,
        }
    }

    /// Whether the service says that the subscription is gone or not known, whatever a bulk send made
    /// of it.
    pub fn is_gone(&self) -> bool {
        matches!(self.reason, Reason::Gone | Reason::NotFound)
    }

    /// Whether that is said in a way that can be the service's own fault: not found, which a service has
    /// said of living subscriptions. That one is gone can be trusted.
    pub fn is_suspect(&self) -> bool {
        self.reason == Reason::NotFound
    }
}

impl push_core::Rejection for Rejection {
    fn verdict(&self) -> Verdict {
        Self::verdict(self)
    }

    fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rejected with {}", self.status)?;
        if let Some(code) = &self.code {
            write!(f, " {code}")?;
        }
        if let Some(detail) = &self.detail {
            write!(f, ": {}", detail.trim_end_matches('.'))?;
        }
        let text = match (&self.reason, self.judgement) {
            (Reason::NotFound, Some(Judgement::LikelyServiceFault)) => {
                "the push service knows none of the subscriptions of the run, so likely the fault is its \
                 own: remove none, and send later"
            }
            (reason, _) => reason.text(),
        };
        write!(f, ": {text}")
    }
}
