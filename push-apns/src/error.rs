use std::sync::Arc;

use push_core::fan_out::{Grouped, Judged};
use push_core::{ErrorKind, Failure, Verdict};

use crate::{
    Advice, ApnsId, Endpoint, Invalid, InvalidDeviceToken, Judgement, Problem, Reason, Rejection,
    parse_body,
};

/// Why a push was not taken, or is not known to have been.
#[derive(Clone, Debug)]
pub struct Error {
    failure: Failure<Rejection, Fault>,
    id: Option<ApnsId>,
}

/// What was wrong before anything was sent.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
enum Fault {
    Message(Invalid),
    Device(InvalidDeviceToken),
}

push_core::failure_methods!(Error, Rejection);

impl Error {
    /// The error for an answer that is none of a push that was taken. Of a success that APNs does not give
    /// nobody knows what was taken.
    pub(crate) fn rejected(rejection: Rejection) -> Self {
        if matches!(rejection.status, 201..=299) {
            let message = format!(
                "APNs does not answer with status {}: the push may have been taken",
                rejection.status
            );
            return push_core::Error::new(ErrorKind::Lost, message).into();
        }
        Failure::rejected(rejection).into()
    }

    /// The same error, of a push that was sent under this id, so often.
    pub(crate) fn sent_as(self, id: ApnsId, attempts: u32) -> Self {
        Self {
            failure: self.failure.sent(attempts),
            id: (attempts > 0).then_some(id),
        }
    }

    /// The same error, of a push that was also sent before and may have been taken then, where that is so.
    pub(crate) fn in_doubt(mut self, in_doubt: bool) -> Self {
        self.failure = self.failure.in_doubt(in_doubt);
        self
    }

    /// The same error, with what a bulk send made of it.
    fn judged(mut self, judgement: Judgement) -> Self {
        self.failure = self.failure.map_rejection(|rejection| Rejection {
            judgement: Some(judgement),
            ..rejection
        });
        self
    }

    /// All that is wrong with the notification; empty where it is something else.
    pub fn problems(&self) -> &[Problem] {
        match self.failure.fault() {
            Some(Fault::Message(invalid)) => invalid.problems(),
            _ => &[],
        }
    }

    /// The `apns-id` that the push was sent as, the `apns-request-id` of a broadcast or of a request
    /// about channels; `None` when it was never handed to a connection.
    /// Send it again under the same one.
    pub fn id(&self) -> Option<ApnsId> {
        self.id
    }

    /// What to do about it.
    pub fn verdict(&self) -> Verdict {
        match self.failure.verdict() {
            Verdict::RetryAfter(_) if self.credentials_were_turned_away() => {
                Verdict::FixCredentials
            }
            verdict => verdict,
        }
    }

    /// Whether the service closed the connection for what it thinks of the credentials, in its GOAWAY.
    fn credentials_were_turned_away(&self) -> bool {
        let Some(goaway) = self.failure.core().and_then(push_core::Error::goaway) else {
            return false;
        };
        let (reason, _) = parse_body(goaway.text.as_bytes());
        // One that is not known is judged by the status, and a 503 is none of the credentials.
        reason.advice(503) == Advice::FixCredentials
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

impl From<Failure<Rejection, Fault>> for Error {
    fn from(failure: Failure<Rejection, Fault>) -> Self {
        Self { failure, id: None }
    }
}

impl From<Invalid> for Error {
    fn from(invalid: Invalid) -> Self {
        Failure::invalid(Fault::Message(invalid)).into()
    }
}

impl From<InvalidDeviceToken> for Error {
    fn from(invalid: InvalidDeviceToken) -> Self {
        Failure::invalid(Fault::Device(invalid)).into()
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
    fn a_success_that_apns_does_not_give_leaves_it_open() {
        for status in [201, 204, 299] {
            let error = Error::rejected(Rejection::new(status, Reason::Unknown("".into())));
            assert_eq!(error.verdict(), Verdict::Unknown, "{status}");
            assert!(error.may_have_been_taken() && error.rejection().is_none());
        }
        let elsewhere = Rejection::new(302, Reason::Unknown("".into()));
        assert_eq!(elsewhere.verdict(), Verdict::FixCredentials);
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
