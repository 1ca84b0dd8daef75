use std::sync::Arc;
use std::time::Instant;

use push_core::ErrorKind;
use push_core::http::{Answer, Rejected};

use super::{Access, Inner};
use crate::outcome::receipt;
use crate::request::{Prepared, Push};
use crate::{Advice, DeviceToken, Error, Outcome, Rejection};

/// Sends one push, and again where that is allowed: with a fresh token after the old one expired,
/// and as the retry policy says after an answered failure. Always under the same `apns-id`.
pub(super) async fn deliver(
    inner: &Arc<Inner>,
    prepared: &Prepared,
    device: &DeviceToken,
) -> Outcome {
    let id = prepared.id.unwrap_or_else(|| inner.ids.next());
    let push = Push::new(prepared, &inner.authority, device, id, || {
        inner.session.backend().system_time()
    });
    let deadline = inner.deadline();
    let access = inner.access();
    match access.http2.exchange(&push, deadline).await {
        Ok(answer) => {
            if let Some(receipt) = receipt(&answer, id, answer.attempts) {
                return Ok(receipt);
            }
            // Boxed, so that those that are taken at once, which are the most, need no room for it.
            let course = Course::new(inner, push, deadline);
            Box::pin(course.go_on(access, Ok(answer))).await
        }
        Err(error) => {
            let course = Course::new(inner, push, deadline);
            Box::pin(course.go_on(access, Err(error))).await
        }
    }
}

/// How far a push has come that was not taken at once.
struct Course<'a> {
    inner: &'a Inner,
    push: Push<'a>,
    started: Instant,
    deadline: Instant,
    /// How often it was handed to a connection.
    attempts: u32,
    /// How often it was answered.
    answers: u32,
    token_renewed: bool,
}

impl<'a> Course<'a> {
    fn new(inner: &'a Inner, push: Push<'a>, deadline: Instant) -> Self {
        Self {
            inner,
            push,
            // Not looked up at the beginning, which most pushes would do in vain.
            started: deadline.checked_sub(inner.timeout).unwrap_or(deadline),
            deadline,
            attempts: 0,
            answers: 0,
            token_renewed: false,
        }
    }

    /// Goes on from how the first exchange ended.
    async fn go_on(
        mut self,
        mut access: Arc<Access>,
        mut exchanged: push_core::Result<Answer>,
    ) -> Outcome {
        loop {
            match exchanged {
                Err(error) => {
                    self.attempts += error.attempts();
                    // The credentials were replaced while it waited: the new ones serve.
                    if error.kind() != ErrorKind::Moved {
                        return Err(Error::from(error).sent_as(self.push.id, self.attempts));
                    }
                }
                Ok(answer) => {
                    if let Some(outcome) = self.judge(&access, answer).await {
                        return outcome;
                    }
                }
            }
            access = self.inner.access();
            exchanged = access.http2.exchange(&self.push, self.deadline).await;
        }
    }

    /// What an answer means; `None` when the push is to be sent again, now.
    async fn judge(&mut self, access: &Access, answer: Answer) -> Option<Outcome> {
        self.attempts += answer.attempts;
        self.answers += 1;
        if let Some(receipt) = receipt(&answer, self.push.id, self.attempts) {
            return Some(Ok(receipt));
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
        Some(Err(
            Error::rejected(rejection).sent_as(self.push.id, self.attempts)
        ))
    }
}
