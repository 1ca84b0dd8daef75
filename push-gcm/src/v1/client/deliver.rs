use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::{Either, poll_immediate, select};
use http::StatusCode;
use push_core::bearer::Token;
use push_core::http::Answer;
use push_core::{ErrorKind, Verdict};

use super::Inner;
use super::access::Access;
use super::request::{Call, Stamped};
use crate::v1::{Error, Rejection};

/// Sends one request, and again where that is allowed: with a fresh token after the old one was
/// refused, and as the retry policy says after an answered failure.
pub(super) async fn deliver<C: Call>(
    inner: &Arc<Inner>,
    access: &Access,
    call: C,
    deadline: Instant,
) -> Result<C::Taken, Error> {
    let first = attempt(inner, access, &call, deadline).await;
    if let Ok((answer, _)) = &first
        && let Some(taken) = call.taken(answer, answer.attempts)
    {
        return in_doubt(taken, answer.may_have_been_taken_before);
    }
    // Boxed, so that those that are taken at once, which are the most, need no room for it.
    let course = Course::new(inner, access, call, deadline);
    Box::pin(course.go_on(first)).await
}

async fn attempt<C: Call>(
    inner: &Inner,
    access: &Access,
    call: &C,
    deadline: Instant,
) -> push_core::Result<(Answer, Token)> {
    let token = token(inner, access, deadline).await?;
    let stamped = Stamped {
        call,
        headers: &access.headers,
        token: &token,
        resend_unknown: inner.resend_unknown,
    };
    let answer = inner.way.exchange(&stamped, deadline).await?;
    Ok((answer, token))
}

/// The access token; a session that is shut down waits for none.
async fn token(inner: &Inner, access: &Access, deadline: Instant) -> push_core::Result<Token> {
    let mut getting = pin!(access.bearer.token(deadline));
    // Mostly it is there, and nothing has to be waited for.
    if let Some(token) = poll_immediate(&mut getting).await {
        return token;
    }
    match select(getting, inner.closing()).await {
        Either::Left((token, _)) => token,
        Either::Right(_) => Err(push_core::Error::new(
            ErrorKind::Closed,
            "not sent: the session was shut down",
        )),
    }
}

fn in_doubt<T>(taken: Result<T, Error>, in_doubt: bool) -> Result<T, Error> {
    taken.map_err(|error| error.in_doubt(in_doubt))
}

/// How long to wait after an answer that says no and was cut off before it said why.
const CUT_OFF: Duration = Duration::from_secs(10);

/// Whether an answer broke off and left open what it would have said.
fn is_cut_off(answer: &Answer) -> bool {
    let says_enough =
        answer.status.is_server_error() || answer.status == StatusCode::TOO_MANY_REQUESTS;
    !answer.complete && !answer.too_long && !says_enough
}

/// How far a request has come that was not taken at once.
struct Course<'a, C> {
    inner: &'a Inner,
    access: &'a Access,
    call: C,
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

impl<'a, C: Call> Course<'a, C> {
    fn new(inner: &'a Inner, access: &'a Access, call: C, deadline: Instant) -> Self {
        Self {
            inner,
            access,
            call,
            // Not looked up at the beginning, which most requests would do in vain.
            started: deadline.checked_sub(inner.timeout).unwrap_or(deadline),
            deadline,
            attempts: 0,
            answers: 0,
            token_renewed: false,
            in_doubt: false,
        }
    }

    /// Goes on from how the first exchange ended.
    async fn go_on(
        mut self,
        mut exchanged: push_core::Result<(Answer, Token)>,
    ) -> Result<C::Taken, Error> {
        loop {
            let (answer, token) = match exchanged {
                Ok(exchanged) => exchanged,
                Err(error) => {
                    self.attempts += error.attempts();
                    return Err(self.failed(error.into()));
                }
            };
            if let Some(outcome) = self.judge(answer, &token).await {
                return outcome;
            }
            exchanged = attempt(self.inner, self.access, &self.call, self.deadline).await;
        }
    }

    /// What an answer means; `None` when the request is to be sent again, now.
    async fn judge(&mut self, answer: Answer, token: &Token) -> Option<Result<C::Taken, Error>> {
        self.attempts += answer.attempts;
        self.answers += 1;
        self.in_doubt |= answer.may_have_been_taken_before;
        if let Some(taken) = self.call.taken(&answer, self.attempts) {
            return Some(in_doubt(taken, self.in_doubt));
        }
        if is_cut_off(&answer) {
            let message = format!(
                "not taken, and the answer (status {}) was cut off before it said why",
                answer.status.as_u16()
            );
            let error =
                push_core::Error::new(ErrorKind::Refused, message).with_retry_after(CUT_OFF);
            return Some(Err(self.failed(error.into())));
        }
        let backend = self.inner.session.backend();
        let rejection = Rejection::read(
            answer.status,
            &answer.headers,
            &answer.body,
            backend.system_time(),
        )
        .with_live_activity_token(self.call.has_live_activity_token());
        if rejection.is_auth_refusal() && !self.token_renewed && self.access.bearer.refused(token) {
            self.token_renewed = true;
            // It was the token that failed, and not the push.
            self.answers -= 1;
            return None;
        }
        if let Verdict::RetryAfter(at_least) = rejection.verdict() {
            // The wait holds no connection.
            drop(answer);
            if self.wait(at_least).await {
                return None;
            }
        }
        Some(Err(self.failed(Error::rejected(rejection))))
    }

    /// Waits as the retry policy says, and sets the next attempt's deadline; `false` when there is
    /// to be none.
    async fn wait(&mut self, at_least: Duration) -> bool {
        let session = &self.inner.session;
        let backend = session.backend();
        let now = backend.now();
        let elapsed = now.saturating_duration_since(self.started);
        let jitter = backend.jitter();
        let policy = &self.inner.retry;
        let Some(wait) = policy.delay(self.answers, elapsed, Some(at_least), jitter) else {
            return false;
        };
        let Some(until) = now.checked_add(wait) else {
            return false;
        };
        tracing::debug!(?wait, answers = self.answers, "sent again later");
        let waited = select(backend.sleep_until(until), self.inner.closing());
        if let Either::Right(_) = waited.await {
            return false;
        }
        self.deadline = session.deadline(self.inner.timeout);
        true
    }

    fn failed(&self, error: Error) -> Error {
        error.sent(self.attempts).in_doubt(self.in_doubt)
    }
}
