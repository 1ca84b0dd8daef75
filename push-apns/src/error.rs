use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use push_core::{ErrorKind, Verdict};

use crate::{ApnsId, Invalid, InvalidDeviceToken, Problem, Rejection};

/// Why a push was not taken, or is not known to have been.
#[derive(Clone, Debug)]
pub struct Error {
    cause: Cause,
    id: Option<ApnsId>,
    attempts: u32,
}

#[derive(Clone, Debug)]
enum Cause {
    Rejected(Arc<Rejection>),
    Invalid(Arc<Invalid>),
    Device(InvalidDeviceToken),
    Core(push_core::Error),
}

impl Error {
    pub(crate) fn rejected(rejection: Rejection) -> Self {
        Cause::Rejected(Arc::new(rejection)).into()
    }

    pub(crate) fn sent_as(mut self, id: ApnsId, attempts: u32) -> Self {
        self.id = (attempts > 0).then_some(id);
        self.attempts = attempts;
        self
    }

    /// The class of this error.
    pub fn kind(&self) -> ErrorKind {
        match &self.cause {
            Cause::Rejected(_) => ErrorKind::Rejected,
            Cause::Invalid(_) | Cause::Device(_) => ErrorKind::InvalidMessage,
            Cause::Core(error) => error.kind(),
        }
    }

    /// The service's answer, if it answered.
    pub fn rejection(&self) -> Option<&Rejection> {
        match &self.cause {
            Cause::Rejected(rejection) => Some(rejection),
            _ => None,
        }
    }

    /// All that is wrong with the notification; empty where it is something else.
    pub fn problems(&self) -> &[Problem] {
        match &self.cause {
            Cause::Invalid(invalid) => invalid.problems(),
            _ => &[],
        }
    }

    /// The `apns-id` that the push was sent as; `None` when it was never handed to a connection.
    /// Send it again under the same one.
    pub fn id(&self) -> Option<ApnsId> {
        self.id
    }

    /// How often the push was handed to a connection.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// How long to wait before another try; `None` where nothing is known about it.
    pub fn retry_after(&self) -> Option<Duration> {
        match &self.cause {
            Cause::Rejected(rejection) => rejection.retry_after,
            Cause::Core(error) => error.retry_after(),
            Cause::Invalid(_) | Cause::Device(_) => None,
        }
    }

    /// What to do about it.
    pub fn verdict(&self) -> Verdict {
        match &self.cause {
            Cause::Rejected(rejection) => rejection.verdict(),
            Cause::Invalid(_) | Cause::Device(_) => Verdict::FixMessage,
            Cause::Core(error) => error.verdict(),
        }
    }

    /// This error and all its causes on one line, for people.
    pub fn report(&self) -> String {
        match &self.cause {
            Cause::Core(error) => error.report(),
            _ => self.to_string(),
        }
    }
}

impl push_core::Outcome for Error {
    fn verdict(&self) -> Verdict {
        Self::verdict(self)
    }
}

impl From<Cause> for Error {
    fn from(cause: Cause) -> Self {
        Self {
            cause,
            id: None,
            attempts: 0,
        }
    }
}

impl From<push_core::Error> for Error {
    fn from(error: push_core::Error) -> Self {
        Cause::Core(error).into()
    }
}

impl From<Invalid> for Error {
    fn from(invalid: Invalid) -> Self {
        Cause::Invalid(Arc::new(invalid)).into()
    }
}

impl From<InvalidDeviceToken> for Error {
    fn from(invalid: InvalidDeviceToken) -> Self {
        Cause::Device(invalid).into()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            Cause::Rejected(rejection) => {
                write!(
                    f,
                    "rejected with {}: {}",
                    rejection.status, rejection.reason
                )
            }
            Cause::Invalid(invalid) => invalid.fmt(f),
            Cause::Device(invalid) => invalid.fmt(f),
            Cause::Core(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.cause {
            Cause::Core(error) => error.source(),
            _ => None,
        }
    }
}
