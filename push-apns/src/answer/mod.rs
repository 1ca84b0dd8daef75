//! What the service answers when it does not take a push, and what to do about it.

mod advice;
mod body;
mod reason;

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderMap, StatusCode};
use push_core::{Verdict, retry_after};

pub use self::advice::Advice;
pub use self::body::parse_body;
pub use self::reason::Reason;
pub use crate::judgement::Judgement;

/// The service answered no.
///
/// `Display` says on one line what it answered and, where its reason does not tell, what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rejection {
    /// The HTTP status, such as 410.
    pub status: u16,
    /// The service's reason.
    pub reason: Reason,
    /// Since when the token is invalid; comes with 410.
    pub timestamp: Option<SystemTime>,
    /// The `Retry-After` header, where there is one.
    pub retry_after: Option<Duration>,
    /// What a bulk send made of a `BadDeviceToken`; `None` for every other reason, and where one push
    /// was sent by itself.
    pub judgement: Option<Judgement>,
}

/// How long to wait where the service is busy or fails and does not say how long.
pub(crate) const DEFAULT_WAIT: Duration = Duration::from_secs(60);

impl Rejection {
    /// Reads an answer that is no success. It takes whatever a server, or a proxy on the way, may
    /// send, and never fails; `now` is what a date in `Retry-After` counts from, where the answer has no
    /// date itself.
    pub fn read(status: StatusCode, headers: &HeaderMap, body: &[u8], now: SystemTime) -> Self {
        let (reason, timestamp_ms) = parse_body(body);
        Self {
            status: status.as_u16(),
            reason,
            timestamp: timestamp_ms
                .and_then(|ms| UNIX_EPOCH.checked_add(Duration::from_millis(ms))),
            retry_after: retry_after(headers, now),
            judgement: None,
        }
    }

    #[cfg(test)]
    pub(crate) fn new(status: u16, reason: Reason) -> Self {
        Self {
            status,
            reason,
            timestamp: None,
            retry_after: None,
            judgement: None,
        }
    }

    /// What to do about it, in the service's own terms.
    pub fn advice(&self) -> Advice {
        match self.judgement {
            Some(Judgement::DeadToken) => Advice::RemoveToken,
            Some(Judgement::WrongEnvironment { .. }) => Advice::FixCredentials,
            None => self.reason.advice(self.status),
        }
    }

    /// What to do about it.
    ///
    /// Where the service is busy or fails and does not say for how long, it is 60 s, also after a 5xx: Apple
    /// asks for minutes there.
    pub fn verdict(&self) -> Verdict {
        match self.advice() {
            Advice::RemoveToken => Verdict::remove_token(self.timestamp),
            Advice::RetryLater if self.reason == Reason::IdleTimeout => {
                Verdict::RetryAfter(self.retry_after.unwrap_or_default())
            }
            Advice::RetryLater => Verdict::RetryAfter(self.retry_after.unwrap_or(DEFAULT_WAIT)),
            Advice::RenewToken | Advice::FixCredentials => Verdict::FixCredentials,
            Advice::FixMessage => Verdict::FixMessage,
        }
    }
}

impl fmt::Display for Rejection {
    /// Status and reason on one line, and what they mean where that is not said by their names.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rejected with {}: {}", self.status, self.reason)?;
        match (&self.judgement, self.reason.hint()) {
            (Some(judgement), _) => write!(f, ": {judgement}"),
            (None, Some(hint)) => write!(f, ": {hint}"),
            (None, None) => Ok(()),
        }
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
