//! What a user agent and Mozilla's push service say to each other, as JSON.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

/// What a user agent says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "messageType", rename_all = "snake_case")]
pub(super) enum Incoming {
    Hello {
        /// What it was called when it was here before.
        uaid: Option<String>,
    },
    Register {
        #[serde(rename = "channelID")]
        channel: String,
        /// The application server's public key, in base64url.
        key: Option<String>,
    },
    Unregister {
        #[serde(rename = "channelID")]
        channel: String,
    },
    BroadcastSubscribe {},
    Ack {
        updates: Vec<Update>,
    },
    /// A message could not be used.
    Nack {
        version: String,
        code: Option<i64>,
    },
    Ping,
}

/// What became of one message.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Update {
    #[serde(rename = "channelID")]
    pub(super) channel: String,
    pub(super) version: String,
    /// 100: handled; 101: it could not be decrypted; 102: it was not delivered for another reason.
    pub(super) code: Option<u16>,
}

impl Incoming {
    /// Reads a text message. Members that are not known are passed over.
    pub(super) fn read(text: &str) -> serde_json::Result<Self> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Nothing {}

        match serde_json::from_str::<Nothing>(text) {
            // A list of nothing would do as well.
            Ok(Nothing {}) if text.trim_start().starts_with('{') => Ok(Self::Ping),
            _ => serde_json::from_str(text),
        }
    }
}

/// What the service says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "messageType", rename_all = "snake_case")]
pub(super) enum Outgoing {
    Hello {
        uaid: String,
        status: u16,
        use_webpush: bool,
        broadcasts: BTreeMap<String, String>,
    },
    Register {
        #[serde(rename = "channelID")]
        channel: String,
        status: u16,
        #[serde(rename = "pushEndpoint")]
        endpoint: String,
    },
    Unregister {
        #[serde(rename = "channelID")]
        channel: String,
        status: u16,
    },
    Notification {
        #[serde(rename = "channelID")]
        channel: String,
        version: String,
        /// In seconds.
        ttl: u64,
        #[serde(flatten)]
        content: Option<Content>,
    },
    #[serde(untagged)]
    Ping {},
}

/// The payload of a message that has one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Content {
    /// The encrypted body, in base64url.
    data: String,
    headers: Headers,
}

/// The fields of the push that say how it is encrypted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(super) struct Headers {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) encoding: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) encryption: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) crypto_key: Option<String>,
}

impl Content {
    /// `None`: there is no payload.
    pub(super) fn of(body: &[u8], headers: Headers) -> Option<Self> {
        (!body.is_empty()).then(|| Self {
            data: URL_SAFE_NO_PAD.encode(body),
            headers,
        })
    }
}

impl Outgoing {
    pub(super) fn to_text(&self) -> String {
        // Texts and numbers under texts: there is nothing that JSON has no form for.
        serde_json::to_string(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ping_is_an_empty_object_or_says_so() {
        for text in ["{}", " { } ", r#"{"messageType":"ping"}"#] {
            assert_eq!(Incoming::read(text).unwrap(), Incoming::Ping, "{text}");
        }
        for text in ["[]", "null", "", "{", "{\"a\":1}"] {
            assert!(Incoming::read(text).is_err(), "{text}");
        }
        assert_eq!(Outgoing::Ping {}.to_text(), "{}");
    }

    #[test]
    fn a_greeting_of_firefox_is_read() {
        let text = r#"{"broadcasts":{"remote-settings/monitor_changes":"\"1\""},"use_webpush":true,"messageType":"hello","uaid":"0f"}"#;
        let hello = Incoming::Hello {
            uaid: Some("0f".to_owned()),
        };
        assert_eq!(Incoming::read(text).unwrap(), hello);
    }

    #[test]
    fn a_message_without_payload_has_neither_data_nor_headers() {
        let message = |body: &[u8]| Outgoing::Notification {
            channel: "c".to_owned(),
            version: "v".to_owned(),
            ttl: 60,
            content: Content::of(
                body,
                Headers {
                    encoding: Some("aes128gcm".to_owned()),
                    ..Headers::default()
                },
            ),
        };
        assert_eq!(
            message(b"").to_text(),
            r#"{"messageType":"notification","channelID":"c","version":"v","ttl":60}"#
        );
        assert_eq!(
            message(b"\xff\xfe").to_text(),
            r#"{"messageType":"notification","channelID":"c","version":"v","ttl":60,"data":"__4","headers":{"encoding":"aes128gcm"}}"#
        );
    }
}
