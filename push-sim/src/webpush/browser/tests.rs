//! A session, without its websocket.

use std::sync::Arc;

use futures_util::FutureExt;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::fuzzing;
use super::session::{Refusal, Session};
use crate::webpush::delivery::State;
use crate::webpush::store::{Message, Store, expiry};

const ORIGIN: &str = "https://127.0.0.1:8443";
const CHANNEL: &str = "0b6f4a2e-7c1d-4f55-9d3b-6a8e2f1c4d90";
const OTHER: &str = "1b6f4a2e-7c1d-4f55-9d3b-6a8e2f1c4d90";
/// The public key of RFC 8292, section 2.4.
const KEY: &str =
    "BA1Hxzyi1RUM1b5wjxsn7nGxAszw2u61m164i3MrAIxHF6YK5h4SDYic-dRuU_RCPCfA5aq9ojSwk5Y2EmClBPs";

fn store() -> Arc<Store> {
    Arc::new(Store::new("https://localhost:1"))
}

fn session(store: &Arc<Store>) -> Session {
    Session::new(Arc::clone(store), ORIGIN.to_owned())
}

/// What is answered; null: nothing.
fn say(session: &mut Session, message: Value) -> Value {
    let outgoing = session.hear(&message.to_string()).unwrap();
    outgoing.map_or(Value::Null, |it| {
        serde_json::from_str(&it.to_text()).unwrap()
    })
}

fn refused(session: &mut Session, message: Value) -> Refusal {
    session.hear(&message.to_string()).unwrap_err()
}

fn hello(session: &mut Session, uaid: Option<&str>) -> String {
    let hello = say(
        session,
        json!({"messageType": "hello", "uaid": uaid, "use_webpush": true, "broadcasts": {}}),
    );
    assert_eq!(
        (&hello["status"], &hello["use_webpush"]),
        (&json!(200), &json!(true))
    );
    assert_eq!(hello["broadcasts"], json!({}));
    hello["uaid"].as_str().unwrap().to_owned()
}

fn register(session: &mut Session, channel: &str) -> String {
    let message = json!({"messageType": "register", "channelID": channel, "key": KEY});
    let registered = say(session, message);
    assert_eq!(registered["messageType"], "register");
    assert_eq!(
        (&registered["status"], &registered["channelID"]),
        (&json!(200), &json!(channel))
    );
    registered["pushEndpoint"].as_str().unwrap().to_owned()
}

fn ack(session: &mut Session, notification: &Value, code: Value) {
    let (channel, version) = (&notification["channelID"], &notification["version"]);
    let update = json!({"channelID": channel, "version": version, "code": code});
    let said = say(session, json!({"messageType": "ack", "updates": [update]}));
    assert_eq!(said, Value::Null);
}

/// The next notification, if one is there.
fn next(session: &mut Session) -> Option<Value> {
    let outgoing = session.next().now_or_never()?.expect("the session goes on");
    Some(serde_json::from_str(&outgoing.to_text()).unwrap())
}

fn push(store: &Store, endpoint: &str) -> Arc<crate::webpush::delivery::Tracked> {
    push_as(store, endpoint, |message| message)
}

fn push_as(
    store: &Store,
    endpoint: &str,
    with: impl FnOnce(Message) -> Message,
) -> Arc<crate::webpush::delivery::Tracked> {
    let message = with(fuzzing::message(endpoint));
    let tracked = Arc::clone(&message.tracked);
    store.put(message);
    tracked
}

#[test]
fn a_new_browser_gets_a_name_which_it_keeps() {
    let store = store();
    let uaid = hello(&mut session(&store), None);
    assert_eq!(uaid.len(), 32);
    assert_eq!(hello(&mut session(&store), Some(&uaid)), uaid);
    let dashed = format!("{}-{}", &uaid[..8], uaid[8..].to_uppercase());
    assert_eq!(hello(&mut session(&store), Some(&dashed)), uaid);
}

#[test]
fn a_name_that_is_not_known_is_replaced() {
    let store = store();
    for strange in ["", "x", "00112233445566778899aabbccddeeff", "\u{0}"] {
        let uaid = hello(&mut session(&store), Some(strange));
        assert_ne!(uaid, strange);
        assert_eq!(uaid.len(), 32);
    }
}

#[test]
fn an_endpoint_is_of_the_origin_by_which_the_browser_came() {
    let store = store();
    let mut session = session(&store);
    hello(&mut session, None);
    let bound = register(&mut session, CHANNEL);
    assert!(
        bound.starts_with("https://127.0.0.1:8443/wpush/v2/"),
        "{bound}"
    );
    let message = json!({"messageType": "register", "channelID": OTHER});
    let free = say(&mut session, message)["pushEndpoint"].clone();
    assert!(
        free.as_str()
            .unwrap()
            .starts_with("https://127.0.0.1:8443/wpush/v1/"),
        "{free}"
    );
}

#[test]
fn a_key_that_is_none_makes_no_endpoint() {
    let store = store();
    let mut session = session(&store);
    hello(&mut session, None);
    for key in ["", "AAAA", "no base64!"] {
        let message = json!({"messageType": "register", "channelID": CHANNEL, "key": key});
        assert_eq!(say(&mut session, message)["status"], 400, "{key}");
    }
    assert!(store.known().is_empty());
}

#[test]
fn a_push_is_handed_over_at_once_and_its_acknowledgement_is_kept() {
    let store = store();
    let mut session = session(&store);
    hello(&mut session, None);
    let endpoint = register(&mut session, CHANNEL);
    for (code, kept) in [(json!(100), 100), (json!(101), 101), (Value::Null, 100)] {
        let tracked = push(&store, &endpoint);
        assert_eq!(tracked.show().state, State::Delivered);
        let notification = next(&mut session).unwrap();
        assert_eq!(notification["messageType"], "notification");
        assert_eq!(notification["channelID"], CHANNEL);
        assert_eq!(notification["data"], "AGJvZHn_");
        assert_eq!(notification["headers"], json!({"encoding": "aes128gcm"}));
        assert_eq!(notification["ttl"], 60);
        ack(&mut session, &notification, code);
        assert_eq!(tracked.show().ack, Some(kept));
        assert_eq!(tracked.show().state, State::Acknowledged);
    }
    let known = store.known();
    assert_eq!(known[0].acks, [(100, 2), (101, 1)].into());
    assert_eq!(known[0].stored, 0);
    assert_eq!(next(&mut session), None);
}

#[test]
fn the_older_coding_comes_with_its_fields_and_no_payload_with_none() {
    let store = store();
    let mut session = session(&store);
    hello(&mut session, None);
    let endpoint = register(&mut session, CHANNEL);
    push_as(&store, &endpoint, |message| Message {
        encoding: Some("aesgcm".to_owned()),
        encryption: Some("salt=abc".to_owned()),
        crypto_key: Some("dh=def".to_owned()),
        ..message
    });
    let headers = json!({"encoding": "aesgcm", "encryption": "salt=abc", "crypto_key": "dh=def"});
    assert_eq!(next(&mut session).unwrap()["headers"], headers);
    push_as(&store, &endpoint, |message| Message {
        data: Vec::new(),
        encoding: None,
        ..message
    });
    let empty = next(&mut session).unwrap();
    assert!(
        empty.get("data").is_none() && empty.get("headers").is_none(),
        "{empty}"
    );
}

#[test]
fn what_came_while_it_was_away_waits_and_what_may_not_wait_is_dropped() {
    let store = store();
    let mut first = session(&store);
    let uaid = hello(&mut first, None);
    let endpoint = register(&mut first, CHANNEL);
    drop(first);
    let dropped = push_as(&store, &endpoint, |message| Message {
        ttl: 0,
        expires_at: expiry(0),
        ..message
    });
    let stored = push(&store, &endpoint);
    assert_eq!(dropped.show().state, State::Dropped);
    assert_eq!(stored.show().state, State::Stored);

    let mut second = session(&store);
    assert_eq!(hello(&mut second, Some(&uaid)), uaid);
    let notification = next(&mut second).unwrap();
    assert_eq!(next(&mut second), None);
    ack(&mut second, &notification, json!(100));
    assert_eq!(stored.show().ack, Some(100));
}

#[test]
fn what_was_not_acknowledged_comes_again() {
    let store = store();
    let mut first = session(&store);
    let uaid = hello(&mut first, None);
    let endpoint = register(&mut first, CHANNEL);
    push(&store, &endpoint);
    let before = next(&mut first).unwrap();
    drop(first);
    let mut second = session(&store);
    hello(&mut second, Some(&uaid));
    assert_eq!(next(&mut second), Some(before.clone()));
    ack(&mut second, &before, json!(100));
    drop(second);
    let mut third = session(&store);
    hello(&mut third, Some(&uaid));
    assert_eq!(next(&mut third), None);
}

#[test]
fn of_two_connections_of_one_browser_the_newer_gets_what_comes() {
    let store = store();
    let mut older = session(&store);
    let uaid = hello(&mut older, None);
    let endpoint = register(&mut older, CHANNEL);
    let mut newer = session(&store);
    hello(&mut newer, Some(&uaid));
    assert_eq!(older.next().now_or_never(), Some(None));
    push(&store, &endpoint);
    assert!(next(&mut newer).is_some());
}

#[test]
fn an_acknowledgement_of_what_was_not_sent_is_passed_over() {
    let store = store();
    let (mut one, mut another) = (session(&store), session(&store));
    hello(&mut one, None);
    hello(&mut another, None);
    let endpoint = register(&mut one, CHANNEL);
    let tracked = push(&store, &endpoint);
    let notification = next(&mut one).unwrap();
    ack(&mut another, &notification, json!(101));
    ack(
        &mut one,
        &json!({"channelID": CHANNEL, "version": "x"}),
        json!(101),
    );
    assert_eq!(tracked.show().ack, None);
    ack(&mut one, &notification, json!(100));
    ack(&mut one, &notification, json!(101));
    assert_eq!(tracked.show().ack, Some(100));
}

#[test]
fn a_subscription_that_was_ended_is_known_to_have_ended() {
    let store = store();
    let mut session = session(&store);
    hello(&mut session, None);
    register(&mut session, CHANNEL);
    for channel in [CHANNEL, CHANNEL, OTHER] {
        let message = json!({"messageType": "unregister", "channelID": channel, "code": 200});
        let answer = say(&mut session, message);
        let expected = json!({"messageType": "unregister", "channelID": channel, "status": 200});
        assert_eq!(answer, expected);
    }
    assert!(store.known()[0].unsubscribed);
}

#[test]
fn small_talk_is_answered_or_listened_to() {
    let mut session = session(&store());
    hello(&mut session, None);
    assert_eq!(say(&mut session, json!({})), json!({}));
    assert_eq!(say(&mut session, json!({"messageType": "ping"})), json!({}));
    let nack = json!({"messageType": "nack", "version": "v", "code": 301});
    assert_eq!(say(&mut session, nack), Value::Null);
    let subscribe = json!({"messageType": "broadcast_subscribe", "broadcasts": {"a": "b"}});
    assert_eq!(say(&mut session, subscribe), Value::Null);
}

#[test]
fn what_may_not_be_said_ends_the_session() {
    let mut session = session(&store());
    assert_eq!(refused(&mut session, json!({})), Refusal::NotGreeted);
    let early = json!({"messageType": "register", "channelID": CHANNEL});
    assert_eq!(refused(&mut session, early), Refusal::NotGreeted);
    hello(&mut session, None);
    let again = json!({"messageType": "hello"});
    assert_eq!(refused(&mut session, again), Refusal::GreetedTwice);
    for message in [
        json!({"messageType": "purge"}),
        json!([]),
        json!({"uaid": "x"}),
    ] {
        assert_eq!(refused(&mut session, message), Refusal::Unreadable);
    }
    for channel in ["", &CHANNEL.to_uppercase(), &CHANNEL.replace('-', ""), "é"] {
        for kind in ["register", "unregister"] {
            let message = json!({"messageType": kind, "channelID": channel});
            assert_eq!(
                refused(&mut session, message),
                Refusal::Channel,
                "{channel}"
            );
        }
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in any::<String>(), greeted in any::<bool>()) {
        let mut session = session(&store());
        if greeted {
            hello(&mut session, None);
        }
        let _ = session.hear(&text);
    }

    #[test]
    fn no_talk_makes_it_panic(picks in prop::collection::vec((0..12usize, any::<u16>()), 0..40)) {
        let lines = picks.into_iter().map(|(pick, number)| match pick {
            0 => "again".to_owned(),
            1 | 2 => "push".to_owned(),
            3 => json!({"messageType": "hello", "uaid": null}).to_string(),
            4 => json!({"messageType": "hello", "uaid": format!("{number:032x}")}).to_string(),
            5 => json!({"messageType": "register", "channelID": CHANNEL, "key": KEY}).to_string(),
            6 => json!({"messageType": "register", "channelID": OTHER}).to_string(),
            7 => json!({"messageType": "unregister", "channelID": CHANNEL}).to_string(),
            8 => json!({"messageType": "ack", "updates": [
                {"channelID": CHANNEL, "version": number.to_string(), "code": number}
            ]}).to_string(),
            9 => json!({"messageType": "nack", "version": "", "code": number}).to_string(),
            10 => "{}".to_owned(),
            _ => format!("{{\"messageType\":{number}}}"),
        });
        fuzzing::browser(lines.collect::<Vec<_>>().join("\n").as_bytes());
    }
}
