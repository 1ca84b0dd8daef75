//! What a message of the legacy protocol says, and what it may not say.

#![allow(clippy::unwrap_used)]

use std::time::Duration;

use proptest::prelude::*;
use push_gcm::legacy::{Message, Multicast, Notification, Priority, Problem, RegistrationId};
use serde_json::{Value, json};

fn body(message: &Message, ids: &[&str]) -> Value {
    let body = message.encode().unwrap().body(ids);
    serde_json::from_slice(&body).unwrap()
}

fn problems(message: &Message) -> Vec<Problem> {
    message.encode().unwrap_err().into_problems()
}

#[test]
fn a_text_is_the_message_of_the_data() {
    let hello = Message::text("Hello");
    let expected = json!({"to": "4", "data": {"message": "Hello"}});
    assert_eq!(body(&hello, &["4"]), expected);
}

#[test]
fn what_is_not_set_is_not_sent() {
    assert_eq!(body(&Message::new(), &["4"]), json!({"to": "4"}));
    let encoded = Message::new().encode().unwrap();
    assert_eq!(&encoded.body(&["4"])[..], br#"{"to":"4"}"#);
}

#[test]
fn one_id_is_to_and_more_are_registration_ids_and_never_both() {
    let message = Message::text("x");
    let two = body(&message, &["4", "8"]);
    assert_eq!(two["registration_ids"], json!(["4", "8"]));
    assert_eq!(two.get("to"), None);
    let one = body(&message, &["4"]);
    assert_eq!(
        (one.get("registration_ids"), &one["to"]),
        (None, &json!("4"))
    );
}

#[test]
fn every_parameter_has_its_place() {
    let message = Message::text("Hello")
        .data("count", 3)
        .data_from([("a", "b")])
        .notification(
            Notification::new()
                .title("t")
                .body("b")
                .subtitle("s")
                .icon("i")
                .sound("default")
                .badge(0)
                .click_action("OPEN")
                .android_channel_id("news")
                .tag("g")
                .color("#ff0000")
                .body_loc_key("bk")
                .body_loc_args(["x", "\"y\""])
                .title_loc_key("tk")
                .title_loc_args(["z"])
                .extra("image", "https://example.com/a.png"),
        )
        .collapse_key("greetings")
        .low_priority()
        .content_available(true)
        .mutable_content(false)
        .delay_while_idle(true)
        .time_to_live(Duration::from_secs(604_800))
        .restricted_package_name("com.example")
        .dry_run(true)
        .extra("direct_boot_ok", true);
    let expected = json!({
        "to": "4",
        "data": {"message": "Hello", "count": 3, "a": "b"},
        "notification": {
            "title": "t", "body": "b", "subtitle": "s", "icon": "i", "sound": "default",
            "badge": "0", "click_action": "OPEN", "android_channel_id": "news", "tag": "g",
            "color": "#ff0000", "body_loc_key": "bk", "body_loc_args": "[\"x\",\"\\\"y\\\"\"]",
            "title_loc_key": "tk", "title_loc_args": "[\"z\"]",
            "image": "https://example.com/a.png",
        },
        "collapse_key": "greetings",
        "priority": "normal",
        "content_available": true,
        "mutable_content": false,
        "delay_while_idle": true,
        "time_to_live": 604_800,
        "restricted_package_name": "com.example",
        "dry_run": true,
        "direct_boot_ok": true,
    });
    assert_eq!(body(&message, &["4"]), expected);
    let stored = serde_json::to_string(&message).unwrap();
    assert_eq!(serde_json::from_str::<Message>(&stored).unwrap(), message);
    assert_eq!(
        body(&Message::new().high_priority(), &["4"])["priority"],
        "high"
    );
}

#[test]
fn a_message_is_read_from_a_request_of_others() {
    let message: Message = serde_json::from_value(json!({
        "data": {"score": "4x8", "time": 15.16},
        "notification": {"badge": 3, "body_loc_args": ["a"], "sound": {"critical": 1}},
        "priority": "urgent",
        "time_to_live": 108,
    }))
    .unwrap();
    let notification = message.notification.as_ref().unwrap();
    assert_eq!(notification.badge.as_deref(), Some("3"));
    assert_eq!(notification.body_loc_args, Some(vec!["a".to_owned()]));
    assert_eq!(message.priority, Some(Priority::Other("urgent".to_owned())));
    assert_eq!(message.time_to_live, Some(Duration::from_secs(108)));
    assert_eq!(body(&message, &["4"])["data"]["time"], json!(15.16));
}

#[test]
fn a_part_of_a_second_is_not_now_or_never() {
    let message = Message::new().time_to_live(Duration::from_millis(1));
    assert_eq!(body(&message, &["4"])["time_to_live"], 1);
    let message = Message::new().time_to_live(Duration::ZERO);
    assert_eq!(body(&message, &["4"])["time_to_live"], 0);
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let message = Message::new()
        .data("from", "x")
        .data("message_type", "x")
        .data("gcm.notification.title", "x")
        .data("google_id", "x")
        .data("long", "x".repeat(5000))
        .time_to_live(Duration::from_secs(2_419_201))
        .notification(Notification::new().title("t").extra("title", "u"))
        .extra("registration_ids", vec!["4"])
        .extra("to", "/topics/news")
        .extra("dry_run", true);
    let problems = problems(&message);
    let count = |wanted: fn(&Problem) -> bool| problems.iter().filter(|one| wanted(one)).count();
    assert_eq!(count(|one| matches!(one, Problem::ReservedKey { .. })), 4);
    assert_eq!(count(|one| matches!(one, Problem::TargetInExtra { .. })), 2);
    assert_eq!(count(|one| matches!(one, Problem::FieldInExtra { .. })), 2);
    assert_eq!(count(|one| matches!(one, Problem::TimeToLive { .. })), 1);
    assert_eq!(
        count(|one| matches!(one, Problem::PayloadTooLarge { .. })),
        1
    );
    assert_eq!(problems.len(), 10);
    let line = message.encode().unwrap_err().to_string();
    for word in ["\"from\"", "2419201", "\"to\"", "\"notification.title\""] {
        assert!(line.contains(word), "{word}: {line}");
    }
}

#[test]
fn the_longest_time_and_the_largest_payload_are_taken() {
    let message = Message::new()
        .time_to_live(Duration::from_secs(2_419_200))
        .data("key", "x".repeat(4093));
    assert!(message.encode().is_ok());
    let message = message.data("key", "x".repeat(4094));
    let expected = Problem::PayloadTooLarge {
        bytes: 4097,
        limit_bytes: 4096,
    };
    assert_eq!(problems(&message), [expected]);
}

#[test]
fn what_is_like_a_reserved_key_is_taken() {
    let message = Message::new()
        .data("fromage", "x")
        .data("collapse_key", "x")
        .data("Google", "x");
    assert!(message.encode().is_ok());
}

#[test]
fn a_form_has_the_fields_of_the_plain_text_format() {
    let message = Message::new()
        .data("score", "4x8 & more")
        .data("time", 15.5)
        .data("home", true)
        .collapse_key("score_update")
        .delay_while_idle(true)
        .dry_run(false)
        .time_to_live(Duration::from_secs(108))
        .restricted_package_name("com.example")
        .extra("other", "ü");
    let form = message.encode_plain("4:2").unwrap();
    assert_eq!(
        std::str::from_utf8(&form).unwrap(),
        "registration_id=4%3A2&collapse_key=score_update&restricted_package_name=com.example\
         &delay_while_idle=1&dry_run=0&time_to_live=108&data.home=true\
         &data.score=4x8+%26+more&data.time=15.5&other=%C3%BC"
    );
}

#[test]
fn what_a_form_can_not_say_is_said_at_once() {
    let message = Message::new()
        .data("list", vec!["x"])
        .data("from", "x")
        .high_priority()
        .notification(Notification::new())
        .content_available(true);
    let problems = message.encode_plain("4").unwrap_err().into_problems();
    assert_eq!(
        problems,
        [
            Problem::ReservedKey {
                key: "from".to_owned()
            },
            Problem::NotPlain {
                name: "data.list".to_owned()
            },
            Problem::JsonOnly {
                name: "notification"
            },
            Problem::JsonOnly { name: "priority" },
            Problem::JsonOnly {
                name: "content_available"
            },
        ]
    );
}

#[test]
fn a_multicast_on_a_queue_is_the_same_afterwards() {
    let devices = ["4", "8", "4"].map(|id| RegistrationId::new(id).unwrap());
    let multicast = Multicast::new(Message::text("x"), devices);
    let stored = serde_json::to_string(&multicast).unwrap();
    assert_eq!(
        serde_json::from_str::<Multicast>(&stored).unwrap(),
        multicast
    );
    let unknown = r#"{"message":{},"devices":[],"retries":3}"#;
    assert!(serde_json::from_str::<Multicast>(unknown).is_err());
}

proptest! {
    #[test]
    fn any_texts_make_one_json_object(
        ids in prop::collection::vec(".{1,20}", 1..5),
        key in "[a-e]{1,9}",
        value in ".{0,40}",
    ) {
        let message = Message::new().data(key.clone(), value.clone());
        let body = message.encode().unwrap().body(&ids);
        let body: Value = serde_json::from_slice(&body).unwrap();
        prop_assert_eq!(&body["data"][&key], &json!(value));
        match ids.as_slice() {
            [id] => prop_assert_eq!(&body["to"], &json!(id)),
            ids => prop_assert_eq!(&body["registration_ids"], &json!(ids)),
        }
    }

    #[test]
    fn a_form_holds_just_what_was_put_in(id in ".{1,20}", value in ".{0,40}") {
        let message = Message::new().data("key", value.clone());
        let form = message.encode_plain(&id).unwrap();
        let form = std::str::from_utf8(&form).unwrap();
        let fields: Vec<(String, String)> = form
            .split('&')
            .map(|field| field.split_once('=').unwrap())
            .map(|(name, value)| (unescaped(name), unescaped(value)))
            .collect();
        let expected = [("registration_id".to_owned(), id), ("data.key".to_owned(), value)];
        prop_assert_eq!(fields, expected);
    }
}

/// A form's text as its readers read it.
fn unescaped(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).unwrap()
}
