use std::time::{Duration, SystemTime};

use push_core::fan_out::{Grouped, Judged, Judgement};
use push_core::{ErrorKind, Failure, Verdict};

use crate::answer::Rejection;
use crate::channel::{Channel, InvalidChannel};
use crate::notification::{Invalid, Problem};

/// Why a push was not taken, or is not known to have been.
#[derive(Clone, Debug)]
pub struct Error {
    failure: Failure<Rejection, Fault>,
}

/// What was wrong before anything was sent.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error(transparent)]
    Notification(Invalid),
    #[error(transparent)]
    Channel(InvalidChannel),
    #[error(
        "the channel was registered more than 30 days ago and has expired: remove it, the app has to ask \
         for another"
    )]
    Expired {
        /// By our own reckoning.
        since: Option<SystemTime>,
    },
}

push_core::failure_methods!(Error, Rejection);

impl Error {
    /// The error for an answer that is none of a push that was taken. Of a success that WNS does not give
    /// nobody knows what was taken.
    pub(crate) fn rejected(rejection: Rejection) -> Self {
        if rejection.is_unknown_success() {
            let message = format!(
                "WNS does not answer with status {}: the push may have been taken",
                rejection.status
            );
            return push_core::Error::new(ErrorKind::Lost, message).into();
        }
        Failure::rejected(rejection).into()
    }

    /// The error for a channel that has [expired](Channel::is_expired), to which nothing was sent.
    pub(crate) fn expired(channel: &Channel) -> Self {
        let since = channel.expires_at();
        Failure::invalid(Fault::Expired { since }).into()
    }

    pub(crate) fn sent(mut self, attempts: u32) -> Self {
        self.failure = self.failure.sent(attempts);
        self
    }

    /// The same error, of a push that was also sent before and may have been taken then, where that is so.
    pub(crate) fn in_doubt(mut self, in_doubt: bool) -> Self {
        self.failure = self.failure.in_doubt(in_doubt);
        self
    }

    /// The same error, with what a bulk send made of it.
    fn judged(mut self, judgement: Judgement) -> Self {
        self.failure = self.failure.map_rejection(|it| it.judged(judgement));
        self
    }

    /// All that is wrong with the notification; empty where it is something else.
    pub fn problems(&self) -> &[Problem] {
        match self.failure.fault() {
            Some(Fault::Notification(invalid)) => invalid.problems(),
            _ => &[],
        }
    }

    /// What to do about it.
    pub fn verdict(&self) -> Verdict {
        match self.failure.fault() {
            Some(Fault::Expired { since }) => Verdict::remove_token(*since),
            _ => self.failure.verdict(),
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

impl Grouped for Error {}

/// That WNS does not know a channel is what it could say of every living one while it is at fault.
impl Judged for Error {
    type Suspicion = ();

    fn is_suspect(&self) -> bool {
        self.rejection().is_some_and(Rejection::is_suspect)
    }

    fn cleared(self) -> Self {
        self.judged(Judgement::Gone)
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
        Failure::invalid(Fault::Notification(invalid)).into()
    }
}

impl From<InvalidChannel> for Error {
    fn from(invalid: InvalidChannel) -> Self {
        Failure::invalid(Fault::Channel(invalid)).into()
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, StatusCode};

    use super::*;

    fn rejected(status: u16) -> Error {
        let status = StatusCode::from_u16(status).unwrap();
        let (headers, now) = (HeaderMap::new(), SystemTime::UNIX_EPOCH);
        let phrase = status.canonical_reason();
        let rejection = Rejection::read(status, phrase, &headers, b"", now);
        Error::rejected(rejection).sent(1)
    }

    #[test]
    fn a_success_that_wns_does_not_give_leaves_it_open() {
        for status in [201, 202, 204, 206, 299] {
            let error = rejected(status);
            assert_eq!(error.verdict(), Verdict::Unknown, "{status}");
            assert!(error.may_have_been_taken() && error.rejection().is_none());
            assert_eq!((error.kind(), error.attempts()), (ErrorKind::Lost, 1));
        }
    }

    #[test]
    fn an_answer_after_one_that_was_lost_is_not_told_as_not_taken() {
        let busy = rejected(503);
        assert_eq!(busy.verdict(), Verdict::RetryAfter(Duration::from_secs(10)));
        assert!(!busy.may_have_been_taken());
        let in_doubt = busy.in_doubt(true);
        assert_eq!(in_doubt.verdict(), Verdict::Unknown);
        assert!(in_doubt.may_have_been_taken());
        let shown = in_doubt.to_string();
        assert!(
            shown.ends_with("; an attempt before it may have been taken"),
            "{shown}"
        );
        let gone = rejected(410).in_doubt(true);
        assert_eq!(gone.verdict(), Verdict::remove_token(None));
    }

    #[test]
    fn what_was_wrong_before_anything_was_sent_is_to_be_fixed() {
        let malformed = "nonsense".parse::<Channel>().unwrap_err();
        let evil: Channel = "https://evil.example/?token=s3cret".parse().unwrap();
        let untrusted = crate::TrustedOrigins::windows().check(evil.uri());
        for error in [malformed, untrusted.unwrap_err()] {
            let error = Error::from(error);
            assert_eq!(error.kind(), ErrorKind::InvalidMessage);
            assert_eq!(error.verdict(), Verdict::FixMessage);
            assert_eq!((error.attempts(), error.retry_after()), (0, None));
            assert_eq!(error.report(), error.to_string());
            assert!(error.rejection().is_none() && error.problems().is_empty());
            assert!(!format!("{error:?}").contains("s3cret"));
        }
    }

    #[test]
    fn all_that_is_wrong_with_a_notification_is_told() {
        let notification = crate::Notification::raw("").tag("no tag");
        let error = Error::from(notification.encode().unwrap_err());
        assert_eq!(error.problems().len(), 2, "{error}");
        assert_eq!(error.kind(), ErrorKind::InvalidMessage);
        assert_eq!(error.verdict(), Verdict::FixMessage);
    }

    #[test]
    fn only_that_a_channel_is_not_known_is_judged_by_the_others() {
        for status in [400, 401, 403, 405, 406, 410, 413, 429, 500, 503] {
            assert!(!rejected(status).is_suspect(), "{status}");
        }
        let gone = Verdict::remove_token(None);
        assert!(rejected(404).is_suspect());
        assert_eq!(rejected(404).cleared().verdict(), gone);
        assert_eq!(rejected(404).suspected(&(), 4).verdict(), gone, "by chance");
        let suspected = rejected(404).suspected(&(), 5);
        assert_eq!(suspected.verdict(), Verdict::RetryAfter(Judgement::WAIT));
        assert!(suspected.to_string().contains("remove none"), "{suspected}");
        // Over another HTTP client nobody knows whether "Domain Blocked" was meant.
        let now = SystemTime::UNIX_EPOCH;
        let untold = Rejection::read(StatusCode::GONE, None, &HeaderMap::new(), b"", now);
        assert!(Error::rejected(untold).is_suspect());
    }

    #[test]
    fn an_expired_channel_is_to_be_removed_since_its_end() {
        let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600);
        let channel: Channel = "https://db5p.notify.windows.com/?token=a".parse().unwrap();
        let error = Error::expired(&channel.registered_at(then));
        let end = then + Channel::LIFETIME;
        assert_eq!(error.verdict(), Verdict::remove_token(Some(end)));
        assert_eq!(error.attempts(), 0);
        assert!(error.to_string().contains("has expired"), "{error}");
    }

    #[test]
    fn an_error_of_the_core_keeps_its_cause() {
        let cause = push_core::Error::new(ErrorKind::Connect, "refused");
        let error =
            push_core::Error::new(ErrorKind::Identity, "no access token").with_source(cause);
        let error = Error::from(error.with_attempts(2));
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Identity, 2));
        assert_eq!(error.verdict(), Verdict::FixCredentials);
        assert_eq!(error.report(), "no access token: refused");
        assert!(std::error::Error::source(&error).is_some());
    }
}
