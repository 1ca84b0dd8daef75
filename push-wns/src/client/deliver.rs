use std::time::Instant;

use bytes::Bytes;
use http::header::{AUTHORIZATION, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method};
use push_core::bearer::{Bearer, Token};
use push_core::http::{Answer, Course, Http, Outgoing};
use push_core::{ResendUnknown, Verdict};

use super::Inner;
use crate::{ChannelUri, Error, Outcome, Reason, Receipt, Rejection};

/// The largest body of an answer that is read, in bytes: WNS says all in headers.
const MAX_ANSWER_BYTES: usize = 4 * 1024;

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
    let delivery = Delivery {
        inner,
        way,
        bearer: inner.bearer(),
        push,
        course: Course::new(&inner.session, &inner.retry, inner.timeout, deadline),
    };
    delivery.run().await
}

/// A push on its way.
struct Delivery<'a> {
    inner: &'a Inner,
    way: &'a Http,
    bearer: Bearer,
    push: Push<'a>,
    course: Course<'a>,
}

impl Delivery<'_> {
    async fn run(mut self) -> Outcome {
        loop {
            let (answer, token) = match self.attempt().await {
                Ok(exchanged) => exchanged,
                Err(error) => {
                    self.course.note_error(&error);
                    return Err(self.failed(error.into()));
                }
            };
            if let Some(outcome) = self.judge(answer, &token).await {
                return outcome;
            }
        }
    }

    async fn attempt(&self) -> push_core::Result<(Answer, Token)> {
        let deadline = self.course.deadline();
        let token = self.bearer.token_for(&self.inner.session, deadline).await?;
        let stamped = Stamped {
            push: &self.push,
            token: &token,
            resend_unknown: self.inner.resend_unknown,
        };
        let answer = self.way.exchange(&stamped, deadline).await?;
        Ok((answer, token))
    }

    /// What an answer means; `None` when the push is to be sent again, now. All that WNS says stands in
    /// headers: an answer whose body broke off has said it all.
    async fn judge(&mut self, answer: Answer, token: &Token) -> Option<Outcome> {
        self.course.note_answer(&answer);
        let attempts = self.course.attempts();
        if let Some(receipt) = Receipt::read(answer.status, &answer.headers, attempts) {
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
        let renew = || rejection.is_auth_refusal() && self.bearer.refused(token);
        if self.course.renews_token(renew) {
            return None;
        }
        if matches!(rejection.reason, Reason::Throttled | Reason::Unavailable) {
            let now = backend.now();
            self.inner.pace.throttled(self.inner.in_flight, now);
        }
        if let Verdict::RetryAfter(at_least) = rejection.verdict()
            && rejection.reason != Reason::Dropped
        {
            // The wait holds no connection.
            drop(answer);
            if self.course.wait(at_least).await {
                return None;
            }
        }
        Some(Err(self.failed(Error::rejected(rejection))))
    }

    fn failed(&self, error: Error) -> Error {
        error
            .sent(self.course.attempts())
            .in_doubt(self.course.is_in_doubt())
    }
}
