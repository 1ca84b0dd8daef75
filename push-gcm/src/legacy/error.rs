use std::fmt;
use std::time::Duration;

use push_core::fan_out::{Grouped, Judged};
use push_core::{ErrorKind, Failure, Verdict};

use super::{Invalid, InvalidRegistrationId, Judgement, Problem, Reason, Rejection};

/// Why a message was not taken, or is not known to have been.
#[derive(Clone, Debug)]
pub struct Error {
    failure: Failure<Rejection, Fault>,
}

/// What was wrong before anything was sent.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
enum Fault {
    Message(Invalid),
    Device(InvalidRegistrationId),
}

impl Error {
    pub(super) fn rejected(rejection: Rejection) -> Self {
        Failure::rejected(rejection).into()
    }

    /// The service took the request, or may have, and its answer does not say what became of it.
    pub(super) fn unread(message: impl Into<String>) -> Self {
        push_core::Error::new(ErrorKind::Lost, message).into()
    }

    /// The same error, of a request that was handed to connections so often.
    pub(super) fn sent(self, attempts: u32, in_doubt: bool) -> Self {
        self.failure.sent(attempts).in_doubt(in_doubt).into()
    }

    /// The same error, with what a bulk send made of it.
    fn judged(self, judgement: Judgement) -> Self {
        let judged = |rejection| Rejection {
            judgement: Some(judgement),
            ..rejection
        };
        self.failure.map_rejection(judged).into()
    }

    /// Whether the service may have taken the message all the same: the answer to one of the
    /// attempts was lost, or does not say.
    pub fn may_have_been_taken(&self) -> bool {
        self.failure.may_have_been_taken()
    }

    /// The class of this error.
    pub fn kind(&self) -> ErrorKind {
        self.failure.kind()
    }

    /// The service's answer, if it answered.
    pub fn rejection(&self) -> Option<&Rejection> {
        self.failure.rejection()
    }

    /// The service's reason, if it answered.
    pub fn reason(&self) -> Option<&Reason> {
        self.rejection().map(|rejection| &rejection.reason)
    }

    /// All that is wrong with the message; empty where it is something else.
    pub fn problems(&self) -> &[Problem] {
        match self.failure.fault() {
            Some(Fault::Message(invalid)) => invalid.problems(),
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
        match self.rejection() {
            Some(rejection) => rejection.is_temporary(),
            None => matches!(self.verdict(), Verdict::RetryAfter(_)),
        }
    }

    /// How often the request was handed to a connection.
    pub fn attempts(&self) -> u32 {
        self.failure.attempts()
    }

    /// How long to wait before another try; `None` where nothing is known about it.
    pub fn retry_after(&self) -> Option<Duration> {
        self.failure.retry_after()
    }

    /// What to do about it.
    pub fn verdict(&self) -> Verdict {
        self.failure.verdict()
    }

    /// This error and all its causes on one line, for people.
    pub fn report(&self) -> String {
        self.failure.report()
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

impl From<Failure<Rejection, Fault>> for Error {
    fn from(failure: Failure<Rejection, Fault>) -> Self {
        Self { failure }
    }
}

impl From<push_core::Error> for Error {
    fn from(error: push_core::Error) -> Self {
        Failure::from(error).into()
    }
}

impl From<Invalid> for Error {
    fn from(invalid: Invalid) -> Self {
        Failure::invalid(Fault::Message(invalid)).into()
    }
}

impl From<InvalidRegistrationId> for Error {
    fn from(invalid: InvalidRegistrationId) -> Self {
        Failure::invalid(Fault::Device(invalid)).into()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.failure.fmt(f)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.failure.source()
    }
}
