use std::pin::pin;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::future::{Either, poll_immediate, select};
use http::header::{AUTHORIZATION, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method};
use push_core::bearer::{Bearer, Token};
use push_core::http::{Answer, Http, Outgoing};
use push_core::{ErrorKind, ResendUnknown, Verdict};

use super::Inner;
use crate::{ChannelUri, Error, Outcome, Reason, Receipt, Rejection};

/// The largest body of an answer that is read, in bytes: WNS says all in headers.
const MAX_ANSWER_BYTES: usize = 4 * 1024;

/// A push that is to wait longer is not sent again here: it would keep its place for as long.
const MAX_WAIT: Duration = Duration::from_secs(60 * 60);

/// What is asked of a channel.
pub(super) struct Request<'a> {
    pub(super) method: Method,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a Bytes,
}

/// One request to one channel.
pub(super) struct Push<'a> {
    pub(super) request: Request<'a>,
    pub(super) channel: &'a ChannelUri,
    pub(super) one_of_many: bool,
}

/// A push with the token of one attempt.
struct Stamped<'a> {
    push: &'a Push<'a>,
    token: &'a Token,
    resend_unknown: ResendUnknown,
}

impl Outgoing for Stamped<'_> {
    fn request(&self) -> http::Request<()> {
        let mut request = http::Request::new(());
        *request.method_mut() = self.push.request.method.clone();
        *request.uri_mut() = self.push.channel.uri().clone();
        let headers = request.headers_mut();
        headers.clone_from(self.push.request.headers);
        headers.insert(
            USER_AGENT,
            HeaderValue::from_static(push_core::http::USER_AGENT),
        );
        headers.insert(AUTHORIZATION, self.token.header());
        request
    }

    fn body(&self) -> Bytes {
        self.push.request.body.clone()
    }

    fn is_patient(&self) -> bool {
        self.push.one_of_many
    }

    fn max_answer_bytes(&self) -> Option<usize> {
        Some(MAX_ANSWER_BYTES)
    }

    fn resend_unknown(&self) -> ResendUnknown {
        self.resend_unknown
    }
}

/// Sends one push, and again where that is allowed: with a fresh token after the old one was refused, and
/// as the retry policy says after an answered failure.
pub(super) async fn deliver(
    inner: &Inner,
    way: &Http,
    push: Push<'_>,
    deadline: Instant,
) -> Outcome {
    let course = Course {
        inner,
        way,
        bearer: inner.bearer(),
        push,
        started: inner.session.backend().now(),
        deadline,
        attempts: 0,
        answers: 0,
        token_renewed: false,
        in_doubt: false,
    };
    course.run().await
}

/// How far a push has come.
struct Course<'a> {
    inner: &'a Inner,
    way: &'a Http,
    bearer: Bearer,
    push: Push<'a>,
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

impl Course<'_> {
    async fn run(mut self) -> Outcome {
        loop {
            let (answer, token) = match self.attempt().await {
                Ok(exchanged) => exchanged,
                Err(error) => {
                    self.attempts += error.attempts();
                    return Err(self.failed(error.into()));
                }
            };
            if let Some(outcome) = self.judge(answer, &token).await {
                return outcome;
            }
        }
    }

    async fn attempt(&self) -> push_core::Result<(Answer, Token)> {
        let token = self.token().await?;
        let stamped = Stamped {
            push: &self.push,
            token: &token,
            resend_unknown: self.inner.resend_unknown,
        };
        let answer = self.way.exchange(&stamped, self.deadline).await?;
        Ok((answer, token))
    }

    /// The access token; a session that is shut down waits for none.
    async fn token(&self) -> push_core::Result<Token> {
        let mut getting = pin!(self.bearer.token(self.deadline));
        // Mostly it is there, and nothing has to be waited for.
        if let Some(token) = poll_immediate(&mut getting).await {
            return token;
        }
        match select(getting, self.inner.closing()).await {
            Either::Left((token, _)) => token,
            Either::Right(_) => Err(push_core::Error::new(
                ErrorKind::Closed,
                "not sent: the session was shut down",
            )),
        }
    }

    /// What an answer means; `None` when the push is to be sent again, now.
    async fn judge(&mut self, answer: Answer, token: &Token) -> Option<Outcome> {
        self.attempts += answer.attempts;
        self.answers += 1;
        self.in_doubt |= answer.may_have_been_taken_before;
        if let Some(receipt) = Receipt::read(answer.status, &answer.headers, self.attempts) {
            self.inner.pace.taken(self.inner.in_flight);
            return Some(Ok(receipt));
        }
        let backend = self.inner.session.backend();
        let rejection = Rejection::read(
            answer.status,
            answer.reason_phrase.as_deref(),
            &answer.headers,
            &answer.body,
            backend.system_time(),
        );
        if rejection.reason == Reason::Unauthorized
            && !self.token_renewed
            && self.bearer.refused(token)
        {
            self.token_renewed = true;
            // It was the token that failed, and not the push.
            self.answers -= 1;
            return None;
        }
        if matches!(rejection.reason, Reason::Throttled | Reason::Unavailable) {
            self.inner
                .pace
                .throttled(self.inner.in_flight, backend.now());
        }
        if let Verdict::RetryAfter(at_least) = rejection.verdict()
            && rejection.reason != Reason::Dropped
        {
            // The wait holds no connection.
            drop(answer);
            if self.wait(at_least).await {
                return None;
            }
        }
        Some(Err(self.failed(Error::rejected(rejection))))
    }

    /// Waits as the retry policy says, and sets the next attempt's deadline; `false` when there is to be
    /// none.
    async fn wait(&mut self, at_least: Duration) -> bool {
        if at_least > MAX_WAIT {
            return false;
        }
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
        self.deadline = self.inner.deadline();
        true
    }

    fn failed(&self, error: Error) -> Error {
        error.sent(self.attempts).in_doubt(self.in_doubt)
    }
}
