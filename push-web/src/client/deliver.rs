use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::future::{Either, select};
use http::header::AUTHORIZATION;
use http::{Request, StatusCode};
use push_core::http::{Answer, Outgoing};
use push_core::{ErrorKind, ResendUnknown, Verdict};

use super::Inner;
use super::origins::Origin;
use super::silence::Begun;
use crate::error::group_of;
use crate::{Error, Outcome, Profile, Receipt, Rejection, VapidForm, VapidTokens};

/// The largest body of an answer that is read, in bytes: endpoints come from users.
const MAX_ANSWER_BYTES: usize = 16 * 1024;

/// A push that is to wait longer is not sent again here: whoever answers may be anybody.
const MAX_WAIT: Duration = Duration::from_secs(60 * 60);

/// How long to wait after an answer that says no and was cut off before it said why.
const CUT_OFF: Duration = Duration::from_secs(10);

/// One push, made ready.
pub(super) struct Push<'a> {
    pub(super) request: Request<Bytes>,
    pub(super) profile: &'a Profile,
    /// Who sends it, however often.
    pub(super) vapid: Option<Arc<VapidTokens>>,
    /// Whom its VAPID token is for.
    pub(super) origin: &'a str,
    pub(super) form: VapidForm,
    pub(super) one_of_many: bool,
}

/// A push as it goes out.
struct Sent<'a> {
    push: &'a Push<'a>,
    resend_unknown: ResendUnknown,
}

impl Outgoing for Sent<'_> {
    fn request(&self) -> Request<()> {
        let made = &self.push.request;
        let mut request = Request::new(());
        *request.method_mut() = made.method().clone();
        *request.uri_mut() = made.uri().clone();
        request.headers_mut().clone_from(made.headers());
        request
    }

    fn body(&self) -> Bytes {
        self.push.request.body().clone()
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

/// Sends one push, and again where the retry policy says so after an answered failure.
pub(super) async fn deliver(
    inner: &Inner,
    origin: &Origin,
    push: Push<'_>,
    begun: &Begun<'_>,
    deadline: Instant,
) -> Outcome {
    let course = Course {
        inner,
        origin,
        push,
        begun,
        started: inner.session.backend().now(),
        deadline,
        attempts: 0,
        answers: 0,
        in_doubt: false,
    };
    course.run().await
}

/// How far a push has come.
struct Course<'a> {
    inner: &'a Inner,
    origin: &'a Origin,
    push: Push<'a>,
    begun: &'a Begun<'a>,
    started: Instant,
    deadline: Instant,
    /// How often it was handed to a connection.
    attempts: u32,
    /// How often it was answered.
    answers: u32,
    /// An attempt may have been taken, and its answer was lost.
    in_doubt: bool,
}

impl Course<'_> {
    async fn run(mut self) -> Outcome {
        loop {
            let outgoing = Sent {
                push: &self.push,
                resend_unknown: self.inner.resend_unknown,
            };
            let exchanged = self.origin.way.exchange(&outgoing, self.deadline).await;
            let answer = match exchanged {
                Ok(answer) => answer,
                Err(error) => {
                    self.note_silence(error.kind());
                    self.attempts += error.attempts();
                    return Err(self.failed(error.into()));
                }
            };
            self.begun.answered();
            if let Some(outcome) = self.judge(answer).await {
                return outcome;
            }
        }
    }

    /// What an answer means; `None` when the push is to be sent again, now.
    async fn judge(&mut self, answer: Answer) -> Option<Outcome> {
        self.attempts += answer.attempts;
        self.answers += 1;
        self.in_doubt |= answer.may_have_been_taken_before;
        let service = self.push.profile.service();
        let now = self.inner.session.backend().system_time();
        let rejection = match Receipt::read(service, answer.status, &answer.headers, self.attempts)
        {
            Some(mut receipt) => {
                receipt.group = group_of(service, self.push.origin);
                return Some(Ok(receipt));
            }
            // What it would have said of a bad request may be about the credentials.
            None if answer.status == StatusCode::BAD_REQUEST
                && !answer.complete
                && !answer.too_long =>
            {
                let message =
                    "not taken, and the answer (status 400) was cut off before it said why";
                let error =
                    push_core::Error::new(ErrorKind::Refused, message).with_retry_after(CUT_OFF);
                return Some(Err(self.failed(error.into())));
            }
            None => Rejection::read(service, answer.status, &answer.headers, &answer.body, now),
        };
        if let Verdict::RetryAfter(at_least) = rejection.verdict() {
            // The wait holds no connection.
            drop(answer);
            match self.wait(at_least).await {
                Ok(true) => return None,
                Ok(false) => {}
                Err(error) => return Some(Err(self.failed(error))),
            }
        }
        Some(Err(self.failed(Error::rejected(rejection))))
    }

    /// Waits as the retry policy says, and makes ready for the next attempt; `false` when there is to be
    /// none.
    async fn wait(&mut self, at_least: Duration) -> Result<bool, Error> {
        if at_least > MAX_WAIT {
            return Ok(false);
        }
        let session = &self.inner.session;
        let backend = session.backend();
        let now = backend.now();
        let elapsed = now.saturating_duration_since(self.started);
        let jitter = backend.jitter();
        let policy = &self.inner.retry;
        let Some(wait) = policy.delay(self.answers, elapsed, Some(at_least), jitter) else {
            return Ok(false);
        };
        let Some(until) = now.checked_add(wait) else {
            return Ok(false);
        };
        tracing::debug!(?wait, answers = self.answers, "sent again later");
        let waited = select(backend.sleep_until(until), self.inner.closing());
        if let Either::Right(_) = waited.await {
            return Ok(false);
        }
        self.stamp()?;
        self.deadline = self.inner.deadline();
        Ok(true)
    }

    /// Puts a token into the request that has not ended meanwhile.
    fn stamp(&mut self) -> Result<(), Error> {
        if self.push.request.headers().contains_key(AUTHORIZATION)
            && let Some(token) = self
                .inner
                .token(self.push.vapid.as_deref(), self.push.origin)?
        {
            let authorization = token.authorization(self.push.form);
            let headers = self.push.request.headers_mut();
            headers.insert(AUTHORIZATION, authorization);
        }
        Ok(())
    }

    /// Tells that the push service said nothing, where it was the one to. Where the deadline passed before
    /// there was a connection, others may have had them all.
    fn note_silence(&self, kind: ErrorKind) {
        let is_theirs = matches!(
            kind,
            ErrorKind::Resolve
                | ErrorKind::Connect
                | ErrorKind::Tls
                | ErrorKind::Protocol
                | ErrorKind::Unanswered
                | ErrorKind::Lost
                | ErrorKind::Refused
        );
        if is_theirs {
            let now = self.inner.session.backend().now();
            self.begun.unanswered(now, self.inner.timeout);
        }
    }

    fn failed(&self, error: Error) -> Error {
        error
            .sent(self.attempts)
            .in_doubt(self.in_doubt)
            .to(self.push.profile.service(), self.push.origin)
    }
}
