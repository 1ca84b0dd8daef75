use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Uri};
use push_core::ResendUnknown;
use push_core::http::Outgoing;

/// A request of the protocol.
pub(super) struct Post<'a> {
    pub(super) uri: &'a Uri,
    pub(super) authorization: &'a HeaderValue,
    pub(super) format: Format,
    pub(super) body: Bytes,
    /// One of a bulk send, which takes no more devices than there is room for.
    pub(super) one_of_many: bool,
    pub(super) resend_unknown: ResendUnknown,
}

/// The format of a request, and of its answer.
#[derive(Clone, Copy)]
pub(super) enum Format {
    Json,
    PlainText,
}

/// A thousand results with canonical ids have about 300 KB.
const MAX_ANSWER_BYTES: usize = 1024 * 1024;

impl Outgoing for Post<'_> {
    fn request(&self) -> http::Request<()> {
        let mut request = http::Request::new(());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.uri.clone();
        let format = match self.format {
            Format::Json => "application/json",
            Format::PlainText => "application/x-www-form-urlencoded;charset=UTF-8",
        };
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(format));
        headers.insert(AUTHORIZATION, self.authorization.clone());
        request
    }

    fn body(&self) -> Bytes {
        self.body.clone()
    }

    fn is_patient(&self) -> bool {
        self.one_of_many
    }

    fn max_answer_bytes(&self) -> Option<usize> {
        Some(MAX_ANSWER_BYTES)
    }

    fn resend_unknown(&self) -> ResendUnknown {
        self.resend_unknown
    }
}
