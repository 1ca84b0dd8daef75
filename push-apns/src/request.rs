use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use push_core::http::Outgoing;

use crate::{ApnsId, DeviceToken, Encoded, Expiration};

pub(crate) static ID: HeaderName = HeaderName::from_static("apns-id");
pub(crate) static UNIQUE_ID: HeaderName = HeaderName::from_static("apns-unique-id");
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
        put(ID.clone(), "");
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
    pub(crate) prepared: &'a Prepared,
    pub(crate) authority: &'a Authority,
    pub(crate) device: &'a DeviceToken,
    pub(crate) id: ApnsId,
    /// Where it counts from the moment of sending: the moment is when the push was begun.
    expiration: Option<u64>,
}

impl<'a> Push<'a> {
    pub(crate) fn new(
        prepared: &'a Prepared,
        authority: &'a Authority,
        device: &'a DeviceToken,
        id: ApnsId,
        now: impl FnOnce() -> SystemTime,
    ) -> Self {
        Self {
            prepared,
            authority,
            device,
            id,
            expiration: prepared
                .relative
                .map(|expiration| expiration.header_secs(now())),
        }
    }

    fn id_header(&self) -> HeaderValue {
        let mut buffer = [0; ApnsId::TEXT_LEN];
        let text = self.id.encode(&mut buffer);
        let mut value =
            HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static(""));
        // Differs from push to push: kept out of the compression table.
        value.set_sensitive(true);
        value
    }

    fn uri(&self) -> Uri {
        const PREFIX: &str = "/3/device/";
        let token = self.device.as_str();
        let mut path = String::with_capacity(PREFIX.len() + token.len());
        path.push_str(PREFIX);
        path.push_str(token);
        let mut parts = http::uri::Parts::default();
        parts.scheme = Some(Scheme::HTTPS);
        parts.authority = Some(self.authority.clone());
        parts.path_and_query = PathAndQuery::from_maybe_shared(Bytes::from(path)).ok();
        Uri::from_parts(parts).unwrap_or_default()
    }
}

impl Outgoing for Push<'_> {
    // Made anew for a resend, which is rare, rather than kept and copied for every push.
    fn request(&self) -> http::Request<()> {
        let mut request = http::Request::new(());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.uri();
        let headers = request.headers_mut();
        *headers = self.prepared.headers.clone();
        headers.insert(ID.clone(), self.id_header());
        if let Some(seconds) = self.expiration {
            headers.insert(EXPIRATION, HeaderValue::from(seconds));
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
