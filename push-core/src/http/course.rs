//! What is the same in the course of a request to every service: how often it went out, what is left open, and
//! when it goes out again.

use std::time::{Duration, Instant};

use futures_util::future::{Either, select};

use super::exchange::Answer;
use crate::session::Session;
use crate::{Error, ErrorKind, RetryPolicy};

/// How far a request to a service has come that goes out as often as the retry policy says.
///
/// It holds no connection, and looks at no clock before a wait: whoever is answered at once pays nothing for
/// it.
#[derive(Debug)]
pub struct Course<'a> {
    session: &'a Session,
    retry: &'a RetryPolicy,
    /// For each attempt.
    timeout: Duration,
    started: Instant,
    deadline: Instant,
    /// How often it was handed to a connection.
    attempts: u32,
    /// How often it was answered.
    answers: u32,
    token_renewed: bool,
    /// An attempt may have been taken, and its answer was lost.
    in_doubt: bool,
}

impl<'a> Course<'a> {
    /// That of a request whose first attempt ends by this deadline. Each further one has the timeout of its
    /// own.
    pub fn new(
        session: &'a Session,
        retry: &'a RetryPolicy,
        timeout: Duration,
        deadline: Instant,
    ) -> Self {
        Self {
            session,
            retry,
            timeout,
            // Not looked up, which would mostly be done in vain.
            started: deadline.checked_sub(timeout).unwrap_or(deadline),
            deadline,
            attempts: 0,
            answers: 0,
            token_renewed: false,
            in_doubt: false,
        }
    }

    /// The deadline of the attempt that is to be made.
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// The attempt begins now, after a wait that does not count: for a place among others, say.
    pub fn begin_attempt(&mut self) {
        self.deadline = self.session.deadline(self.timeout);
        if self.answers == 0 {
            // The first one: what went before it counts for nothing.
            self.started = self
                .deadline
                .checked_sub(self.timeout)
                .unwrap_or(self.deadline);
        }
    }

    /// How often the request was handed to a connection so far.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Whether an attempt may have been taken whose answer was lost, before the one that was answered.
    pub fn is_in_doubt(&self) -> bool {
        self.in_doubt
    }

    /// Counts an attempt that was answered, whatever the answer says.
    pub fn note_answer(&mut self, answer: &Answer) {
        self.attempts += answer.attempts;
        self.answers += 1;
        self.in_doubt |= answer.may_have_been_taken_before;
    }

    /// Counts an attempt that was not.
    pub fn note_error(&mut self, error: &Error) {
        self.attempts += error.attempts();
    }

    /// Whether the request goes out again, at once, after an answer that refused its token: where `renew`
    /// gives another one, and once only. Such an answer does not count for the retry policy: it was the
    /// token that failed, and not the request.
    pub fn renews_token(&mut self, renew: impl FnOnce() -> bool) -> bool {
        if self.token_renewed || !renew() {
            return false;
        }
        self.token_renewed = true;
        self.answers = self.answers.saturating_sub(1);
        true
    }

    /// Waits as the retry policy says, and at least so long; `false` when there is to be no further
    /// attempt, also where the session is shut down meanwhile, and where the wait would be longer than an
    /// hour: whoever waits may hold up others. The answer should be dropped before: it can
    /// hold a connection.
    pub async fn wait(&mut self, at_least: Duration) -> bool {
        if at_least > MAX_WAIT {
            return false;
        }
        let backend = self.session.backend();
        let now = backend.now();
        let elapsed = now.saturating_duration_since(self.started);
        let jitter = backend.jitter();
        let wait = self
            .retry
            .delay(self.answers, elapsed, Some(at_least), jitter);
        let Some((wait, until)) = wait.and_then(|wait| Some((wait, now.checked_add(wait)?))) else {
            return false;
        };
        tracing::debug!(?wait, answers = self.answers, "sent again later");
        let waited = select(backend.sleep_until(until), self.session.closed());
        if let Either::Right(_) = waited.await {
            return false;
        }
        self.deadline = self.session.deadline(self.timeout);
        true
    }
}

/// Nobody waits longer here.
const MAX_WAIT: Duration = Duration::from_secs(60 * 60);

/// How long to wait after an answer that says no and was cut off before it said why.
const CUT_OFF: Duration = Duration::from_secs(10);

impl Answer {
    /// Whether it broke off before its body was whole. One that is longer than is read did not.
    pub fn is_cut_off(&self) -> bool {
        !self.complete && !self.too_long
    }

    /// The error of a request that was answered with no, and the answer [broke off](Self::is_cut_off) before
    /// it said why.
    pub fn cut_off(&self) -> Error {
        let message = format!(
            "not taken, and the answer (status {}) was cut off before it said why",
            self.status.as_u16()
        );
        Error::new(ErrorKind::Refused, message).with_retry_after(CUT_OFF)
    }
}
