use std::time::{Duration, Instant};

/// The longest wait that is counted: what is longer is not told from it.
const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// So much later, for waits of any length: `Instant` has no room for all of them.
pub(crate) fn later(at: Instant, wait: Duration) -> Instant {
    at.checked_add(wait.min(YEAR)).unwrap_or(at)
}
