//! How fast a connection is read, and how long it may be silent.

use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use crate::fault::{Action, Close};

/// What faults have made of a connection's pace.
#[derive(Debug, Default)]
pub(super) struct Pace {
    deaf: Option<Deaf>,
    slow: Option<NonZeroU32>,
    idle: Option<Idle>,
}

#[derive(Debug)]
enum Deaf {
    Until(Instant),
    ForEver,
}

#[derive(Debug)]
struct Idle {
    most: Duration,
    close: Close,
    /// When something came last.
    heard: Instant,
}

impl Pace {
    /// Carries out what is about the pace, and tells whether the action was.
    pub(super) fn apply(&mut self, action: &Action, now: Instant) -> bool {
        match action {
            Action::StopReading(Some(time)) => self.pause(*time, now),
            Action::StopReading(None) => self.deaf = Some(Deaf::ForEver),
            Action::Slow(bytes_per_s) => self.slow = Some(*bytes_per_s),
            Action::Idle(most, close) => {
                self.idle = Some(Idle {
                    most: *most,
                    close: *close,
                    heard: now,
                });
            }
            _ => return false,
        }
        true
    }

    /// Nothing is read for so long.
    pub(super) fn pause(&mut self, time: Duration, now: Instant) {
        self.deaf = Some(Deaf::Until(now + time));
    }

    /// Something has come.
    pub(super) fn heard(&mut self, now: Instant) {
        if let Some(idle) = &mut self.idle {
            idle.heard = now;
        }
    }

    /// Whether what comes is read now.
    pub(super) fn reads(&self) -> bool {
        self.deaf.is_none()
    }

    /// Whether it will ever be.
    pub(super) fn reads_again(&self) -> bool {
        !matches!(self.deaf, Some(Deaf::ForEver))
    }

    /// How many bytes in a second; `None`: all.
    pub(super) fn bytes_per_s(&self) -> Option<NonZeroU32> {
        self.slow
    }

    /// When there is something to be done next.
    pub(super) fn next_due(&self) -> Option<Instant> {
        let resumed = match self.deaf {
            Some(Deaf::Until(time)) => Some(time),
            _ => None,
        };
        let idle = self.idle.as_ref().map(|idle| idle.heard + idle.most);
        resumed.into_iter().chain(idle).min()
    }

    /// Does what is due: how the connection ends, if it was silent for too long.
    pub(super) fn due(&mut self, now: Instant) -> Option<Close> {
        if matches!(self.deaf, Some(Deaf::Until(time)) if time <= now) {
            self.deaf = None;
        }
        let idle = self.idle.as_ref()?;
        (idle.heard + idle.most <= now).then_some(idle.close)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_pause_ends_when_it_is_due_and_deafness_never() {
        let start = Instant::now();
        let mut pace = Pace::default();
        assert!(!pace.apply(&Action::Stall, start));
        assert!(pace.apply(&Action::StopReading(Some(SECOND)), start));
        assert!(!pace.reads() && pace.reads_again());
        assert_eq!(pace.next_due(), Some(start + SECOND));
        assert_eq!(pace.due(start), None);
        assert!(!pace.reads());
        assert_eq!(pace.due(start + SECOND), None);
        assert!(pace.reads());
        assert_eq!(pace.next_due(), None);
        pace.apply(&Action::StopReading(None), start);
        pace.due(start + 1000 * SECOND);
        assert!(!pace.reads() && !pace.reads_again());
    }

    #[test]
    fn what_comes_keeps_an_idle_connection_open() {
        let start = Instant::now();
        let mut pace = Pace::default();
        pace.apply(&Action::Idle(SECOND, Close::Fin), start);
        pace.heard(start + SECOND / 2);
        assert_eq!(pace.due(start + SECOND), None);
        assert_eq!(pace.next_due(), Some(start + SECOND * 3 / 2));
        assert_eq!(pace.due(start + SECOND * 3 / 2), Some(Close::Fin));
    }
}
