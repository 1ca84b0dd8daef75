use std::sync::Arc;
use std::time::Instant;

use push_core::ErrorKind;
use push_core::http::{Answer, Outgoing, Rejected};

use super::Inner;
use super::access::{Access, Way};
use crate::{Advice, ApnsId, Error, Rejection};

/// A request of the provider API, and what its answer says.
pub(crate) trait Call: Outgoing {
    /// What the service gives for it.
    type Taken;

    /// Where it goes.
    fn way(&self) -> Way;

    /// The id that it is sent under, however often that is.
    fn id(&self) -> ApnsId;

    /// What the answer gives; `None` when the service refused.
    fn taken(&self, answer: &Answer, attempts: u32) -> Option<Result<Self::Taken, Error>>;
}

/// Sends one request, and again where that is allowed: with a fresh token after the old one expired,
/// and as the retry policy says after an answered failure. Always under the same id.
pub(super) async fn deliver<C: Call>(inner: &Arc<Inner>, call: C) -> Result<C::Taken, Error> {
    let deadline = inner.deadline();
    let access = inner.access();
    let first = match access.way(&inner.session, &inner.places, call.way()) {
        Ok(http2) => http2.exchange(&call, deadline).await,
        Err(error) => Err(error),
    };
    if let Ok(answer) = &first
        && let Some(taken) = call.taken(answer, answer.attempts)
    {
        return taken;
    }
    // Boxed, so that those that are taken at once, which are the most, need no room for it.
    let course = Course::new(inner, call, deadline);
    Box::pin(course.go_on(access, first)).await
}

/// How far a request has come that was not taken at once.
struct Course<'a, C> {
    inner: &'a Inner,
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
    fn new(inner: &'a Inner, call: C, deadline: Instant) -> Self {
        Self {
            inner,
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
        mut access: Arc<Access>,
        mut exchanged: push_core::Result<Answer>,
    ) -> Result<C::Taken, Error> {
        let Inner {
            session, places, ..
        } = self.inner;
        loop {
            match exchanged {
                Err(error) => {
                    self.attempts += error.attempts();
                    // The credentials were replaced while it waited: the new ones serve.
                    if error.kind() != ErrorKind::Moved {
                        return Err(self.failed(error.into()));
                    }
                }
                Ok(answer) => {
                    if let Some(outcome) = self.judge(&access, answer).await {
                        return outcome;
                    }
                }
            }
            access = self.inner.access();
            exchanged = match access.way(session, places, self.call.way()) {
                Ok(http2) => http2.exchange(&self.call, self.deadline).await,
                Err(error) => Err(error),
            };
        }
    }

    /// What an answer means; `None` when the request is to be sent again, now.
    async fn judge(&mut self, access: &Access, answer: Answer) -> Option<Result<C::Taken, Error>> {
        self.attempts += answer.attempts;
        self.answers += 1;
        self.in_doubt |= answer.may_have_been_taken_before;
        if let Some(taken) = self.call.taken(&answer, self.attempts) {
            return Some(taken);
        }
        let backend = self.inner.session.backend();
        let rejection = Rejection::read(&answer, backend.system_time());
        match rejection.advice() {
            Advice::RenewToken if !self.token_renewed && access.certificate.is_none() => {
                self.token_renewed = true;
                if answer.reject_credential(rejection.reason.as_str()) != Rejected::Keep {
                    return None;
                }
            }
            Advice::RetryLater => {
                // The wait holds no connection.
                drop(answer);
                let now = backend.now();
                let wait = self.inner.retry.delay(
                    self.answers,
                    now.saturating_duration_since(self.started),
                    rejection.retry_after,
                    backend.jitter(),
                );
                let until = wait.and_then(|wait| now.checked_add(wait));
                if let Some(until) = until.filter(|until| *until < self.deadline) {
                    backend.sleep_until(until).await;
                    return None;
                }
            }
            _ => {}
        }
        Some(Err(self.failed(Error::rejected(rejection))))
    }

    fn failed(&self, error: Error) -> Error {
        error
            .sent_as(self.call.id(), self.attempts)
            .in_doubt(self.in_doubt)
    }
}
