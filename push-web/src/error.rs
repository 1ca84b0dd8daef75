use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;
use std::time::Duration;

use push_core::fan_out::{Grouped, Judged, MOST_GROUPS};
use push_core::{ErrorKind, Failure, Verdict};

use crate::answer::{Judgement, Reason, Rejection};
use crate::encryption::EncryptError;
use crate::message::{Invalid, Problem};
use crate::outcome::Receipt;
use crate::profile::PushService;
use crate::subscription::{InvalidEndpoint, InvalidSubscription};

/// Why a push was not taken, or is not known to have been.
#[derive(Clone, Debug)]
pub struct Error {
    failure: Failure<Rejection, Fault>,
    /// Whose push service it went to.
    to: PushService,
    /// Those that speak for each other in a bulk send.
    group: usize,
}

/// What was wrong before anything was sent.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
enum Fault {
    Message(Invalid),
    Subscription(InvalidSubscription),
    Encrypt(EncryptError),
}

/// How long to wait, at least, where a push service that is not known can't be reached.
const UNREACHABLE: Duration = Duration::from_secs(60);

push_core::failure_methods!(Error, Rejection);

impl Error {
    /// The error for an answer that is none of a push that was taken. Of a success that no push service
    /// gives nobody knows what was taken.
    pub(crate) fn rejected(rejection: Rejection) -> Self {
        if matches!(rejection.status, 200..=299) && rejection.reason == Reason::Unexpected {
            let message = format!(
                "no push service answers with status {}: the push may have been taken",
                rejection.status
            );
            return push_core::Error::new(ErrorKind::Lost, message).into();
        }
        Failure::rejected(rejection).into()
    }

    pub(crate) fn sent(mut self, attempts: u32) -> Self {
        self.failure = self.failure.sent(attempts);
        self
    }

    /// The same error, of a push to this service at this origin.
    pub(crate) fn to(mut self, service: PushService, origin: &str) -> Self {
        self.to = service;
        self.group = group_of(service, origin);
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

    /// All that is wrong with the message; empty where it is something else.
    pub fn problems(&self) -> &[Problem] {
        match self.failure.fault() {
            Some(Fault::Message(invalid)) => invalid.problems(),
            _ => &[],
        }
    }

    /// What to do about it.
    pub fn verdict(&self) -> Verdict {
        self.failure.verdict_by(|error| self.verdict_of(error))
    }

    /// What to do about what went wrong below the push service's answer.
    fn verdict_of(&self, error: &push_core::Error) -> Verdict {
        let is_known = self.to != PushService::Other;
        match (error.kind(), error.verdict()) {
            (_, verdict) if is_known => verdict,
            // Anybody can name a host whose certificate is none. That of a known one is: then the fault lies
            // with the roots, or with a proxy.
            (ErrorKind::Tls, _) => Verdict::FixMessage,
            // A host that anybody can name, and that may never be there.
            (
                ErrorKind::Resolve | ErrorKind::Connect | ErrorKind::Protocol,
                Verdict::RetryAfter(wait),
            ) => Verdict::RetryAfter(wait.max(UNREACHABLE)),
            (_, verdict) => verdict,
        }
    }
}

/// That a subscription is not found is what a push service that fails has said of every living one.
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

/// Each push service speaks for itself only.
impl Grouped for Error {
    fn group(&self) -> usize {
        self.group
    }
}

impl Grouped for Receipt {
    fn group(&self) -> usize {
        self.group
    }
}

/// Others are not to know which hosts are judged together.
static HASHES: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// The group of a push service: one for each that is known, and those that are not by their origins, as far
/// as there are groups.
pub(crate) fn group_of(service: PushService, origin: &str) -> usize {
    match service {
        PushService::Mozilla => 0,
        PushService::Fcm => 1,
        PushService::Apple => 2,
        PushService::Wns => 3,
        PushService::Other => {
            const REST: u64 = (MOST_GROUPS - 4) as u64;
            4 + usize::try_from(HASHES.hash_one(origin) % REST).unwrap_or(0)
        }
    }
}

impl From<Failure<Rejection, Fault>> for Error {
    fn from(failure: Failure<Rejection, Fault>) -> Self {
        Self {
            failure,
            to: PushService::Other,
            group: 0,
        }
    }
}

impl From<Invalid> for Error {
    fn from(invalid: Invalid) -> Self {
        Failure::invalid(Fault::Message(invalid)).into()
    }
}

impl From<InvalidSubscription> for Error {
    fn from(invalid: InvalidSubscription) -> Self {
        Failure::invalid(Fault::Subscription(invalid)).into()
    }
}

impl From<InvalidEndpoint> for Error {
    fn from(invalid: InvalidEndpoint) -> Self {
        InvalidSubscription::from(invalid).into()
    }
}

impl From<EncryptError> for Error {
    fn from(error: EncryptError) -> Self {
        Failure::invalid(Fault::Encrypt(error)).into()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::time::SystemTime;

    use http::{HeaderMap, StatusCode};

    use super::*;

    fn rejected(service: PushService, status: u16) -> Error {
        let status = StatusCode::from_u16(status).unwrap();
        let (headers, now) = (HeaderMap::new(), SystemTime::UNIX_EPOCH);
        let rejection = Rejection::read(service, status, &headers, b"", now);
        Error::rejected(rejection).sent(1)
    }

    #[test]
    fn only_what_is_not_found_is_suspect_and_five_of_it_are_the_services_fault() {
        for (status, suspect) in [(404, true), (410, false), (403, false), (503, false)] {
            let error = rejected(PushService::Fcm, status);
            assert_eq!(error.is_suspect(), suspect, "{status}");
        }
        let error = rejected(PushService::Fcm, 404);
        let gone = Verdict::remove_token(None);
        assert_eq!(error.verdict(), gone);
        assert_eq!(error.clone().suspected(&(), 4).verdict(), gone);
        assert_eq!(error.clone().cleared().verdict(), gone);
        let hour = Verdict::RetryAfter(Duration::from_secs(3600));
        let suspected = error.suspected(&(), 5);
        assert_eq!(suspected.verdict(), hour);
        let judgement = suspected.rejection().unwrap().judgement;
        assert_eq!(judgement, Some(Judgement::LikelyServiceFault));
    }

    #[test]
    fn each_push_service_speaks_for_itself() {
        let mut groups = HashSet::new();
        for service in PushService::ALL {
            let error = rejected(*service, 404).to(*service, "https://a.push.example");
            assert_eq!(error.group(), group_of(*service, "https://a.push.example"));
            assert!(error.group() < MOST_GROUPS);
            groups.insert(error.group());
        }
        assert_eq!(groups.len(), PushService::ALL.len());
        // Of those that are not known, the hosts differ.
        let hosts = (0..1000).map(|host| format!("https://h{host}.push.example"));
        let others: HashSet<_> = hosts
            .map(|origin| group_of(PushService::Other, &origin))
            .collect();
        assert_eq!(others.len(), MOST_GROUPS - 4);
    }

    #[test]
    fn a_success_that_no_push_service_gives_leaves_it_open() {
        for status in [203, 206, 299] {
            let error = rejected(PushService::Other, status);
            assert_eq!(error.verdict(), Verdict::Unknown, "{status}");
            assert!(error.may_have_been_taken() && error.rejection().is_none());
        }
    }

    #[test]
    fn an_answer_after_one_that_was_lost_is_not_told_as_not_taken() {
        let busy = rejected(PushService::Mozilla, 503);
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
        let gone = rejected(PushService::Mozilla, 410).in_doubt(true);
        assert_eq!(gone.verdict(), Verdict::remove_token(None));
    }

    #[test]
    fn what_was_wrong_before_anything_was_sent_is_to_be_fixed() {
        let message = crate::Message::empty().topic("").encode().unwrap_err();
        let error = Error::from(message);
        assert_eq!(error.problems().len(), 1);
        let subscription = crate::Subscription::without_keys("nonsense").unwrap_err();
        for error in [error, subscription.into()] {
            assert_eq!(error.kind(), ErrorKind::InvalidMessage);
            assert_eq!(error.verdict(), Verdict::FixMessage);
            assert_eq!((error.attempts(), error.retry_after()), (0, None));
            assert_eq!(error.report(), error.to_string());
            assert!(error.rejection().is_none() && !error.is_suspect());
        }
    }
}
