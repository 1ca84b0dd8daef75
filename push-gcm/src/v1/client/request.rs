use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue, Method, Uri};
use push_core::ResendUnknown;
use push_core::bearer::Token;
use push_core::http::{Answer, Outgoing};
use push_core::{Error as CoreError, ErrorKind};

use crate::v1::{Error, Receipt};

/// A request of the API, and what its answer says.
pub(crate) trait Call: Send + Sync {
    /// What the service gives for it.
    type Taken;

    fn method(&self) -> Method;

    fn uri(&self) -> &Uri;

    fn body(&self) -> Bytes;

    /// Whether it is one of many, which take no more than there is room for.
    fn is_patient(&self) -> bool;

    /// The largest body of its answer, in bytes; `None`: as the session has it.
    fn max_answer_bytes(&self) -> Option<usize> {
        None
    }

    /// Whether a live activity's token is in it, which can be what a rejection is about.
    fn has_live_activity_token(&self) -> bool {
        false
    }

    /// What the answer gives; `None` when the service refused.
    fn taken(&self, answer: &Answer, attempts: u32) -> Option<Result<Self::Taken, Error>>;
}

/// A call with the credentials of one attempt.
pub(super) struct Stamped<'a, C> {
    pub(super) call: &'a C,
    pub(super) headers: &'a HeaderMap,
    pub(super) token: &'a Token,
    pub(super) resend_unknown: ResendUnknown,
}

impl<C: Call> Outgoing for Stamped<'_, C> {
    fn request(&self) -> http::Request<()> {
        let mut request = http::Request::new(());
        *request.method_mut() = self.call.method();
        *request.uri_mut() = self.call.uri().clone();
        let headers = request.headers_mut();
        headers.clone_from(self.headers);
        put(headers, self.token.header());
        request
    }

    fn body(&self) -> Bytes {
        self.call.body()
    }

    fn is_patient(&self) -> bool {
        self.call.is_patient()
    }

    fn max_answer_bytes(&self) -> Option<usize> {
        self.call.max_answer_bytes()
    }

    fn resend_unknown(&self) -> ResendUnknown {
        self.resend_unknown
    }
}

/// Its place is there, and is found without a hash.
fn put(headers: &mut HeaderMap, token: HeaderValue) {
    match headers.iter_mut().find(|(name, _)| **name == AUTHORIZATION) {
        Some((_, place)) => *place = token,
        None => {
            headers.insert(AUTHORIZATION, token);
        }
    }
}

/// One push: the body of its request, and where it goes.
pub(super) struct Push<'a> {
    pub(super) uri: &'a Uri,
    pub(super) body: Bytes,
    pub(super) one_of_many: bool,
    pub(super) has_live_activity_token: bool,
}

impl Call for Push<'_> {
    type Taken = Receipt;

    fn method(&self) -> Method {
        Method::POST
    }

    fn uri(&self) -> &Uri {
        self.uri
    }

    fn body(&self) -> Bytes {
        self.body.clone()
    }

    fn is_patient(&self) -> bool {
        self.one_of_many
    }

    fn has_live_activity_token(&self) -> bool {
        self.has_live_activity_token
    }

    fn taken(&self, answer: &Answer, attempts: u32) -> Option<Result<Receipt, Error>> {
        answer
            .status
            .is_success()
            .then(|| receipt(answer, attempts))
    }
}

fn receipt(answer: &Answer, attempts: u32) -> Result<Receipt, Error> {
    let whole = answer.complete.then_some(&answer.body);
    whole
        .and_then(|body| Receipt::read(answer.status, body, attempts))
        .ok_or_else(|| unclear(answer, "the message's name").sent(attempts))
}

/// The error for a success that does not say what it should: nobody knows what was taken.
pub(crate) fn unclear(answer: &Answer, expected: &str) -> Error {
    let message = format!(
        "the answer (status {}) has not {expected} in it: the request may have been taken",
        answer.status.as_u16()
    );
    CoreError::new(ErrorKind::Lost, message).into()
}
