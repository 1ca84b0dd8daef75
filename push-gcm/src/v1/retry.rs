use std::time::Duration;

use push_core::RetryPolicy;

/// The retries that Google asks for, of answered 429 and 5xx: the first after ten seconds or more,
/// each wait longer than the last, with jitter, none later than an hour after the first attempt; what
/// the service says in `Retry-After` comes first, and a 429 without it waits for a minute.
///
/// Google's own SDKs wait less. Source: Firebase, "Best practices when sending FCM messages at scale".
///
/// Not on by default, since a push can arrive twice: [`ClientBuilder::retry`](super::ClientBuilder::retry).
pub const fn google_retry() -> RetryPolicy {
    RetryPolicy::exponential(Duration::from_secs(10))
        .min_delay(Duration::from_secs(10))
        .max_delay(Duration::from_secs(600))
        .attempts(10)
        .total(Duration::from_secs(60 * 60))
}
