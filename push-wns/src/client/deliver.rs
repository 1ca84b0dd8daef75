use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method};
use push_core::bearer::{Bearer, Token};
use push_core::fan_out::{Gate, Place};
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
/// as the retry policy says after an answered failure. One of many goes through the gate each time.
pub(super) async fn deliver(
    inner: &Inner,
    way: &Http,
    gate: Option<Arc<Gate>>,
    push: Push<'_>,
) -> Outcome {
    let deadline = inner.session.deadline(inner.timeout);
    let delivery = Delivery {
        inner,
        way,
        gate,
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
    gate: Option<Arc<Gate>>,
    bearer: Bearer,
    push: Push<'a>,
    course: Course<'a>,
}

/// What is to be done after an answer.
enum Next {
    Told(Outcome),
    /// The push goes out again, at once.
    Again,
    /// It may go out again after so long; and what is told if it does not.
    Later(Duration, Error),
}

impl Delivery<'_> {
    async fn run(mut self) -> Outcome {
        loop {
            let place = self.enter().await;
            let next = loop {
                match self.attempt().await {
                    Next::Again => {}
                    next => break next,
                }
            };
            // Whoever waits holds neither a connection nor a place.
            drop(place);
            match next {
                Next::Told(outcome) => return outcome,
                Next::Later(at_least, error) => {
                    if !self.course.wait(at_least).await {
                        return Err(error);
                    }
                }
                Next::Again => {}
            }
        }
    }

    /// Waits for a place, where there are others; its time begins then.
    async fn enter(&mut self) -> Option<Place> {
        let gate = self.gate.as_ref()?;
        let now = self.inner.session.backend().now();
        let place = gate.enter(|| self.inner.pace.of(room(self.way)), now).await;
        self.course.begin_attempt();
        Some(place)
    }

    async fn attempt(&mut self) -> Next {
        match self.exchange().await {
            Ok((answer, token)) => self.judge(&answer, &token),
            Err(error) => {
                self.course.note_error(&error);
                Next::Told(Err(self.failed(error.into())))
            }
        }
    }

    async fn exchange(&self) -> push_core::Result<(Answer, Token)> {
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

    /// What an answer means. All that WNS says stands in headers: an answer whose body broke off has said it
    /// all.
    fn judge(&mut self, answer: &Answer, token: &Token) -> Next {
        self.course.note_answer(answer);
        let attempts = self.course.attempts();
        if let Some(receipt) = Receipt::read(answer.status, &answer.headers, attempts) {
            self.inner.pace.answered(room(self.way));
            return Next::Told(Ok(receipt));
        }
        let backend = self.inner.session.backend();
        let rejection = Rejection::read(
            answer.status,
            answer.reason_phrase.as_deref(),
            &answer.headers,
            &answer.body,
            backend.system_time(),
        );
        match (&rejection.reason, &self.gate) {
            (Reason::Throttled | Reason::Unavailable, Some(gate)) => {
                // The others wait for a connection.
                let under_way = gate.inside().min(self.way.capacity().unwrap_or(usize::MAX));
                self.inner.pace.throttled(under_way, backend.now());
            }
            (Reason::Throttled | Reason::Unavailable | Reason::ServerError, _) => {}
            _ => self.inner.pace.answered(room(self.way)),
        }
        let renew = || rejection.is_auth_refusal() && self.bearer.refused(token);
        if self.course.renews_token(renew) {
            return Next::Again;
        }
        let is_dropped = rejection.reason == Reason::Dropped;
        let verdict = rejection.verdict();
        let error = self.failed(Error::rejected(rejection));
        match verdict {
            Verdict::RetryAfter(at_least) if !is_dropped => Next::Later(at_least, error),
            _ => Next::Told(Err(error)),
        }
    }

    fn failed(&self, error: Error) -> Error {
        error
            .sent(self.course.attempts())
            .in_doubt(self.course.is_in_doubt())
    }
}

/// How many pushes to a server may be under way: as many as its connections take and as many again, which
/// keeps them busy.
fn room(way: &Http) -> usize {
    way.capacity()
        .map_or(usize::MAX, |capacity| capacity.saturating_mul(2))
}
