//! What each push type sends, and what it refuses before anything is sent.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use push_apns::{
    Alert, EncodeContext, Encoded, Expiration, Invalid, Notification, Payload, Priority, Problem,
    PushType, Text,
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
fn every_push_type_has_its_topic_priority_and_payload() {
    let cases = [
        (
            Notification::alert("a"),
            "",
            None,
            json!({"aps": {"alert": "a"}}),
        ),
        (
            Notification::background(),
            "",
            Some(Priority::Conserve),
            json!({"aps": {"content-available": 1}}),
        ),
        (
            Notification::location(),
            ".location-query",
            None,
            json!({"aps": {}}),
        ),
        (
            Notification::voip().custom("call", 7),
            ".voip",
            None,
            json!({"aps": {}, "call": 7}),
        ),
        (
            Notification::complication(),
            ".complication",
            None,
            json!({"aps": {}}),
        ),
        (
            Notification::file_provider(),
            ".pushkit.fileprovider",
            None,
            json!({"aps": {}}),
        ),
        (
            Notification::mdm("magic"),
            "",
            None,
            json!({"mdm": "magic"}),
        ),
        (
            Notification::live_activity_end(now()),
            ".push-type.liveactivity",
            None,
            json!({"aps": {"timestamp": 1_700_000_000, "event": "end"}}),
        ),
        (
            Notification::push_to_talk(),
            ".voip-ptt",
            Some(Priority::Immediate),
            json!({"aps": {}}),
        ),
        (
            Notification::widgets(),
            ".push-type.widgets",
            None,
            json!({"aps": {"content-changed": true}}),
        ),
        (
            Notification::controls(),
            ".push-type.controls",
            None,
            json!({"aps": {"content-changed": true}}),
        ),
    ];
    for ((notification, suffix, priority, payload), push_type) in
        cases.into_iter().zip(PushType::ALL)
    {
        let encoded = encode(&notification).unwrap();
        assert_eq!(encoded.push_type, push_type);
        assert_eq!(encoded.topic, Some(format!("{TOPIC}{suffix}")));
        assert_eq!(encoded.priority, priority, "{push_type}");
        assert_eq!(json_of(&encoded), payload, "{push_type}");
        let once = (push_type == PushType::PushToTalk).then_some(Expiration::Once);
        assert_eq!(encoded.expiration, once, "{push_type}");
    }
}

#[test]
fn a_suffix_that_is_there_is_not_doubled() {
    let encoded = encode(&Notification::voip().topic("com.example.other.voip")).unwrap();
    assert_eq!(encoded.topic.as_deref(), Some("com.example.other.voip"));
}

#[test]
fn a_topic_may_be_missing_with_a_certificate_only_and_never_for_device_management() {
    let certificate = EncodeContext::new(now()).certificate_auth(true);
    assert_eq!(
        Notification::alert("a").encode(&certificate).unwrap().topic,
        None
    );
    let missing = |push_type| vec![Problem::MissingTopic { push_type }];
    let refused = Notification::mdm("magic").encode(&certificate).unwrap_err();
    assert_eq!(refused.problems(), missing(PushType::Mdm));
    let refused = Notification::alert("a")
        .encode(&EncodeContext::new(now()))
        .unwrap_err();
    assert_eq!(refused.problems(), missing(PushType::Alert));
}

#[test]
fn a_location_query_needs_a_provider_token() {
    let refused = Notification::location()
        .encode(&token_auth().certificate_auth(true))
        .unwrap_err();
    assert_eq!(
        refused.problems(),
        [Problem::ProviderTokenNeeded {
            push_type: PushType::Location
        }]
    );
}

#[test]
fn each_push_type_takes_its_priorities_and_no_others() {
    let notifications = [
        Notification::alert("a"),
        Notification::background(),
        Notification::location(),
        Notification::voip(),
        Notification::complication(),
        Notification::file_provider(),
        Notification::mdm("m"),
        Notification::live_activity_end(now()),
        Notification::push_to_talk(),
        Notification::widgets(),
        Notification::controls(),
    ];
    for (notification, push_type) in notifications.into_iter().zip(PushType::ALL) {
        let allowed: &[u8] = match push_type {
            PushType::Background => &[5],
            PushType::LiveActivity => &[10, 5],
            PushType::PushToTalk => &[10],
            _ => &[10, 5, 1],
        };
        for given in [Priority::Immediate, Priority::Conserve, Priority::Lowest] {
            let encoded = encode(&notification.clone().priority(given));
            if allowed.contains(&given.as_u8()) {
                assert_eq!(encoded.unwrap().priority, Some(given));
            } else {
                let allowed = push_type.priorities();
                let refused = encoded.unwrap_err();
                assert_eq!(
                    refused.problems(),
                    [Problem::Priority {
                        push_type,
                        given,
                        allowed
                    }]
                );
            }
        }
    }
}

#[test]
fn push_to_talk_is_never_stored() {
    let notification = Notification::push_to_talk();
    assert!(encode(&notification.clone().expiration(Expiration::Once)).is_ok());
    assert_eq!(
        problems(&notification.expiration(Expiration::In(Duration::from_secs(60)))),
        [Problem::ExpirationNotOnce {
            push_type: PushType::PushToTalk
        }]
    );
}

#[test]
fn a_background_notification_shows_nothing() {
    let shown = Notification::background()
        .title("t")
        .badge(0)
        .sound("default")
        .content_available(false);
    assert_eq!(
        problems(&shown),
        [
            Problem::BackgroundShows {
                keys: vec!["alert", "badge", "sound"]
            },
            Problem::BackgroundWithoutContentAvailable
        ]
    );
}

#[test]
fn device_management_and_controls_need_their_keys() {
    assert_eq!(
        problems(&Notification::mdm("")),
        [Problem::MissingPushMagic]
    );
    let push_type = PushType::Controls;
    let controls = Notification::controls().content_changed(false);
    assert_eq!(
        problems(&controls),
        [Problem::MissingContentChanged { push_type }]
    );
    assert!(encode(&Notification::widgets().content_changed(false)).is_ok());
}

#[test]
fn a_live_activity_starts_with_attributes_and_an_alert() {
    let start = live_start()
        .body(Text::localized("kick_off", ["A"]))
        .sound("whistle.aiff")
        .relevance_score(75.0)
        .stale_date(now() + Duration::from_secs(60))
        .input_push_token()
        .input_push_channel("ch");
    assert_eq!(
        json_of(&encode(&start).unwrap()),
        json!({"aps": {
            "alert": {"title": "Kick-off", "body": {"loc-key": "kick_off", "loc-args": ["A"]}, "sound": "whistle.aiff"},
            "relevance-score": 75.0, "timestamp": 1_700_000_000, "event": "start", "content-state": {"score": 1},
            "stale-date": 1_700_000_060, "attributes-type": "GameAttributes", "attributes": {"team": "A"},
            "input-push-token": 1, "input-push-channel": "ch",
        }})
    );
}

#[test]
fn what_a_live_activity_lacks_is_named_by_its_event() {
    let empty = Notification::from_payload(PushType::LiveActivity, Payload::default());
    let keys = vec!["timestamp", "event", "content-state"];
    assert_eq!(
        problems(&empty),
        [Problem::LiveActivityLacks { event: None, keys }]
    );
    let start = Notification::live_activity_start(now(), "A", 7, [1]);
    let found = Invalid::to_string(&encode(&start).unwrap_err());
    for expected in [
        "start lacks alert",
        "content-state is not an object",
        "attributes is not an object",
    ] {
        assert!(found.contains(expected), "{found}");
    }
    let mut payload = Payload::default();
    payload.aps.alert = Some(Alert::from("a text"));
    let found = problems(&Notification::from_payload(PushType::LiveActivity, payload));
    assert!(
        found.contains(&Problem::NotAnObject { key: "alert" }),
        "{found:?}"
    );
    assert!(encode(&Notification::live_activity_update(now(), json!({}))).is_ok());
}

#[test]
fn scores_and_volumes_have_ranges() {
    for given in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
        let found = problems(
            &Notification::alert("a")
                .relevance_score(given)
                .critical_sound("s", given),
        );
        assert!(
            matches!(
                found[..],
                [
                    Problem::RelevanceScore {
                        live_activity: false,
                        ..
                    },
                    Problem::Volume { .. }
                ]
            ),
            "{found:?}"
        );
    }
    assert!(encode(&live_start().relevance_score(-250.5)).is_ok());
    let found = problems(&live_start().relevance_score(f64::NAN));
    assert!(
        matches!(
            found[..],
            [Problem::RelevanceScore {
                live_activity: true,
                ..
            }]
        ),
        "{found:?}"
    );
}

#[test]
fn a_text_chosen_by_the_device_has_other_keys_outside_live_activities() {
    let none: [&str; 0] = [];
    let found = problems(&Notification::alert("a").title(Text::localized("k", none)));
    let (push_type, key, instead) = (PushType::Alert, "title", "title-loc-key");
    assert_eq!(
        found,
        [Problem::LocalizedText {
            push_type,
            key,
            instead
        }]
    );
}
