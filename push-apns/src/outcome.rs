use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::HeaderName;
use push_core::fan_out::Grouped;
use push_core::http::Answer;
use push_core::{Verdict, retry_after};

use crate::client::UNIQUE_ID;
use crate::{Advice, ApnsId, Endpoint, Error, Reason, parse_body};

/// What became of one push.
pub type Outcome = Result<Receipt, Error>;

/// The service took the push.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Receipt {
    /// The push's `apns-id`; of a broadcast, its `apns-request-id`.
    pub id: ApnsId,
    /// The `apns-unique-id`, which Apple's Push Notifications Console finds the push by. Only the
    /// development environment gives one.
    pub unique_id: Option<String>,
    /// How often the push was handed to a connection.
    pub attempts: u32,
}

impl Grouped for Receipt {}

impl push_core::Outcome for Receipt {
    fn verdict(&self) -> Verdict {
        Verdict::Accepted
    }
}

/// The service answered no.
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

/// What a `BadDeviceToken` means, by what came of the other devices of a bulk send:
/// [`SendAll`](crate::SendAll).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Judgement {
    /// Others were accepted, so the environment is right and the token is dead.
    DeadToken,
    /// None was accepted: likely the tokens are those of the other environment.
    #[non_exhaustive]
    WrongEnvironment {
        /// Where they were sent to.
        endpoint: Arc<Endpoint>,
    },
}

impl fmt::Display for Judgement {
    /// What to add to the reason.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DeadToken => f.write_str("others were accepted, so the token is dead: remove it"),
            Self::WrongEnvironment { endpoint } => {
                write!(
                    f,
                    "likely the wrong environment, since {endpoint} had accepted no token: try "
                )?;
                f.write_str(match **endpoint {
                    Endpoint::Production => {
                        "sandbox, where the tokens of apps belong that Xcode installed"
                    }
                    Endpoint::Sandbox => {
                        "production, where the tokens of all apps belong but of those that Xcode \
                         installed"
                    }
                    Endpoint::Custom { .. } => {
                        "the server of the other environment (sandbox: the tokens of apps that Xcode \
                         installed; production: all others)"
                    }
                })
            }
        }
    }
}

/// How long to wait where the service is busy or fails and does not say how long.
pub(crate) const DEFAULT_WAIT: Duration = Duration::from_secs(60);

impl Rejection {
    pub(crate) fn read(answer: &Answer, now: SystemTime) -> Self {
        let (reason, timestamp_ms) = parse_body(&answer.body);
        Self {
            status: answer.status.as_u16(),
            reason,
            timestamp: timestamp_ms
                .and_then(|ms| UNIX_EPOCH.checked_add(Duration::from_millis(ms))),
            retry_after: retry_after(&answer.headers, now),
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
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rejected with {}: {}", self.status, self.reason)?;
        match &self.judgement {
            Some(judgement) => write!(f, ": {judgement}"),
            None => Ok(()),
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

/// The identifiers of an answer: the service's own in `name`, where it gives a usable one.
pub(crate) fn receipt(
    answer: &Answer,
    name: &HeaderName,
    sent_as: ApnsId,
    attempts: u32,
) -> Receipt {
    // There are but a few: looking at each costs less than a hash.
    let header = |wanted: &HeaderName| {
        let mut headers = answer.headers.iter();
        let (_, value) = headers.find(|(name, _)| *name == wanted)?;
        value.to_str().ok()
    };
    let mut buffer = [0; ApnsId::TEXT_LEN];
    let id = match header(name) {
        // Mostly it is the one that was sent.
        Some(id) if id != sent_as.encode(&mut buffer) => id.parse().unwrap_or(sent_as),
        _ => sent_as,
    };
    Receipt {
        id,
        unique_id: header(&UNIQUE_ID).map(str::to_owned),
        attempts,
    }
}
