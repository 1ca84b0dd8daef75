use std::time::SystemTime;

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use push_core::ResendUnknown;
use push_core::http::{Answer, Outgoing};

use super::{Call, Way};
use crate::{ApnsId, DeviceToken, Encoded, Error, Expiration, Receipt};

pub(crate) static ID: HeaderName = HeaderName::from_static("apns-id");
pub(super) const PUSH_TYPE: HeaderName = HeaderName::from_static("apns-push-type");
const TOPIC: HeaderName = HeaderName::from_static("apns-topic");
pub(super) const PRIORITY: HeaderName = HeaderName::from_static("apns-priority");
pub(super) const EXPIRATION: HeaderName = HeaderName::from_static("apns-expiration");
const COLLAPSE_ID: HeaderName = HeaderName::from_static("apns-collapse-id");

/// A notification, ready to be sent to any number of devices.
#[derive(Debug)]
pub(super) struct Prepared {
    /// What is the same for every device. Has places for what is not, so that it is copied whole.
    headers: HeaderMap,
    /// A time from the moment of sending makes this header differ from push to push.
    relative: Option<Expiration>,
    payload: Bytes,
    pub(super) id: Option<ApnsId>,
}

impl Prepared {
    pub(super) fn new(encoded: Encoded, has_credential: bool, now: SystemTime) -> Self {
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
pub(super) struct Push<'a> {
    pub(super) prepared: &'a Prepared,
    pub(super) authority: &'a Authority,
    pub(super) device: &'a DeviceToken,
    pub(super) id: ApnsId,
    /// Where it counts from the moment of sending: the moment is when the push was begun.
    expiration: Option<u64>,
    one_of_many: bool,
    resend_unknown: ResendUnknown,
}

impl<'a> Push<'a> {
    pub(super) fn new(
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
            one_of_many: false,
            resend_unknown: ResendUnknown::Never,
        }
    }

    pub(super) fn resend_unknown(mut self, resend: ResendUnknown) -> Self {
        self.resend_unknown = resend;
        self
    }

    /// One of a bulk send, which takes no more devices than there is room for: so it may wait where
    /// others are turned away.
    pub(super) fn one_of_many(mut self) -> Self {
        self.one_of_many = true;
        self
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
        // Its place is there, and is found without a hash.
        if let Some((_, place)) = headers.iter_mut().find(|(name, _)| **name == ID) {
            *place = self.id.header();
        }
        if let Some(seconds) = self.expiration {
            headers.insert(EXPIRATION, HeaderValue::from(seconds));
        }
        request
    }

    fn body(&self) -> Bytes {
        self.prepared.payload.clone()
    }

    fn is_patient(&self) -> bool {
        self.one_of_many
    }

    fn resend_unknown(&self) -> ResendUnknown {
        self.resend_unknown
    }
}

impl Call for Push<'_> {
    type Taken = Receipt;

    fn way(&self) -> Way {
        Way::Devices
    }

    fn id(&self) -> ApnsId {
        self.id
    }

    fn taken(&self, answer: &Answer, attempts: u32) -> Option<Result<Receipt, Error>> {
        let taken = answer.status == StatusCode::OK;
        taken.then(|| Ok(Receipt::of(&answer.headers, &ID, self.id, attempts)))
    }
}
