//! Requests about an app: broadcasts and channels.

use std::fmt;

use bytes::Bytes;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use push_core::http::{Answer, Outgoing};

use crate::client::{Call, Way};
use crate::{ApnsId, ChannelId, Error, PushType};

pub(crate) static REQUEST_ID: HeaderName = HeaderName::from_static("apns-request-id");
pub(crate) static CHANNEL_ID: HeaderName = HeaderName::from_static("apns-channel-id");

/// The longest bundle id that is sent; ours, so that no request ends the connection of all.
const MAX_BUNDLE_ID_BYTES: usize = 255;

/// The bundle id of an app, fit for the path of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BundleId(String);

/// Why there is no bundle id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum InvalidBundleId {
    Missing,
    /// The text, shortened.
    Malformed(String),
}

impl BundleId {
    /// The app of a topic, which may have the suffix for Live Activities.
    ///
    /// Letters, digits, hyphens and periods: Apple, "CFBundleIdentifier". The underscore is taken too:
    /// it does no harm in a path, and whether there is such an app the service knows.
    pub(crate) fn of_topic(topic: Option<&str>) -> Result<Self, InvalidBundleId> {
        let topic = topic.ok_or(InvalidBundleId::Missing)?;
        let suffix = PushType::LiveActivity.topic_suffix();
        let text = topic.strip_suffix(suffix).unwrap_or(topic);
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        let is_name = text.bytes().any(|byte| byte.is_ascii_alphanumeric());
        if !is_name || text.len() > MAX_BUNDLE_ID_BYTES || !text.bytes().all(fits) {
            let given = topic.chars().take(64).collect();
            return Err(InvalidBundleId::Malformed(given));
        }
        Ok(Self(text.to_owned()))
    }
}

impl From<BundleId> for String {
    fn from(id: BundleId) -> Self {
        id.0
    }
}

impl fmt::Display for BundleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A request about an app, and how its answer is read.
#[derive(Debug)]
pub(crate) struct AppRequest<T> {
    way: Way,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
    id: ApnsId,
    max_answer_bytes: Option<usize>,
    read: Read<T>,
}

/// Reads an answer that is no refusal, to the request of this id, made in so many attempts.
type Read<T> = fn(&Answer, ApnsId, u32) -> Result<T, Error>;

impl<T> AppRequest<T> {
    /// A request without a body, under an `apns-request-id` that it keeps however often it is sent.
    pub(crate) fn new(way: Way, method: Method, id: ApnsId, read: Read<T>) -> Self {
        let mut headers = HeaderMap::with_capacity(8);
        headers.insert(REQUEST_ID.clone(), id.header());
        Self {
            way,
            method,
            uri: Uri::default(),
            headers,
            body: Bytes::new(),
            id,
            max_answer_bytes: None,
            read,
        }
    }

    pub(crate) fn to(mut self, authority: &Authority, path: String) -> Self {
        let mut parts = http::uri::Parts::default();
        parts.scheme = Some(Scheme::HTTPS);
        parts.authority = Some(authority.clone());
        // What comes here was checked: the path has no character that it can't.
        parts.path_and_query = PathAndQuery::from_maybe_shared(Bytes::from(path)).ok();
        self.uri = Uri::from_parts(parts).unwrap_or_default();
        self
    }

    pub(crate) fn header(mut self, name: &HeaderName, value: impl Into<HeaderValue>) -> Self {
        self.headers.insert(name, value.into());
        self
    }

    pub(crate) fn channel(mut self, id: &ChannelId) -> Self {
        // A channel id is base64: it always is a header's value.
        if let Ok(value) = HeaderValue::from_str(id.as_str()) {
            self.headers.insert(CHANNEL_ID.clone(), value);
        }
        self
    }

    /// The answer may be so long, whatever the session has for others.
    pub(crate) fn max_answer_bytes(mut self, most: usize) -> Self {
        self.max_answer_bytes = Some(most);
        self
    }

    pub(crate) fn body(mut self, body: Bytes) -> Self {
        self.body = body;
        self
    }
}

impl<T> Outgoing for AppRequest<T> {
    fn request(&self) -> http::Request<()> {
        let mut request = http::Request::new(());
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.uri.clone();
        *request.headers_mut() = self.headers.clone();
        request
    }

    fn body(&self) -> Bytes {
        self.body.clone()
    }

    fn max_answer_bytes(&self) -> Option<usize> {
        self.max_answer_bytes
    }
}

impl<T> Call for AppRequest<T> {
    type Taken = T;

    fn way(&self) -> Way {
        self.way
    }

    fn id(&self) -> ApnsId {
        self.id
    }

    fn taken(&self, answer: &Answer, attempts: u32) -> Option<Result<T, Error>> {
        let taken = answer.status.is_success();
        taken.then(|| (self.read)(answer, self.id, attempts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_app_of_a_topic_is_what_stands_before_the_suffix() {
        for topic in ["com.example.app", "com.example.app.push-type.liveactivity"] {
            let id = BundleId::of_topic(Some(topic)).unwrap();
            assert_eq!(id.to_string(), "com.example.app");
        }
    }

    #[test]
    fn what_would_change_the_path_is_no_bundle_id() {
        assert_eq!(BundleId::of_topic(None), Err(InvalidBundleId::Missing));
        for topic in [
            "",
            ".",
            "..",
            "a/b",
            "a?b",
            "a#b",
            "a%2e",
            "a b",
            "é",
            ".push-type.liveactivity",
            &"a".repeat(256),
        ] {
            assert!(BundleId::of_topic(Some(topic)).is_err(), "{topic}");
        }
    }
}
