//! What is checked of a notification that goes to a channel, before anything is sent.

#![allow(clippy::unwrap_used)]

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use push_apns::{
    ApnsId, EncodeContext, EncodedBroadcast, Event, Expiration, Notification, Priority, Problem,
    PushType,
};

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

fn context() -> EncodeContext<'static> {
    EncodeContext::new(now()).default_topic(Some("com.example.app"))
}

fn update() -> Notification {
    Notification::live_activity_update(now(), serde_json::json!({"score": 1}))
        .priority(Priority::Immediate)
        .expiration(Expiration::Once)
}

fn encoded(notification: &Notification) -> EncodedBroadcast {
    notification.encode_broadcast(&context()).unwrap()
}

fn problems(notification: &Notification) -> Vec<Problem> {
    let invalid = notification.encode_broadcast(&context()).unwrap_err();
    invalid.into_problems()
}

#[test]
fn a_broadcast_has_its_app_priority_expiration_and_payload() {
    let id = ApnsId::random();
    let broadcast = encoded(&update().id(id));
    assert_eq!(broadcast.bundle_id, "com.example.app");
    assert_eq!(broadcast.priority, Priority::Immediate);
    assert_eq!(broadcast.expiration, Expiration::Once);
    assert_eq!(broadcast.id, Some(id));
    let payload: serde_json::Value = serde_json::from_slice(&broadcast.payload).unwrap();
    assert_eq!(payload["aps"]["event"], "update");
}

#[test]
fn every_priority_is_taken() {
    for priority in [Priority::Immediate, Priority::Conserve, Priority::Lowest] {
        assert_eq!(encoded(&update().priority(priority)).priority, priority);
    }
}

#[test]
fn the_topic_of_the_notification_comes_first_and_its_suffix_goes() {
    let own = update().topic("com.example.own.push-type.liveactivity");
    assert_eq!(encoded(&own).bundle_id, "com.example.own");
}

#[test]
fn priority_and_expiration_can_not_be_left_out() {
    let bare = Notification::live_activity_end(now());
    let [Problem::BroadcastLacks { what }] = &problems(&bare)[..] else {
        panic!("one problem: {:?}", problems(&bare));
    };
    assert_eq!(what, &["a priority", "an expiration"]);
    let text = problems(&bare)[0].to_string();
    assert!(
        text.starts_with("a broadcast needs a priority and an expiration: set them"),
        "{text}"
    );
    let half = bare.priority(Priority::Conserve);
    let text = problems(&half)[0].to_string();
    assert!(
        text.starts_with("a broadcast needs an expiration: set it"),
        "{text}"
    );
}

#[test]
fn only_updates_and_ends_are_broadcast() {
    encoded(
        &Notification::live_activity_end(now())
            .priority(Priority::Conserve)
            .expiration(Expiration::Once),
    );
    let start = Notification::live_activity_start(now(), "Game", [("a", 1)], [("b", 2)]);
    let start = start
        .title("Begins")
        .priority(Priority::Immediate)
        .expiration(Expiration::Once);
    assert!(problems(&start).contains(&Problem::BroadcastStart));
    let alert = Notification::alert("Hello")
        .priority(Priority::Immediate)
        .expiration(Expiration::Once);
    let push_type = PushType::Alert;
    assert_eq!(problems(&alert), [Problem::BroadcastPushType { push_type }]);
    let eventless = Notification::from_payload(PushType::LiveActivity, Default::default())
        .priority(Priority::Immediate)
        .expiration(Expiration::Once);
    assert!(matches!(
        &problems(&eventless)[..],
        [Problem::LiveActivityLacks { event: None, .. }]
    ));
    assert_eq!(Event::Start.as_str(), "start");
}

#[test]
fn a_payload_of_5120_bytes_is_taken_and_one_more_is_not() {
    let raw = |length: usize| {
        let frame = r#"{"x":""}"#.len();
        let json = format!(r#"{{"x":"{}"}}"#, "x".repeat(length - frame));
        Notification::raw(PushType::LiveActivity, json)
            .priority(Priority::Immediate)
            .expiration(Expiration::Once)
    };
    assert_eq!(encoded(&raw(5120)).payload.len(), 5120);
    assert!(matches!(
        &problems(&raw(5121))[..],
        [Problem::PayloadTooLarge {
            bytes: 5121,
            limit_bytes: EncodedBroadcast::MAX_PAYLOAD_BYTES,
            ..
        }]
    ));
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let wrong = Notification::background()
        .badge(1)
        .topic("com/example")
        .collapse_id("x")
        .expiration(Expiration::In(Duration::from_secs(31 * 86_400)));
    let problems = problems(&wrong);
    let text = format!("{problems:?}");
    for expected in [
        "BroadcastPushType",
        "BundleId",
        "BroadcastLacks",
        "ExpirationTooFar",
        "BroadcastCollapseId",
        "BackgroundShows",
    ] {
        assert!(text.contains(expected), "{text} lacks {expected}");
    }
    assert_eq!(problems.len(), 6, "{text}");
}

#[test]
fn without_a_topic_there_is_no_app() {
    let problems = update()
        .encode_broadcast(&EncodeContext::new(now()))
        .unwrap_err()
        .into_problems();
    assert_eq!(problems, [Problem::MissingBundleId]);
}
