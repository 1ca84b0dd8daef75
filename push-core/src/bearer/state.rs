//! What is known of the token, and what follows from it. Pure: time is told to it.

use std::task::Waker;
use std::time::{Duration, Instant};

use slab::Slab;

use super::{AccessToken, Token};
use crate::clock::later;
use crate::{Error, Result, Verdict};

/// A token is renewed so long before its end, or at half of its lifetime where that is later.
const AHEAD: Duration = Duration::from_secs(5 * 60);

/// A token is not used in its last seconds: it may end on the way.
const MARGIN: Duration = Duration::from_secs(10);

/// A token that has ended as it comes is used for so long all the same: its source is not asked for
/// every push.
const LEAST_USE: Duration = Duration::from_secs(1);

/// A token that was renewed since the service refused the one before, and is refused too, shows that
/// renewing does not help: the next time, it is renewed no earlier than a second after the last, then
/// two, and so on up to a minute.
const FORCED_AGAIN: Duration = Duration::from_secs(1);
const FORCED_AT_MOST: Duration = Duration::from_secs(60);

/// The longest back-off, and the longest `Retry-After` that is obeyed.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(10 * 60);

/// The shortest back-off after a failure that will pass by itself, and after one that will not.
const TEMPORARY: Duration = Duration::from_secs(1);
const PERMANENT: Duration = Duration::from_secs(10);

#[derive(Debug, Default)]
pub(super) struct State {
    current: Option<Current>,
    generation: u64,
    /// A task is fetching, or about to.
    fetching: bool,
    /// When what the service's refusal last forced came, and how long it is until it may force another.
    forced: Option<(Instant, Duration)>,
    failure: Option<Failure>,
    waiting: Slab<Entry>,
}

#[derive(Debug)]
struct Current {
    token: Token,
    /// Renewed in the background from this time on, and used until that one; `None` for ever.
    renew_at: Option<Instant>,
    until: Option<Instant>,
    refused: bool,
}

/// Why the last fetch failed, since the last that did not.
#[derive(Debug)]
struct Failure {
    error: Error,
    /// How many in a row.
    count: u32,
    /// No other fetch begins before.
    not_before: Instant,
}

#[derive(Debug)]
enum Entry {
    Waiting(Waker),
    Told(Result<Token>),
}

/// What somebody who wants a token finds.
#[derive(Debug)]
pub(super) enum Found {
    Token(Token),
    Failed(Error),
    /// A place among those who wait.
    Wait(usize),
}

impl State {
    /// Looks for a token; the flag says that a fetch is to be started now.
    pub(super) fn find(&mut self, now: Instant, deadline: Instant) -> (Found, bool) {
        if let Some(current) = &self.current
            && current.serves(now)
        {
            let token = current.token.clone();
            let due = current.renew_at.is_some_and(|at| now >= at);
            return (Found::Token(token), due && self.begin(now));
        }
        if let Some(failure) = &self.failure
            && now < failure.not_before
            && (failure.is_permanent() || deadline <= failure.not_before)
        {
            let wait = failure.not_before - now;
            return (
                Found::Failed(failure.error.clone().with_retry_after(wait)),
                false,
            );
        }
        let place = self.waiting.insert(Entry::Waiting(Waker::noop().clone()));
        // With somebody waiting the fetch is started at once, and waits itself for its time.
        let start = !std::mem::replace(&mut self.fetching, true);
        (Found::Wait(place), start)
    }

    /// Notes that the service refused a token: whether another will take its place, and whether a
    /// fetch is to be started now.
    pub(super) fn refused(&mut self, token: &Token, now: Instant) -> (bool, bool) {
        let Some(current) = &mut self.current else {
            return (true, false);
        };
        if current.token.generation() != token.generation() || current.refused {
            return (true, false);
        }
        let mut pause = FORCED_AGAIN;
        if let Some((at, before)) = self.forced {
            let since = now.saturating_duration_since(at);
            if since < before {
                return (false, false);
            }
            // What was good for a while was no token that is refused whatever it is.
            if since < 2 * FORCED_AT_MOST {
                pause = (before * 2).min(FORCED_AT_MOST);
            }
        }
        current.refused = true;
        self.forced = Some((now, pause));
        (true, self.begin(now))
    }

    /// Whether to fetch in the background now, while nobody has to wait for it.
    fn begin(&mut self, now: Instant) -> bool {
        let waits = |failure: &Failure| now < failure.not_before;
        !self.failure.as_ref().is_some_and(waits) && !std::mem::replace(&mut self.fetching, true)
    }

    /// Before which time the fetch must not begin.
    pub(super) fn not_before(&self) -> Option<Instant> {
        self.failure.as_ref().map(|failure| failure.not_before)
    }

    pub(super) fn last_failure(&self) -> Option<&Error> {
        self.failure.as_ref().map(|failure| &failure.error)
    }

    /// A fetch that began then has ended; gives the wakers of all who waited, to be woken outside
    /// the lock.
    pub(super) fn fetched(
        &mut self,
        outcome: Result<AccessToken>,
        (began, now): (Instant, Instant),
        jitter: u64,
    ) -> Vec<Waker> {
        self.fetching = false;
        let made = outcome.and_then(|access| Ok((access.header()?, access.lifetime())));
        let told = match made {
            Ok((header, lifetime)) => {
                self.generation += 1;
                let token = Token::new(header, self.generation);
                self.failure = None;
                // How long the new one is good counts from when it came.
                if let Some((at, _)) = self.forced.as_mut()
                    && self.current.as_ref().is_some_and(|current| current.refused)
                {
                    *at = now;
                }
                self.current = Some(Current::new(token.clone(), lifetime, (began, now), jitter));
                Ok(token)
            }
            Err(error) => Err(self.failed(error, now, jitter)),
        };
        let tell = |(_, entry): (usize, &mut Entry)| match std::mem::replace(
            entry,
            Entry::Told(told.clone()),
        ) {
            Entry::Waiting(waker) => Some(waker),
            was @ Entry::Told(_) => {
                *entry = was;
                None
            }
        };
        self.waiting.iter_mut().filter_map(tell).collect()
    }

    fn failed(&mut self, error: Error, now: Instant, jitter: u64) -> Error {
        let count = self.failure.as_ref().map_or(0, |failure| failure.count);
        let least = match is_permanent(&error) {
            true => PERMANENT,
            false => TEMPORARY,
        };
        let asked = error.retry_after().unwrap_or_default();
        let wait = back_off(least, count, jitter).max(asked.min(LONGEST_RETRY_AFTER));
        let error = error.with_retry_after(wait);
        self.failure = Some(Failure {
            error: error.clone(),
            count: count.saturating_add(1),
            not_before: later(now, wait),
        });
        error
    }

    /// What was told in this place, which is free then; else notes whom to wake.
    pub(super) fn look(&mut self, place: usize, waker: &Waker) -> Option<Result<Token>> {
        match self.waiting.get_mut(place)? {
            Entry::Waiting(known) => {
                known.clone_from(waker);
                None
            }
            Entry::Told(_) => match self.waiting.try_remove(place)? {
                Entry::Told(told) => Some(told),
                Entry::Waiting(_) => None,
            },
        }
    }

    pub(super) fn leave(&mut self, place: usize) {
        self.waiting.try_remove(place);
    }

    /// How many wait, or have not fetched what they were told.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }
}

impl Current {
    fn new(
        token: Token,
        lifetime: Option<Duration>,
        (began, now): (Instant, Instant),
        jitter: u64,
    ) -> Self {
        let margin = |lifetime: Duration| MARGIN.min(lifetime / 10);
        let until = |lifetime| later(began, lifetime - margin(lifetime));
        let ahead = |lifetime: Duration| {
            let ahead = AHEAD.min(lifetime / 2);
            // Up to a tenth of that earlier, so that many processes don't renew at once.
            ahead + (ahead / 10).mul_f64(fraction(jitter))
        };
        let renew_at = |lifetime: Duration| later(began, lifetime.saturating_sub(ahead(lifetime)));
        Self {
            token,
            renew_at: lifetime.map(|it| renew_at(it).max(later(now, LEAST_USE / 2))),
            until: lifetime.map(|it| until(it).max(later(now, LEAST_USE))),
            refused: false,
        }
    }

    fn serves(&self, now: Instant) -> bool {
        !self.refused && self.until.is_none_or(|until| now < until)
    }
}

impl Failure {
    fn is_permanent(&self) -> bool {
        is_permanent(&self.error)
    }
}

/// Whether the next try will end in the same way, unless somebody does something about it.
fn is_permanent(error: &Error) -> bool {
    matches!(
        error.verdict(),
        Verdict::FixCredentials | Verdict::FixMessage
    )
}

/// A wait that doubles with each failure in a row, half of it random.
fn back_off(least: Duration, failures: u32, jitter: u64) -> Duration {
    let bound = least
        .saturating_mul(1 << failures.min(16))
        .min(LONGEST_WAIT);
    bound / 2 + (bound / 2).mul_f64(fraction(jitter))
}

/// A random number as a fraction in [0, 1): 53 bits fill the mantissa of a double.
fn fraction(jitter: u64) -> f64 {
    (jitter >> 11) as f64 / (1_u64 << 53) as f64
}
