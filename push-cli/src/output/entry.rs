//! One device and what became of it, the same for every service.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use anypush::Verdict;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// What became of one device.
#[derive(Clone, Debug)]
pub(crate) struct Entry<'a> {
    /// As it was given.
    pub(crate) device: &'a str,
    pub(crate) verdict: Verdict,
    /// The service's answer; `None` where there was none.
    pub(crate) status: Option<u16>,
    /// The service's reason, or why there was no answer.
    pub(crate) reason: Option<Cow<'a, str>>,
    /// What else the service said about it; `None` where it said nothing.
    pub(crate) detail: Option<Cow<'a, str>>,
    /// What the push was sent as; `None` where it was not sent.
    pub(crate) id: Option<String>,
    /// How often the push was handed to a connection.
    pub(crate) attempts: u32,
    pub(crate) reach: Reach,
}

/// Whether the service could be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// It was, or it was not needed.
    Reached,
    /// There is no answer because it could not be reached, or fell silent.
    Unreached,
    /// It can't be reached any more, and this is what to say of it in the end.
    Lost(String),
    /// It can't be used with these credentials or settings, and this is what to say of it in the end.
    Misconfigured(String),
}

impl Entry<'_> {
    pub(crate) fn is_accepted(&self) -> bool {
        // A replaced token was accepted too, and still wants something done.
        self.verdict == Verdict::Accepted
    }

    /// Since when the token is invalid, where that is known.
    pub(crate) fn since(&self) -> Option<String> {
        match &self.verdict {
            Verdict::RemoveToken { since, .. } => since.and_then(rfc3339),
            _ => None,
        }
    }

    /// Whole seconds to wait, rounded up.
    pub(crate) fn retry_after_secs(&self) -> Option<u64> {
        match self.verdict {
            Verdict::RetryAfter(wait) => Some(whole_seconds(wait)),
            _ => None,
        }
    }

    /// The token that takes the place of this one.
    pub(crate) fn new_token(&self) -> Option<&str> {
        match &self.verdict {
            Verdict::ReplaceToken(token) => Some(token),
            _ => None,
        }
    }
}

pub(crate) fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs()
        .saturating_add(u64::from(wait.subsec_nanos() > 0))
}

/// `None` for what the calendar does not reach.
pub(crate) fn rfc3339(time: SystemTime) -> Option<String> {
    let since_1970 = time.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    let nanos = i128::try_from(since_1970.as_nanos()).ok()?;
    let time = OffsetDateTime::from_unix_timestamp_nanos(nanos).ok()?;
    time.format(&Rfc3339).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_by_rfc_3339_as_far_as_it_reaches() {
        let at = |millis| rfc3339(SystemTime::UNIX_EPOCH + Duration::from_millis(millis));
        assert_eq!(at(0).as_deref(), Some("1970-01-01T00:00:00Z"));
        assert_eq!(
            at(1_700_000_000_250).as_deref(),
            Some("2023-11-14T22:13:20.25Z")
        );
        assert_eq!(at(u64::MAX / 1000), None);
    }

    #[test]
    fn a_wait_is_never_told_shorter_than_it_is() {
        assert_eq!(whole_seconds(Duration::ZERO), 0);
        assert_eq!(whole_seconds(Duration::from_millis(1)), 1);
        assert_eq!(whole_seconds(Duration::from_secs(60)), 60);
        assert_eq!(whole_seconds(Duration::MAX), u64::MAX);
    }
}
