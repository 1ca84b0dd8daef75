//! Payloads as JSON: nothing is lost and nothing is invented.

use std::time::{Duration, UNIX_EPOCH};

use proptest::prelude::*;
use push_apns::{
    Alert, AlertFields, Aps, CriticalSound, Event, InterruptionLevel, Payload, Sound, Text,
    Timestamp,
};
use serde_json::{Map, Value, json};

#[test]
fn examples_of_apples_pages_come_back_as_they_are() {
    for example in [
        json!({"aps": {"alert": {"title": "Game Request", "subtitle": "Five Card Draw",
            "body": "Bob wants to play poker"}, "category": "GAME_INVITATION"}, "gameID": "12345678"}),
        json!({"aps": {"badge": 9, "sound": "bingbong.aiff"}, "messageID": "ABCDEFGHIJ"}),
        json!({"aps": {"alert": {"loc-key": "GAME_PLAY_REQUEST_FORMAT", "loc-args": ["Shelly", "Rick"]}}}),
        json!({"aps": {"content-available": 1}, "acme1": "bar", "acme2": 42}),
        json!({"aps": {"alert": "You got your emails.", "sound":
            {"critical": 1, "name": "default", "volume": 0.5}}, "acme": [1, null, {"a": -1}]}),
        json!({"aps": {"content-changed": true}}),
        json!({"aps": {}}),
        json!({"mdm": "5D6F4F43-6A67-4B3E"}),
        json!({"aps": {"timestamp": 1_685_952_000, "event": "start", "content-state":
            {"currentHealthLevel": 100, "eventDescription": "Adventure has begun!"},
            "attributes-type": "AdventureAttributes", "attributes": {"heroName": "Panda"},
            "input-push-token": 1, "alert": {"title": {"loc-key": "%@ is on an adventure!",
            "loc-args": ["Panda"]}, "body": {"loc-key": "b", "loc-args": []}, "sound": "chime.aiff"}}}),
        json!({"aps": {"timestamp": 1_685_952_000, "event": "end", "dismissal-date": 1_685_959_200,
            "content-state": {}, "relevance-score": 100.0, "stale-date": 1_685_959_000}}),
    ] {
        let payload: Payload = serde_json::from_value(example.clone()).unwrap();
        assert_eq!(serde_json::to_value(&payload).unwrap(), example);
    }
}

#[test]
fn what_is_absent_stays_absent_and_what_is_empty_stays() {
    assert_eq!(
        serde_json::to_string(&Payload::default()).unwrap(),
        r#"{"aps":{}}"#
    );
    let mut payload = Payload::default();
    payload.aps.badge = Some(0);
    payload.aps.alert = Some(Alert::from(""));
    payload.aps.thread_id = Some(String::new());
    assert_eq!(
        serde_json::to_string(&payload).unwrap(),
        r#"{"aps":{"alert":"","badge":0,"thread-id":""}}"#
    );
}

#[test]
fn a_payload_for_device_management_has_no_empty_aps() {
    let mut payload = Payload::default();
    payload.mdm = Some("magic".into());
    assert_eq!(
        serde_json::to_string(&payload).unwrap(),
        r#"{"mdm":"magic"}"#
    );
    payload.aps.content_available = true;
    assert_eq!(
        serde_json::to_string(&payload).unwrap(),
        r#"{"aps":{"content-available":1},"mdm":"magic"}"#
    );
}

#[test]
fn an_interruption_level_to_come_is_kept() {
    let aps: Aps = serde_json::from_value(json!({"interruption-level": "loud"})).unwrap();
    assert_eq!(
        aps.interruption_level,
        Some(InterruptionLevel::Other("loud".into()))
    );
    assert_eq!(
        serde_json::to_value(&aps).unwrap(),
        json!({"interruption-level": "loud"})
    );
}

#[test]
fn a_timestamp_is_in_whole_seconds() {
    let time = UNIX_EPOCH + Duration::from_millis(1_700_000_000_900);
    assert_eq!(Timestamp::from(time).unix_secs(), 1_700_000_000);
    assert_eq!(
        serde_json::from_str::<Timestamp>("17.9")
            .unwrap()
            .unix_secs(),
        17
    );
    for wrong in ["-1", "\"17\"", "1e30", "null"] {
        assert!(serde_json::from_str::<Timestamp>(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn an_alert_of_another_kind_says_what_is_expected() {
    let error = serde_json::from_value::<Payload>(json!({"aps": {"alert": 7}})).unwrap_err();
    assert!(error.to_string().contains("a text or an object"), "{error}");
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z\"\\\\\n\u{0}é👍]{0,8}", any::<String>()]
}

/// A number that JSON can hold.
fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        Just(0.0),
        Just(1.0),
        any::<f64>().prop_filter("finite", |number| number.is_finite())
    ]
}

fn json_value() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        number().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(text(), inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
    .boxed()
}

/// Keys that have no field anywhere: `x-…`.
fn extra() -> BoxedStrategy<Map<String, Value>> {
    prop::collection::btree_map("x-[a-zé\" ]{0,4}", json_value(), 0..3)
        .prop_map(|members| members.into_iter().collect())
        .boxed()
}

fn sound() -> BoxedStrategy<Sound> {
    let critical = (
        any::<bool>(),
        prop::option::of(text()),
        prop::option::of(number()),
        extra(),
    );
    prop_oneof![
        text().prop_map(Sound::from),
        critical.prop_map(|(critical, name, volume, extra)| {
            let mut sound = CriticalSound::default();
            (sound.critical, sound.name, sound.volume, sound.extra) =
                (critical, name, volume, extra);
            sound.into()
        }),
    ]
    .boxed()
}

fn alert_text() -> BoxedStrategy<Text> {
    let args = prop::option::of(prop::collection::vec(text(), 0..3));
    prop_oneof![
        text().prop_map(Text::from),
        (text(), args).prop_map(|(loc_key, loc_args)| Text::Localized { loc_key, loc_args }),
    ]
    .boxed()
}

fn alert() -> BoxedStrategy<Alert> {
    let texts = || prop::option::of(text());
    let args = || prop::option::of(prop::collection::vec(text(), 0..3));
    let parts = (
        (
            prop::option::of(alert_text()),
            texts(),
            prop::option::of(alert_text()),
            texts(),
        ),
        (texts(), args(), texts(), args(), texts(), args()),
        (
            texts(),
            texts(),
            texts(),
            any::<Option<u32>>(),
            prop::option::of(sound()),
            extra(),
        ),
    );
    prop_oneof![
        text().prop_map(Alert::from),
        parts.prop_map(|(shown, localized, other)| {
            let mut alert = AlertFields::default();
            (alert.title, alert.subtitle, alert.body, alert.launch_image) = shown;
            (
                alert.title_loc_key,
                alert.title_loc_args,
                alert.subtitle_loc_key,
                ..,
            ) = (localized.0, localized.1, localized.2);
            (alert.subtitle_loc_args, alert.loc_key, alert.loc_args) =
                (localized.3, localized.4, localized.5);
            (alert.action, alert.action_loc_key, alert.summary_arg, ..) =
                (other.0, other.1, other.2);
            (alert.summary_arg_count, alert.sound, alert.extra) = (other.3, other.4, other.5);
            alert.into()
        }),
    ]
    .boxed()
}

fn payload() -> BoxedStrategy<Payload> {
    let texts = || prop::option::of(text());
    let time = || prop::option::of(any::<u64>().prop_map(Timestamp::from_unix_secs));
    let event = prop::sample::select(vec![
        None,
        Some(Event::Start),
        Some(Event::Update),
        Some(Event::End),
    ]);
    let level = prop::option::of(prop_oneof![
        prop::sample::select(vec!["passive", "active", "time-sensitive", "critical"])
            .prop_map(String::from),
        text(),
    ]);
    let shown = (
        prop::option::of(alert()),
        any::<Option<u32>>(),
        prop::option::of(sound()),
        texts(),
        texts(),
    );
    let flags = any::<[bool; 4]>();
    let system = (texts(), level, prop::option::of(number()), texts());
    let live = (
        time(),
        event,
        prop::option::of(json_value()),
        time(),
        time(),
        texts(),
    );
    let rest = (
        prop::option::of(json_value()),
        texts(),
        extra(),
        extra(),
        texts(),
    );
    (
        shown,
        flags,
        system,
        live,
        rest,
        prop::option::of(prop::collection::vec(text(), 0..3)),
    )
        .prop_map(|(shown, flags, system, live, rest, url_args)| {
            let mut payload = Payload::default();
            let aps = &mut payload.aps;
            (aps.alert, aps.badge, aps.sound, aps.thread_id, aps.category) = shown;
            [
                aps.content_available,
                aps.mutable_content,
                aps.content_changed,
                _,
            ] = flags;
            aps.live_activity.input_push_token = flags[3];
            aps.target_content_id = system.0;
            aps.interruption_level = system.1.as_deref().map(InterruptionLevel::from);
            (aps.relevance_score, aps.filter_criteria, aps.url_args) =
                (system.2, system.3, url_args);
            let activity = &mut aps.live_activity;
            (
                activity.timestamp,
                activity.event,
                activity.content_state,
                ..,
            ) = (live.0, live.1, live.2);
            (
                activity.stale_date,
                activity.dismissal_date,
                activity.attributes_type,
            ) = (live.3, live.4, live.5);
            (activity.attributes, activity.input_push_channel) = (rest.0, rest.1);
            (aps.extra, payload.custom, payload.mdm) = (rest.2, rest.3, rest.4);
            payload
        })
        .boxed()
}

proptest! {
    #[test]
    fn a_payload_comes_back_from_its_json(payload in payload()) {
        let json = serde_json::to_string(&payload).unwrap();
        prop_assert_eq!(serde_json::from_str::<Payload>(&json).unwrap(), payload.clone());
        let value = serde_json::to_value(&payload).unwrap();
        prop_assert_eq!(serde_json::from_value::<Payload>(value).unwrap(), payload);
    }
}
