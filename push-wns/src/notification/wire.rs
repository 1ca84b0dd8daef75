//! A notification as JSON, for queues and files.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{
    Badge, CachePolicy, Kind, Notification, Payload, Priority, TemplateToast, Tile, Toast,
};

#[derive(Default, Serialize)]
struct Written<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    toast: Option<&'a Toast>,
    #[serde(skip_serializing_if = "Option::is_none")]
    template_toast: Option<&'a TemplateToast>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tile: Option<&'a Tile>,
    #[serde(skip_serializing_if = "Option::is_none")]
    badge: Option<Badge>,
    #[serde(skip_serializing_if = "Option::is_none")]
    xml: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<Kind>,
    #[serde(skip_serializing_if = "Option::is_none")]
    raw: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    raw_base64: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_policy: Option<CachePolicy>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_for_status: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<Priority>,
    #[serde(skip_serializing_if = "Option::is_none")]
    correlation_vector: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    suppress_popup: Option<bool>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    windows_phone: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read {
    toast: Option<Box<Toast>>,
    template_toast: Option<Box<TemplateToast>>,
    tile: Option<Box<Tile>>,
    badge: Option<Badge>,
    xml: Option<String>,
    kind: Option<Kind>,
    raw: Option<String>,
    raw_base64: Option<String>,
    ttl: Option<u64>,
    tag: Option<String>,
    group: Option<String>,
    cache_policy: Option<CachePolicy>,
    request_for_status: Option<bool>,
    priority: Option<Priority>,
    correlation_vector: Option<String>,
    suppress_popup: Option<bool>,
    #[serde(default)]
    windows_phone: bool,
}

impl Serialize for Notification {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut written = Written {
            ttl: self.ttl_secs,
            tag: self.tag.as_deref(),
            group: self.group.as_deref(),
            cache_policy: self.cache_policy,
            request_for_status: self.request_for_status,
            priority: self.priority,
            correlation_vector: self.correlation_vector.as_deref(),
            suppress_popup: self.suppress_popup,
            windows_phone: self.windows_phone,
            ..Written::default()
        };
        match &self.payload {
            Payload::Toast(toast) => written.toast = Some(toast),
            Payload::TemplateToast(toast) => written.template_toast = Some(toast),
            Payload::Tile(tile) => written.tile = Some(tile),
            Payload::Badge(badge) => written.badge = Some(*badge),
            Payload::Xml(kind, xml) => {
                written.xml = Some(xml);
                written.kind = Some(*kind);
            }
            Payload::Raw(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => written.raw = Some(text),
                Err(_) => written.raw_base64 = Some(STANDARD.encode(bytes)),
            },
        }
        written.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Notification {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = Read::deserialize(deserializer)?;
        let raw_base64 = match read.raw_base64 {
            Some(base64) => Some(STANDARD.decode(base64).map_err(|_| {
                D::Error::custom("raw_base64 is no base64: give the standard alphabet, padded")
            })?),
            None => None,
        };
        let xml = match (read.xml, read.kind) {
            (Some(xml), Some(kind)) => Some(Self::xml(kind, xml).payload),
            (None, None) => None,
            (Some(_), None) => {
                return Err(D::Error::custom(
                    "xml needs its kind: give toast, tile or badge",
                ));
            }
            (None, Some(_)) => {
                return Err(D::Error::custom("kind is given without xml: leave it out"));
            }
        };
        let payloads = [
            read.toast.map(Payload::Toast),
            read.template_toast.map(Payload::TemplateToast),
            read.tile.map(Payload::Tile),
            read.badge.map(Payload::Badge),
            xml,
            read.raw.map(|text| Payload::Raw(text.into())),
            raw_base64.map(|bytes| Payload::Raw(Bytes::from(bytes))),
        ];
        let mut payloads = payloads.into_iter().flatten();
        let (Some(payload), None) = (payloads.next(), payloads.next()) else {
            return Err(D::Error::custom(
                "give one of toast, template_toast, tile, badge, xml, raw and raw_base64",
            ));
        };
        Ok(Self {
            payload,
            ttl_secs: read.ttl,
            tag: read.tag,
            group: read.group,
            cache_policy: read.cache_policy,
            request_for_status: read.request_for_status,
            priority: read.priority,
            correlation_vector: read.correlation_vector,
            suppress_popup: read.suppress_popup,
            windows_phone: read.windows_phone,
        })
    }
}
