//! What an answer says: pure, and whatever comes, it is read as something.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use push_core::http::Answer;
use push_core::retry_after;

use super::{Reason, Rejection, json, plain, text};
use crate::legacy::{Error, GroupReceipt, Outcome, Receipt};

/// What the service answered to one request, for whoever sends by another client: [`Client`](crate::legacy::Client)
/// needs none of it.
///
/// It takes whatever a server, or a proxy on the way, may send, and never fails. What can't be read leaves
/// it open whether the message was taken.
///
/// ```
/// # use std::time::SystemTime;
/// # use push_core::{Outcome, Verdict};
/// use push_gcm::legacy::{Message, Reply};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let ids = ["4", "8"];
/// let body = Message::text("Hello").encode()?.body(&ids);
/// # let now = SystemTime::UNIX_EPOCH;
/// # let (status, headers) = (http::StatusCode::OK, http::HeaderMap::new());
/// # let answered = r#"{"results": [{"message_id": "1:0408"}, {"error": "NotRegistered"}]}"#;
/// // The request is sent, and its answer has come.
/// let outcomes = Reply::read(status, &headers, answered, now).devices(&ids);
/// assert_eq!(outcomes[0].verdict(), Verdict::Accepted);
/// assert_eq!(outcomes[1].verdict(), Verdict::remove_token(None));
/// # Ok(())
/// # }
/// ```
pub struct Reply {
    pub(in crate::legacy) status: StatusCode,
    pub(in crate::legacy) retry_after: Option<Duration>,
    pub(in crate::legacy) body: Bytes,
    /// Whether the body is whole.
    pub(super) complete: bool,
    pub(super) attempts: u32,
    /// An attempt before it may have been taken.
    pub(super) in_doubt: bool,
    /// What must not be repeated, though the service did.
    secret: Arc<str>,
}

impl Reply {
    /// Reads an answer that came whole, to a request that was sent once; `now` is what a date in
    /// `Retry-After` counts from, where the answer has no date itself.
    pub fn read(
        status: StatusCode,
        headers: &HeaderMap,
        body: impl Into<Bytes>,
        now: SystemTime,
    ) -> Self {
        Self {
            status,
            retry_after: retry_after(headers, now),
            body: body.into(),
            complete: true,
            attempts: 1,
            in_doubt: false,
            secret: "".into(),
        }
    }

    /// The answer to one of a client's requests.
    pub(in crate::legacy) fn of(answer: &Answer, now: SystemTime, secret: Arc<str>) -> Self {
        Self {
            complete: answer.complete,
            attempts: answer.attempts,
            in_doubt: answer.may_have_been_taken_before,
            secret,
            ..Self::read(answer.status, &answer.headers, answer.body.clone(), now)
        }
    }

    /// The same answer, of which nothing is told on with this API key in it, should the service repeat it.
    #[must_use]
    pub fn without(mut self, api_key: &str) -> Self {
        self.secret = api_key.into();
        self
    }

    /// What became of a JSON message to these registration ids: an outcome for each, in their order.
    pub fn devices(&self, ids: &[&str]) -> Vec<Outcome> {
        let outcomes = match self.taken() {
            Ok(()) => json::devices(self, ids),
            Err(error) => vec![Err(error); ids.len()],
        };
        let finished = outcomes.into_iter().map(|outcome| self.finished(outcome));
        finished.collect()
    }

    /// What became of a message in plain text to this registration id.
    ///
    /// # Errors
    /// What the service answered, or why it is not known.
    pub fn plain(&self, id: &str) -> Outcome {
        let outcome = self.taken().and_then(|()| plain::device(self, id));
        self.finished(outcome)
    }

    /// What became of a message to a topic or a condition.
    ///
    /// # Errors
    /// As [`plain`](Self::plain).
    pub fn topic(&self) -> Outcome {
        let outcome = self.taken().and_then(|()| json::topic(self));
        self.finished(outcome)
    }

    /// What became of a message to a device group.
    ///
    /// # Errors
    /// As [`plain`](Self::plain).
    pub fn group(&self) -> Result<GroupReceipt, Error> {
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

/// Neither the body nor the key is shown.
impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply")
            .field("status", &self.status.as_u16())
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}
