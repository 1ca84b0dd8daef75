//! FCM HTTP v1 over surf: the access token and the pushes go through the caller's HTTP client.

#![allow(clippy::unwrap_used)]

mod common;

use std::io::{self, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::{Clock, LIMIT, Received, Server, transport};
use futures_util::StreamExt;
use push_core::{ErrorKind, Outcome, Session, Verdict};
use push_gcm::v1::{Client, ClientBuilder, Credentials, Message, Topic};

/// An FCM of few words, and what it was asked.
struct Fcm {
    server: Server,
    asked: Arc<Mutex<Vec<Received>>>,
}

impl Fcm {
    fn new() -> Self {
        let asked: Arc<Mutex<Vec<Received>>> = Arc::default();
        let seen = asked.clone();
        let server = Server::new(move |received, tcp| {
            let answered = answer(&received, tcp);
            seen.lock().unwrap().push(received);
            answered
        });
        Self { server, asked }
    }

    fn count(&self, path: &str) -> usize {
        let asked = self.asked.lock().unwrap();
        let to_it = asked
            .iter()
            .filter(|one| one.line.split(' ').nth(1) == Some(path));
        to_it.count()
    }
}

const SEND: &str = "/v1/projects/p/messages:send";

fn answer(received: &Received, tcp: &mut TcpStream) -> io::Result<()> {
    let body = String::from_utf8_lossy(&received.body).into_owned();
    let text = received.line.as_str();
    let (status, extra, json) = if text.starts_with("POST /token ") {
        assert!(body.contains("refresh_token=1%2F%2Fsecret"), "{body}");
        (
            200,
            "",
            r#"{"access_token":"ya29.fresh","expires_in":3599,"token_type":"Bearer"}"#,
        )
    } else if !has(received, "authorization", "Bearer ya29.fresh") {
        (
            401,
            "",
            r#"{"error":{"code":401,"status":"UNAUTHENTICATED"}}"#,
        )
    } else if text.contains("/topicSubscriptions") {
        (
            409,
            "",
            r#"{"error":{"code":409,"status":"ALREADY_EXISTS"}}"#,
        )
    } else if body.contains("gone") {
        let details = r#"[{"@type":"type.googleapis.com/google.firebase.fcm.v1.FcmError","errorCode":"UNREGISTERED"}]"#;
        return write(
            tcp,
            404,
            "",
            &format!(r#"{{"error":{{"code":404,"status":"NOT_FOUND","details":{details}}}}}"#),
        );
    } else if body.contains("busy") {
        (503, "Retry-After: 7\r\n", "<html>busy</html>")
    } else if body.contains("lost") {
        return Err(io::ErrorKind::ConnectionReset.into());
    } else if body.contains("silent") {
        std::thread::park_timeout(LIMIT);
        return Ok(());
    } else {
        (200, "", r#"{"name":"projects/p/messages/0:1"}"#)
    };
    write(tcp, status, extra, json)
}

fn has(received: &Received, name: &str, value: &str) -> bool {
    let mut headers = received.headers.iter();
    headers.any(|(header, held)| header == name && held == value)
}

fn write(tcp: &mut TcpStream, status: u16, extra: &str, body: &str) -> io::Result<()> {
    let length = body.len();
    let head = format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\n{extra}\r\n");
    tcp.write_all((head + body).as_bytes())
}

fn builder(fcm: &Fcm) -> ClientBuilder {
    let user = r#"{"type":"authorized_user","client_id":"c","client_secret":"s","refresh_token":"1//secret"}"#;
    let user = Credentials::authorized_user(user).unwrap();
    let user = user.token_url(&fcm.server.uri("/token")).unwrap();
    Client::builder(Session::new(Clock))
        .credentials(user)
        .project("p")
        .endpoint(fcm.server.uri(""))
        .transport(Arc::new(transport()))
}

fn run<F: Future>(test: F) -> F::Output {
    async_std::task::block_on(async_std::future::timeout(LIMIT, test)).unwrap()
}

fn hello() -> Message {
    Message::with_notification("anypush", "Hello")
}

#[test]
fn a_push_and_its_access_token_go_over_surf() {
    let fcm = Fcm::new();
    let client = builder(&fcm).build().unwrap();
    run(async {
        client.ready().await.unwrap();
        let receipt = client.send("a", &hello()).await.unwrap();
        assert_eq!((receipt.message_id(), receipt.attempts), ("0:1", 1));
        let news = Topic::new("news").unwrap();
        assert!(client.topics().subscribe("a", &news).await.unwrap().already);
    });
    assert_eq!((fcm.count("/token"), fcm.count(SEND)), (1, 1));
    let asked = fcm.asked.lock().unwrap();
    let push = asked.iter().find(|one| one.line.contains(SEND)).unwrap();
    assert!(has(push, "content-type", "application/json; charset=UTF-8"));
    let body = r#"{"message":{"token":"a","notification":{"title":"anypush","body":"Hello"}}}"#;
    assert_eq!(push.body, body.as_bytes());
}

#[test]
fn many_devices_have_one_outcome_each_over_surf() {
    const DEVICES: usize = 200;
    let fcm = Fcm::new();
    let client = builder(&fcm).in_flight(16).build().unwrap();
    let tokens = (0..DEVICES).map(|number| match number {
        3 => "gone".to_owned(),
        5 => "busy".to_owned(),
        7 => "lost".to_owned(),
        _ => format!("token-{number}"),
    });
    let outcomes: Vec<_> = run(client.send_all(tokens, &hello()).collect());
    assert_eq!(outcomes.len(), DEVICES);
    for (token, outcome) in outcomes {
        let expected = match token.as_str() {
            "gone" => Verdict::remove_token(None),
            "busy" => Verdict::RetryAfter(Duration::from_secs(7)),
            "lost" => Verdict::Unknown,
            _ => Verdict::Accepted,
        };
        assert_eq!(outcome.verdict(), expected, "{token}: {outcome:?}");
    }
    assert_eq!((fcm.count("/token"), fcm.count(SEND)), (1, DEVICES));
}

#[test]
fn an_answer_that_does_not_come_in_time_is_unknown_over_surf() {
    let fcm = Fcm::new();
    let client = builder(&fcm)
        .timeout(Duration::from_secs(1))
        .build()
        .unwrap();
    run(async {
        client.ready().await.unwrap();
        let error = client.send("silent", &hello()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unanswered, "{}", error.report());
        assert_eq!(error.verdict(), Verdict::Unknown);
    });
}
