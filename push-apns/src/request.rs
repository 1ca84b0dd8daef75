use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use push_core::http::Outgoing;

use crate::{ApnsId, DeviceToken, Encoded, Expiration};

const ID: HeaderName = HeaderName::from_static("apns-id");
const PUSH_TYPE: HeaderName = HeaderName::from_static("apns-push-type");
const TOPIC: HeaderName = HeaderName::from_static("apns-topic");
const PRIORITY: HeaderName = HeaderName::from_static("apns-priority");
const EXPIRATION: HeaderName = HeaderName::from_static("apns-expiration");
const COLLAPSE_ID: HeaderName = HeaderName::from_static("apns-collapse-id");

/// A notification, ready to be sent to any number of devices.
#[derive(Debug)]
pub(crate) struct Prepared {
    /// What is the same for every device. Has places for what is not, so that it is copied whole.
    headers: HeaderMap,
    /// A time from the moment of sending makes this header differ from push to push.
    relative: Option<Expiration>,
    payload: Bytes,
    pub(crate) id: Option<ApnsId>,
}

impl Prepared {
    pub(crate) fn new(encoded: Encoded, has_credential: bool, now: SystemTime) -> Self {
        let mut headers = HeaderMap::with_capacity(8);
        let mut put = |name, value: &str| {
            // What comes here was checked: it is visible ASCII.
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        };
        put(PUSH_TYPE, encoded.push_type.as_str());
        if let Some(topic) = &encoded.topic {
            put(TOPIC, topic);
        }
        if let Some(priority) = encoded.priority {
            put(PRIORITY, priority.as_str());
        }
        if let Some(collapse_id) = &encoded.collapse_id {
            put(COLLAPSE_ID, collapse_id.as_str());
        }
        if let Some(expiration) = encoded.expiration {
            put(EXPIRATION, &expiration.header_secs(now).to_string());
        }
        put(ID, "");
        if has_credential {
            put(AUTHORIZATION, "");
        }
        Self {
            headers,
            relative: encoded
                .expiration
                .filter(|expiration| matches!(expiration, Expiration::In(_))),
            payload: encoded.payload,
            id: encoded.id,
        }
    }
}

/// One push: a notification and the device that it is for.
#[derive(Debug)]
pub(crate) struct Push<'a> {
    prepared: &'a Prepared,
    uri: Uri,
    id: HeaderValue,
    expiration: Option<HeaderValue>,
}

impl<'a> Push<'a> {
    pub(crate) fn new(
        prepared: &'a Prepared,
        authority: &Authority,
        device: &DeviceToken,
        id: ApnsId,
        now: SystemTime,
    ) -> Self {
        let mut buffer = [0; ApnsId::TEXT_LEN];
        let mut value = header_value(Bytes::copy_from_slice(id.encode(&mut buffer).as_bytes()));
        // Differs from push to push: kept out of the compression table.
        value.set_sensitive(true);
        Self {
            prepared,
            uri: uri(authority, device),
            id: value,
            expiration: prepared
                .relative
                .map(|expiration| HeaderValue::from(expiration.header_secs(now))),
        }
    }
}

/// What is known to be visible ASCII as a header.
fn header_value(ascii: Bytes) -> HeaderValue {
    HeaderValue::from_maybe_shared(ascii).unwrap_or_else(|_| HeaderValue::from_static(""))
}

fn uri(authority: &Authority, device: &DeviceToken) -> Uri {
    const PREFIX: &str = "/3/device/";
    let token = device.as_str();
    let mut path = String::with_capacity(PREFIX.len() + token.len());
    path.push_str(PREFIX);
    path.push_str(token);
    let mut parts = http::uri::Parts::default();
    parts.scheme = Some(Scheme::HTTPS);
    parts.authority = Some(authority.clone());
    parts.path_and_query = PathAndQuery::from_maybe_shared(Bytes::from(path)).ok();
    Uri::from_parts(parts).unwrap_or_default()
}

impl Outgoing for Push<'_> {
    fn request(&self) -> http::Request<()> {
        let mut request = http::Request::new(());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.uri.clone();
        let headers = request.headers_mut();
        *headers = self.prepared.headers.clone();
        headers.insert(ID, self.id.clone());
        if let Some(expiration) = &self.expiration {
            headers.insert(EXPIRATION, expiration.clone());
        }
        request
    }

    fn body(&self) -> Bytes {
        self.prepared.payload.clone()
    }
}

/// Gives every push an identifier of its own, without a system call for each.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    /// Keyed by the operating system's randomness, once per process and client.
    keys: [RandomState; 2],
    count: AtomicU64,
}

impl Ids {
    pub(crate) fn next(&self) -> ApnsId {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        let [high, low] = &self.keys;
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&high.hash_one(count).to_be_bytes());
        bytes[8..].copy_from_slice(&low.hash_one(count).to_be_bytes());
        ApnsId::from_random_bytes(bytes)
    }
}
