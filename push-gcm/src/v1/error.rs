use push_core::fan_out::{Grouped, Judged};
use push_core::{Failure, Verdict};

use super::{Invalid, InvalidTarget, Judgement, Problem, Rejection};

/// Why a push was not taken, or is not known to have been.
#[derive(Clone, Debug)]
pub struct Error {
    failure: Failure<Rejection, Fault>,
    /// Others were sent the same message.
    alike: bool,
}

/// What was wrong before anything was sent.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
enum Fault {
    Message(Invalid),
    Target(InvalidTarget),
}

push_core::failure_methods!(Error, Rejection);

impl Error {
    pub(super) fn rejected(rejection: Rejection) -> Self {
        Failure::rejected(rejection).into()
    }

    pub(super) fn sent(mut self, attempts: u32) -> Self {
        self.failure = self.failure.sent(attempts);
        self
    }

    /// The same error, of one of many pushes of the same message.
    pub(super) fn one_of_many(mut self) -> Self {
        self.alike = true;
        self
    }

    /// The same error, of a push that was also sent before and may have been taken then, where that is so.
    pub(super) fn in_doubt(mut self, in_doubt: bool) -> Self {
        self.failure = self.failure.in_doubt(in_doubt);
        self
    }

    /// The same error, with what a bulk send made of it.
    fn judged(mut self, judgement: Judgement) -> Self {
        self.failure = self.failure.map_rejection(|it| it.judged(judgement));
        self
    }

    /// All that is wrong with the message; empty where it is something else.
    pub fn problems(&self) -> &[Problem] {
        match self.failure.fault() {
            Some(Fault::Message(invalid)) => invalid.problems(),
            _ => &[],
        }
    }

    /// What to do about it.
    pub fn verdict(&self) -> Verdict {
        self.failure.verdict()
    }
}

impl Grouped for Error {}

/// That a device is gone is what every device of a wrong project can seem; and a token that is not
/// valid is gone for certain only where others were sent the same message.
impl Judged for Error {
    type Suspicion = ();

    fn is_suspect(&self) -> bool {
        self.rejection().is_some_and(|rejection| {
            rejection.is_gone() || self.alike && rejection.is_suspect_token()
        })
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
        Self {
            failure,
            alike: false,
        }
    }
}

impl From<Invalid> for Error {
    fn from(invalid: Invalid) -> Self {
        Failure::invalid(Fault::Message(invalid)).into()
    }
}

impl From<InvalidTarget> for Error {
    fn from(invalid: InvalidTarget) -> Self {
        Failure::invalid(Fault::Target(invalid)).into()
    }
}
