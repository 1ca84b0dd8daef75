use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use push_core::fan_out::{Grouped, Judged};
use push_core::{ErrorKind, Verdict};

use crate::{
    Advice, ApnsId, Endpoint, Invalid, InvalidDeviceToken, Judgement, Problem, Reason, Rejection,
    parse_body,
};

/// Why a push was not taken, or is not known to have been.
#[derive(Clone, Debug)]
pub struct Error {
    cause: Cause,
    id: Option<ApnsId>,
    attempts: u32,
    /// An attempt before the last one may have been taken.
    in_doubt: bool,
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

    /// The same error, of a push that was sent before and may have been taken then.
    pub(crate) fn in_doubt(mut self) -> Self {
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
            Arc::make_mut(rejection).judgement = Some(judgement);
        }
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

    /// The `apns-id` that the push was sent as, the `apns-request-id` of a broadcast or of a request
    /// about channels; `None` when it was never handed to a connection.
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
        let verdict = match &self.cause {
            Cause::Rejected(rejection) => rejection.verdict(),
            Cause::Invalid(_) | Cause::Device(_) => Verdict::FixMessage,
            Cause::Core(error) => error.verdict(),
        };
        match verdict {
            // "Surely not taken" is true of the last attempt only.
            Verdict::RetryAfter(_) if self.in_doubt => Verdict::Unknown,
            Verdict::RetryAfter(_) if self.credentials_were_turned_away() => {
                Verdict::FixCredentials
            }
            verdict => verdict,
        }
    }

    /// Whether the service closed the connection for what it thinks of the credentials, in its GOAWAY.
    fn credentials_were_turned_away(&self) -> bool {
        let Cause::Core(error) = &self.cause else {
            return false;
        };
        let Some(goaway) = error.goaway() else {
            return false;
        };
        let (reason, _) = parse_body(goaway.text.as_bytes());
        // One that is not known is judged by the status, and a 503 is none of the credentials.
        reason.advice(503) == Advice::FixCredentials
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

/// A `BadDeviceToken` is said of a dead token, and of every token of the other environment.
impl Judged for Error {
    type Suspicion = Arc<Endpoint>;

    fn is_suspect(&self) -> bool {
        let rejection = self.rejection();
        rejection.is_some_and(|rejection| rejection.reason == Reason::BadDeviceToken)
    }

    fn cleared(self) -> Self {
        self.judged(Judgement::DeadToken)
    }

    fn suspected(self, endpoint: &Arc<Endpoint>, _rejected: usize) -> Self {
        let endpoint = endpoint.clone();
        self.judged(Judgement::WrongEnvironment { endpoint })
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
            in_doubt: false,
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
                )?;
                match &rejection.judgement {
                    Some(judgement) => write!(f, ": {judgement}"),
                    None => Ok(()),
                }
            }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suspicion_says_which_endpoint_and_what_to_try() {
        let bad = Rejection::new(400, Reason::BadDeviceToken);
        let error = Error::rejected(bad).sent_as(ApnsId::random(), 1);
        let error = error.suspected(&Arc::new(Endpoint::Sandbox), 100);
        let text = error.to_string();
        for part in [
            "400",
            "BadDeviceToken",
            "likely the wrong environment",
            "sandbox",
            "production",
        ] {
            assert!(text.contains(part), "{text} lacks {part}");
        }
        assert_eq!(error.verdict(), Verdict::FixCredentials);
        assert!(error.id().is_some(), "it was sent");
    }

    #[test]
    fn what_is_cleared_is_a_dead_token() {
        let bad = Error::rejected(Rejection::new(400, Reason::BadDeviceToken));
        assert!(bad.is_suspect());
        assert_eq!(bad.cleared().verdict(), Verdict::remove_token(None));
        for other in [
            Error::rejected(Rejection::new(410, Reason::Unregistered)),
            Error::rejected(Rejection::new(503, Reason::ServiceUnavailable)),
            push_core::Error::new(ErrorKind::Lost, "made by a test").into(),
        ] {
            assert!(!other.is_suspect(), "{other}");
        }
    }
}
