//! What to do about a refusal: by the HTTP status, and where that says that the request was taken, by the
//! reason that is given for a device.

use std::time::Duration;

use super::{Judgement, Reason, Rejection};

/// What is to be done about a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Advice {
    /// The registration id is dead; remove it.
    RemoveToken,
    /// The service did not take the message for now; send it again later, with back-off.
    RetryLater,
    /// The API key, the project or the endpoint is wrong; nothing gets through before that is changed.
    FixCredentials,
    /// This message or registration id is wrong; sent again unchanged, it is refused again.
    FixMessage,
}

/// How long to wait where the service is busy or fails and does not say how long. Google's page
/// "Scale with FCM": at least 10 seconds before a failed request is sent again.
pub(in crate::legacy) const BUSY: Duration = Duration::from_secs(10);

/// How long to wait where a rate is exceeded and the service does not say how long. Google's page
/// "Scale with FCM": without a `Retry-After`, 60 seconds.
const RATE_EXCEEDED: Duration = Duration::from_secs(60);

impl Rejection {
    /// What to do about it, in the service's own terms.
    pub fn advice(&self) -> Advice {
        if self.judgement == Some(Judgement::LikelyWrongProject) {
            return Advice::FixCredentials;
        }
        match self.status {
            200 => match self.reason {
                Reason::NotRegistered | Reason::InvalidRegistration => Advice::RemoveToken,
                Reason::MismatchSenderId | Reason::InvalidApnsCredential => Advice::FixCredentials,
                Reason::Unavailable
                | Reason::InternalServerError
                | Reason::DeviceMessageRateExceeded
                | Reason::TopicsMessageRateExceeded => Advice::RetryLater,
                _ => Advice::FixMessage,
            },
            // Where the request went, there is no such service.
            300..=399 | 404 | 405 | 410 => Advice::FixCredentials,
            401 | 403 => Advice::FixCredentials,
            408 | 429 | 500.. => Advice::RetryLater,
            _ => Advice::FixMessage,
        }
    }

    /// How long to wait where the service does not say.
    pub(super) fn default_wait(&self) -> Duration {
        let is_rate = matches!(
            self.reason,
            Reason::DeviceMessageRateExceeded | Reason::TopicsMessageRateExceeded
        );
        match self.status {
            200 if is_rate => RATE_EXCEEDED,
            429 => RATE_EXCEEDED,
            _ => BUSY,
        }
    }

    /// What to do, where neither status nor reason tells people.
    pub(super) fn hint(&self) -> &'static str {
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
