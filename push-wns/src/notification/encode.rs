use std::fmt;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::check::check;
use super::checker::Checker;
use super::problem::{Fault, Invalid};
use super::{Kind, MAX_BODY_BYTES, Notification, Payload};

const TYPE: HeaderName = HeaderName::from_static("x-wns-type");
const CACHE_POLICY: HeaderName = HeaderName::from_static("x-wns-cache-policy");
const REQUEST_FOR_STATUS: HeaderName = HeaderName::from_static("x-wns-requestforstatus");
const TAG: HeaderName = HeaderName::from_static("x-wns-tag");
const TTL: HeaderName = HeaderName::from_static("x-wns-ttl");
const SUPPRESS_POPUP: HeaderName = HeaderName::from_static("x-wns-suppresspopup");
const GROUP: HeaderName = HeaderName::from_static("x-wns-group");
/// Not on the page of headers, but on "WNS notification priorities".
const PRIORITY: HeaderName = HeaderName::from_static("x-wns-priority");
const CORRELATION_VECTOR: HeaderName = HeaderName::from_static("ms-cv");

/// A notification that is ready for any number of channels: checked, and written once.
#[derive(Clone)]
pub struct Encoded {
    headers: HeaderMap,
    body: Bytes,
    kind: Kind,
}

impl Notification {
    /// Checks all of the notification and writes it, without any I/O. Do it once for all channels: to
    /// clone what comes of it copies no body.
    ///
    /// # Errors
    /// All that is wrong with it, at once.
    pub fn encode(&self) -> Result<Encoded, Invalid> {
        let mut at = Checker::default();
        check(self, &mut at);
        let body = self.payload.body();
        let bytes = body.len();
        if bytes > MAX_BODY_BYTES {
            let fault = match self.kind() {
                Kind::Raw => Fault::TooLargeRaw { bytes },
                Kind::Toast | Kind::Tile | Kind::Badge => Fault::TooLarge { bytes },
            };
            at.found("notification", fault);
        }
        // They fail only where a problem was found.
        match self.headers(bytes) {
            Some(headers) if at.is_clean() => Ok(Encoded {
                headers,
                body,
                kind: self.kind(),
            }),
            _ => Err(Invalid::new(at.into_problems())),
        }
    }

    fn headers(&self, body_bytes: usize) -> Option<HeaderMap> {
        let word = HeaderValue::from_static;
        let flag = |on: bool| word(if on { "true" } else { "false" });
        // Room for what a request adds to it.
        let mut headers = HeaderMap::with_capacity(16);
        headers.insert(TYPE, word(self.kind().header()));
        headers.insert(CONTENT_TYPE, word(self.kind().content_type()));
        headers.insert(CONTENT_LENGTH, body_bytes.into());
        if let Some(cache_policy) = self.cache_policy {
            headers.insert(CACHE_POLICY, word(cache_policy.as_str()));
        }
        if let Some(on) = self.request_for_status {
            headers.insert(REQUEST_FOR_STATUS, flag(on));
        }
        if let Some(tag) = &self.tag {
            headers.insert(TAG, HeaderValue::from_str(tag).ok()?);
        }
        if let Some(ttl_secs) = self.ttl_secs {
            headers.insert(TTL, ttl_secs.into());
        }
        if let Some(on) = self.suppress_popup {
            headers.insert(SUPPRESS_POPUP, flag(on));
        }
        if let Some(group) = &self.group {
            headers.insert(GROUP, HeaderValue::from_str(group).ok()?);
        }
        if let Some(priority) = self.priority {
            headers.insert(PRIORITY, word(priority.header()));
        }
        if let Some(vector) = &self.correlation_vector {
            headers.insert(CORRELATION_VECTOR, HeaderValue::from_str(vector).ok()?);
        }
        Some(headers)
    }
}

impl Payload {
    pub(super) fn body(&self) -> Bytes {
        match self {
            Self::Toast(toast) => toast.xml().into(),
            Self::TemplateToast(toast) => toast.xml().into(),
            Self::Tile(tile) => tile.xml().into(),
            Self::Badge(badge) => badge.xml().into(),
            Self::Xml(_, xml) => Bytes::copy_from_slice(xml.as_bytes()),
            Self::Raw(bytes) => bytes.clone(),
        }
    }
}

impl Encoded {
    /// The headers that all requests have in common: `X-WNS-Type`, `Content-Type`, `Content-Length`, and
    /// those that were asked for.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The body: XML in UTF-8, or the bytes of a raw notification.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// What it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }
}

impl fmt::Debug for Encoded {
    /// Without what the notification says.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encoded")
            .field("headers", &self.headers)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}
