//! Messages of FCM: what is built is what is sent, and what is sent can be read.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::time::{Duration, UNIX_EPOCH};

use proptest::prelude::*;
use push_gcm::v1::{
    AndroidConfig, AndroidConfigV2, AndroidKind, AndroidNotification, AndroidNotificationV2,
    AndroidPriority, ApnsConfig, Aps, ApsAlertFields, ApsCriticalSound, Color, FcmOptions,
    LightSettings, Message, Notification, NotificationPriority, NotificationProxy,
    RemoteNotification, Target, TextDirection, Visibility, WebAction, WebNotification,
    WebpushConfig, WebpushOptions,
};
use serde_json::{Value, json};

fn value(message: &Message) -> Value {
    serde_json::to_value(message).unwrap()
}

fn read(json: &Value) -> Message {
    serde_json::from_value(json.clone()).unwrap()
}

/// Every member that the service documents, by the names that it writes.
fn everything() -> Value {
    let look = json!({
        "title": "t", "body": "b", "icon": "i", "color": "#a0B1c2", "sound": "default", "tag": "g",
        "click_action": "c", "body_loc_key": "bk", "body_loc_args": ["1", "2"],
        "title_loc_key": "tk", "title_loc_args": ["3"], "channel_id": "ch", "ticker": "ti",
        "sticky": true, "event_time": "2026-11-22T11:30:00.5Z", "local_only": false,
        "notification_priority": "PRIORITY_HIGH", "default_sound": true,
        "default_vibrate_timings": false, "default_light_settings": false,
        "vibrate_timings": ["0s", "0.1s", "3.5s"], "visibility": "SECRET",
        "notification_count": 0, "image": "https://example.com/i.png",
        "light_settings": {
            "color": {"red": 1.0, "green": 0.5, "blue": 0.0, "alpha": 0.25},
            "light_on_duration": "1s", "light_off_duration": "0.5s",
        },
    });
    let with = |name: &str, member: Value| {
        let mut look = look.clone();
        look[name] = member;
        look
    };
    json!({
        "data": {"a": "1", "notification": "2"},
        "notification": {"title": "t", "body": "b", "image": "https://example.com/i.png"},
        "android": {
            "collapse_key": "k", "priority": "HIGH", "ttl": "2419200s",
            "restricted_package_name": "com.example", "data": {"b": "2"},
            "notification": with("proxy", json!("DENY")),
            "fcm_options": {"analytics_label": "A-z_0.9~%"},
            "direct_boot_ok": true, "bandwidth_constrained_ok": false,
            "restricted_satellite_ok": true,
        },
        "android_v2": {
            "collapse_key": "k", "ttl": "0s", "restricted_package_name": "com.example",
            "data": {"c": "3"}, "fcm_options": {"analytics_label": "l"},
            "direct_boot_ok": false, "bandwidth_constrained_ok": true,
            "restricted_satellite_ok": false,
            "remote_notification": {
                "mutable_content": true, "notification": with("id", json!(7)),
                "use_as_v1_data_message": false,
            },
        },
        "webpush": {
            "headers": {"TTL": "60", "Urgency": "very-low", "Topic": "abc"},
            "data": {"d": "4"},
            "notification": {
                "title": "t", "body": "b", "icon": "i", "image": "m", "badge": "g",
                "actions": [{"action": "a", "title": "t", "icon": "i"}], "data": {"x": [1]},
                "dir": "ltr", "lang": "en-GB", "renotify": true, "requireInteraction": true,
                "silent": false, "tag": "g", "timestamp": 1_700_000_000_123_i64,
                "vibrate": [100, 50], "custom": {"y": null},
            },
            "fcm_options": {"link": "https://example.com/", "analytics_label": "l"},
        },
        "apns": {
            "headers": {"apns-priority": "5", "apns-expiration": "0", "apns-collapse-id": "c"},
            "payload": {"aps": {"alert": "x", "timestamp": 1}, "custom": [1]},
            "fcm_options": {"analytics_label": "l", "image": "https://example.com/i.png"},
            "live_activity_token": "00aa",
        },
        "fcm_options": {"analytics_label": "l"},
    })
}

#[test]
fn every_documented_member_has_a_field_and_none_is_lost() {
    let message = read(&everything());
    assert_eq!(value(&message), everything());
    assert!(message.extra.is_empty());
    let android = message.android.as_ref().unwrap();
    assert!(android.extra.is_empty());
    assert_eq!(android.priority, Some(AndroidPriority::High));
    assert_eq!(android.ttl, Some(Duration::from_secs(2_419_200)));
    let notification = android.notification.as_ref().unwrap();
    assert!(notification.extra.is_empty());
    assert_eq!(notification.visibility, Some(Visibility::Secret));
    assert_eq!(notification.notification_count, Some(0));
    let light = notification.light_settings.as_ref().unwrap();
    assert!(light.extra.is_empty() && light.color.as_ref().unwrap().extra.is_empty());
    let android = message.android_v2.as_ref().unwrap();
    assert!(android.extra.is_empty(), "{:?}", android.extra);
    let Some(AndroidKind::RemoteNotification(remote)) = &android.kind else {
        panic!("{:?}", android.kind);
    };
    assert!(remote.extra.is_empty() && remote.notification.as_ref().unwrap().extra.is_empty());
    let web = message.webpush.as_ref().unwrap();
    assert!(web.extra.is_empty() && web.fcm_options.as_ref().unwrap().extra.is_empty());
    let notification = web.notification.as_ref().unwrap();
    assert_eq!(notification.extra.keys().collect::<Vec<_>>(), ["custom"]);
    let apns = message.apns.as_ref().unwrap();
    assert!(apns.extra.is_empty() && apns.fcm_options.as_ref().unwrap().extra.is_empty());
}

/// `a_member_name` as `aMemberName`, but for what the app and the browser read.
fn in_camel_case(json: &Value) -> Value {
    match json {
        Value::Object(members) => members
            .iter()
            .map(|(name, member)| {
                let mut words = name.split('_');
                let mut camel = words.next().unwrap_or_default().to_owned();
                for word in words {
                    let (first, rest) = word.split_at(1);
                    camel.push_str(&first.to_uppercase());
                    camel.push_str(rest);
                }
                let kept = ["data", "headers", "payload"].contains(&name.as_str());
                (
                    camel,
                    if kept {
                        member.clone()
                    } else {
                        in_camel_case(member)
                    },
                )
            })
            .collect(),
        Value::Array(items) => items.iter().map(in_camel_case).collect(),
        other => other.clone(),
    }
}

#[test]
fn camel_case_is_read_as_well() {
    let camel = in_camel_case(&everything());
    assert_ne!(camel, everything());
    assert_eq!(value(&read(&camel)), everything());
    let sync = json!({"androidV2": {"backgroundSync": {"x": 1}, "ttl": "3s"}});
    let message = read(&sync);
    assert_eq!(
        value(&message),
        json!({"android_v2": {"background_sync": {"x": 1}, "ttl": "3s"}})
    );
}

#[test]
fn the_builder_says_all_that_the_json_does() {
    let look = || {
        AndroidNotification::new()
            .title("t")
            .body("b")
            .icon("i")
            .color("#a0B1c2")
            .sound("default")
            .tag("g")
            .click_action("c")
            .body_loc_key("bk")
            .body_loc_args(["1", "2"])
            .title_loc_key("tk")
            .title_loc_args(vec!["3".to_owned()])
            .channel_id("ch")
            .ticker("ti")
            .sticky(true)
            .event_time(UNIX_EPOCH + Duration::from_millis(1_795_347_000_500))
            .local_only(false)
            .notification_priority(NotificationPriority::High)
            .default_sound(true)
            .default_vibrate_timings(false)
            .default_light_settings(false)
            .vibrate_timings([0, 100, 3500].map(Duration::from_millis))
            .visibility(Visibility::Secret)
            .notification_count(0)
            .light_settings(LightSettings::new(
                Color::new(1.0, 0.5, 0.0).alpha(0.25),
                Duration::from_secs(1),
                Duration::from_millis(500),
            ))
            .image("https://example.com/i.png")
            .proxy(NotificationProxy::Deny)
    };
    let message = Message::with_notification("t", "b")
        .image("https://example.com/i.png")
        .data("a", "1")
        .data("notification", "2")
        .analytics_label("l")
        .android(
            AndroidConfig::new()
                .collapse_key("k")
                .priority(AndroidPriority::High)
                .ttl(Duration::from_secs(2_419_200))
                .restricted_package_name("com.example")
                .data("b", "2")
                .notification(look())
                .analytics_label("A-z_0.9~%")
                .direct_boot_ok(true)
                .bandwidth_constrained_ok(false)
                .restricted_satellite_ok(true),
        )
        .webpush(
            WebpushConfig::new()
                .ttl(Duration::from_secs(60))
                .urgency("very-low")
                .header("Topic", "abc")
                .data("d", "4")
                .notification(
                    WebNotification::new()
                        .title("t")
                        .body("b")
                        .icon("i")
                        .image("m")
                        .badge("g")
                        .action(WebAction::new("a", "t").icon("i"))
                        .data(json!({"x": [1]}))
                        .dir(TextDirection::LeftToRight)
                        .lang("en-GB")
                        .renotify(true)
                        .require_interaction(true)
                        .silent(false)
                        .tag("g")
                        .timestamp(1_700_000_000_123_u64)
                        .vibrate([100, 50])
                        .extra("custom", json!({"y": null})),
                )
                .link("https://example.com/")
                .analytics_label("l"),
        )
        .apns(
            ApnsConfig::new()
                .priority(5)
                .expiration(UNIX_EPOCH)
                .collapse_id("c")
                .aps(Aps::new().alert("x").extra("timestamp", 1))
                .custom("custom", json!([1]))
                .analytics_label("l")
                .image("https://example.com/i.png")
                .live_activity_token("00aa"),
        );
    let mut expected = everything();
    let v2 = expected.as_object_mut().unwrap().remove("android_v2");
    assert_eq!(value(&message), expected);

    let mut look: AndroidNotificationV2 =
        serde_json::from_value(v2.as_ref().unwrap()["remote_notification"]["notification"].clone())
            .unwrap();
    look.id = None;
    let message = Message::new().android_v2(
        AndroidConfigV2::remote_notification(
            RemoteNotification::from(look.id(7))
                .mutable_content(true)
                .use_as_v1_data_message(false),
        )
        .collapse_key("k")
        .ttl(Duration::ZERO)
        .restricted_package_name("com.example")
        .data("c", "3")
        .analytics_label("l")
        .direct_boot_ok(false)
        .bandwidth_constrained_ok(true)
        .restricted_satellite_ok(false),
    );
    assert_eq!(value(&message), json!({ "android_v2": v2 }));
    assert_eq!(
        value(&Message::new().android_v2(AndroidConfigV2::background_sync())),
        json!({"android_v2": {"background_sync": {}}})
    );
}

#[test]
fn apples_part_is_written_as_apple_has_it() {
    let aps = Aps::new()
        .alert(
            ApsAlertFields::new()
                .title("t")
                .loc_key("k")
                .loc_args(["1"])
                .launch_image("l"),
        )
        .badge(0)
        .sound(ApsCriticalSound::new("s", 0.5))
        .content_available(true)
        .mutable_content(true)
        .category("c")
        .thread_id("t")
        .interruption_level("passive")
        .relevance_score(0.5);
    let json = json!({
        "alert": {"title": "t", "loc-key": "k", "loc-args": ["1"], "launch-image": "l"},
        "badge": 0, "sound": {"critical": 1, "name": "s", "volume": 0.5},
        "content-available": 1, "mutable-content": 1, "category": "c", "thread-id": "t",
        "interruption-level": "passive", "relevance-score": 0.5,
    });
    assert_eq!(Value::from(aps.clone()), json);
    assert_eq!(serde_json::from_value::<Aps>(json).unwrap(), aps);
    let given = json!({"alert": "x", "sound": "s", "content-available": true, "x": 1});
    let aps: Aps = serde_json::from_value(given).unwrap();
    assert_eq!(
        aps,
        Aps::new()
            .alert("x")
            .sound("s")
            .content_available(true)
            .extra("x", 1)
    );
}

#[test]
fn an_unknown_member_or_word_is_kept_wherever_it_stands() {
    let given = json!({
        "x": 1, "data": {"k": "v"},
        "notification": {"x": [1]}, "fcm_options": {"x": null},
        "android": {
            "x": {}, "priority": "TO_BE_INVENTED", "fcm_options": {"x": 1},
            "notification": {
                "x": "y", "visibility": "v", "proxy": "p", "notification_priority": "n",
                "bypass_proxy_notification": true, "light_settings": {"x": 1, "color": {"x": 1}},
            },
        },
        "android_v2": {"x": 1, "remote_notification": {"x": 1, "notification": {"id": "seven"}}},
        "webpush": {"x": 1, "fcm_options": {"x": 1}, "notification": {
            "dir": "d", "vibrate": 7, "web_push": 8030, "actions": [{"x": 1}]}},
        "apns": {"x": 1, "fcm_options": {"x": 1}, "payload": {}},
    });
    assert_eq!(value(&read(&given)), given);
    let lower = read(&json!({"android": {"priority": "high"}}));
    assert_eq!(
        value(&lower)["android"]["priority"],
        "HIGH",
        "as the libraries write it"
    );
}

#[test]
fn null_is_what_is_not_set() {
    let given = json!({
        "data": null, "notification": null, "fcm_options": {"analytics_label": null},
        "android": {"ttl": null, "data": null, "notification": {"body_loc_args": null}},
        "android_v2": {"remote_notification": null, "background_sync": {}},
    });
    let expected = json!({
        "fcm_options": {}, "android": {"notification": {}}, "android_v2": {"background_sync": {}},
    });
    assert_eq!(value(&read(&given)), expected);
}

#[test]
fn what_can_be_no_message_is_told_at_once() {
    for (json, expected) in [
        (json!({"data": {"n": 5}}), "integer `5`, expected a string"),
        (
            json!({"android": {"ttl": "3"}}),
            "a duration such as \"3.5s\"",
        ),
        (json!({"android": {"ttl": "-3s"}}), "not negative"),
        (json!({"android": {"ttl": 3}}), "a duration such as"),
        (
            json!({"android": {"notification": {"event_time": "now"}}}),
            "a time such as",
        ),
        (
            json!({"android_v2": {"background_sync": {}, "remote_notification": {}}}),
            "not both",
        ),
        (
            json!({"android_v2": {"remote_notification": {"notification": 7}}}),
            "7",
        ),
        (
            json!({"notification": {"title": ["a"]}}),
            "expected a string",
        ),
    ] {
        let error = serde_json::from_value::<Message>(json.clone()).unwrap_err();
        assert!(error.to_string().contains(expected), "{json}: {error}");
    }
    let twice = r#"{"android":{"collapse_key":"a","collapseKey":"b"}}"#;
    let error = serde_json::from_str::<Message>(twice)
        .unwrap_err()
        .to_string();
    assert!(error.contains("duplicate field"), "{error}");
}

#[test]
fn data_come_from_a_struct_of_texts() {
    #[derive(serde::Serialize)]
    struct Score {
        home: String,
        away: &'static str,
        winner: Option<String>,
    }
    let score = Score {
        home: "1".to_owned(),
        away: "0",
        winner: None,
    };
    let message = Message::new()
        .data("match", "4711")
        .data_from(&score)
        .unwrap();
    assert_eq!(
        value(&message),
        json!({"data": {"match": "4711", "home": "1", "away": "0"}})
    );
    let bad = json!({"a": 1, "b": "x", "c": [], "d": {}});
    let error = WebpushConfig::new().data_from(&bad).unwrap_err();
    assert_eq!(
        error.to_string(),
        "data.a is a number: data are texts only, so give it as one; \
         data.c is a list: data are texts only, so give it as one; \
         data.d is an object: data are texts only, so give it as one"
    );
    let error = Message::new().data_from(&7).unwrap_err().to_string();
    assert_eq!(error, "data is a number: give an object");
    let odd: BTreeMap<Vec<u8>, String> = [(vec![1], String::new())].into();
    assert!(AndroidConfig::new().data_from(&odd).is_err());
}

#[test]
fn shortcuts_say_the_same_as_the_long_way() {
    let long = Message::new().notification(Notification::default().title("t").body("b"));
    assert_eq!(Message::with_notification("t", "b"), long);
    assert_eq!(Message::new().title("t").body("b"), long);
    assert_eq!(Message::from(Notification::new("t", "b")), long);
    assert_eq!(
        Message::with_data([("a", "1")]),
        Message::new().data("a", "1")
    );
    let options = FcmOptions::new().analytics_label("l");
    assert_eq!(
        Message::new().analytics_label("l"),
        Message::new().fcm_options(options)
    );
    let options = WebpushOptions::new().link("x").analytics_label("l");
    assert_eq!(
        WebpushConfig::new().analytics_label("l").link("x"),
        WebpushConfig::new().fcm_options(options)
    );
    let color = serde_json::to_value(Color::rgb(255, 0, 51)).unwrap();
    assert_eq!(color, json!({"red": 1.0, "green": 0.0, "blue": 0.2}));
}

#[test]
fn the_body_is_the_message_with_the_target_in_it() {
    let message = Message::with_notification("Goal", "1:0");
    for (target, validate_only, expected) in [
        (
            Target::from("abc"),
            false,
            r#"{"message":{"token":"abc","notification":{"title":"Goal","body":"1:0"}}}"#,
        ),
        (
            Target::fid("abc"),
            true,
            r#"{"validate_only":true,"message":{"fid":"abc","notification":{"title":"Goal","body":"1:0"}}}"#,
        ),
        (
            Target::topic("news").unwrap(),
            false,
            r#"{"message":{"topic":"news","notification":{"title":"Goal","body":"1:0"}}}"#,
        ),
        (
            Target::condition("'a' in topics && \"b\" in topics").unwrap(),
            true,
            r#"{"validate_only":true,"message":{"condition":"'a' in topics && \"b\" in topics","notification":{"title":"Goal","body":"1:0"}}}"#,
        ),
    ] {
        let encoded = message.encode().unwrap().validate_only(validate_only);
        assert_eq!(encoded.is_validate_only(), validate_only);
        assert_eq!(encoded.body(&target), expected.as_bytes());
    }
    let empty = Message::new().encode().unwrap();
    assert_eq!(
        empty.body(&"t".into()),
        &br#"{"message":{"token":"t"}}"#[..]
    );
}

#[test]
fn the_encoded_message_knows_of_the_live_activity() {
    let of = |apns| Message::new().apns(apns).encode().unwrap();
    assert!(of(ApnsConfig::new().live_activity_token("aa")).has_live_activity_token());
    assert!(of(ApnsConfig::new().extra("liveActivityToken", "aa")).has_live_activity_token());
    assert!(!of(ApnsConfig::new().live_activity_token("")).has_live_activity_token());
    assert!(!of(ApnsConfig::new()).has_live_activity_token());
}

#[test]
fn debug_shows_no_token_and_an_encoded_message_none_of_what_it_says() {
    let token = "0123abcd".repeat(8);
    let message = Message::with_notification("title", "text")
        .apns(ApnsConfig::new().live_activity_token(token.as_str()));
    let shown = format!("{message:?} {:?}", message.encode().unwrap());
    assert!(shown.contains("LiveActivityToken(0123abcd…)"), "{shown}");
    assert!(!shown.contains(&token[..12]), "{shown}");
    let shown = format!("{:?}", message.encode().unwrap());
    assert!(
        !shown.contains("title") && shown.contains("payload_bytes: 9"),
        "{shown}"
    );
}

proptest! {
    #[test]
    fn whatever_the_target_says_it_stays_a_text(token in "[\"\\\\\u{0}-\u{20}\\PC]{0,40}", validate_only: bool) {
        let message = Message::new().data("k", "v");
        let encoded = message.encode().unwrap().validate_only(validate_only);
        let body = encoded.body(&Target::token(token.as_str()));
        let body: Value = serde_json::from_slice(&body).unwrap();
        let mut expected = json!({"message": {"token": token, "data": {"k": "v"}}});
        if validate_only {
            expected["validate_only"] = true.into();
        }
        prop_assert_eq!(body, expected);
    }

    #[test]
    fn a_message_comes_back_from_its_json(
        title: Option<String>,
        data in prop::collection::btree_map("[a-f]{1,8}", any::<String>(), 0..5),
        ttl in prop::option::of(0..2_419_201_000_u64),
        vibrate in prop::collection::vec(any::<u64>().prop_map(Duration::from_nanos), 0..4),
        event in prop::option::of(0..200_000_000_000_u64),
        flag: Option<bool>,
    ) {
        let mut look = AndroidNotification::new().vibrate_timings(vibrate);
        look.title = title;
        look.sticky = flag;
        look.event_time = event.map(|seconds| UNIX_EPOCH + Duration::from_secs(seconds));
        let mut android = AndroidConfig::new().notification(look);
        android.ttl = ttl.map(Duration::from_millis);
        let message = Message::with_data(data).android(android);
        let json = serde_json::to_string(&message).unwrap();
        prop_assert_eq!(serde_json::from_str::<Message>(&json).unwrap(), message.clone());
        let body = message.encode().unwrap().body(&"t".into());
        let mut body: Value = serde_json::from_slice(&body).unwrap();
        body["message"].as_object_mut().unwrap().remove("token");
        prop_assert_eq!(&body["message"], &value(&message));
    }
}
