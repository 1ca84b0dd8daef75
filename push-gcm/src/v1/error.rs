use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use push_core::fan_out::{Grouped, Judged};
use push_core::{ErrorKind, Verdict};

use super::{Invalid, InvalidTarget, Judgement, Problem, Rejection};

/// Why a push was not taken, or is not known to have been.
#[derive(Clone, Debug)]
pub struct Error {
    cause: Cause,
    attempts: u32,
    /// An attempt before the last one may have been taken.
    in_doubt: bool,
    /// Others were sent the same message.
    alike: bool,
}

#[derive(Clone, Debug)]
enum Cause {
    Rejected(Arc<Rejection>),
    Invalid(Arc<Invalid>),
    Target(InvalidTarget),
    Core(push_core::Error),
}

impl Error {
    pub(super) fn rejected(rejection: Rejection) -> Self {
        Cause::Rejected(Arc::new(rejection)).into()
    }

    pub(super) fn sent(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    /// The same error, of one of many pushes of the same message.
    pub(super) fn one_of_many(mut self) -> Self {
        self.alike = true;
        self
    }

    /// The same error, of a push that was sent before and may have been taken then.
    pub(super) fn in_doubt(mut self) -> Self {
        self.in_doubt = true;
        self
    }

    /// Whether the service may have taken the push all the same: the answer to one of the attempts
    /// was lost.
    pub fn may_have_been_taken(&self) -> bool {
        match &self.cause {
            Cause::Core(error) => self.in_doubt || error.may_have_been_taken(),
            _ => self.in_doubt,
        }
    }

    /// The same error, with what a bulk send made of it.
    fn judged(mut self, judgement: Judgement) -> Self {
        if let Cause::Rejected(rejection) = &mut self.cause {
            let known = Rejection::clone(rejection);
            *rejection = Arc::new(known.judged(judgement));
        }
        self
    }

    /// The class of this error.
    pub fn kind(&self) -> ErrorKind {
        match &self.cause {
            Cause::Rejected(_) => ErrorKind::Rejected,
            Cause::Invalid(_) | Cause::Target(_) => ErrorKind::InvalidMessage,
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

    /// All that is wrong with the message; empty where it is something else.
    pub fn problems(&self) -> &[Problem] {
        match &self.cause {
            Cause::Invalid(invalid) => invalid.problems(),
            _ => &[],
        }
    }

    /// How often the push was handed to a connection.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// How long to wait before another try, by the service's word; `None` where it said nothing.
    pub fn retry_after(&self) -> Option<Duration> {
        match &self.cause {
            Cause::Rejected(rejection) => rejection.retry_after,
            Cause::Core(error) => error.retry_after(),
            Cause::Invalid(_) | Cause::Target(_) => None,
        }
    }

    /// What to do about it.
    pub fn verdict(&self) -> Verdict {
        let verdict = match &self.cause {
            Cause::Rejected(rejection) => rejection.verdict(),
            Cause::Invalid(_) | Cause::Target(_) => Verdict::FixMessage,
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
            alike: false,
        }
    }
}

impl From<push_core::Error> for Error {
    fn from(error: push_core::Error) -> Self {
        let attempts = error.attempts();
        Self::from(Cause::Core(error)).sent(attempts)
    }
}

impl From<Invalid> for Error {
    fn from(invalid: Invalid) -> Self {
        Cause::Invalid(Arc::new(invalid)).into()
    }
}

impl From<InvalidTarget> for Error {
    fn from(invalid: InvalidTarget) -> Self {
        Cause::Target(invalid).into()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            Cause::Rejected(rejection) => rejection.fmt(f),
            Cause::Invalid(invalid) => invalid.fmt(f),
            Cause::Target(invalid) => invalid.fmt(f),
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
