use std::sync::LazyLock;

use bytes::Bytes;
use serde_json::Value;

use super::secrets::Secrets;
use super::{browser, is_one_line};
use crate::{
    Encoded, Encoding, MAX_BODY_BYTES, Message, Profile, PushService, Receiver, Subscription,
};

static BROWSER: LazyLock<Receiver> = LazyLock::new(browser);

static SUBSCRIPTION: LazyLock<Subscription> = LazyLock::new(|| {
    Subscription::with_keys("https://push.example/a", BROWSER.keys()).expect("it is a URL")
});

/// A message that was stored: taken or refused, the same after it was written; what can be encoded fits
/// a body, and the browser reads what it says; of what can't, all that is wrong is told on a line.
pub fn web_message(input: &[u8]) {
    let message: Message = match serde_json::from_slice(input) {
        Ok(message) => message,
        Err(_) => return,
    };
    let json = serde_json::to_string(&message).expect("a message is JSON");
    let back: Option<Message> = serde_json::from_str(&json).ok();
    assert_eq!(back.as_ref(), Some(&message), "{json}");
    let told: Value = serde_json::from_slice(input).unwrap_or_default();
    let body = told["body"].as_str().unwrap_or_default();
    let open = told["topic"].as_str().unwrap_or_default();
    Secrets::of([body], open).are_not_in(&format!("{message:?}"));
    match message.encode() {
        Ok(encoded) => is_sent(&encoded, &told),
        Err(invalid) => {
            assert!(!invalid.problems().is_empty());
            let line = invalid.to_string();
            assert!(is_one_line(&line), "{line:?}");
        }
    }
}

fn is_sent(encoded: &Encoded, told: &Value) {
    let limit = encoded.encoding().max_plaintext(MAX_BODY_BYTES);
    assert!(encoded.padded_bytes() <= limit, "{encoded:?}");
    says_what_was_told(encoded, told);
    for service in PushService::ALL {
        let profile = Profile::of(*service);
        let request = match encoded.request(&SUBSCRIPTION, &profile, None) {
            Ok(request) => request,
            Err(error) => {
                assert!(!error.problems().is_empty(), "{error}");
                assert!(is_one_line(&error.report()), "{error}");
                continue;
            }
        };
        let headers = request.headers();
        let header = |name: &str| headers.get(name).and_then(|it| it.to_str().ok());
        let ttl: Option<u32> = header("ttl").and_then(|it| it.parse().ok());
        assert!(ttl.is_some_and(|ttl| ttl < 1 << 31), "{headers:?}");
        let topic = header("topic").unwrap_or("A");
        assert!((1..=32).contains(&topic.len()), "{topic}");
        assert!(request.body().len() <= MAX_BODY_BYTES, "{encoded:?}");
        let read = match encoded.encoding() {
            _ if encoded.plaintext().is_none() => {
                assert!(request.body().is_empty() && header("content-encoding").is_none());
                continue;
            }
            Encoding::Aes128Gcm => BROWSER.decrypt_aes128gcm(request.body()),
            Encoding::AesGcm => BROWSER.decrypt_aesgcm(
                request.body(),
                header("encryption").unwrap_or_default(),
                header("crypto-key").unwrap_or_default(),
            ),
        };
        assert_eq!(
            header("content-encoding"),
            Some(encoded.encoding().as_str())
        );
        assert_eq!(read.ok().map(Bytes::from).as_ref(), encoded.plaintext());
    }
}

/// By what stands in the JSON.
fn says_what_was_told(encoded: &Encoded, told: &Value) {
    let text = encoded.plaintext();
    match (&told["body"], &told["declarative"]) {
        (Value::String(body), _) => assert_eq!(text.map(|it| &it[..]), Some(body.as_bytes())),
        (_, Value::Object(declarative)) => {
            let said = text.and_then(|it| serde_json::from_slice::<Value>(it).ok());
            let said = said.unwrap_or_default();
            assert_eq!(said["web_push"], 8030);
            let title = &declarative["notification"]["title"];
            assert_eq!(&said["notification"]["title"], title);
        }
        _ => {}
    }
    if let Some(secs) = told["ttl"].as_u64() {
        assert_eq!(encoded.ttl().as_secs(), secs);
    }
    if let Some(topic) = told["topic"].as_str() {
        assert_eq!(encoded.topic(), Some(topic));
    }
}
