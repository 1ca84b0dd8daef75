//! What the service answers, and what to do where it does not take a message.

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

pub use self::reason::Reason;
pub(crate) use self::reply::Reply;
pub use crate::judgement::Judgement;

/// How long to wait where the service is busy or fails and does not say how long. Google's page
/// "Scale with FCM": at least 10 seconds before a failed request is sent again.
pub(in crate::legacy) const BUSY: Duration = Duration::from_secs(10);

/// How long to wait where a rate is exceeded and the service does not say how long. Google's page
/// "Scale with FCM": without a `Retry-After`, 60 seconds.
const RATE_EXCEEDED: Duration = Duration::from_secs(60);

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

    /// What to do about it.
    pub fn verdict(&self) -> Verdict {
        let wait = |default| Verdict::RetryAfter(self.retry_after.unwrap_or(default));
        if self.judgement == Some(Judgement::LikelyWrongProject) {
            return Verdict::FixCredentials;
        }
        match self.status {
            200 => match self.reason {
                Reason::NotRegistered | Reason::InvalidRegistration => Verdict::remove_token(None),
                Reason::MismatchSenderId | Reason::InvalidApnsCredential => Verdict::FixCredentials,
                Reason::Unavailable | Reason::InternalServerError => wait(BUSY),
                Reason::DeviceMessageRateExceeded | Reason::TopicsMessageRateExceeded => {
                    wait(RATE_EXCEEDED)
                }
                _ => Verdict::FixMessage,
            },
            // Where the request went, there is no such service.
            300..=399 | 404 | 405 | 410 => Verdict::FixCredentials,
            401 | 403 => Verdict::FixCredentials,
            429 => wait(RATE_EXCEEDED),
            408 | 500.. => wait(BUSY),
            _ => Verdict::FixMessage,
        }
    }

    /// What to do, where neither status nor reason tells people.
    fn hint(&self) -> &'static str {
        match self.judgement {
            Some(Judgement::DeadToken) => {
                return "others were accepted, so the id is dead: remove it";
            }
            Some(Judgement::LikelyWrongProject) => {
                return "no device was accepted, so likely they are those of another project or \
                        service: check the API key and the endpoint, and remove nothing";
            }
            None => {}
        }
        match self.status {
            200 => match self.reason {
                Reason::MismatchSenderId => "the id belongs to another sender than the API key",
                Reason::InvalidApnsCredential => {
                    "the certificate or key for APNs that the service has of the project is not \
                     valid"
                }
                _ => "",
            },
            300..=399 | 404 | 405 | 410 => {
                "no service of this protocol is there: check the endpoint (Google's were shut down \
                 in 2024)"
            }
            401 | 403 => {
                "check the API key, and whether the server's address and project may use it"
            }
            _ => "",
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
