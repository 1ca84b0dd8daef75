use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::notification::Problem;

/// How long the service keeps a notification for a device that it can't reach: the header
/// `apns-expiration`.
///
/// A notification without one leaves this to the service's own policy, which Apple does not
/// document; that is not the same as [`Expiration::Once`]. Source: Apple, "Sending notification
/// requests to APNs".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expiration {
    /// One attempt, never stored: the header is 0.
    Once,
    /// Stored and tried until this time, at most 30 days from now, in whole seconds.
    ///
    /// A time that has passed is sent as it is: the service treats the notification as expiring at
    /// once.
    At(SystemTime),
    /// Stored and tried for this long from the moment it is sent, at most 30 days.
    ///
    /// Zero means until now, which is a time; for a single attempt give [`Expiration::Once`].
    In(Duration),
}

impl Expiration {
    /// The longest that the service stores a notification: 30 days.
    pub const MAX: Duration = Duration::from_secs(30 * 24 * 60 * 60);

    /// The header's value: seconds since 1970, or 0 for one attempt.
    ///
    /// `now` is the moment of sending. Fractions of a second are cut off. A time before 1970 gives
    /// 0; such a notification does not get through `encode`.
    pub fn header_secs(&self, now: SystemTime) -> u64 {
        let at = match *self {
            Self::Once => return 0,
            Self::At(time) => time,
            Self::In(duration) => match now.checked_add(duration) {
                Some(time) => time,
                None => return u64::MAX,
            },
        };
        at.duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs())
    }

    /// What keeps the service from taking it.
    pub(crate) fn problem(&self, now: SystemTime) -> Option<Problem> {
        let ahead = self.ahead_of(now);
        if self.is_before_1970() {
            Some(Problem::ExpirationBefore1970)
        } else if ahead > Self::MAX {
            Some(Problem::ExpirationTooFar { ahead })
        } else {
            None
        }
    }

    /// The binary gateway's expiry: seconds since 1970, or 0 for one attempt.
    pub(crate) fn gateway_secs(&self, now: SystemTime) -> Result<u32, Problem> {
        if self.is_before_1970() {
            return Err(Problem::ExpirationBefore1970);
        }
        u32::try_from(self.header_secs(now)).map_err(|_| Problem::ExpirationAfter2106)
    }

    /// How far ahead of `now` this lies; zero for one attempt and for what has passed.
    fn ahead_of(&self, now: SystemTime) -> Duration {
        match *self {
            Self::Once => Duration::ZERO,
            Self::At(time) => time.duration_since(now).unwrap_or(Duration::ZERO),
            Self::In(duration) => duration,
        }
    }

    /// Whether this is a time before 1970, which the header can't say.
    fn is_before_1970(&self) -> bool {
        matches!(*self, Self::At(time) if time < UNIX_EPOCH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_millis(1_700_000_000_500);

    #[test]
    fn the_three_states_make_their_headers() {
        let now = UNIX_EPOCH + NOW;
        assert_eq!(Expiration::Once.header_secs(now), 0);
        assert_eq!(
            Expiration::At(UNIX_EPOCH + Duration::from_secs(77)).header_secs(now),
            77
        );
        assert_eq!(
            Expiration::In(Duration::from_secs(60)).header_secs(now),
            1_700_000_060
        );
        assert_eq!(
            Expiration::In(Duration::ZERO).header_secs(now),
            1_700_000_000
        );
    }

    #[test]
    fn a_duration_without_end_does_not_overflow() {
        assert_eq!(
            Expiration::In(Duration::MAX).header_secs(UNIX_EPOCH + NOW),
            u64::MAX
        );
    }

    #[test]
    fn an_expiration_comes_back_from_json() {
        for expiration in [
            Expiration::Once,
            Expiration::At(UNIX_EPOCH + NOW),
            Expiration::In(Duration::from_millis(1500)),
        ] {
            let json = serde_json::to_string(&expiration).unwrap();
            assert_eq!(
                serde_json::from_str::<Expiration>(&json).unwrap(),
                expiration,
                "{json}"
            );
        }
    }
}
