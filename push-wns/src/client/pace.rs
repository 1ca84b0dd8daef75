//! How many pushes of bulk sends are under way at a time while WNS says that there are too many.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Halves what is under way to a server when WNS throttles, and lets it grow again while WNS answers
/// otherwise: by as many again for each time that all of them were answered, and by sixteen at most.
///
/// WNS names no rate, but asks senders that it throttles to slow down. Source: Microsoft, "Push
/// notification service request and response headers".
#[derive(Debug, Default)]
pub(super) struct Pace(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// How many may be under way to a server; `None`: as many as keep its connections busy.
    most: Option<usize>,
    /// How many were answered otherwise since it last grew.
    answered: usize,
    /// When it was last halved.
    halved_at: Option<Instant>,
}

/// Answers to pushes that were under way together say one thing only once.
const ONCE_IN: Duration = Duration::from_secs(1);

/// No less than so many are under way.
const LEAST: usize = 4;

/// It grows by no more at a time.
const STEP: usize = 16;

impl Pace {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What may be under way where there is room for so many.
    pub(super) fn of(&self, room: usize) -> usize {
        self.state().most.map_or(room, |most| most.min(room))
    }

    /// WNS says that there are too many, while so many are under way.
    pub(super) fn throttled(&self, under_way: usize, now: Instant) {
        let mut state = self.state();
        let since = state.halved_at.map(|at| now.saturating_duration_since(at));
        if since.is_some_and(|since| since < ONCE_IN) {
            return;
        }
        let most = state.most.unwrap_or(usize::MAX).min(under_way) / 2;
        let most = most.max(LEAST);
        *state = State {
            most: Some(most),
            answered: 0,
            halved_at: Some(now),
        };
        tracing::debug!(most, "throttled: fewer pushes at a time");
    }

    /// WNS answered one otherwise, and there is room for so many.
    pub(super) fn answered(&self, room: usize) {
        let mut state = self.state();
        let Some(most) = state.most else { return };
        state.answered += 1;
        if state.answered < most {
            return;
        }
        state.answered = 0;
        let grown = most.saturating_add(most.min(STEP));
        state.most = (grown < room).then_some(grown);
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)]
mod tests {
    use super::*;

    #[test]
    fn throttling_halves_what_is_under_way_and_other_answers_let_it_grow() {
        let pace = Pace::default();
        let now = Instant::now();
        assert_eq!(pace.of(64), 64);
        pace.throttled(60, now);
        assert_eq!(pace.of(64), 30);
        // Of those that were under way with the first.
        for millis in [0, 10, 999] {
            pace.throttled(60, now + Duration::from_millis(millis));
        }
        assert_eq!(pace.of(64), 30);
        pace.throttled(30, now + Duration::from_secs(1));
        assert_eq!((pace.of(64), pace.of(10)), (15, 10));
        for _ in 0..14 {
            pace.answered(64);
        }
        assert_eq!(pace.of(64), 15);
        pace.answered(64);
        assert_eq!(pace.of(64), 30);
        for _ in 0..30 + 46 + 62 {
            pace.answered(64);
        }
        assert_eq!((pace.of(64), pace.of(1000)), (64, 1000), "as before");
    }

    #[test]
    fn something_is_always_under_way() {
        let pace = Pace::default();
        let mut now = Instant::now();
        for under_way in (0..100).rev() {
            pace.throttled(under_way, now);
            now += Duration::from_secs(2);
        }
        assert_eq!(pace.of(1000), LEAST);
        assert_eq!(pace.of(1), 1);
        for _ in 0..LEAST {
            pace.answered(1000);
        }
        assert_eq!(pace.of(1000), 2 * LEAST);
    }
}
