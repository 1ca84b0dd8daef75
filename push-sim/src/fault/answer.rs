//! Answers on command.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Action;
use crate::Service;

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The service's word for what is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Since when, in milliseconds since the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp_ms: Option<u64>,
    /// The `retry-after` header.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "text_or_number"
    )]
    pub retry_after: Option<String>,
    /// The text beside the reason, in place of the service's own: FCM's `message`,
    /// `error_description` of a token endpoint, Mozilla's `message`, WNS's
    /// `X-WNS-Error-Description`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The id by which GCM wants the device to be known from now on; with status 200.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canonical: Option<String>,
    /// What APNs had to say, for FCM's `ApnsError`: the reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apns_reason: Option<String>,
    /// The HTTP status that went with [`Self::apns_reason`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apns_status: Option<u16>,
    /// What is wrong with which field, for FCM's `BadRequest`: descriptions by field.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub violations: BTreeMap<String, String>,
    /// The body, word for word, in place of the service's own; it may be empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The `content-type` header, in place of the service's own. A [`Self::body`] without it has
    /// none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// Header fields in place of the service's own, or beside them; one whose value is `null` is left
    /// out.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, Option<String>>,
}

impl Answer {
    /// An answer without a reason.
    #[must_use]
    pub fn new(status: u16) -> Self {
        Self {
            status,
            ..Self::default()
        }
    }

    /// Adds the reason.
    #[must_use]
    pub fn reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// Adds the timestamp, in milliseconds since the epoch.
    #[must_use]
    pub fn timestamp_ms(mut self, timestamp: u64) -> Self {
        self.timestamp_ms = Some(timestamp);
        self
    }

    /// Adds the `retry-after` header.
    #[must_use]
    pub fn retry_after(mut self, value: impl Into<String>) -> Self {
        self.retry_after = Some(value.into());
        self
    }

    /// Sets the text beside the reason.
    #[must_use]
    pub fn message(mut self, text: impl Into<String>) -> Self {
        self.message = Some(text.into());
        self
    }

    /// Names another id for the device.
    #[must_use]
    pub fn canonical(mut self, id: impl Into<String>) -> Self {
        self.canonical = Some(id.into());
        self
    }

    /// Adds what APNs had to say.
    #[must_use]
    pub fn apns(mut self, status: u16, reason: impl Into<String>) -> Self {
        self.apns_status = Some(status);
        self.apns_reason = Some(reason.into());
        self
    }

    /// Adds what is wrong with a field.
    #[must_use]
    pub fn violation(mut self, field: impl Into<String>, description: impl Into<String>) -> Self {
        self.violations.insert(field.into(), description.into());
        self
    }

    /// Sets the body, word for word, and its type.
    #[must_use]
    pub fn body(mut self, content_type: impl Into<String>, text: impl Into<String>) -> Self {
        self.content_type = Some(content_type.into());
        self.body = Some(text.into());
        self
    }

    /// Leaves the body empty.
    #[must_use]
    pub fn empty_body(mut self) -> Self {
        self.body = Some(String::new());
        self
    }

    /// Sets a header field.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.insert(name.into(), Some(value.into()));
        self
    }

    /// Leaves a header field out that the service would send.
    #[must_use]
    pub fn without_header(mut self, name: impl Into<String>) -> Self {
        self.headers.insert(name.into(), None);
        self
    }

    /// Whether the numbers and words are such as an answer can have.
    pub(super) fn check(&self) -> Result<(), String> {
        for (name, value) in &self.headers {
            let is_of_name = |it: u8| it.is_ascii_alphanumeric() || it == b'-' || it == b'_';
            if name.is_empty() || !name.bytes().all(is_of_name) {
                return Err(format!("{name:?} is not the name of a header"));
            }
            let frames = ["content-length", "transfer-encoding", "connection"];
            if frames.contains(&&*name.to_ascii_lowercase()) {
                return Err(format!(
                    "{name} is for the connection; use \"body\" or \"malformed\""
                ));
            }
            let is_of_value = |it: u8| it == b' ' || it.is_ascii_graphic();
            if value
                .as_ref()
                .is_some_and(|it| !it.bytes().all(is_of_value))
            {
                return Err(format!("the value of {name} is not visible ASCII"));
            }
        }
        Ok(())
    }

    /// The part of it, if any, that answers of the service don't have.
    pub(super) fn strange_to(&self, service: Service) -> Option<&'static str> {
        let is_apns = self.apns_reason.is_some() || self.apns_status.is_some();
        let answering = &[Service::Fcm, Service::Gcm, Service::Wns, Service::Web][..];
        let parts = [
            (
                "timestamp_ms",
                self.timestamp_ms.is_some(),
                &[Service::Apns][..],
            ),
            ("canonical", self.canonical.is_some(), &[Service::Gcm]),
            ("apns_reason or apns_status", is_apns, &[Service::Fcm]),
            ("violations", !self.violations.is_empty(), &[Service::Fcm]),
            (
                "message",
                self.message.is_some(),
                &[Service::Fcm, Service::Wns, Service::Web],
            ),
            ("body", self.body.is_some(), answering),
            ("content_type", self.content_type.is_some(), answering),
            ("headers", !self.headers.is_empty(), answering),
        ];
        parts
            .into_iter()
            .find(|(_, is_there, services)| *is_there && !services.contains(&service))
            .map(|(part, ..)| part)
    }
}

/// An answer whose body is too long: behind what it should be comes white space, so much or without
/// end.
///
/// It comes as fast as the client reads and its windows allow, and takes little memory here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Body {
    /// The HTTP status. 200: the request is served, and counts as accepted if it is good (and is
    /// answered as usual if it isn't); any other: the request is refused.
    pub status: u16,
    /// How much white space there is; `None`: it never ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
}

impl Body {
    /// A body that never ends.
    #[must_use]
    pub fn endless(status: u16) -> Self {
        Self {
            status,
            bytes: None,
        }
    }

    /// A body with so many bytes of white space.
    #[must_use]
    pub fn bytes(status: u16, bytes: u64) -> Self {
        Self {
            status,
            bytes: Some(bytes),
        }
    }
}

impl Action {
    /// The answer that is given in place of the one that the request deserves.
    pub(crate) fn answer(&self) -> Option<Answer> {
        match self {
            Self::Answer(answer) => Some(answer.clone()),
            Self::Body(Body { status, .. }) if *status != 200 => Some(Answer::new(*status)),
            _ => None,
        }
    }
}

fn text_or_number<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(
        untagged,
        expecting = "retry_after is neither text nor a number of seconds"
    )]
    enum Either {
        Text(String),
        Number(u64),
    }
    let either = Option::<Either>::deserialize(deserializer)?;
    Ok(either.map(|either| match either {
        Either::Text(text) => text,
        Either::Number(seconds) => seconds.to_string(),
    }))
}
