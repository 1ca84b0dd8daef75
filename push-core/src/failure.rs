use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::{Error, ErrorKind, Verdict};

/// What a service answers when it does not take a push, as far as [`Failure`] needs it. `Display` says on one
/// line what it answered and what to do.
pub trait Rejection: fmt::Display {
    /// What to do about it.
    fn verdict(&self) -> Verdict;

    /// How long to wait before another try, by the service's word; `None` where it said nothing.
    fn retry_after(&self) -> Option<Duration>;
}

/// Why a push was not taken, or is not known to have been: what the errors of services are made of.
///
/// `R` is the service's answer, `I` what is wrong with the message or the device's address, which is found
/// before anything is sent. Cheap to clone.
#[derive(Debug)]
pub struct Failure<R, I> {
    cause: Cause<R, I>,
    attempts: u32,
    /// An attempt before the last one may have been taken.
    in_doubt: bool,
}

#[derive(Debug)]
enum Cause<R, I> {
    Rejected(Arc<R>),
    Invalid(Arc<I>),
    Core(Error),
}

impl<R: Rejection, I: fmt::Display> Failure<R, I> {
    /// The service said no.
    pub fn rejected(rejection: R) -> Self {
        Cause::Rejected(Arc::new(rejection)).into()
    }

    /// Nothing was sent.
    pub fn invalid(invalid: I) -> Self {
        Cause::Invalid(Arc::new(invalid)).into()
    }

    /// The same failure, of a push that was handed to a connection so often.
    #[must_use]
    pub fn sent(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    /// The same failure, of a push that was also sent before and may have been taken then, where that is
    /// so.
    #[must_use]
    pub fn in_doubt(mut self, in_doubt: bool) -> Self {
        self.in_doubt |= in_doubt;
        self
    }

    /// The same failure, with a changed answer, where there is one.
    #[must_use]
    pub fn map_rejection(mut self, map: impl FnOnce(R) -> R) -> Self
    where
        R: Clone,
    {
        if let Cause::Rejected(rejection) = self.cause {
            self.cause = Cause::Rejected(Arc::new(map(Arc::unwrap_or_clone(rejection))));
        }
        self
    }

    /// The class of this failure.
    pub fn kind(&self) -> ErrorKind {
        match &self.cause {
            Cause::Rejected(_) => ErrorKind::Rejected,
            Cause::Invalid(_) => ErrorKind::InvalidMessage,
            Cause::Core(error) => error.kind(),
        }
    }

    /// The service's answer, if it answered.
    pub fn rejection(&self) -> Option<&R> {
        match &self.cause {
            Cause::Rejected(rejection) => Some(rejection),
            _ => None,
        }
    }

    /// What is wrong with the message or the address, where that is why.
    pub fn fault(&self) -> Option<&I> {
        match &self.cause {
            Cause::Invalid(invalid) => Some(invalid),
            _ => None,
        }
    }

    /// What went wrong below the service's answer, where that is why.
    pub fn core(&self) -> Option<&Error> {
        match &self.cause {
            Cause::Core(error) => Some(error),
            _ => None,
        }
    }

    /// How often the push was handed to a connection.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Whether the service may have taken the push all the same: the answer to one of the attempts was
    /// lost.
    pub fn may_have_been_taken(&self) -> bool {
        self.in_doubt || self.core().is_some_and(Error::may_have_been_taken)
    }

    /// How long to wait before another try; `None` where nothing is known about it.
    pub fn retry_after(&self) -> Option<Duration> {
        match &self.cause {
            Cause::Rejected(rejection) => rejection.retry_after(),
            Cause::Invalid(_) => None,
            Cause::Core(error) => error.retry_after(),
        }
    }

    /// What to do about it.
    pub fn verdict(&self) -> Verdict {
        self.verdict_by(Error::verdict)
    }

    /// Likewise, where the service has a verdict of its own on what went wrong below its answer.
    pub fn verdict_by(&self, of_core: impl FnOnce(&Error) -> Verdict) -> Verdict {
        let verdict = match &self.cause {
            Cause::Rejected(rejection) => rejection.verdict(),
            Cause::Invalid(_) => Verdict::FixMessage,
            Cause::Core(error) => of_core(error),
        };
        match verdict {
            // "Not taken" is true of the last attempt only.
            Verdict::RetryAfter(_) if self.in_doubt => Verdict::Unknown,
            verdict => verdict,
        }
    }

    /// This failure and all its causes on one line, for people.
    pub fn report(&self) -> String {
        match &self.cause {
            Cause::Core(error) => error.report(),
            _ => self.to_string(),
        }
    }
}

impl<R, I> Clone for Failure<R, I> {
    fn clone(&self) -> Self {
        let cause = match &self.cause {
            Cause::Rejected(rejection) => Cause::Rejected(rejection.clone()),
            Cause::Invalid(invalid) => Cause::Invalid(invalid.clone()),
            Cause::Core(error) => Cause::Core(error.clone()),
        };
        Self { cause, ..*self }
    }
}

impl<R, I> From<Cause<R, I>> for Failure<R, I> {
    fn from(cause: Cause<R, I>) -> Self {
        Self {
            cause,
            attempts: 0,
            in_doubt: false,
        }
    }
}

impl<R: Rejection, I: fmt::Display> From<Error> for Failure<R, I> {
    fn from(error: Error) -> Self {
        let attempts = error.attempts();
        Self::from(Cause::Core(error)).sent(attempts)
    }
}

impl<R: Rejection, I: fmt::Display> fmt::Display for Failure<R, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            Cause::Rejected(rejection) => rejection.fmt(f),
            Cause::Invalid(invalid) => invalid.fmt(f),
            Cause::Core(error) => error.fmt(f),
        }?;
        match self.in_doubt {
            true => f.write_str("; an attempt before it may have been taken"),
            false => Ok(()),
        }
    }
}

impl<R: Rejection + fmt::Debug, I: fmt::Display + fmt::Debug> StdError for Failure<R, I> {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.core().and_then(StdError::source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A service that asks to wait, or whatever stands there.
    #[derive(Clone, Debug)]
    struct No(Verdict);

    impl fmt::Display for No {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "rejected: {}", self.0.name())
        }
    }

    impl Rejection for No {
        fn verdict(&self) -> Verdict {
            self.0.clone()
        }

        fn retry_after(&self) -> Option<Duration> {
            match self.0 {
                Verdict::RetryAfter(wait) => Some(wait),
                _ => None,
            }
        }
    }

    type Failed = Failure<No, &'static str>;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn an_answer_after_one_that_was_lost_is_not_told_as_not_taken() {
        let busy = Failed::rejected(No(Verdict::RetryAfter(SECOND))).sent(2);
        assert_eq!(busy.verdict(), Verdict::RetryAfter(SECOND));
        assert_eq!(busy.retry_after(), Some(SECOND));
        assert!(!busy.may_have_been_taken());
        let in_doubt = busy.clone().in_doubt(true);
        assert_eq!(in_doubt.verdict(), Verdict::Unknown);
        assert!(in_doubt.may_have_been_taken());
        assert_eq!(
            in_doubt.to_string(),
            "rejected: retry-after; an attempt before it may have been taken"
        );
        // What was in doubt stays so.
        assert!(in_doubt.in_doubt(false).may_have_been_taken());
        // Whatever came of the attempt before.
        let gone = Failed::rejected(No(Verdict::remove_token(None))).in_doubt(true);
        assert_eq!(gone.verdict(), Verdict::remove_token(None));
    }

    #[test]
    fn what_was_wrong_before_anything_was_sent_is_to_be_fixed() {
        let invalid = Failed::invalid("no text");
        assert_eq!(invalid.kind(), ErrorKind::InvalidMessage);
        assert_eq!(invalid.verdict(), Verdict::FixMessage);
        assert_eq!((invalid.attempts(), invalid.retry_after()), (0, None));
        assert_eq!(invalid.fault(), Some(&"no text"));
        assert_eq!(invalid.report(), "no text");
        assert!(invalid.rejection().is_none() && invalid.core().is_none());
    }

    #[test]
    fn what_went_wrong_below_keeps_its_kind_its_attempts_and_its_causes() {
        let cause = Error::new(ErrorKind::Tls, "no certificate");
        let error = Error::new(ErrorKind::Connect, "no connection").with_source(cause);
        let failure = Failed::from(error.with_attempts(3).with_retry_after(SECOND));
        assert_eq!(failure.kind(), ErrorKind::Connect);
        assert_eq!(failure.attempts(), 3);
        assert_eq!(failure.verdict(), Verdict::RetryAfter(SECOND));
        assert_eq!(failure.report(), "no connection: no certificate");
        assert_eq!(failure.source().unwrap().to_string(), "no certificate");
        let other = failure.verdict_by(|_| Verdict::FixMessage);
        assert_eq!(other, Verdict::FixMessage);
        let lost = Failed::from(Error::new(ErrorKind::Lost, "lost"));
        assert!(lost.may_have_been_taken());
    }

    #[test]
    fn only_an_answer_is_changed() {
        let gone = |_| No(Verdict::remove_token(None));
        let busy = Failed::rejected(No(Verdict::RetryAfter(SECOND)));
        let changed = busy.clone().sent(1).map_rejection(gone);
        assert_eq!(changed.verdict(), Verdict::remove_token(None));
        assert_eq!(changed.attempts(), 1);
        assert_eq!(busy.verdict(), Verdict::RetryAfter(SECOND));
        let invalid = Failed::invalid("no text").map_rejection(gone);
        assert_eq!(invalid.verdict(), Verdict::FixMessage);
    }
}
