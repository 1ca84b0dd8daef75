use std::time::{Duration, SystemTime};

/// When an answered failure is sent again: exponential back-off with full jitter, on top of the
/// service's own `Retry-After` where it gave one.
///
/// The default is [`RetryPolicy::none`]: what a service answered is not sent again behind the
/// caller's back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    attempts: u32,
    base: Duration,
    min_delay: Duration,
    max_delay: Duration,
    total: Option<Duration>,
}

impl RetryPolicy {
    /// Never sends again.
    pub const fn none() -> Self {
        Self {
            attempts: 1,
            base: Duration::ZERO,
            min_delay: Duration::ZERO,
            max_delay: Duration::ZERO,
            total: None,
        }
    }

    /// Back-off that doubles from `base` (before jitter), up to 60 seconds, in 5 attempts.
    pub const fn exponential(base: Duration) -> Self {
        Self {
            attempts: 5,
            base,
            min_delay: Duration::ZERO,
            max_delay: Duration::from_secs(60),
            total: None,
        }
    }

    /// At most so many attempts, the first one counted. Zero is taken as one.
    #[must_use]
    pub const fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = if attempts == 0 { 1 } else { attempts };
        self
    }

    /// No wait is shorter than this, with the back-off and its jitter on top of it. Default: zero.
    #[must_use]
    pub const fn min_delay(mut self, min: Duration) -> Self {
        self.min_delay = min;
        self
    }

    /// The longest back-off of ours, without [`min_delay`](Self::min_delay). A longer `Retry-After` of the service is obeyed all the
    /// same, within the total.
    #[must_use]
    pub const fn max_delay(mut self, max: Duration) -> Self {
        self.max_delay = max;
        self
    }

    /// No attempt starts later than so long after the first one. Default: no limit.
    #[must_use]
    pub const fn total(mut self, total: Duration) -> Self {
        self.total = Some(total);
        self
    }

    /// The wait before the next attempt; `None` when there is to be none.
    ///
    /// `made` is the number of attempts made so far, `elapsed` the time since the first of them
    /// began, `jitter` a random number.
    pub fn delay(
        &self,
        made: u32,
        elapsed: Duration,
        retry_after: Option<Duration>,
        jitter: u64,
    ) -> Option<Duration> {
        if made >= self.attempts {
            return None;
        }
        // On top of what the service asks for too: all who were told the same would come together.
        let wait = self
            .min_delay
            .max(retry_after.unwrap_or_default())
            .saturating_add(self.back_off(made, jitter));
        match self.total {
            Some(total) if elapsed.saturating_add(wait) > total => None,
            _ => Some(wait),
        }
    }

    /// A random time between zero and the exponential bound after `made` attempts.
    fn back_off(&self, made: u32, jitter: u64) -> Duration {
        let doublings = made.saturating_sub(1).min(31);
        let bound = self
            .base
            .saturating_mul(1_u32 << doublings)
            .min(self.max_delay);
        // 53 bits fill the mantissa of a double: a fraction in [0, 1).
        let fraction = (jitter >> 11) as f64 / (1_u64 << 53) as f64;
        bound.mul_f64(fraction)
    }
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self::none()
    }
}

/// Whether a request is sent again when its answer was lost, though the service may have taken it.
///
/// It can arrive twice then. Worth it where a push that comes twice does less harm than one that
/// does not come; services that know a request by its identifier may, but need not, drop the second
/// one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResendUnknown {
    /// Never: it ends as [`Verdict::Unknown`](crate::Verdict::Unknown), and the caller decides. The
    /// default.
    #[default]
    Never,
    /// At most so many times before the service answers; of a request within its deadline, and with the
    /// same identifier.
    Times(u32),
}

impl ResendUnknown {
    /// Whether another attempt may follow, after so many that were allowed.
    #[cfg(feature = "http2")]
    pub const fn allows(self, made: u32) -> bool {
        match self {
            Self::Never => false,
            Self::Times(most) => made < most,
        }
    }
}

/// The longest wait that is believed where anybody may answer, a proxy on the way too: a week.
pub const BELIEVABLE_WAIT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// How long an answer asks to wait: its `Retry-After`. A date there counts from the answer's own `Date`,
/// where it has one, since the clock of this machine may be off; else from `now`.
pub fn retry_after(headers: &http::HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(http::header::RETRY_AFTER)?.to_str().ok()?;
    parse_retry_after(text, answer_date(headers).unwrap_or(now))
}

/// When an answer was made, by the clock of its server: its `Date`.
pub fn answer_date(headers: &http::HeaderMap) -> Option<SystemTime> {
    let text = headers.get(http::header::DATE)?.to_str().ok()?;
    httpdate::parse_http_date(text).ok()
}

/// Reads a `Retry-After` header (RFC 9110, section 10.2.3) in either form, seconds or an HTTP
/// date. A date that has passed means zero; what is neither form is `None`.
pub fn parse_retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_read_in_both_forms() {
        let now = httpdate::parse_http_date("Wed, 21 Oct 2026 07:28:00 GMT").unwrap();
        let read = |value| parse_retry_after(value, now);
        assert_eq!(read("120"), Some(Duration::from_secs(120)));
        assert_eq!(
            read("Wed, 21 Oct 2026 07:28:30 GMT"),
            Some(Duration::from_secs(30))
        );
        assert_eq!(read("Wed, 21 Oct 2015 07:28:00 GMT"), Some(Duration::ZERO));
        assert_eq!(
            read("99999999999999999999999"),
            Some(Duration::from_secs(u64::MAX))
        );
        for bad in ["", "-1", "soon", "1.5"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_date_counts_from_that_of_the_answer() {
        let mut headers = http::HeaderMap::new();
        let now = httpdate::parse_http_date("Wed, 21 Oct 2026 07:38:00 GMT").unwrap();
        assert_eq!(retry_after(&headers, now), None);
        let later = "Wed, 21 Oct 2026 07:30:00 GMT".parse().unwrap();
        headers.insert(http::header::RETRY_AFTER, later);
        assert_eq!(retry_after(&headers, now), Some(Duration::ZERO));
        let date = "Wed, 21 Oct 2026 07:28:00 GMT".parse().unwrap();
        headers.insert(http::header::DATE, date);
        assert_eq!(retry_after(&headers, now), Some(Duration::from_secs(120)));
    }

    #[test]
    fn the_back_off_comes_on_top_of_the_least_wait_and_of_what_the_service_asks_for() {
        let second = Duration::from_secs(1);
        let policy = RetryPolicy::exponential(second).min_delay(10 * second);
        let wait = |asked, jitter| policy.delay(1, Duration::ZERO, asked, jitter).unwrap();
        assert_eq!(wait(None, 0), 10 * second);
        assert_eq!(wait(Some(3 * second), 0), 10 * second);
        assert_eq!(wait(Some(30 * second), 0), 30 * second);
        assert_eq!(wait(Some(30 * second), 1 << 63), 30 * second + second / 2);
    }

    #[test]
    fn the_bound_doubles_and_the_jitter_is_full() {
        let policy = RetryPolicy::exponential(Duration::from_secs(1)).attempts(10);
        let most = |made| {
            policy
                .delay(made, Duration::ZERO, None, u64::MAX)
                .unwrap()
                .as_secs_f64()
        };
        for (made, bound) in [(1, 1.0), (2, 2.0), (3, 4.0), (8, 60.0)] {
            assert!((most(made) - bound).abs() < 0.001, "{made}");
        }
        assert_eq!(
            policy.delay(3, Duration::ZERO, None, 0),
            Some(Duration::ZERO)
        );
    }

    #[test]
    fn the_service_is_obeyed_and_the_totals_hold() {
        let second = Duration::from_secs(1);
        let policy = RetryPolicy::exponential(second)
            .attempts(3)
            .total(10 * second);
        assert_eq!(
            policy.delay(1, Duration::ZERO, Some(9 * second), 0),
            Some(9 * second)
        );
        assert_eq!(policy.delay(1, 2 * second, Some(9 * second), 0), None);
        assert_eq!(policy.delay(3, Duration::ZERO, None, 0), None);
        assert_eq!(RetryPolicy::none().delay(1, Duration::ZERO, None, 0), None);
    }
}
