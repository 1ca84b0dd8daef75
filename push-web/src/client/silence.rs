//! Push services that do not answer.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long a push service has said nothing. One that let pass the whole time of a push is left alone for a
/// while: what would be sent there in bulk is not sent, so that it does not wait in vain, one push after the
/// other, and hold up those to others.
#[derive(Debug, Default)]
pub(super) struct Silence(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// When the first push began to which nothing was answered, nor to any that came after it.
    since: Option<Instant>,
    /// How many are under way.
    under_way: usize,
    /// It has answered, and was not left alone since.
    has_answered: bool,
    /// Nothing is sent before.
    until: Option<Instant>,
    /// One is on its way, to see whether it answers again.
    on_trial: bool,
}

/// How long a silent push service is left alone.
pub(super) const PAUSE: Duration = Duration::from_secs(30);

/// A push that was begun; to be told what came of it.
#[derive(Debug)]
pub(super) struct Begun<'a> {
    silence: &'a Silence,
    is_trial: bool,
}

impl Silence {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it is known to answer.
    pub(super) fn has_answered(&self) -> bool {
        self.lock().has_answered
    }

    /// Begins a push, as long as the push service is not left alone.
    ///
    /// # Errors
    /// How long it is left alone still.
    pub(super) fn begin(&self, now: Instant) -> Result<Begun<'_>, Duration> {
        let mut state = self.lock();
        let mut is_trial = false;
        if let Some(until) = state.until {
            let left = until.saturating_duration_since(now);
            if !left.is_zero() {
                return Err(left);
            }
            if state.on_trial {
                return Err(Duration::from_secs(1));
            }
            state.on_trial = true;
            is_trial = true;
        }
        Ok(self.go(state, now, is_trial))
    }

    /// Begins a push that nobody else waits behind.
    pub(super) fn begin_anyway(&self, now: Instant) -> Begun<'_> {
        self.go(self.lock(), now, false)
    }

    fn go(&self, mut state: MutexGuard<'_, State>, now: Instant, is_trial: bool) -> Begun<'_> {
        state.since.get_or_insert(now);
        state.under_way += 1;
        Begun {
            silence: self,
            is_trial,
        }
    }
}

impl Begun<'_> {
    /// The push service answered, whatever it was.
    pub(super) fn answered(&self) {
        let mut state = self.silence.lock();
        state.since = None;
        state.until = None;
        state.has_answered = true;
    }

    /// It did not. `patience` is how long it may be silent.
    pub(super) fn unanswered(&self, now: Instant, patience: Duration) {
        let mut state = self.silence.lock();
        let is_silent = state
            .since
            .is_some_and(|since| now.saturating_duration_since(since) >= patience);
        if is_silent || self.is_trial {
            state.until = now.checked_add(PAUSE);
            state.has_answered = false;
        }
    }
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        let mut state = self.silence.lock();
        state.under_way -= 1;
        if self.is_trial {
            state.on_trial = false;
        }
        if state.under_way == 0 {
            // Nothing is to be answered: that is no silence.
            state.since = None;
        }
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const PATIENCE: Duration = Duration::from_secs(30);

    #[test]
    fn it_is_left_alone_after_a_whole_time_of_silence_and_tried_by_one() {
        let silence = Silence::default();
        let start = Instant::now();
        let first = silence.begin(start).unwrap();
        first.unanswered(start + SECOND, PATIENCE);
        assert!(silence.begin(start + SECOND).is_ok(), "one failure is none");
        first.unanswered(start + PATIENCE, PATIENCE);
        let later = start + PATIENCE;
        assert_eq!(silence.begin(later).unwrap_err(), PAUSE);
        assert_eq!(silence.begin(later + SECOND).unwrap_err(), PAUSE - SECOND);
        let trial = silence.begin(later + PAUSE).unwrap();
        assert_eq!(silence.begin(later + PAUSE).unwrap_err(), SECOND);
        trial.unanswered(later + PAUSE + SECOND, PATIENCE);
        drop(trial);
        assert_eq!(silence.begin(later + PAUSE + SECOND).unwrap_err(), PAUSE);
        let again = later + PAUSE + SECOND + PAUSE;
        let trial = silence.begin(again).unwrap();
        trial.answered();
        assert!(silence.begin(again).is_ok());
    }

    #[test]
    fn an_answer_begins_the_time_anew() {
        let silence = Silence::default();
        let start = Instant::now();
        let begun = silence.begin(start).unwrap();
        begun.answered();
        let begun = silence.begin(start + PATIENCE).unwrap();
        begun.unanswered(start + PATIENCE + SECOND, PATIENCE);
        assert!(silence.begin(start + PATIENCE + SECOND).is_ok());
    }

    #[test]
    fn a_time_without_pushes_is_no_silence() {
        let silence = Silence::default();
        let start = Instant::now();
        drop(silence.begin(start).unwrap());
        let later = start + 10 * PATIENCE;
        silence
            .begin(later)
            .unwrap()
            .unanswered(later + SECOND, PATIENCE);
        assert!(silence.begin(later + SECOND).is_ok());
    }

    #[test]
    fn a_trial_that_is_dropped_gives_way_to_another() {
        let silence = Silence::default();
        let start = Instant::now();
        silence
            .begin_anyway(start)
            .unanswered(start + PATIENCE, PATIENCE);
        let later = start + PATIENCE + PAUSE;
        drop(silence.begin(later).unwrap());
        assert!(silence.begin(later).is_ok());
    }
}
