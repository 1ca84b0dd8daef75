use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use push_core::fan_out::{Grouped, Judged, MOST_GROUPS};
use push_core::{ErrorKind, Verdict};

use crate::answer::{Judgement, Reason, Rejection};
use crate::encryption::EncryptError;
use crate::message::{Invalid, Problem};
use crate::outcome::Receipt;
use crate::profile::PushService;
use crate::subscription::{InvalidEndpoint, InvalidSubscription};

/// Why a push was not taken, or is not known to have been.
#[derive(Clone, Debug)]
pub struct Error {
    cause: Cause,
    attempts: u32,
    /// An attempt before the last one may have been taken.
    in_doubt: bool,
    /// Whose push service it went to.
    to: PushService,
    /// Those that speak for each other in a bulk send.
    group: usize,
}

#[derive(Clone, Debug)]
enum Cause {
    Rejected(Arc<Rejection>),
    Invalid(Arc<Invalid>),
    Subscription(Arc<InvalidSubscription>),
    Encrypt(Arc<EncryptError>),
    Core(push_core::Error),
}

/// How long to wait, at least, where a push service that is not known can't be reached.
const UNREACHABLE: Duration = Duration::from_secs(60);

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
        Cause::Rejected(Arc::new(rejection)).into()
    }

    pub(crate) fn sent(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    /// The same error, of a push to this service at this origin.
    pub(crate) fn to(mut self, service: PushService, origin: &str) -> Self {
        self.to = service;
        self.group = group_of(service, origin);
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
            let known = Rejection::clone(rejection);
            *rejection = Arc::new(known.judged(judgement));
        }
        self
    }

    /// The class of this error.
    pub fn kind(&self) -> ErrorKind {
        match &self.cause {
            Cause::Rejected(_) => ErrorKind::Rejected,
            Cause::Core(error) => error.kind(),
            _ => ErrorKind::InvalidMessage,
        }
    }

    /// The push service's answer, if it answered.
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

    /// How long to wait before another try, by the service's word, or while it is left alone since it says
    /// nothing; `None` where there is no such time.
    pub fn retry_after(&self) -> Option<Duration> {
        match &self.cause {
            Cause::Rejected(rejection) => rejection.retry_after,
            Cause::Core(error) => error.retry_after(),
            _ => None,
        }
    }

    /// What to do about it.
    pub fn verdict(&self) -> Verdict {
        let verdict = match &self.cause {
            Cause::Rejected(rejection) => rejection.verdict(),
            // Anybody can name a host whose certificate is none. That of a known one is: then the fault lies
            // with the roots, or with a proxy.
            Cause::Core(error)
                if error.kind() == ErrorKind::Tls && self.to == PushService::Other =>
            {
                Verdict::FixMessage
            }
            Cause::Core(error) => match error.verdict() {
                // A host that anybody can name, and that may never be there.
                Verdict::RetryAfter(wait) if self.is_unreachable() => {
                    Verdict::RetryAfter(wait.max(UNREACHABLE))
                }
                verdict => verdict,
            },
            _ => Verdict::FixMessage,
        };
        match verdict {
            // "Not taken" is true of the last attempt only.
            Verdict::RetryAfter(_) if self.in_doubt => Verdict::Unknown,
            verdict => verdict,
        }
    }

    fn is_unreachable(&self) -> bool {
        let is_so = matches!(
            self.kind(),
            ErrorKind::Resolve | ErrorKind::Connect | ErrorKind::Protocol
        );
        is_so && self.to == PushService::Other
    }

    /// This error and all its causes on one line, for people.
    pub fn report(&self) -> String {
        match &self.cause {
            Cause::Core(error) => error.report(),
            _ => self.to_string(),
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
            to: PushService::Other,
            group: 0,
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

impl From<InvalidSubscription> for Error {
    fn from(invalid: InvalidSubscription) -> Self {
        Cause::Subscription(Arc::new(invalid)).into()
    }
}

impl From<InvalidEndpoint> for Error {
    fn from(invalid: InvalidEndpoint) -> Self {
        InvalidSubscription::from(invalid).into()
    }
}

impl From<EncryptError> for Error {
    fn from(error: EncryptError) -> Self {
        Cause::Encrypt(Arc::new(error)).into()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            Cause::Rejected(rejection) => rejection.fmt(f),
            Cause::Invalid(invalid) => invalid.fmt(f),
            Cause::Subscription(invalid) => invalid.fmt(f),
            Cause::Encrypt(error) => error.fmt(f),
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
        let in_doubt = busy.in_doubt();
        assert_eq!(in_doubt.verdict(), Verdict::Unknown);
        assert!(in_doubt.may_have_been_taken());
        let shown = in_doubt.to_string();
        assert!(
            shown.ends_with("; an attempt before it may have been taken"),
            "{shown}"
        );
        let gone = rejected(PushService::Mozilla, 410).in_doubt();
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
