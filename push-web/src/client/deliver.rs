use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{Request, StatusCode};
use push_core::http::{Answer, Course, Outgoing};
use push_core::{ErrorKind, ResendUnknown, Verdict};

use super::Inner;
use super::origins::Origin;
use super::silence::Begun;
use crate::error::group_of;
use crate::{Error, Outcome, Profile, Reason, Receipt, Rejection, VapidForm, VapidTokens};

/// The largest body of an answer that is read, in bytes: endpoints come from users.
const MAX_ANSWER_BYTES: usize = 16 * 1024;

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
    let delivery = Delivery {
        inner,
        origin,
        push,
        begun,
        course: Course::new(&inner.session, &inner.retry, inner.timeout, deadline),
    };
    delivery.run().await
}

/// A push on its way.
struct Delivery<'a> {
    inner: &'a Inner,
    origin: &'a Origin,
    push: Push<'a>,
    begun: &'a Begun<'a>,
    course: Course<'a>,
}

impl Delivery<'_> {
    async fn run(mut self) -> Outcome {
        loop {
            let outgoing = Sent {
                push: &self.push,
                resend_unknown: self.inner.resend_unknown,
            };
            let deadline = self.course.deadline();
            let answer = match self.origin.way.exchange(&outgoing, deadline).await {
                Ok(answer) => answer,
                Err(error) => {
                    self.note_silence(error.kind());
                    self.course.note_error(&error);
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
        self.course.note_answer(&answer);
        let service = self.push.profile.service();
        let attempts = self.course.attempts();
        if let Some(mut receipt) = Receipt::read(service, answer.status, &answer.headers, attempts)
        {
            receipt.group = group_of(service, self.push.origin);
            return Some(Ok(receipt));
        }
        // What it would have said of a bad request may be about the credentials.
        if answer.status == StatusCode::BAD_REQUEST && answer.is_cut_off() {
            return Some(Err(self.failed(answer.cut_off().into())));
        }
        let now = self.inner.session.backend().system_time();
        let rejection = Rejection::read(service, answer.status, &answer.headers, &answer.body, now);
        if let Verdict::RetryAfter(at_least) = rejection.verdict()
            // It took this one, and what it threw away it may throw away again.
            && rejection.reason != Reason::Dropped
        {
            // The wait holds no connection.
            drop(answer);
            if self.course.wait(at_least).await {
                return match self.stamp() {
                    Ok(()) => None,
                    Err(error) => Some(Err(self.failed(error))),
                };
            }
        }
        Some(Err(self.failed(Error::rejected(rejection))))
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
            .sent(self.course.attempts())
            .in_doubt(self.course.is_in_doubt())
            .to(self.push.profile.service(), self.push.origin)
    }
}
