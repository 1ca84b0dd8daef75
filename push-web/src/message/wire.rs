//! A message as JSON, for queues and files.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{DEFAULT_TTL, Declarative, Message, Padding, Payload, Urgency};
use crate::encryption::Encoding;

#[derive(Serialize)]
struct Written<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body_base64: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    declarative: Option<&'a Declarative>,
    ttl: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    urgency: Option<Urgency>,
    #[serde(skip_serializing_if = "Option::is_none")]
    topic: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    respond_async: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_type: Option<&'a str>,
    #[serde(skip_serializing_if = "is_default")]
    encoding: Encoding,
    #[serde(skip_serializing_if = "Padding::is_none")]
    padding: Padding,
    #[serde(skip_serializing_if = "Option::is_none")]
    record_size: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read {
    body: Option<String>,
    body_base64: Option<String>,
    declarative: Option<Declarative>,
    ttl: Option<u64>,
    urgency: Option<Urgency>,
    topic: Option<String>,
    #[serde(default)]
    respond_async: bool,
    content_type: Option<String>,
    encoding: Option<Encoding>,
    padding: Option<Padding>,
    record_size: Option<u32>,
}

fn is_default(encoding: &Encoding) -> bool {
    *encoding == Encoding::default()
}

impl Serialize for Message {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut written = Written {
            body: None,
            body_base64: None,
            declarative: None,
            ttl: self.ttl_secs,
            urgency: self.urgency,
            topic: self.topic.as_deref(),
            respond_async: self.respond_async,
            content_type: self.content_type.as_deref(),
            encoding: self.encoding,
            padding: self.padding,
            record_size: self.record_size,
        };
        match &self.payload {
            Payload::None => {}
            Payload::Bytes(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => written.body = Some(text),
                Err(_) => written.body_base64 = Some(STANDARD.encode(bytes)),
            },
            Payload::Declarative(declarative) => written.declarative = Some(declarative),
        }
        written.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Message {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = Read::deserialize(deserializer)?;
        let payload = match (read.body, read.body_base64, read.declarative) {
            (None, None, None) => Payload::None,
            (Some(text), None, None) => Payload::Bytes(text.into()),
            (None, Some(base64), None) => {
                let bytes = STANDARD.decode(base64).map_err(|_| {
                    D::Error::custom("body_base64 is no base64: give the standard alphabet, padded")
                })?;
                Payload::Bytes(Bytes::from(bytes))
            }
            (None, None, Some(declarative)) => Payload::Declarative(Box::new(declarative)),
            _ => {
                return Err(D::Error::custom(
                    "more than one payload: give one of body, body_base64 and declarative",
                ));
            }
        };
        Ok(Self {
            payload,
            ttl_secs: read.ttl.unwrap_or(DEFAULT_TTL.as_secs()),
            urgency: read.urgency,
            topic: read.topic,
            respond_async: read.respond_async,
            content_type: read.content_type,
            encoding: read.encoding.unwrap_or_default(),
            padding: read.padding.unwrap_or_default(),
            record_size: read.record_size,
        })
    }
}
