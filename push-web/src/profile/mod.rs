//! In what push services differ from the standard, and from each other.

mod service;

use bytes::Bytes;
use http::{HeaderName, HeaderValue};

pub use self::service::PushService;
use crate::encryption::{Encoding, MAX_BODY_BYTES};
use crate::message::{Encoded, Fault, Invalid, Problem};
use crate::vapid::VapidForm;

/// What one push service takes, and how it wants it.
///
/// A client has one for each of the known services and applies it by the endpoint's host. One that
/// is changed can be given to it, as for a push service of one's own:
///
/// ```
/// # use push_web::Profile;
/// let own = Profile::default().max_body_bytes(2048);
/// # let _ = own;
/// ```
///
/// | service | body | VAPID with `aesgcm` | TTL 0 | topic |
/// |---|---|---|---|---|
/// | Mozilla | 4096 bytes; less where it is bridged to FCM | the older form | | |
/// | FCM | 4096 bytes | the older form | | |
/// | Apple | 4096 bytes | the older form | | has to decode as base64url |
/// | WNS | 4096 bytes | the older form | needs `X-WNS-Cache-Policy: no-cache` | |
/// | any other | 4096 bytes | the older form | | |
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[must_use]
pub struct Profile {
    service: PushService,
    max_body_bytes: usize,
    vapid_form: VapidForm,
    older_vapid_form: VapidForm,
    ttl_zero_is_no_cache: bool,
    topic_must_decode: bool,
}

impl Profile {
    /// How this service is known to behave.
    pub fn of(service: PushService) -> Self {
        Self {
            service,
            max_body_bytes: MAX_BODY_BYTES,
            vapid_form: VapidForm::Rfc8292,
            older_vapid_form: VapidForm::Draft01,
            ttl_zero_is_no_cache: service == PushService::Wns,
            topic_must_decode: service == PushService::Apple,
        }
    }

    /// The largest body that it takes, in bytes. Default, and the most that is sent: 4096, which every push
    /// service has to take (RFC 8030, section 7.2).
    pub fn max_body_bytes(mut self, bytes: usize) -> Self {
        self.max_body_bytes = bytes;
        self
    }

    /// How it is told who sends, with messages in this encoding. Default: as RFC 8292 has it with
    /// `aes128gcm`, and in the older form with `aesgcm`, which is as old.
    pub fn vapid_form(mut self, encoding: Encoding, form: VapidForm) -> Self {
        match encoding {
            Encoding::AesGcm => self.older_vapid_form = form,
            Encoding::Aes128Gcm => self.vapid_form = form,
        }
        self
    }

    /// Whether a TTL of zero needs `X-WNS-Cache-Policy: no-cache` beside it. Default: for WNS only, which
    /// else answers 400.
    pub fn ttl_zero_is_no_cache(mut self, on: bool) -> Self {
        self.ttl_zero_is_no_cache = on;
        self
    }

    /// Whether topics have to decode as base64url, so that none has 1, 5, 9, … characters. Default: for
    /// Apple only, which else answers 400 `BadWebPushTopic`.
    pub fn topic_must_decode(mut self, on: bool) -> Self {
        self.topic_must_decode = on;
        self
    }

    /// Whose behaviour this is; its answers are read as that service's.
    pub fn service(&self) -> PushService {
        self.service
    }

    /// How it is told who sends, with a message in this encoding.
    pub fn vapid_form_for(&self, encoding: Encoding) -> VapidForm {
        match encoding {
            Encoding::AesGcm => self.older_vapid_form,
            Encoding::Aes128Gcm => self.vapid_form,
        }
    }

    /// The header that this message needs at this service beside its own.
    pub fn extra_header(&self, message: &Encoded) -> Option<(HeaderName, HeaderValue)> {
        const CACHE_POLICY: HeaderName = HeaderName::from_static("x-wns-cache-policy");
        const NO_CACHE: HeaderValue = HeaderValue::from_static("no-cache");

        (self.ttl_zero_is_no_cache && message.ttl().is_zero()).then_some((CACHE_POLICY, NO_CACHE))
    }

    /// Checks that this service takes the message: what others may take, and it does not.
    ///
    /// # Errors
    /// All that it would refuse, at once.
    pub fn check(&self, message: &Encoded) -> Result<(), Invalid> {
        let mut problems = Vec::new();
        let limit_bytes = message.encoding().max_plaintext(self.max_body_bytes);
        let max_body_bytes = self.max_body_bytes;
        let encoding = message.encoding();
        let bytes = message.plaintext().map_or(0, Bytes::len);
        let padded = message.padded_bytes();
        if bytes > limit_bytes {
            let fault = Fault::TooLarge {
                bytes,
                limit_bytes,
                max_body_bytes,
                encoding,
            };
            problems.push(Problem::new("payload", fault));
        } else if padded > limit_bytes {
            let fault = Fault::Overpadded {
                bytes: padded,
                limit_bytes,
                max_body_bytes,
                encoding,
            };
            problems.push(Problem::new("padding", fault));
        }
        if self.topic_must_decode
            && let Some(topic) = message.topic()
            && topic.len() % 4 == 1
        {
            let characters = topic.len();
            problems.push(Problem::new("topic", Fault::TopicLength { characters }));
        }
        match problems.is_empty() {
            true => Ok(()),
            false => Err(Invalid::new(problems)),
        }
    }
}

impl Default for Profile {
    /// That of a push service that is not known.
    fn default() -> Self {
        Self::of(PushService::Other)
    }
}

impl From<PushService> for Profile {
    fn from(service: PushService) -> Self {
        Self::of(service)
    }
}
