//! Notifications: what is built is what is sent, and all that is wrong is said before.

use std::collections::HashMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use push_apns::{
    AlertFields, ApnsId, CriticalSound, EncodeContext, Encoded, Expiration, InterruptionLevel,
    Invalid, Notification, Payload, Priority, Problem, PushType, Truncation,
};
use serde_json::{Value, json};

const TOPIC: &str = "com.example.app";

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_700_000_000)
}

fn token_auth() -> EncodeContext<'static> {
    EncodeContext::new(now()).default_topic(Some(TOPIC))
}

fn encode(notification: &Notification) -> Result<Encoded, Invalid> {
    notification.encode(&token_auth())
}

fn json_of(encoded: &Encoded) -> Value {
    serde_json::from_slice(&encoded.payload).expect("a payload is JSON")
}

fn problems(notification: &Notification) -> Vec<Problem> {
    encode(notification)
        .expect_err("it should be refused")
        .into_problems()
}

fn live_start() -> Notification {
    Notification::live_activity_start(
        now(),
        "GameAttributes",
        json!({"team": "A"}),
        json!({"score": 1}),
    )
    .title("Kick-off")
}

#[test]
fn the_builder_writes_what_the_design_shows() {
    let encoded = encode(&Notification::alert("Hello").title("anypush").badge(1)).unwrap();
    assert_eq!(
        &encoded.payload[..],
        br#"{"aps":{"alert":{"title":"anypush","body":"Hello"},"badge":1}}"#
    );
    assert_eq!(encoded.push_type, PushType::Alert);
    assert_eq!(encoded.topic.as_deref(), Some(TOPIC));
    assert_eq!(
        (encoded.priority, encoded.expiration, encoded.id),
        (None, None, None)
    );
    assert_eq!(encoded.collapse_id, None);
    assert_eq!(
        &encode(&Notification::alert("Hello")).unwrap().payload[..],
        br#"{"aps":{"alert":"Hello"}}"#
    );
}

#[test]
fn every_field_of_an_alert_is_written_under_its_key() {
    let notification = Notification::alert("b")
        .title("t")
        .subtitle("s")
        .launch_image("i")
        .title_loc_key("tk")
        .title_loc_args(["ta"])
        .subtitle_loc_key("sk")
        .subtitle_loc_args(["sa"])
        .loc_key("k")
        .loc_args(["a", "b"])
        .action("go")
        .action_loc_key("ak")
        .summary_arg("x")
        .summary_arg_count(2)
        .badge(0)
        .critical_sound("siren", 1.0)
        .thread_id("th")
        .category("c")
        .content_available(true)
        .mutable_content(true)
        .target_content_id("w")
        .interruption_level(InterruptionLevel::Critical)
        .relevance_score(1.0)
        .filter_criteria("f")
        .content_changed(true)
        .url_args(["u"])
        .custom("n", 1)
        .custom("o", HashMap::from([("a", [1, 2])]));
    assert_eq!(
        json_of(&encode(&notification).unwrap()),
        json!({
            "aps": {
                "alert": {"title": "t", "subtitle": "s", "body": "b", "launch-image": "i", "title-loc-key": "tk",
                    "title-loc-args": ["ta"], "subtitle-loc-key": "sk", "subtitle-loc-args": ["sa"], "loc-key": "k",
                    "loc-args": ["a", "b"], "action": "go", "action-loc-key": "ak", "summary-arg": "x",
                    "summary-arg-count": 2},
                "badge": 0, "sound": {"critical": 1, "name": "siren", "volume": 1.0}, "thread-id": "th",
                "category": "c", "content-available": 1, "mutable-content": 1, "target-content-id": "w",
                "interruption-level": "critical", "relevance-score": 1.0, "filter-criteria": "f",
                "content-changed": true, "url-args": ["u"],
            },
            "n": 1, "o": {"a": [1, 2]},
        })
    );
}

#[test]
fn a_topic_that_no_header_can_hold_is_refused() {
    for topic in [
        "",
        "com.example app",
        "com.example\r\nx: y",
        "com.exämple",
        &"x".repeat(256),
    ] {
        let found = problems(&Notification::alert("a").topic(topic));
        assert!(
            matches!(&found[..], [Problem::Topic { .. }]),
            "{topic:?}: {found:?}"
        );
    }
}

#[test]
fn an_expiration_has_three_states_and_an_end_after_30_days() {
    let alert = Notification::alert("a");
    assert_eq!(encode(&alert).unwrap().expiration, None);
    let second = Duration::from_secs(1);
    let past = Expiration::At(now() - second);
    for allowed in [
        Expiration::Once,
        past,
        Expiration::In(Expiration::MAX),
        Expiration::At(now() + Expiration::MAX),
    ] {
        assert_eq!(
            encode(&alert.clone().expiration(allowed))
                .unwrap()
                .expiration,
            Some(allowed)
        );
    }
    let ahead = Expiration::MAX + second;
    for refused in [Expiration::In(ahead), Expiration::At(now() + ahead)] {
        assert_eq!(
            problems(&alert.clone().expiration(refused)),
            [Problem::ExpirationTooFar { ahead }]
        );
    }
    let before_1970 = Expiration::At(UNIX_EPOCH - second);
    assert_eq!(
        problems(&alert.expiration(before_1970)),
        [Problem::ExpirationBefore1970]
    );
}

#[test]
fn a_key_that_is_taken_is_refused_wherever_it_was_put() {
    let mut sound = CriticalSound::new("siren", 1.0);
    sound.extra.insert("volume".into(), 2.into());
    let mut alert = AlertFields::default();
    alert.extra.insert("title".into(), "t".into());
    let mut payload = Payload::default();
    payload.custom.insert("aps".into(), 1.into());
    payload.aps.extra.insert("badge".into(), 1.into());
    payload.aps.alert = Some(alert.into());
    payload.aps.sound = Some(sound.into());
    let notification = Notification::from_payload(PushType::Alert, payload)
        .custom("aps", 1)
        .custom("mdm", "m");
    let reserved = |place, key: &str| Problem::ReservedKey {
        place,
        key: key.into(),
    };
    assert_eq!(
        problems(&notification),
        [
            reserved("beside aps", "aps"),
            reserved("beside aps", "mdm"),
            reserved("beside aps", "aps"),
            reserved("in aps", "badge"),
            reserved("in the alert", "title"),
            reserved("in the sound", "volume"),
        ]
    );
}

#[test]
fn a_value_that_json_cannot_hold_is_remembered_even_on_a_queue() {
    let notification = Notification::alert("a").custom("map", HashMap::from([([1], 2)]));
    let queued = serde_json::to_string(&notification).unwrap();
    let restored: Notification = serde_json::from_str(&queued).unwrap();
    assert_eq!(restored, notification);
    let found = problems(&restored);
    assert!(
        matches!(&found[..], [Problem::Value { key, .. }] if key == "map"),
        "{found:?}"
    );
}

#[test]
fn a_raw_payload_is_sent_byte_for_byte() {
    let json = "{ \"aps\":{\"alert\" :\"a\"},\n \"aps2\":1.50 }\n";
    let encoded = encode(&Notification::raw(PushType::Background, json)).unwrap();
    assert_eq!(&encoded.payload[..], json.as_bytes());
    assert_eq!(encoded.priority, Some(Priority::Conserve));
}

#[test]
fn a_raw_payload_that_is_no_object_or_was_added_to_is_refused() {
    for json in ["", "[1]", "{\"aps\":{}", "null"] {
        let found = problems(&Notification::raw(PushType::Alert, json));
        assert!(
            matches!(&found[..], [Problem::RawPayload { .. }]),
            "{json}: {found:?}"
        );
    }
    let found = problems(&Notification::raw(
        PushType::Alert,
        b"{\"a\":\"\xff\"}".to_vec(),
    ));
    assert!(
        matches!(&found[..], [Problem::RawPayload { reason }] if reason.contains("utf-8")),
        "{found:?}"
    );
    let found = problems(
        &Notification::raw(PushType::Alert, "{}")
            .title("t")
            .custom("k", 1),
    );
    let field = |field: &str| Problem::FieldOfRawPayload {
        field: field.into(),
    };
    assert_eq!(found, [field("title"), field("k")]);
}

#[test]
fn the_size_limit_goes_by_the_push_type() {
    for (push_type, limit_bytes) in [(PushType::Alert, 4096), (PushType::Voip, 5120)] {
        let raw = |bytes: usize| {
            Notification::raw(
                push_type,
                format!("{{\"a\":\"{}\"}}", "x".repeat(bytes - 8)),
            )
        };
        assert_eq!(
            encode(&raw(limit_bytes)).unwrap().payload.len(),
            limit_bytes
        );
        let bytes = limit_bytes + 1;
        let too_large = Problem::PayloadTooLarge {
            bytes,
            limit_bytes,
            without_text: None,
        };
        assert_eq!(problems(&raw(bytes)), [too_large]);
    }
}

#[test]
fn a_long_text_is_refused_or_shortened_on_request() {
    let long = Notification::alert("é\"".repeat(3000)).title("t");
    let found = problems(&long);
    assert!(
        matches!(
            found[..],
            [Problem::PayloadTooLarge {
                without_text: None,
                ..
            }]
        ),
        "{found:?}"
    );
    let encoded = encode(&long.clone().truncate()).unwrap();
    assert!((4090..=4096).contains(&encoded.payload.len()));
    let body = json_of(&encoded)["aps"]["alert"]["body"]
        .as_str()
        .map(str::to_owned)
        .unwrap();
    assert!(body.starts_with("é\"é") && body.ends_with('…'));
    let encoded = encode(&long.truncate_with(Truncation::new("..."))).unwrap();
    assert!(
        json_of(&encoded)["aps"]["alert"]["body"]
            .as_str()
            .unwrap()
            .ends_with("...")
    );
}

#[test]
fn a_payload_that_no_truncation_helps_is_refused() {
    let hopeless = Notification::alert("short")
        .custom("filler", "x".repeat(4096))
        .truncate();
    let found = problems(&hopeless);
    assert!(
        matches!(
            found[..],
            [Problem::PayloadTooLarge {
                without_text: Some(4100..),
                ..
            }]
        ),
        "{found:?}"
    );
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let wrong = Notification::background()
        .badge(1)
        .priority(Priority::Immediate)
        .collapse_id("x".repeat(65))
        .custom("aps", 1)
        .expiration(Expiration::In(Duration::MAX))
        .custom("filler", "x".repeat(5000))
        .relevance_score(2.0);
    let refused = wrong.encode(&EncodeContext::new(now())).unwrap_err();
    assert_eq!(refused.problems().len(), 8);
    let message = refused.to_string();
    for expected in [
        "no topic",
        "priority 10 does not go with push type background: give 5",
        "65 bytes",
        "\"aps\"",
        "at most 30 are stored",
        "at most 4096",
        "has no badge",
        "relevance score is 2",
    ] {
        assert!(message.contains(expected), "{message} lacks {expected:?}");
    }
    assert_eq!(message.lines().count(), 1);
}

#[test]
fn a_notification_comes_back_from_a_queue_whole() {
    for notification in [
        Notification::alert("Hello")
            .title("t")
            .custom("k", json!({"a": [1.5]}))
            .topic(TOPIC)
            .priority(Priority::Lowest)
            .expiration(Expiration::At(now()))
            .collapse_id("c")
            .id(ApnsId::random())
            .truncate_with(Truncation::new("")),
        live_start().expiration(Expiration::In(Duration::from_millis(1500))),
        Notification::raw(PushType::Voip, " {\"call\":1e2} "),
        Notification::mdm("magic").expiration(Expiration::Once),
    ] {
        let queued = serde_json::to_vec(&notification).unwrap();
        let restored: Notification = serde_json::from_slice(&queued).unwrap();
        assert_eq!(restored, notification);
        assert_eq!(encode(&restored).unwrap(), encode(&notification).unwrap());
    }
}
