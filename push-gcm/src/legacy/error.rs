use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use push_core::fan_out::{Grouped, Judged};
use push_core::{ErrorKind, Verdict};

use super::{Invalid, InvalidRegistrationId, Judgement, Problem, Reason, Rejection};

/// Why a message was not taken, or is not known to have been.
#[derive(Clone, Debug)]
pub struct Error {
    cause: Cause,
    attempts: u32,
    /// An attempt before the last one may have been taken.
    in_doubt: bool,
}

#[derive(Clone, Debug)]
enum Cause {
    Rejected(Arc<Rejection>),
    Invalid(Arc<Invalid>),
    Device(InvalidRegistrationId),
    Core(push_core::Error),
}

impl Error {
    pub(super) fn rejected(rejection: Rejection) -> Self {
        Cause::Rejected(Arc::new(rejection)).into()
    }

    /// The service took the request, or may have, and its answer does not say what became of it.
    pub(super) fn unread(message: impl Into<String>) -> Self {
        push_core::Error::new(ErrorKind::Lost, message).into()
    }

    /// The same error, of a request that was handed to connections so often.
    pub(super) fn sent(mut self, attempts: u32, in_doubt: bool) -> Self {
        self.attempts = attempts;
        self.in_doubt |= in_doubt;
        self
    }

    /// The same error, with what a bulk send made of it.
    fn judged(mut self, judgement: Judgement) -> Self {
        if let Cause::Rejected(rejection) = &mut self.cause {
            Arc::make_mut(rejection).judgement = Some(judgement);
        }
        self
    }

    /// Whether the service may have taken the message all the same: the answer to one of the
    /// attempts was lost, or does not say.
    pub fn may_have_been_taken(&self) -> bool {
        match &self.cause {
            Cause::Core(error) => self.in_doubt || error.may_have_been_taken(),
            _ => self.in_doubt,
        }
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

    /// The service's reason, if it answered.
    pub fn reason(&self) -> Option<&Reason> {
        self.rejection().map(|rejection| &rejection.reason)
    }

    /// All that is wrong with the message; empty where it is something else.
    pub fn problems(&self) -> &[Problem] {
        match &self.cause {
            Cause::Invalid(invalid) => invalid.problems(),
            _ => &[],
        }
    }

    /// Whether the service refused the API key: nothing is to be gained by sending more with it.
    pub fn is_authentication(&self) -> bool {
        self.rejection().is_some_and(Rejection::is_authentication)
    }

    /// Whether the same message to the same device may be sent again as it is: the service was not
    /// there for it, or it was not sent. Not where it may have been taken.
    pub fn is_temporary(&self) -> bool {
        if self.may_have_been_taken() {
            return false;
        }
        match &self.cause {
            Cause::Rejected(rejection) => rejection.is_temporary(),
            Cause::Core(error) => matches!(error.verdict(), Verdict::RetryAfter(_)),
            Cause::Invalid(_) | Cause::Device(_) => false,
        }
    }

    /// How often the request was handed to a connection.
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
        let verdict = match &self.cause {
            Cause::Rejected(rejection) => rejection.verdict(),
            Cause::Invalid(_) | Cause::Device(_) => Verdict::FixMessage,
            Cause::Core(error) => error.verdict(),
        };
        match verdict {
            // "Not taken" is true of the last attempt only.
            Verdict::RetryAfter(_) if self.in_doubt => Verdict::Unknown,
            verdict => verdict,
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

impl Grouped for Error {}

/// That a device is gone is what every device of a wrong project can seem.
impl Judged for Error {
    type Suspicion = ();

    fn is_suspect(&self) -> bool {
        self.rejection().is_some_and(Rejection::is_gone)
    }

    fn cleared(self) -> Self {
        self.judged(Judgement::DeadToken)
    }

    fn suspected(self, (): &(), rejected: usize) -> Self {
        match Judgement::of_suspects(rejected) {
            Some(judgement) => self.judged(judgement),
            None => self,
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
            attempts: 0,
            in_doubt: false,
        }
    }
}

impl From<push_core::Error> for Error {
    fn from(error: push_core::Error) -> Self {
        let attempts = error.attempts();
        Self::from(Cause::Core(error)).sent(attempts, false)
    }
}

impl From<Invalid> for Error {
    fn from(invalid: Invalid) -> Self {
        Cause::Invalid(Arc::new(invalid)).into()
    }
}

impl From<InvalidRegistrationId> for Error {
    fn from(invalid: InvalidRegistrationId) -> Self {
        Cause::Device(invalid).into()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            Cause::Rejected(rejection) => rejection.fmt(f),
            Cause::Invalid(invalid) => invalid.fmt(f),
            Cause::Device(invalid) => invalid.fmt(f),
            Cause::Core(error) => error.fmt(f),
        }?;
        match self.in_doubt {
            true => f.write_str("; an attempt before it may have been taken"),
            false => Ok(()),
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
