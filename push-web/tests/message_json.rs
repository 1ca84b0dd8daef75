//! Messages as JSON, for queues and files.

#![allow(clippy::unwrap_used)]

use std::time::Duration;

use proptest::prelude::*;
use push_web::{Action, Declarative, Encoding, Message, Notification, Padding, Urgency};
use serde_json::{Value, json};

fn read(json: Value) -> Result<Message, serde_json::Error> {
    // From text, as a queue gives it.
    serde_json::from_str(&json.to_string())
}

#[test]
fn the_json_is_readable() {
    for (message, json) in [
        (Message::empty(), json!({"ttl": 2_419_200})),
        (
            Message::text("Grüße"),
            json!({"body": "Grüße", "ttl": 2_419_200}),
        ),
        (
            Message::bytes(&b"\xff\x00"[..]),
            json!({"body_base64": "/wA=", "ttl": 2_419_200}),
        ),
        (
            Message::text("")
                .ttl(Duration::ZERO)
                .urgency(Urgency::VeryLow)
                .topic("score")
                .respond_async()
                .content_type("text/plain")
                .encoding(Encoding::AesGcm)
                .padding(Padding::Multiple(128))
                .record_size(2048),
            json!({
                "body": "", "ttl": 0, "urgency": "very-low", "topic": "score",
                "respond_async": true, "content_type": "text/plain", "encoding": "aesgcm",
                "padding": {"multiple": 128}, "record_size": 2048,
            }),
        ),
        (
            Message::declarative(Notification::new("Goal", "/4711")),
            json!({
                "declarative": {
                    "web_push": 8030, "notification": {"title": "Goal", "navigate": "/4711"},
                },
                "ttl": 2_419_200,
            }),
        ),
    ] {
        assert_eq!(serde_json::to_value(&message).unwrap(), json);
        assert_eq!(read(json).unwrap(), message);
    }
}

#[test]
fn what_is_left_out_has_its_default() {
    assert_eq!(read(json!({})).unwrap(), Message::empty());
    assert_eq!(read(json!({"body": "x"})).unwrap(), Message::text("x"));
}

#[test]
fn what_is_no_message_is_refused() {
    for (json, says) in [
        (json!({"body": "x", "tll": 5}), "unknown field `tll`"),
        (json!({"ttl": -1}), "-1"),
        (json!({"ttl": "5"}), "string"),
        (json!({"urgency": "urgent"}), "urgent"),
        (json!({"encoding": "aesgcm128"}), "aesgcm128"),
        (json!({"body": 5}), "5"),
        (json!({"body_base64": "?"}), "body_base64 is no base64"),
        (
            json!({"body": "x", "body_base64": "eA=="}),
            "more than one payload",
        ),
        (
            json!({"declarative": {"web_push": 8031, "notification": {"title": "", "navigate": ""}}}),
            "web_push must be 8030",
        ),
        (
            json!({"declarative": {"web_push": 8030, "notification": {"title": "x"}}}),
            "navigate",
        ),
    ] {
        let error = read(json.clone()).unwrap_err().to_string();
        assert!(error.contains(says), "{json}: {error}");
    }
}

fn text() -> impl Strategy<Value = String> {
    "\\PC{0,20}"
}

fn notification() -> impl Strategy<Value = Notification> {
    let texts = prop::collection::vec(prop::option::of(text()), 5);
    let actions = prop::collection::vec((text(), text(), prop::option::of(text())), 0..3);
    let vibrate = prop::collection::vec(any::<u32>(), 0..4);
    (
        (text(), text()),
        texts,
        actions,
        vibrate,
        any::<Option<bool>>(),
        any::<Option<u64>>(),
    )
        .prop_map(|((title, navigate), texts, actions, vibrate, flag, time)| {
            let actions = actions.into_iter().map(|(action, title, navigate)| {
                let mut made = Action::new(action, title).extra("more", 1);
                made.navigate = navigate;
                made
            });
            let mut made = Notification::new(title, navigate)
                .actions(actions)
                .vibrate(vibrate)
                .extra("later", json!({"a": [1, null]}));
            made.body.clone_from(&texts[0]);
            made.lang.clone_from(&texts[1]);
            made.tag.clone_from(&texts[2]);
            made.icon.clone_from(&texts[3]);
            made.dir = texts[4].as_deref().map(Into::into);
            made.silent = flag;
            made.require_interaction = flag;
            made.timestamp = time.map(Into::into);
            made
        })
}

fn message() -> impl Strategy<Value = Message> {
    let payload = prop_oneof![
        Just(Message::empty()),
        text().prop_map(Message::text),
        prop::collection::vec(any::<u8>(), 0..50).prop_map(Message::bytes),
        (
            notification(),
            any::<Option<bool>>(),
            any::<Option<u64>>(),
            any::<bool>()
        )
            .prop_map(|(notification, mutable, badge, extra)| {
                let mut declarative = Declarative::new(notification);
                declarative.mutable = mutable;
                declarative.app_badge = badge;
                if extra {
                    declarative = declarative.extra("more", json!([true]));
                }
                Message::declarative(declarative)
            }),
    ];
    let padding = prop_oneof![
        Just(Padding::None),
        any::<usize>().prop_map(Padding::By),
        any::<usize>().prop_map(Padding::To),
        any::<usize>().prop_map(Padding::Multiple),
    ];
    let urgency = prop::sample::select(Urgency::ALL);
    (
        payload,
        any::<Duration>(),
        prop::option::of(urgency),
        prop::option::of(text()),
        any::<[bool; 2]>(),
        prop::option::of(text()),
        padding,
        any::<Option<u32>>(),
    )
        .prop_map(
            |(message, ttl, urgency, topic, [prefer, old], content_type, padding, size)| {
                let mut message = message.ttl(ttl).padding(padding);
                if let Some(urgency) = urgency {
                    message = message.urgency(urgency);
                }
                if let Some(topic) = topic {
                    message = message.topic(topic);
                }
                if prefer {
                    message = message.respond_async();
                }
                if old {
                    message = message.encoding(Encoding::AesGcm);
                }
                if let Some(content_type) = content_type {
                    message = message.content_type(content_type);
                }
                if let Some(size) = size {
                    message = message.record_size(size);
                }
                message
            },
        )
}

proptest! {
    #[test]
    fn every_message_is_the_same_after_a_queue(message in message()) {
        let queued = serde_json::to_string(&message).unwrap();
        let read: Message = serde_json::from_str(&queued).unwrap();
        prop_assert_eq!(&read, &message);
        prop_assert_eq!(serde_json::to_string(&read).unwrap(), queued);
    }

    #[test]
    fn every_message_is_encoded_or_told_what_is_wrong(message in message()) {
        match message.encode() {
            Ok(encoded) => {
                let encoding = encoded.encoding();
                prop_assert!(encoded.padded_bytes() <= encoding.max_plaintext(4096));
                if let Some(plaintext) = encoded.plaintext() {
                    // What passed the checks can be encrypted.
                    prop_assert!(encoded.encryption().check(plaintext.len()).is_ok());
                    prop_assert!(encoded.encryption().body_bytes(plaintext.len()) <= 4096);
                }
            }
            Err(invalid) => {
                prop_assert!(!invalid.problems().is_empty());
                prop_assert!(!invalid.to_string().contains(char::is_control), "{}", invalid);
            }
        }
    }
}
