use std::sync::Arc;
use std::time::Instant;

use http::StatusCode;
use push_core::Verdict;
use push_core::bearer::Token;
use push_core::http::{Answer, Course};

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
        return taken.map_err(|error| error.in_doubt(answer.may_have_been_taken_before));
    }
    // Boxed, so that those that are taken at once, which are the most, need no room for it.
    let delivery = Delivery {
        inner,
        access,
        call,
        course: Course::new(&inner.session, &inner.retry, inner.timeout, deadline),
    };
    Box::pin(delivery.go_on(first)).await
}

async fn attempt<C: Call>(
    inner: &Inner,
    access: &Access,
    call: &C,
    deadline: Instant,
) -> push_core::Result<(Answer, Token)> {
    let token = access.bearer.token_for(&inner.session, deadline).await?;
    let stamped = Stamped {
        call,
        headers: &access.headers,
        token: &token,
        resend_unknown: inner.resend_unknown,
    };
    let answer = inner.way.exchange(&stamped, deadline).await?;
    Ok((answer, token))
}

/// A request that was not taken at once.
struct Delivery<'a, C> {
    inner: &'a Inner,
    access: &'a Access,
    call: C,
    course: Course<'a>,
}

impl<C: Call> Delivery<'_, C> {
    /// Goes on from how the first exchange ended.
    async fn go_on(
        mut self,
        mut exchanged: push_core::Result<(Answer, Token)>,
    ) -> Result<C::Taken, Error> {
        loop {
            let (answer, token) = match exchanged {
                Ok(exchanged) => exchanged,
                Err(error) => {
                    self.course.note_error(&error);
                    return Err(self.failed(error.into()));
                }
            };
            if let Some(outcome) = self.judge(answer, &token).await {
                return outcome;
            }
            let deadline = self.course.deadline();
            exchanged = attempt(self.inner, self.access, &self.call, deadline).await;
        }
    }

    /// What an answer means; `None` when the request is to be sent again, now.
    async fn judge(&mut self, answer: Answer, token: &Token) -> Option<Result<C::Taken, Error>> {
        self.course.note_answer(&answer);
        if let Some(taken) = self.call.taken(&answer, self.course.attempts()) {
            let in_doubt = self.course.is_in_doubt();
            return Some(taken.map_err(|error| error.in_doubt(in_doubt)));
        }
        if answer.is_cut_off() && !says_enough(answer.status) {
            return Some(Err(self.failed(answer.cut_off().into())));
        }
        let rejection = Rejection::read(
            answer.status,
            &answer.headers,
            &answer.body,
            self.inner.session.backend().system_time(),
        )
        .with_live_activity_token(self.call.has_live_activity_token());
        let renew = || rejection.is_auth_refusal() && self.access.bearer.refused(token);
        if self.course.renews_token(renew) {
            return None;
        }
        if let Verdict::RetryAfter(at_least) = rejection.verdict() {
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

/// Whether a status leaves nothing open that its body would have said.
fn says_enough(status: StatusCode) -> bool {
    status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS
}
