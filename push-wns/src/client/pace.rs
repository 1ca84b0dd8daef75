//! How many pushes are under way at a time while WNS says that there are too many.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Halves what may be under way when WNS throttles, and lets it grow again while it takes pushes: one
/// more for each time that all of them were taken.
///
/// WNS names no rate, but asks senders that it throttles to slow down. Source: Microsoft, "Push
/// notification service request and response headers".
#[derive(Debug, Default)]
pub(super) struct Pace(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// How many may be under way; `None`: as many as the caller wants.
    most: Option<usize>,
    /// How many were taken since it last grew.
    taken: usize,
    /// When it was last halved.
    halved_at: Option<Instant>,
}

/// Answers to pushes that were under way together say one thing only once.
const ONCE_IN: Duration = Duration::from_secs(1);

/// No less than so many are under way.
const LEAST: usize = 4;

impl Pace {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What may be under way of what the caller wants.
    pub(super) fn of(&self, wanted: usize) -> usize {
        self.state().most.map_or(wanted, |most| most.min(wanted))
    }

    /// WNS says that there are too many; there may be `wanted`.
    pub(super) fn throttled(&self, wanted: usize, now: Instant) {
        let mut state = self.state();
        let since = state.halved_at.map(|at| now.saturating_duration_since(at));
        if since.is_some_and(|since| since < ONCE_IN) {
            return;
        }
        let half = state.most.unwrap_or(wanted).min(wanted) / 2;
        *state = State {
            most: Some(half.max(LEAST)),
            taken: 0,
            halved_at: Some(now),
        };
        tracing::debug!(most = half.max(LEAST), "throttled: fewer pushes at a time");
    }

    /// WNS took one; there may be `wanted`.
    pub(super) fn taken(&self, wanted: usize) {
        let mut state = self.state();
        let Some(most) = state.most else { return };
        state.taken += 1;
        if state.taken < most {
            return;
        }
        state.taken = 0;
        // Doubled while it is low, so that a short throttling does not last.
        let grown = most.saturating_add(most.min(LEAST * 4));
        state.most = (grown < wanted).then_some(grown);
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)]
mod tests {
    use super::*;

    #[test]
    fn throttling_halves_what_is_under_way_and_acceptances_let_it_grow() {
        let pace = Pace::default();
        let now = Instant::now();
        assert_eq!(pace.of(1000), 1000);
        pace.throttled(1000, now);
        assert_eq!(pace.of(1000), 500);
        // Of those that were under way with the first.
        for millis in [0, 10, 999] {
            pace.throttled(1000, now + Duration::from_millis(millis));
        }
        assert_eq!(pace.of(1000), 500);
        pace.throttled(1000, now + Duration::from_secs(1));
        assert_eq!((pace.of(1000), pace.of(100)), (250, 100));
        for _ in 0..249 {
            pace.taken(1000);
        }
        assert_eq!(pace.of(1000), 250);
        pace.taken(1000);
        assert_eq!(pace.of(1000), 266);
        for _ in 0..100_000 {
            pace.taken(1000);
        }
        assert_eq!(pace.of(1000), 1000);
    }

    #[test]
    fn something_is_always_under_way() {
        let pace = Pace::default();
        let mut now = Instant::now();
        for _ in 0..100 {
            pace.throttled(1000, now);
            now += Duration::from_secs(2);
        }
        assert_eq!(pace.of(1000), LEAST);
        assert_eq!(pace.of(1), 1);
        for _ in 0..LEAST {
            pace.taken(1000);
        }
        assert_eq!(pace.of(1000), 2 * LEAST);
    }
}
