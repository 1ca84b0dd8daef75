//! Declarative messages: their JSON, and what is wrong with them.

#![allow(clippy::unwrap_used)]

use push_web::{Action, Declarative, Message, Notification, TextDirection};
use serde_json::{Value, json};

fn payload(message: &Message) -> Value {
    let encoded = message.encode().unwrap();
    serde_json::from_slice(encoded.plaintext().unwrap()).unwrap()
}

#[test]
fn every_member_is_written_as_the_standard_names_it() {
    let notification = Notification::new("Goal", "https://example.org/4711")
        .dir(TextDirection::RightToLeft)
        .lang("en-GB")
        .body("1:0")
        .tag("score")
        .image("/goal.png")
        .icon("/icon.png")
        .badge("/badge.png")
        .vibrate([200, 100, 200])
        .timestamp(1_700_000_000_000_u64)
        .renotify(true)
        .silent(false)
        .require_interaction(true)
        .data(json!({"match": 4711}))
        .action(
            Action::new("watch", "Watch")
                .navigate("https://example.org/live")
                .icon("/play.png")
                .extra("type", "button"),
        )
        .extra("later", 1);
    let declarative = Declarative::new(notification)
        .mutable(true)
        .app_badge(3)
        .extra("more", true);
    assert_eq!(
        payload(&Message::declarative(declarative)),
        json!({
            "web_push": 8030,
            "notification": {
                "title": "Goal", "navigate": "https://example.org/4711", "dir": "rtl",
                "lang": "en-GB", "body": "1:0", "tag": "score", "image": "/goal.png",
                "icon": "/icon.png", "badge": "/badge.png", "vibrate": [200, 100, 200],
                "timestamp": 1_700_000_000_000_u64, "renotify": true, "silent": false,
                "requireInteraction": true, "data": {"match": 4711},
                "actions": [{
                    "action": "watch", "title": "Watch",
                    "navigate": "https://example.org/live", "icon": "/play.png",
                    "type": "button",
                }],
                "later": 1,
            },
            "mutable": true, "app_badge": 3, "more": true,
        })
    );
}

#[test]
fn it_says_what_it_is_by_its_content_type_unless_told_otherwise() {
    let message = Message::declarative(Notification::new("Goal", "/4711"));
    let content_type = |message: &Message| {
        let encoded = message.encode().unwrap();
        encoded.headers()["content-type"]
            .to_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(content_type(&message), "application/notification+json");
    let message = message.content_type("application/octet-stream");
    assert_eq!(content_type(&message), "application/octet-stream");
}

#[test]
fn the_badge_can_stand_in_both_places() {
    let goal = Notification::new("Goal", "/4711");
    let declarative = Declarative::new(goal).app_badge_everywhere(7);
    let payload = payload(&declarative.into());
    assert_eq!(payload["app_badge"], json!(7));
    assert_eq!(payload["notification"]["app_badge"], json!("7"));
}

#[test]
fn numbers_are_read_in_the_forms_that_browsers_take() {
    let read = |badge: Value, vibrate: Value| {
        serde_json::from_value::<Declarative>(json!({
            "web_push": 8030.0,
            "app_badge": badge,
            "notification": {"title": "x", "navigate": "/", "vibrate": vibrate},
        }))
    };
    for badge in [json!(7), json!("7")] {
        assert_eq!(read(badge, json!(5)).unwrap().app_badge, Some(7));
    }
    assert_eq!(read(Value::Null, Value::Null).unwrap().app_badge, None);
    let vibrate = |vibrate| read(json!(0), vibrate).unwrap().notification.vibrate;
    assert_eq!(vibrate(json!(5)), [5]);
    assert_eq!(vibrate(json!([5, 6])), [5, 6]);
    for badge in [json!("+7"), json!(""), json!(-1), json!("x"), json!(1.5)] {
        assert!(read(badge.clone(), json!(5)).is_err(), "{badge}");
    }
}

#[test]
fn what_a_browser_would_not_show_is_told_all_at_once() {
    let notification = Notification::new("", "")
        .icon("not an address")
        .body("x")
        .extra("body", "y")
        .extra("title", "z")
        .action(Action::new("", "Watch").navigate("\n"));
    let declarative = Declarative::new(notification).extra("web_push", 1);
    let invalid = Message::declarative(declarative).encode().unwrap_err();
    let told: Vec<String> = invalid.problems().iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "the declarative.web_push is given twice, in its field and in extra: leave one out",
            "the declarative.notification.title is given twice, in its field and in extra: leave one out",
            "the declarative.notification.body is given twice, in its field and in extra: leave one out",
            "the declarative.notification.title is empty: give a text",
            "the declarative.notification.navigate is empty: give a text",
            "the declarative.notification.icon is \"not an address\": give an address, without spaces",
            "the declarative.notification.actions[0].action is empty: give a text",
            "the declarative.notification.actions[0].navigate is \"\\n\": give an address, without spaces",
        ]
    );
}

#[test]
fn a_message_that_a_page_wrote_is_kept_with_all_it_has() {
    let text = r#"{"web_push":8030,"notification":{"title":"x","navigate":"/","dir":"up","new":{"a":1}},"newer":2}"#;
    let declarative: Declarative = serde_json::from_str(text).unwrap();
    assert_eq!(
        declarative.notification.dir,
        Some(TextDirection::Other("up".into()))
    );
    assert_eq!(serde_json::to_string(&declarative).unwrap(), text);
}
