use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::check::check;
use super::padding::Padding;
use super::problem::{Fault, Invalid, Problem};
use super::{Message, Payload};
use crate::encryption::{Encoding, Encryption, MAX_BODY_BYTES};

const TTL: HeaderName = HeaderName::from_static("ttl");
const URGENCY: HeaderName = HeaderName::from_static("urgency");
const TOPIC: HeaderName = HeaderName::from_static("topic");
const PREFER: HeaderName = HeaderName::from_static("prefer");

/// A message that is ready to be encrypted for any number of subscriptions: checked, and serialised once.
#[derive(Clone)]
pub struct Encoded {
    headers: HeaderMap,
    plaintext: Option<Bytes>,
    padded_bytes: usize,
    encryption: Encryption,
    encoding: Encoding,
    ttl: Duration,
    topic: Option<Box<str>>,
}

impl Message {
    /// Checks all of the message and serialises it, without any I/O. What only one push service refuses,
    /// [`Profile::check`](crate::Profile::check) knows.
    ///
    /// # Errors
    /// All that is wrong with it, at once.
    pub fn encode(&self) -> Result<Encoded, Invalid> {
        let mut problems = check(self);
        let plaintext = match &self.payload {
            Payload::None => None,
            Payload::Bytes(bytes) => Some(bytes.clone()),
            Payload::Declarative(declarative) => match serde_json::to_vec(declarative) {
                Ok(json) => Some(json.into()),
                Err(error) => {
                    let reason = error.to_string();
                    problems.push(Problem::new("payload", Fault::Unwritable { reason }));
                    None
                }
            },
        };
        let bytes = plaintext.as_ref().map_or(0, Bytes::len);
        let padding = match plaintext.is_some() {
            true => self.padding_of(bytes, &mut problems),
            false => 0,
        };
        let headers = self.headers(plaintext.is_some());
        match headers {
            Some(headers) if problems.is_empty() => Ok(Encoded {
                headers,
                plaintext,
                padded_bytes: bytes.saturating_add(padding),
                encryption: self.encryption(padding),
                encoding: self.encoding,
                ttl: Duration::from_secs(self.ttl_secs),
                topic: self.topic.as_deref().map(Into::into),
            }),
            _ => Err(Invalid::new(problems)),
        }
    }

    /// How many bytes follow the payload.
    fn padding_of(&self, bytes: usize, problems: &mut Vec<Problem>) -> usize {
        let encoding = self.encoding;
        let max_body_bytes = MAX_BODY_BYTES;
        let limit_bytes = encoding.max_plaintext(max_body_bytes);
        if bytes > limit_bytes {
            let fault = Fault::TooLarge {
                bytes,
                limit_bytes,
                max_body_bytes,
                encoding,
            };
            problems.push(Problem::new("payload", fault));
            return 0;
        }
        let Some(padding) = self.padding.of(bytes, limit_bytes) else {
            if let Padding::To(size) = self.padding {
                let fault = Fault::Underpadded { size, bytes };
                problems.push(Problem::new("padding", fault));
            }
            return 0;
        };
        let padded = bytes.saturating_add(padding);
        if padded > limit_bytes {
            let fault = Fault::Overpadded {
                bytes: padded,
                limit_bytes,
                max_body_bytes,
                encoding,
            };
            problems.push(Problem::new("padding", fault));
            return 0;
        }
        if let Some(given) = self.record_size {
            let least = least_record_size(encoding, padded);
            if usize::try_from(given).is_ok_and(|given| given < least) {
                let fault = Fault::RecordSize { given, least };
                problems.push(Problem::new("record_size", fault));
            }
        }
        padding
    }

    fn encryption(&self, padding: usize) -> Encryption {
        let encryption = Encryption::new(self.encoding).padding(padding);
        match self.record_size {
            Some(bytes) => encryption.record_size(bytes),
            None => encryption,
        }
    }

    /// What all requests have in common; `None` where one of them can't stand in a header, which the
    /// checks have told.
    fn headers(&self, has_payload: bool) -> Option<HeaderMap> {
        // Room for what a request adds to it.
        let mut headers = HeaderMap::with_capacity(12);
        headers.insert(TTL, self.ttl_secs.into());
        if let Some(urgency) = self.urgency {
            headers.insert(URGENCY, HeaderValue::from_static(urgency.as_str()));
        }
        if let Some(topic) = &self.topic {
            headers.insert(TOPIC, HeaderValue::from_str(topic).ok()?);
        }
        if self.respond_async {
            headers.insert(PREFER, HeaderValue::from_static("respond-async"));
        }
        if has_payload {
            let encoding = HeaderValue::from_static(self.encoding.as_str());
            headers.insert(CONTENT_ENCODING, encoding);
            let content_type = match (&self.content_type, &self.payload) {
                (Some(given), _) => HeaderValue::from_str(given).ok()?,
                (None, Payload::Declarative(_)) => {
                    HeaderValue::from_static("application/notification+json")
                }
                (None, _) => HeaderValue::from_static("application/octet-stream"),
            };
            headers.insert(CONTENT_TYPE, content_type);
        }
        Some(headers)
    }
}

/// The least record size for so many bytes of payload and padding, as the standards have it: more than
/// what is in the record.
fn least_record_size(encoding: Encoding, padded_bytes: usize) -> usize {
    let in_record = match encoding {
        // The number of bytes of padding; the tag is not counted (draft-ietf-webpush-encryption-04,
        // section 3.3).
        Encoding::AesGcm => 2,
        // The delimiter and the tag (RFC 8291, section 4).
        Encoding::Aes128Gcm => 1 + 16,
    };
    padded_bytes.saturating_add(in_record + 1)
}

impl Encoded {
    /// The headers that the requests of all subscriptions have in common: `TTL`, `Urgency`, `Topic`,
    /// `Prefer`, `Content-Encoding`, `Content-Type`.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// What is to be encrypted; `None` where the push has no body.
    pub fn plaintext(&self) -> Option<&Bytes> {
        self.plaintext.as_ref()
    }

    /// How it is to be encrypted.
    pub fn encryption(&self) -> &Encryption {
        &self.encryption
    }

    /// The content encoding.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// How long it is kept for a browser that can't be reached.
    pub fn ttl(&self) -> Duration {
        self.ttl
    }

    /// The topic, if it has one.
    pub fn topic(&self) -> Option<&str> {
        self.topic.as_deref()
    }

    /// The size of the payload with its padding, in bytes.
    pub fn padded_bytes(&self) -> usize {
        self.padded_bytes
    }
}

impl fmt::Debug for Encoded {
    /// Without what the message says.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encoded")
            .field("headers", &self.headers)
            .field("padded_bytes", &self.padded_bytes)
            .field("encoding", &self.encoding)
            .finish_non_exhaustive()
    }
}
