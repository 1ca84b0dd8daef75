//! What the service answers when it does not take a message, and what to do about it.

mod advice;
mod body;
mod reason;
mod text;

use std::fmt;
use std::time::{Duration, SystemTime};

use http::{HeaderMap, StatusCode};
use push_core::{Verdict, retry_after};

pub use self::advice::Advice;
use self::advice::Cause;
use self::body::Body;
pub use self::body::{ApnsReason, QuotaViolation, Violation};
pub use self::reason::{Reason, Status};
pub use crate::judgement::Judgement;

/// The service answered no.
///
/// `Display` says on one line what it answered and what to do; the service's own text is in it on
/// one line, without tokens and keys.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rejection {
    /// The HTTP status, such as 404.
    pub status: u16,
    /// FCM's own reason: the code of its `FcmError`. `None` when the answer has none, as the
    /// answers of Google's front end and of proxies.
    pub reason: Option<Reason>,
    /// The class of the error, where the answer says it.
    pub rpc_status: Option<Status>,
    /// The service's text on one line, of at most 512 bytes; of a page in HTML its title.
    pub detail: Option<String>,
    /// The fields that the service found wrong.
    pub violations: Vec<Violation>,
    /// What Apple's service answered to FCM.
    pub apns: Option<ApnsReason>,
    /// The quotas that were used up.
    pub quota: Vec<QuotaViolation>,
    /// The reason of Google's front end, such as `SERVICE_DISABLED` where the project has not
    /// enabled the API.
    pub info: Option<String>,
    /// How long to wait: the header `Retry-After`, or else the answer's `RetryInfo`.
    pub retry_after: Option<Duration>,
    /// What a bulk send made of it; `None` where one message was sent by itself.
    pub judgement: Option<Judgement>,
    live_activity: bool,
}

impl Rejection {
    /// Reads an answer that is no success. It takes whatever a server, or a proxy on the way, may
    /// send, and never fails; `now` is what a date in `Retry-After` counts from, where the answer has no
    /// date itself.
    pub fn read(status: StatusCode, headers: &HeaderMap, body: &[u8], now: SystemTime) -> Self {
        let body = Body::read(body);
        Self {
            status: status.as_u16(),
            reason: body.reason,
            rpc_status: body.rpc_status,
            detail: body.detail,
            violations: body.violations,
            apns: body.apns,
            quota: body.quota,
            info: body.info,
            retry_after: retry_after(headers, now).or(body.retry_delay),
            judgement: None,
            live_activity: false,
        }
    }

    /// The same answer, to a message with the token of a Live Activity or without
    /// ([`Encoded::has_live_activity_token`](crate::v1::Encoded::has_live_activity_token)). With
    /// one it is not known which of the two tokens Apple's service calls dead, and none is to be
    /// removed for it.
    #[must_use]
    pub fn with_live_activity_token(mut self, there_was_one: bool) -> Self {
        self.live_activity = there_was_one;
        self
    }

    /// The same answer, with what a bulk send made of it. It changes the advice on a suspect token
    /// that is [`Judgement::DeadToken`], and on a token that is said to be gone where that means
    /// [`Judgement::LikelyWrongProject`].
    #[must_use]
    pub fn judged(mut self, judgement: Judgement) -> Self {
        self.judgement = Some(judgement);
        self
    }

    /// What to do about it, in the service's own terms.
    pub fn advice(&self) -> Advice {
        match (self.cause(), self.judgement) {
            (Cause::SuspectToken, Some(Judgement::DeadToken)) => Advice::RemoveToken,
            (Cause::Gone, Some(Judgement::LikelyWrongProject)) => Advice::FixCredentials,
            (cause, _) => cause.advice(),
        }
    }

    /// What to do about it.
    ///
    /// Where the service is busy or fails and does not say for how long, it is 60 s after too many
    /// messages and 10 s after a failure. Source: Firebase, "Best practices when sending FCM
    /// messages at scale".
    pub fn verdict(&self) -> Verdict {
        match self.advice() {
            Advice::RemoveToken => Verdict::remove_token(None),
            Advice::RetryLater => {
                let wait = || self.cause().default_wait();
                Verdict::RetryAfter(self.retry_after.unwrap_or_else(wait))
            }
            Advice::FixCredentials => Verdict::FixCredentials,
            Advice::FixMessage => Verdict::FixMessage,
        }
    }

    /// Whether it is our access token that was refused. One refresh of it may help; more do not.
    pub fn is_auth_refusal(&self) -> bool {
        self.cause() == Cause::AccessToken
    }

    /// Whether the token may be malformed or dead, which the answer does not tell from a fault of
    /// the message: it is dead if the same message is taken for others.
    pub fn is_suspect_token(&self) -> bool {
        self.cause() == Cause::SuspectToken
    }

    /// Whether the service says that the token is gone, whatever a bulk send made of it.
    pub fn is_gone(&self) -> bool {
        self.cause() == Cause::Gone
    }
}

/// The most fields that are shown on one line.
const MAX_SHOWN: usize = 3;

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
        match (&self.reason, &self.rpc_status) {
            (Some(reason), _) => write!(f, " {reason}")?,
            (None, Some(status)) => write!(f, " {status}")?,
            (None, None) => {}
        }
        if let Some(info) = &self.info {
            write!(f, " ({info})")?;
        }
        if let Some(apns) = &self.apns {
            f.write_str(", APNs ")?;
            if let Some(status) = apns.status {
                write!(f, "{status} ")?;
            }
            f.write_str(&apns.reason)?;
        }
        for violation in self.violations.iter().take(MAX_SHOWN) {
            write!(f, ", {}", violation.field)?;
        }
        // Google's text for a missing key of the project is that for a missing access token.
        if let Some(detail) = &self.detail
            && self.cause() != Cause::ThirdPartyKey
        {
            write!(f, ": {}", detail.trim_end_matches('.'))?;
        }
        let text = match (self.cause(), self.judgement) {
            (Cause::SuspectToken, Some(Judgement::DeadToken)) => {
                "the same message was taken for others, so the token is dead: remove it"
            }
            (Cause::Gone, Some(Judgement::LikelyWrongProject)) => {
                "no token of the run was taken: likely they belong to another project, \
                 so check the credentials before removing any"
            }
            (cause, _) => cause.text(),
        };
        write!(f, ": {text}")
    }
}
