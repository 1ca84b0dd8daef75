//! All that is wrong with a message of FCM is said at once, before any I/O.
#![allow(clippy::unwrap_used)]

use std::time::{Duration, UNIX_EPOCH};

use push_gcm::v1::{
    AndroidConfig, AndroidConfigV2, AndroidNotification, AndroidNotificationV2, ApnsConfig, Color,
    Fault, LightSettings, Message, RemoteNotification, Target, WebAction, WebNotification,
    WebpushConfig,
};
use serde_json::json;

fn problems(message: &Message) -> Vec<String> {
    match message.encode() {
        Ok(_) => Vec::new(),
        Err(invalid) => invalid
            .into_problems()
            .iter()
            .map(ToString::to_string)
            .collect(),
    }
}

/// The message's only problem.
fn problem(message: &Message) -> String {
    let mut problems = problems(message);
    assert_eq!(problems.len(), 1, "{problems:?}");
    problems.remove(0)
}

fn android(look: AndroidNotification) -> Message {
    Message::new().android(AndroidConfig::new().notification(look))
}

#[test]
fn all_that_is_wrong_is_said_at_once_with_the_path_of_each() {
    let look = AndroidNotification::new()
        .color("red")
        .body_loc_args(["x"])
        .title_loc_args(["x"])
        .event_time(UNIX_EPOCH + Duration::from_secs(1 << 40))
        .vibrate_timings([Duration::ZERO, Duration::MAX])
        .notification_count(-1)
        .light_settings(LightSettings::default().color(Color::new(1.5, 0.0, -0.1)));
    let message = Message::new()
        .data("from", "x")
        .data("google.sent_time", "x")
        .analytics_label("not this")
        .extra("token", "t")
        .android(
            AndroidConfig::new()
                .ttl(Duration::from_secs(2_419_201))
                .data("gcm.x", "x")
                .notification(look.clone())
                .analytics_label("x".repeat(51)),
        )
        .android_v2(AndroidConfigV2::remote_notification(
            RemoteNotification::new()
                .notification(AndroidNotificationV2::new().title("a").color("#12345"))
                .extra("mutable_content", true)
                .mutable_content(true),
        ))
        .webpush(
            WebpushConfig::new()
                .header("ttl", "soon")
                .header("URGENCY", "urgent")
                .header("a b", "x")
                .data("gcm", "x")
                .notification(
                    WebNotification::new()
                        .title("x")
                        .extra("title", "y")
                        .action(WebAction::new("a", "b").extra("action", "c")),
                )
                .link("http://example.com"),
        )
        .apns(
            ApnsConfig::new()
                .priority(7)
                .header("Apns-Expiration", "tomorrow")
                .collapse_id("x".repeat(65))
                .header("apns-topic", "a\nb")
                .aps(json!({"sound": {"volume": 2}}))
                .analytics_label("é"),
        );
    let problems = problems(&message);
    let expected = [
        "token is a target: give it to the send, apart from the message",
        "data.from is a key of the service's own",
        "data.google.sent_time is a key of the service's own",
        "android_v2 is given along with android: leave one out",
        "android.ttl is 2419201s: at most 2419200s (4 weeks) are taken",
        "android.data.gcm.x is a key of the service's own",
        "android.notification.color is \"red\": give a colour as #rrggbb",
        "android.notification.body_loc_key is missing: body_loc_args need it",
        "android.notification.title_loc_key is missing: title_loc_args need it",
        "android.notification.event_time is a time that can't be said",
        "android.notification.vibrate_timings[1] is 18446744073709551615.999999999s: at most",
        "android.notification.notification_count is -1: give 0 or more",
        "android.notification.light_settings.light_on_duration is missing: light settings need",
        "android.notification.light_settings.light_off_duration is missing",
        "android.notification.light_settings.color.red is 1.5: give 0 to 1",
        "android.notification.light_settings.color.blue is -0.1: give 0 to 1",
        "android.fcm_options.analytics_label is \"xxxx",
        "android_v2.remote_notification.mutable_content is given twice, in its field and in extra",
        "android_v2.remote_notification.notification.color is \"#12345\"",
        "webpush.data.gcm is a key of the service's own",
        "webpush.headers.URGENCY is \"urgent\": give very-low, low, normal or high",
        "webpush.headers.a b can't stand in a header",
        "webpush.headers.ttl is \"soon\": give whole seconds",
        "webpush.notification.title is given twice",
        "webpush.notification.actions[0].action is given twice",
        "webpush.fcm_options.link is \"http://example.com\": give an address that begins with https://",
        "apns.headers.Apns-Expiration is \"tomorrow\": give whole seconds since 1970, or 0",
        "apns.headers.apns-collapse-id is \"xxxx",
        "apns.headers.apns-priority is \"7\": give 10, 5 or 1",
        "apns.headers.apns-topic can't stand in a header",
        "apns.payload.aps.sound.volume is 2: give 0 to 1",
        "apns.fcm_options.analytics_label is \"é\"",
        "fcm_options.analytics_label is \"not this\": give at most 50 of",
    ];
    for (problem, expected) in problems.iter().zip(expected) {
        assert!(problem.starts_with(expected), "{problem}\n{expected}");
    }
    assert_eq!(problems.len(), expected.len(), "{problems:#?}");
    let line = message.encode().unwrap_err().to_string();
    assert_eq!(line, problems.join("; "));
}

#[test]
fn what_the_service_takes_passes() {
    let look = AndroidNotification::new()
        .color("#FFffF0")
        .body_loc_key("k")
        .body_loc_args(["x"])
        .title_loc_key("k")
        .notification_count(0)
        .light_settings(LightSettings::new(
            (255, 0, 0),
            Duration::ZERO,
            Duration::ZERO,
        ));
    for message in [
        Message::new(),
        android(look),
        android(AndroidNotification::new().color("")),
        // None of these is on the service's list.
        Message::with_data([
            ("notification", ""),
            ("collapse_key", ""),
            ("gcmx", ""),
            ("FROM", ""),
        ]),
        Message::with_data([("", "empty")]),
        Message::new()
            .analytics_label("")
            .android(AndroidConfig::new().analytics_label("x".repeat(50))),
        Message::new().android(AndroidConfig::new().ttl(Duration::from_secs(2_419_200))),
        Message::new().webpush(
            WebpushConfig::new()
                .link("HTTPS://example.com")
                .urgency("HIGH"),
        ),
        Message::new().webpush(
            WebpushConfig::new()
                .link("")
                .header("TTL", "0")
                .header("X-Other", ""),
        ),
        Message::new().apns(ApnsConfig::new().priority(10).collapse_id("x".repeat(64))),
        Message::new().apns(ApnsConfig::new().priority(1).header("apns-expiration", "0")),
        Message::new().android_v2(AndroidConfigV2::background_sync()),
        Message::new().android_v2(AndroidConfigV2::default().extra("backgroundSync", json!({}))),
    ] {
        assert_eq!(problems(&message), [""; 0], "{message:?}");
        assert_eq!(message.check(&Target::from("t")), Ok(()));
    }
}

#[test]
fn every_reserved_key_is_refused_wherever_data_stand() {
    for key in [
        "from",
        "message_type",
        "gcm",
        "gcm.notification.title",
        "google",
        "google.x",
        "googlex",
    ] {
        for (message, path) in [
            (Message::new().data(key, ""), ""),
            (
                Message::new().android(AndroidConfig::new().data(key, "")),
                "android.",
            ),
            (
                Message::new().android_v2(AndroidConfigV2::background_sync().data(key, "")),
                "android_v2.",
            ),
            (
                Message::new().webpush(WebpushConfig::new().data(key, "")),
                "webpush.",
            ),
        ] {
            let invalid = message.encode().unwrap_err();
            let [problem] = invalid.problems() else {
                panic!("{invalid}")
            };
            assert_eq!(problem.field, format!("{path}data.{key}"));
            assert_eq!(problem.fault, Fault::ReservedKey);
        }
    }
}

#[test]
fn a_member_can_stand_in_extra_in_place_of_its_field_but_not_beside_it() {
    let given = AndroidConfig::new().extra("ttl", "3s");
    assert_eq!(problems(&Message::new().android(given.clone())), [""; 0]);
    let twice = given.ttl(Duration::ZERO);
    assert!(problem(&Message::new().android(twice)).starts_with("android.ttl is given twice"));
    let camel = AndroidConfig::new()
        .collapse_key("a")
        .extra("collapseKey", "b");
    assert!(
        problem(&Message::new().android(camel)).starts_with("android.collapseKey is given twice")
    );
    let web = WebNotification::new()
        .require_interaction(true)
        .extra("requireInteraction", false);
    let web = Message::new().webpush(WebpushConfig::new().notification(web));
    assert!(problem(&web).contains("requireInteraction is given twice"));
    let data = Message::new().data("a", "b").extra("data", json!({}));
    assert!(problem(&data).starts_with("data is given twice"));
}

#[test]
fn a_message_by_intent_has_one_intent() {
    let none = Message::new().android_v2(AndroidConfigV2::default());
    assert!(problem(&none).starts_with("android_v2.remote_notification is missing"));
    let both = AndroidConfigV2::background_sync().extra("remoteNotification", json!({}));
    let both = problem(&Message::new().android_v2(both));
    assert_eq!(
        both,
        "android_v2.remote_notification is given along with background_sync: leave one out"
    );
    let both = AndroidConfigV2::remote_notification(RemoteNotification::new());
    let both = both.extra("background_sync", json!({}));
    assert!(problem(&Message::new().android_v2(both)).contains("along with remote_notification"));
}

#[test]
fn light_and_colour_have_to_be_whole() {
    let light = android(AndroidNotification::new().light_settings(LightSettings::default()));
    assert_eq!(problems(&light).len(), 3);
    let nan = LightSettings::new(
        Color::new(f64::NAN, 0.0, 0.0),
        Duration::ZERO,
        Duration::ZERO,
    );
    let nan = android(AndroidNotification::new().light_settings(nan));
    assert!(problem(&nan).contains("color.red is NaN"));
    for color in ["#12345g", "123456", "#1234567", "#é1234"] {
        assert!(problem(&android(AndroidNotification::new().color(color))).contains("#rrggbb"));
    }
}

#[test]
fn an_aps_has_to_be_an_object() {
    let message = Message::new().apns(ApnsConfig::new().aps("alert"));
    assert_eq!(
        problem(&message),
        "apns.payload.aps is a text: give an object"
    );
}

#[test]
fn a_target_that_can_be_none_is_said_with_the_rest() {
    let message = Message::new().data("from", "x");
    let invalid = message.check(&Target::from("")).unwrap_err();
    let fields: Vec<_> = invalid
        .problems()
        .iter()
        .map(|problem| &*problem.field)
        .collect();
    assert_eq!(fields, ["data.from", "token"]);
    assert!(invalid.to_string().ends_with(
        "token can't be sent to: the token is empty: give the one that the app got from Firebase"
    ));
}

#[test]
fn the_limit_is_that_of_the_kind_of_target() {
    // Keys and values count: 4 + 4092.
    let of = |bytes: usize| Message::new().data("data", "x".repeat(bytes - 4));
    let device = [Target::from("t"), Target::fid("f")];
    let topic = [
        Target::topic("t").unwrap(),
        Target::condition("'t' in topics").unwrap(),
    ];
    for (targets, limit) in [(device, 4096), (topic, 2048)] {
        for target in targets {
            assert_eq!(of(limit).check(&target), Ok(()), "{target:?}");
            let problems = of(limit + 1).check(&target).unwrap_err().into_problems();
            let bytes = limit + 1;
            let fault = Fault::TooLarge {
                bytes,
                limit_bytes: limit,
            };
            assert_eq!(
                (&*problems[0].field, &problems[0].fault),
                ("message", &fault)
            );
            if limit == 2048 {
                let encoded = of(limit + 1).encode().unwrap();
                assert_eq!(encoded.payload_bytes(), bytes);
                assert!(encoded.check(&target).is_err());
                assert!(encoded.check(&Target::from("t")).is_ok());
            }
        }
    }
    let text = problem(&of(5000));
    assert_eq!(
        text,
        "message has at least 5000 bytes of keys and texts: at most 4096 are taken for a device, \
         shorten it"
    );
}

#[test]
fn what_is_small_enough_for_one_platform_is_not_refused() {
    let bytes = |message: &Message| message.encode().unwrap().payload_bytes();
    let long = "x".repeat(3000);
    let both = Message::with_notification("title", long.as_str()).data("k", "v");
    assert_eq!(bytes(&both), 5 + 3000 + 2);
    // Android's own data take the place of the message's.
    let small = both.clone().data("big", long.as_str());
    assert!(small.encode().is_err());
    let small = small.android(AndroidConfig::new().data("k", "v"));
    assert_eq!(bytes(&small), 5 + 3000 + 2);
    // So does the text.
    let look = AndroidNotification::new().title("").body("short");
    let small = Message::with_notification("title", "x".repeat(5000))
        .android(AndroidConfig::new().notification(look));
    assert_eq!(bytes(&small), 5);
    let look = AndroidNotificationV2::new().body("short");
    let small = Message::with_notification("title", "x".repeat(5000))
        .android_v2(AndroidConfigV2::remote_notification(look).data("a", "b"));
    assert_eq!(bytes(&small), 5 + 5 + 2);
    let web = WebNotification::new().body("short");
    let small = Message::with_notification("title", "x".repeat(5000))
        .webpush(WebpushConfig::new().notification(web).data("a", "b"));
    assert_eq!(bytes(&small), 5 + 5 + 2);
    // Apple's payload takes the place of the notification.
    let apns = ApnsConfig::new().aps(json!({"alert": {"body": "short"}, "badge": 7}));
    let small = Message::with_notification("title", "x".repeat(5000)).apns(apns);
    assert_eq!(bytes(&small), "apsalertbodyshortbadge".len() + 1);
}
