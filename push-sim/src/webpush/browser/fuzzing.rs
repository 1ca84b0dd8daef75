//! What the fuzzer runs: a function that takes any bytes and asserts what must hold for all of them.
//! No part of the public API. The workspace `fuzz/` makes a target of it, `sim_browser`.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::FutureExt;
use serde_json::Value;

use super::session::Session;
use crate::random;
use crate::webpush::Flavour;
use crate::webpush::delivery::{Delivery, State, Tracked};
use crate::webpush::store::{Message, Store, expiry};

const ORIGIN: &str = "https://localhost:9";

/// Lines, each of which is a message of a browser; `push` pushes to the endpoint that was given last,
/// `again` connects anew, and so does what ends the session. Whatever is answered is an object of JSON
/// and answers what was asked; a message is handed over as it was pushed, and to nobody else.
pub fn browser(input: &[u8]) {
    let store = Arc::new(Store::new(ORIGIN));
    let start = || Session::new(Arc::clone(&store), ORIGIN.to_owned());
    let mut session = start();
    let mut endpoint: Option<String> = None;
    for line in input.split(|octet| *octet == b'\n').take(64) {
        match line {
            b"push" => {
                if let Some(endpoint) = &endpoint {
                    store.put(message(endpoint));
                }
            }
            b"again" => session = start(),
            _ => {
                let text = String::from_utf8_lossy(line);
                let was_greeted = session.is_greeted();
                match session.hear(&text) {
                    Ok(None) => assert!(was_greeted, "{text}"),
                    Ok(Some(outgoing)) => {
                        let answer = object(&outgoing.to_text());
                        is_answered(&answer, was_greeted);
                        if answer["status"] == 200 && answer["pushEndpoint"].is_string() {
                            endpoint = answer["pushEndpoint"].as_str().map(str::to_owned);
                        }
                    }
                    Err(_) => session = start(),
                }
            }
        }
        while let Some(Some(outgoing)) = session.next().now_or_never() {
            let notification = object(&outgoing.to_text());
            assert_eq!(notification["messageType"], "notification");
            let data = notification["data"].as_str().unwrap_or_default();
            assert_eq!(
                URL_SAFE_NO_PAD.decode(data).as_deref(),
                Ok(&b"\0body\xff"[..])
            );
            assert_eq!(notification["headers"]["encoding"], "aes128gcm");
        }
    }
}

fn object(text: &str) -> Value {
    let value = serde_json::from_str::<Value>(text).unwrap_or_default();
    assert!(value.is_object(), "{text}");
    value
}

fn is_answered(answer: &Value, was_greeted: bool) {
    let kind = answer["messageType"].as_str().unwrap_or_default();
    assert_eq!(kind == "hello", !was_greeted, "{answer}");
    match kind {
        "hello" => assert_eq!(answer["uaid"].as_str().map(str::len), Some(32)),
        "register" => {
            let endpoint = answer["pushEndpoint"].as_str().unwrap_or_default();
            let is_made = answer["status"] == 200;
            assert_eq!(endpoint.starts_with(ORIGIN), is_made, "{answer}");
        }
        "unregister" => assert_eq!(answer["status"], 200),
        _ => assert_eq!(answer, &serde_json::json!({})),
    }
}

/// A push to this endpoint.
pub(super) fn message(endpoint: &str) -> Message {
    let id = endpoint.rsplit('/').next().unwrap_or_default();
    Message {
        subscription: id.to_owned(),
        channel: None,
        version: random::hex(8),
        ttl: 60,
        expires_at: expiry(60),
        topic: None,
        data: b"\0body\xff".to_vec(),
        encoding: Some("aes128gcm".to_owned()),
        encryption: None,
        crypto_key: None,
        tracked: Arc::new(Tracked::new(Delivery {
            flavour: Flavour::Mozilla,
            decrypted: false,
            error: None,
            payload_base64: false,
            ttl: 60,
            urgency: None,
            topic: None,
            state: State::Stored,
            ack: None,
        })),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_is_promised_holds_for_every_kept_input() {
        crate::replay::replay("browser", super::browser);
    }
}
