//! What an answer says: pure, and whatever comes, it is read as something.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use push_core::http::Answer;
use push_core::retry_after;

use super::{Reason, Rejection, json, plain, text};
use crate::legacy::{Error, GroupReceipt, Outcome, Receipt};

/// An answer of the service.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) body: Bytes,
    /// Whether the body is whole.
    pub(crate) complete: bool,
    pub(crate) attempts: u32,
    /// An attempt before it may have been taken.
    pub(crate) in_doubt: bool,
    /// What must not be repeated, though the service did.
    pub(crate) secret: Arc<str>,
}

impl Reply {
    pub(crate) fn new(answer: &Answer, now: SystemTime, secret: Arc<str>) -> Self {
        Self {
            complete: answer.complete,
            attempts: answer.attempts,
            in_doubt: answer.may_have_been_taken_before,
            ..Self::whole(
                answer.status,
                &answer.headers,
                answer.body.clone(),
                now,
                secret,
            )
        }
    }

    /// An answer that came whole, and at once.
    pub(crate) fn whole(
        status: StatusCode,
        headers: &HeaderMap,
        body: Bytes,
        now: SystemTime,
        secret: Arc<str>,
    ) -> Self {
        Self {
            status,
            retry_after: retry_after(headers, now),
            body,
            complete: true,
            attempts: 1,
            in_doubt: false,
            secret,
        }
    }

    /// What became of a JSON message to these ids: an outcome for each, in their order.
    pub(crate) fn devices(&self, ids: &[&str]) -> Vec<Outcome> {
        let outcomes = match self.taken() {
            Ok(()) => json::devices(self, ids),
            Err(error) => vec![Err(error); ids.len()],
        };
        let finished = outcomes.into_iter().map(|outcome| self.finished(outcome));
        finished.collect()
    }

    /// What became of a message in plain text to this id.
    pub(crate) fn plain(&self, id: &str) -> Outcome {
        let outcome = self.taken().and_then(|()| plain::device(self, id));
        self.finished(outcome)
    }

    /// What became of a message to a topic or a condition.
    pub(crate) fn topic(&self) -> Outcome {
        let outcome = self.taken().and_then(|()| json::topic(self));
        self.finished(outcome)
    }

    /// What became of a message to a device group.
    pub(crate) fn group(&self) -> Result<GroupReceipt, Error> {
        let receipt = self.taken().and_then(|()| json::group(self));
        receipt.map_err(|error| error.sent(self.attempts, self.in_doubt))
    }

    /// Goes on where the service took the request, whose body then says what became of it.
    fn taken(&self) -> Result<(), Error> {
        let status = self.status.as_u16();
        if status == 200 {
            return Ok(());
        }
        if self.status.is_success() {
            return Err(self.unread("no answer of this protocol has this status"));
        }
        let (reason, detail) = text::explanation(&self.body, &self.secret);
        Err(Error::rejected(Rejection {
            status,
            reason,
            detail,
            retry_after: self.retry_after,
            judgement: None,
        }))
    }

    /// The reason that a result names, without the key, should a server repeat it.
    pub(super) fn reason(&self, text: &str) -> Reason {
        match &*self.secret {
            "" => Reason::read(text),
            secret => Reason::read(&text.replace(secret, "…")),
        }
    }

    /// A refusal inside the body.
    pub(super) fn refused(&self, reason: Reason) -> Error {
        Error::rejected(Rejection {
            status: self.status.as_u16(),
            reason,
            detail: None,
            retry_after: self.retry_after,
            judgement: None,
        })
    }

    /// The body does not say what became of the message.
    pub(super) fn unread(&self, why: &str) -> Error {
        let what = match self.complete {
            true => "can't be read",
            false => "broke off",
        };
        let status = self.status.as_u16();
        let bytes = self.body.len();
        Error::unread(format!(
            "the answer (status {status}, {bytes} bytes) {what}: {why}"
        ))
    }

    pub(super) fn receipt(&self, message_id: String) -> Receipt {
        Receipt {
            message_id,
            canonical: None,
            attempts: self.attempts,
        }
    }

    fn finished(&self, outcome: Outcome) -> Outcome {
        outcome.map_err(|error| error.sent(self.attempts, self.in_doubt))
    }
}
