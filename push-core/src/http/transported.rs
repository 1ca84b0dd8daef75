//! Requests over the caller's HTTP client.

use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;

use bytes::Bytes;
use http::header::AUTHORIZATION;

use super::exchange::{Answer, Outgoing};
use super::flight::BodyEnd;
use super::transport::HttpTransport;
use crate::session::Session;
use crate::{Error, ErrorKind, Result};

/// The way of all requests over the caller's HTTP client; deadlines are the session's.
pub(super) struct Transported {
    session: Session,
    transport: Arc<dyn HttpTransport>,
}

impl Transported {
    pub(super) fn new(session: Session, transport: Arc<dyn HttpTransport>) -> Self {
        Self { session, transport }
    }

    pub(super) async fn exchange(
        &self,
        outgoing: &(impl Outgoing + ?Sized),
        deadline: Instant,
    ) -> Result<Answer> {
        let shared = self.session.shared();
        let limit = outgoing
            .max_answer_bytes()
            .unwrap_or(shared.config.max_answer_bytes);
        let mut watch = shared.watch(deadline);
        let mut attempts = 0;
        let mut lost: Option<Error> = None;
        loop {
            if self.session.is_closed() {
                let error = Error::new(ErrorKind::Closed, "the session was shut down");
                return Err(lost.unwrap_or(error).with_attempts(attempts));
            }
            if watch.has_passed(self.session.backend().as_ref()) {
                let message = "not sent: the deadline passed before the request was written";
                let error = Error::new(ErrorKind::Timeout, message);
                return Err(lost.unwrap_or(error).with_attempts(attempts));
            }
            let mut sending = self.transport.send(whole(outgoing), limit);
            let sent = poll_fn(|cx| match sending.as_mut().poll(cx) {
                Poll::Ready(sent) => Poll::Ready(Some(sent)),
                Poll::Pending => watch.poll(cx).map(|()| None),
            })
            .await
            .unwrap_or_else(|| {
                let message =
                    "the deadline passed before the answer came: the request may have been taken";
                Err(Error::new(ErrorKind::Unanswered, message))
            });
            match sent {
                Ok(response) => {
                    let (head, body) = response.into_parts();
                    let mut answer = Answer::apart(head, body, BodyEnd::Whole);
                    answer.attempts = attempts + 1;
                    answer.may_have_been_taken_before = lost.is_some();
                    return Ok(answer);
                }
                Err(error) if error.may_have_been_taken() => {
                    let allowed = outgoing.resend_unknown().allows(attempts);
                    attempts += 1;
                    if !allowed || error.kind() != ErrorKind::Lost {
                        return Err(error.with_attempts(attempts));
                    }
                    lost = Some(error);
                }
                Err(error) => return Err(lost.unwrap_or(error).with_attempts(attempts)),
            }
        }
    }
}

fn whole(outgoing: &(impl Outgoing + ?Sized)) -> http::Request<Bytes> {
    let mut request = outgoing.request().map(|()| outgoing.body());
    if let Some(credential) = request.headers_mut().get_mut(AUTHORIZATION) {
        credential.set_sensitive(true);
    }
    request
}

impl fmt::Debug for Transported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Transported").field(&self.transport).finish()
    }
}
