use std::sync::Arc;
use std::time::Instant;

use push_core::ErrorKind;
use push_core::http::{Answer, Rejected};

use super::{Access, Inner};
use crate::outcome::receipt;
use crate::request::{Prepared, Push};
use crate::{Advice, ApnsId, DeviceToken, Error, Outcome, Rejection};

/// Sends one push, and again where that is allowed: with a fresh token after the old one expired,
/// and as the retry policy says after an answered failure. Always under the same `apns-id`.
pub(super) async fn deliver(
    inner: &Arc<Inner>,
    prepared: &Prepared,
    device: &DeviceToken,
) -> Outcome {
    let backend = inner.session.backend();
    let id = prepared.id.unwrap_or_else(|| inner.ids.next());
    let push = Push::new(
        prepared,
        &inner.authority,
        device,
        id,
        backend.system_time(),
    );
    let mut course = Course {
        id,
        started: backend.now(),
        deadline: inner.deadline(),
        attempts: 0,
        answers: 0,
        token_renewed: false,
    };
    loop {
        let access = inner.access();
        match access.http2.exchange(&push, course.deadline).await {
            Err(error) => {
                course.attempts += error.attempts();
                // The credentials were replaced while it waited: the new ones serve.
                if error.kind() != ErrorKind::Moved {
                    return Err(Error::from(error).sent_as(id, course.attempts));
                }
            }
            Ok(answer) => {
                if let Some(outcome) = course.judge(inner, &access, answer).await {
                    return outcome;
                }
            }
        }
    }
}

/// How far a push has come.
struct Course {
    id: ApnsId,
    started: Instant,
    deadline: Instant,
    /// How often it was handed to a connection.
    attempts: u32,
    /// How often it was answered.
    answers: u32,
    token_renewed: bool,
}

impl Course {
    /// What an answer means; `None` when the push is to be sent again, now.
    async fn judge(&mut self, inner: &Inner, access: &Access, answer: Answer) -> Option<Outcome> {
        self.attempts += answer.attempts;
        self.answers += 1;
        if let Some(mut receipt) = receipt(&answer, self.id) {
            receipt.attempts = self.attempts;
            return Some(Ok(receipt));
        }
        let backend = inner.session.backend();
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
                let wait = inner.retry.delay(
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
            Error::rejected(rejection).sent_as(self.id, self.attempts)
        ))
    }
}
