use std::sync::Arc;

use http::StatusCode;
use push_core::ErrorKind;
use push_core::http::{Answer, Course, Outgoing, Rejected};

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
    let delivery = Delivery {
        inner,
        call,
        course: Course::new(&inner.session, &inner.retry, inner.timeout, deadline),
    };
    Box::pin(delivery.go_on(access, first)).await
}

/// A request that was not taken at once.
struct Delivery<'a, C> {
    inner: &'a Inner,
    call: C,
    course: Course<'a>,
}

impl<C: Call> Delivery<'_, C> {
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
                    self.course.note_error(&error);
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
            let deadline = self.course.deadline();
            exchanged = match access.way(session, places, self.call.way()) {
                Ok(http2) => http2.exchange(&self.call, deadline).await,
                Err(error) => Err(error),
            };
        }
    }

    /// What an answer means; `None` when the request is to be sent again, now.
    async fn judge(&mut self, access: &Access, answer: Answer) -> Option<Result<C::Taken, Error>> {
        self.course.note_answer(&answer);
        if let Some(taken) = self.call.taken(&answer, self.course.attempts()) {
            return Some(taken);
        }
        if answer.is_cut_off() && !says_enough(answer.status) {
            return Some(Err(self.failed(answer.cut_off().into())));
        }
        let now = self.inner.session.backend().system_time();
        let rejection = Rejection::read(answer.status, &answer.headers, &answer.body, now);
        let renew = || answer.reject_credential(rejection.reason.as_str()) != Rejected::Keep;
        match rejection.advice() {
            Advice::RenewToken
                if access.certificate.is_none() && self.course.renews_token(renew) =>
            {
                return None;
            }
            Advice::RetryLater if !answer.status.is_success() => {
                // The wait holds no connection.
                drop(answer);
                let at_least = rejection.retry_after.unwrap_or_default();
                if self.course.wait(at_least).await {
                    return None;
                }
            }
            _ => {}
        }
        Some(Err(self.failed(Error::rejected(rejection))))
    }

    fn failed(&self, error: Error) -> Error {
        error
            .sent_as(self.call.id(), self.course.attempts())
            .in_doubt(self.course.is_in_doubt())
    }
}

/// Whether a status leaves nothing open that its body would have said.
fn says_enough(status: StatusCode) -> bool {
    status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS
}
