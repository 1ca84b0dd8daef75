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

push_core::failure_methods!(Error, Rejection);

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

    /// What to do about it.
    pub fn verdict(&self) -> Verdict {
        self.failure.verdict()
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

impl From<Failure<Rejection, Fault>> for Error {
    fn from(failure: Failure<Rejection, Fault>) -> Self {
        Self { failure }
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
