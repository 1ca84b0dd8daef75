//! What the service answers, and what to do where it does not take a message.

mod advice;
mod json;
mod plain;
mod reason;
mod reply;
#[cfg(test)]
mod tests;
mod text;

use std::fmt;
use std::time::Duration;

use push_core::Verdict;

pub use self::advice::Advice;
pub(super) use self::advice::BUSY;
pub use self::reason::Reason;
pub use self::reply::Reply;
pub use crate::judgement::Judgement;

/// The service answered no.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rejection {
    /// The HTTP status; 200 where it is about one device of the request.
    pub status: u16,
    /// The service's reason.
    pub reason: Reason,
    /// The service's text on one line, of at most 512 bytes; of a page in HTML its title. Mostly with 400.
    /// Words that could be ids or keys are cut.
    pub detail: Option<String>,
    /// The `Retry-After` header, where there is one.
    pub retry_after: Option<Duration>,
    /// What a bulk send made of a device that is gone; `None` for every other reason, where one message
    /// was sent by itself, and where so few devices were gone that it says nothing.
    pub judgement: Option<Judgement>,
}

impl Rejection {
    /// Whether the service says that the device's id is dead: `NotRegistered` and
    /// `InvalidRegistration`, about one device.
    pub fn is_gone(&self) -> bool {
        let gone = [Reason::NotRegistered, Reason::InvalidRegistration];
        self.status == 200 && gone.contains(&self.reason)
    }

    /// Whether the service refused the credentials: 401 and 403.
    pub fn is_authentication(&self) -> bool {
        matches!(self.status, 401 | 403)
    }

    /// Whether the service may take the same message to the same device when it is sent again later:
    /// it was not there for it. Not where a rate is exceeded: less is to be sent then.
    pub fn is_temporary(&self) -> bool {
        match self.status {
            200 => self.reason.is_temporary(),
            status => status >= 500 || matches!(status, 408 | 429),
        }
    }

    /// The same answer, with what a bulk send made of it. It changes the advice on a device that is gone
    /// where that means [`Judgement::LikelyWrongProject`].
    #[must_use]
    pub fn judged(mut self, judgement: Judgement) -> Self {
        self.judgement = Some(judgement);
        self
    }

    /// What to do about it.
    ///
    /// Where the service is busy or fails and does not say for how long, it is 60 s after too many
    /// messages and 10 s after a failure.
    pub fn verdict(&self) -> Verdict {
        match self.advice() {
            Advice::RemoveToken => Verdict::remove_token(None),
            Advice::RetryLater => {
                let wait = || self.default_wait();
                Verdict::RetryAfter(self.retry_after.unwrap_or_else(wait))
            }
            Advice::FixCredentials => Verdict::FixCredentials,
            Advice::FixMessage => Verdict::FixMessage,
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

impl fmt::Display for Rejection {
    /// Status, reason, and what the service said, on one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rejected with {}: ", self.status)?;
        let hint = self.hint();
        let detail = self.detail.as_deref().map(|detail| match hint {
            "" => detail,
            _ => detail.trim_end_matches('.'),
        });
        match detail {
            Some(detail) if self.reason.as_str().is_empty() => f.write_str(detail)?,
            Some(detail) => write!(f, "{}, {detail}", self.reason)?,
            None => self.reason.fmt(f)?,
        }
        match hint {
            "" => Ok(()),
            hint => write!(f, "; {hint}"),
        }
    }
}
