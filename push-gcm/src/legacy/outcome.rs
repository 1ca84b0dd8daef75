use crate::judgement::Judgement;
use std::fmt;
use std::time::Duration;

use push_core::Verdict;
use push_core::fan_out::Grouped;

use super::{Error, Message, Multicast, Reason, RegistrationId};

/// What became of one message to one device, or to a topic.
pub type Outcome = Result<Receipt, Error>;

/// The service took the message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Receipt {
    /// The service's id of the message: an opaque text, of a topic a number.
    pub id: String,
    /// The id that the service knows the device by now: store that one in place of the one that was
    /// sent to. `None` when that is still the right one.
    pub canonical: Option<RegistrationId>,
    /// How often the request was handed to a connection.
    pub attempts: u32,
}

impl Grouped for Receipt {}

impl push_core::Outcome for Receipt {
    fn verdict(&self) -> Verdict {
        match &self.canonical {
            Some(id) => Verdict::ReplaceToken(id.as_str().to_owned()),
            None => Verdict::Accepted,
        }
    }
}

/// What became of a message to a device group.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GroupReceipt {
    /// How many devices of the group it was taken for.
    pub success: u64,
    /// How many it was not taken for.
    pub failure: u64,
    /// The devices that it was not taken for. To a message to one of these the service says why.
    pub failed: Vec<RegistrationId>,
    /// How long to wait before it is sent to them again, where the service says so.
    pub retry_after: Option<Duration>,
    /// How often the request was handed to a connection.
    pub attempts: u32,
}

impl GroupReceipt {
    /// The message for just the devices that it was not taken for; `None` where the service names
    /// none.
    pub fn retry(&self, message: &Message) -> Option<Multicast> {
        let failed = || Multicast::new(message.clone(), self.failed.iter().cloned());
        (!self.failed.is_empty()).then(failed)
    }
}

impl push_core::Outcome for GroupReceipt {
    /// Accepted when one device of the group got it: [`failed`](Self::failed) has the others.
    fn verdict(&self) -> Verdict {
        match (self.success, self.failure) {
            // There is nobody in it.
            (0, 0) => Verdict::FixMessage,
            (0, _) => Verdict::RetryAfter(self.retry_after.unwrap_or(BUSY)),
            _ => Verdict::Accepted,
        }
    }
}

/// How long to wait where the service is busy or fails and does not say how long. Google's page
/// "Scale with FCM": at least 10 seconds before a failed request is sent again.
pub(super) const BUSY: Duration = Duration::from_secs(10);

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
    /// What else the service said, on one line and shortened; mostly with 400. Words that could be
    /// ids or keys are cut.
    pub text: Option<String>,
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
        let text = self.text.as_deref().map(|text| match hint {
            "" => text,
            _ => text.trim_end_matches('.'),
        });
        match text {
            Some(text) if self.reason.as_str().is_empty() => f.write_str(text)?,
            Some(text) => write!(f, "{}, {text}", self.reason)?,
            None => self.reason.fmt(f)?,
        }
        match hint {
            "" => Ok(()),
            hint => write!(f, "; {hint}"),
        }
    }
}
