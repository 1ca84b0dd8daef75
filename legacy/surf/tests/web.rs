//! Web Push over surf: only for endpoints that can be trusted.

#![allow(clippy::unwrap_used)]

mod common;

use std::io::Write;
use std::sync::{Arc, Mutex};

use common::{Clock, LIMIT, Received, Server, transport};
use futures_util::StreamExt;
use push_core::{ErrorKind, Outcome, Session, Verdict};
use push_web::{Client, EndpointPolicy, Message, Receiver, Subscription, Vapid, VapidKey};

/// A push service of few words, and what it was sent.
fn push_service() -> (Server, Arc<Mutex<Vec<Received>>>) {
    let asked: Arc<Mutex<Vec<Received>>> = Arc::default();
    let seen = asked.clone();
    let server = Server::new(move |received, tcp| {
        let answer = match received.line.split(' ').nth(1) {
            Some("/push/gone") => "HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n",
            _ => "HTTP/1.1 201 Created\r\nlocation: /m/1\r\ncontent-length: 0\r\n\r\n",
        };
        seen.lock().unwrap().push(received);
        tcp.write_all(answer.as_bytes())
    });
    (server, asked)
}

fn client(policy: EndpointPolicy) -> Client {
    let key = VapidKey::generate().unwrap();
    Client::builder(Session::new(Clock))
        .vapid(Vapid::new(key).subject("mailto:ops@example.com"))
        .endpoints(policy)
        .trusted_endpoints_only(Arc::new(transport()))
        .build()
        .unwrap()
}

fn run<F: Future>(test: F) -> F::Output {
    async_std::task::block_on(async_std::future::timeout(LIMIT, test)).unwrap()
}

#[test]
fn pushes_go_through_the_callers_client_and_are_read_by_the_browser() {
    let (server, asked) = push_service();
    let browser = Receiver::generate().unwrap();
    let at = |id: &str| {
        let endpoint = server.uri(&format!("/push/{id}"));
        Subscription::with_keys(&endpoint, browser.keys()).unwrap()
    };
    let client = client(EndpointPolicy::private());
    let hello = Message::text("Hello");
    let receipt = run(client.send(at("one"), &hello)).unwrap();
    assert_eq!(receipt.message_id.as_deref(), Some("1"));
    let received = asked.lock().unwrap().pop().unwrap();
    assert_eq!(browser.decrypt_aes128gcm(&received.body).unwrap(), b"Hello");

    let devices = [at("one"), at("gone"), at("two")];
    let outcomes: Vec<_> = run(client.send_all(devices, &hello).collect());
    let gone = outcomes
        .iter()
        .filter(|(_, outcome)| outcome.verdict() == Verdict::remove_token(None));
    assert_eq!((outcomes.len(), gone.count()), (3, 1));
}

#[test]
fn what_the_policy_says_of_a_url_holds_still() {
    let (server, asked) = push_service();
    let keys = Receiver::generate().unwrap().keys();
    let inside = Subscription::with_keys(&server.uri("/push/one"), keys).unwrap();
    let client = client(EndpointPolicy::public());
    let error = run(client.send(inside, &Message::text("Hello")));
    assert_eq!(error.unwrap_err().kind(), ErrorKind::InvalidMessage);
    assert!(asked.lock().unwrap().is_empty());
}
