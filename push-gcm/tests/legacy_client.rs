//! Single messages by the legacy protocol in simulated time.

#![allow(clippy::unwrap_used)]

mod legacy_peer;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use backend_simulated::{Dial, Simulation};
use bytes::Bytes;
use http::{Request, Response};
use legacy_peer::{Act, ENDPOINT, HOST, KEY, Server, answer, builder, client, refused, taken};
use push_core::http::HttpTransport;
use push_core::{ErrorKind, Outcome as _, ResendUnknown, Session, Verdict, async_trait};
use push_gcm::legacy::{Client, Message, Multicast, Reason};
use serde_json::json;

fn hello() -> Message {
    Message::text("Hello")
}

#[test]
fn a_message_goes_out_as_the_protocol_has_it() {
    Simulation::for_seeds(0..20, |sim| {
        let server = Server::of_results(sim, taken);
        let receipt = sim.block_on(client(sim).send("4", &hello())).unwrap();
        assert_eq!((receipt.message_id.as_str(), receipt.attempts), ("0:4", 1));
        let [seen] = &server.seen()[..] else {
            panic!("one request");
        };
        assert_eq!(seen.line, "POST /gcm/send HTTP/1.1");
        assert_eq!(seen.header("host"), Some(HOST));
        assert_eq!(seen.header("content-type"), Some("application/json"));
        let key = format!("key={KEY}");
        assert_eq!(seen.header("authorization"), Some(key.as_str()));
        let expected = json!({"to": "4", "data": {"message": "Hello"}});
        assert_eq!(seen.json(), expected);
    });
}

#[test]
fn plain_text_goes_out_as_a_form() {
    let sim = Simulation::new(1);
    let server = Server::start(&sim, |_| {
        Act::Answer(answer(200, "id=1:08\nregistration_id=32\n"))
    });
    let receipt = sim
        .block_on(client(&sim).send_plain("4", &hello()))
        .unwrap();
    assert_eq!(receipt.verdict(), Verdict::ReplaceToken("32".to_owned()));
    let seen = &server.seen()[0];
    let form = "application/x-www-form-urlencoded;charset=UTF-8";
    assert_eq!(seen.header("content-type"), Some(form));
    assert_eq!(seen.text(), "registration_id=4&data.message=Hello");
}

#[test]
fn unavailable_is_temporary_in_plain_text_too() {
    let sim = Simulation::new(1);
    let answers = Mutex::new(vec![
        answer(200, "Error=Unavailable").retry_after("7"),
        answer(500, ""),
    ]);
    Server::start(&sim, move |_| {
        Act::Answer(answers.lock().unwrap().remove(0))
    });
    let client = client(&sim);
    for wait in [7, 10] {
        let error = sim.block_on(client.send_plain("4", &hello())).unwrap_err();
        assert!(error.is_temporary(), "{error}");
        let expected = Verdict::RetryAfter(Duration::from_secs(wait));
        assert_eq!(error.verdict(), expected);
    }
}

#[test]
fn topics_conditions_and_groups_are_targets_of_their_own() {
    let sim = Simulation::new(1);
    let server = Server::start(&sim, |seen| {
        Act::Answer(match seen.json()["to"].as_str() {
            Some("group") => answer(
                200,
                r#"{"success":1,"failure":1,"failed_registration_ids":["8"]}"#,
            ),
            _ => answer(200, r#"{"message_id":6538942837218347632}"#),
        })
    });
    let client = client(&sim);
    let receipt = sim.block_on(client.send_topic("news", &hello())).unwrap();
    assert_eq!(receipt.message_id, "6538942837218347632");
    let condition = "'a' in topics || 'b' in topics";
    sim.block_on(client.send_condition(condition, &hello()))
        .unwrap();
    let group = sim.block_on(client.send_group("group", &hello())).unwrap();
    assert_eq!(group.failed.len(), 1);
    let targets: Vec<_> = server
        .seen()
        .iter()
        .map(|seen| (seen.json()["to"].clone(), seen.json()["condition"].clone()))
        .collect();
    let null = || json!(null);
    let expected = [
        (json!("/topics/news"), null()),
        (null(), json!(condition)),
        (json!("group"), null()),
    ];
    assert_eq!(targets, expected);
}

#[test]
fn what_is_wrong_is_said_before_anything_is_sent() {
    let sim = Simulation::new(1);
    let server = Server::of_results(&sim, taken);
    let client = client(&sim);
    let bad = Message::text("x").data("from", "x").extra("to", "y");
    let error = sim.block_on(client.send("4", &bad)).unwrap_err();
    assert_eq!(error.problems().len(), 2);
    assert_eq!(client.check(&bad).unwrap_err().problems().len(), 2);
    let long = Message::text("x".repeat(3000));
    let error = sim.block_on(client.send_topic("a b", &long)).unwrap_err();
    assert_eq!(error.problems().len(), 2, "{error}");
    for id in ["", "/topics/news", "a\n"] {
        let error = sim.block_on(client.send(id, &hello())).unwrap_err();
        assert_eq!(error.verdict(), Verdict::FixMessage, "{id:?}");
        let error = sim.block_on(client.send_plain(id, &hello())).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidMessage, "{id:?}");
        assert!(sim.block_on(client.send_group(id, &hello())).is_err());
    }
    assert!(server.seen().is_empty());
}

#[test]
fn nothing_is_sent_again_behind_the_callers_back() {
    for status in [401, 429, 500, 503] {
        let sim = Simulation::new(1);
        let server = Server::start(&sim, move |_| {
            Act::Answer(answer(status, "").retry_after("1"))
        });
        let error = sim.block_on(client(&sim).send("4", &hello())).unwrap_err();
        assert_eq!(error.is_authentication(), status == 401);
        assert_eq!(server.seen().len(), 1, "{status}");
    }
}

#[test]
fn a_lost_answer_is_unknown_and_sent_again_only_on_request() {
    Simulation::for_seeds(0..20, |sim| {
        let first = Mutex::new(true);
        let server = Server::start(sim, move |seen| {
            match std::mem::take(&mut *first.lock().unwrap()) {
                true => Act::Vanish,
                false => Act::Answer(legacy_peer::results(seen, taken)),
            }
        });
        let client = builder(sim).resend_unknown(ResendUnknown::Times(1)).build();
        let receipt = sim.block_on(client.unwrap().send("4", &hello())).unwrap();
        assert_eq!((receipt.attempts, server.seen().len()), (2, 2));
    });
    let sim = Simulation::new(1);
    let server = Server::start(&sim, |_| Act::Vanish);
    let error = sim.block_on(client(&sim).send("4", &hello())).unwrap_err();
    assert_eq!(error.verdict(), Verdict::Unknown);
    assert_eq!((error.attempts(), server.seen().len()), (1, 1));
}

#[test]
fn what_followed_a_lost_answer_is_not_told_as_surely_not_taken() {
    let sim = Simulation::new(1);
    let mut seen = 0;
    Server::start(&sim, move |_| {
        seen += 1;
        match seen {
            1 => Act::Vanish,
            _ => Act::Answer(answer(503, "")),
        }
    });
    let client = builder(&sim)
        .resend_unknown(ResendUnknown::Times(1))
        .build();
    let error = sim
        .block_on(client.unwrap().send("4", &hello()))
        .unwrap_err();
    assert_eq!(error.verdict(), Verdict::Unknown);
    assert!(error.may_have_been_taken() && !error.is_temporary());
}

#[test]
fn a_server_that_is_silent_is_given_up_after_the_timeout() {
    let sim = Simulation::new(1);
    Server::start(&sim, |_| Act::Silence);
    let client = builder(&sim)
        .timeout(Duration::from_secs(12))
        .build()
        .unwrap();
    let error = sim.block_on(client.send("4", &hello())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unanswered);
    assert_eq!(sim.elapsed().as_secs(), 12);
}

#[test]
fn what_is_not_sent_may_be_sent_again() {
    let sim = Simulation::new(1);
    sim.network().set_dial(HOST, 443, Dial::Refuse);
    let error = sim.block_on(client(&sim).send("4", &hello())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert!(error.is_temporary() && !error.may_have_been_taken());
    assert_eq!(error.attempts(), 0);
}

#[test]
fn another_key_takes_over_at_once() {
    let sim = Simulation::new(1);
    let server = Server::start(&sim, |seen| {
        Act::Answer(match seen.header("authorization") {
            Some("key=fresh") => legacy_peer::results(seen, taken),
            _ => answer(401, "the key AIzaSy_s3cret is not known"),
        })
    });
    let client = client(&sim);
    let error = sim.block_on(client.send("4", &hello())).unwrap_err();
    assert!(error.is_authentication());
    let shown = format!("{error} {error:?} {client:?}");
    assert!(!shown.contains("s3cret"), "{shown}");
    client.replace_credentials("fresh").unwrap();
    sim.block_on(client.send("4", &hello())).unwrap();
    assert_eq!(server.seen().len(), 2);
    assert!(client.replace_credentials("").is_err());
}

#[test]
fn a_client_needs_a_key_and_an_endpoint() {
    let sim = Simulation::new(1);
    let session = || Session::new(sim.backend());
    let error = Client::builder(session()).build().unwrap_err();
    assert!(error.to_string().contains("no API key"), "{error}");
    for endpoint in [
        "",
        "/gcm/send",
        "push.example",
        "ftp://push.example/x",
        "https://u:p@h/x",
    ] {
        let builder = Client::builder(session()).api_key(KEY).endpoint(endpoint);
        assert!(!format!("{builder:?}").contains(KEY));
        let error = builder.build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{endpoint:?}");
    }
}

#[test]
fn all_that_is_sent_may_go_to_another_thread() {
    fn sent<T: Send>(sent: T) -> T {
        sent
    }
    let sim = Simulation::new(1);
    Server::of_results(&sim, taken);
    let (client, hello) = (sent(client(&sim)), hello());
    sim.block_on(sent(client.send("4", &hello))).unwrap();
    drop(sent(client.send_plain("4", &hello)));
    drop(sent(client.send_topic("news", &hello)));
    drop(sent(client.send_group("group", &hello)));
    drop(sent(client.send_all([String::new()], &hello)));
    let source = [Ok::<_, std::io::Error>(String::new())];
    drop(sent(client.try_send_all(source, &hello)));
    let multicast = Multicast::new(hello, []);
    drop(sent(client.send_multicast(&multicast)));
}

/// A client of the caller's, which keeps what it was given.
#[derive(Debug, Default)]
struct Kept(Mutex<Vec<Request<Bytes>>>);

#[async_trait]
impl HttpTransport for Kept {
    async fn send(&self, request: Request<Bytes>, _: usize) -> push_core::Result<Response<Bytes>> {
        self.0.lock().unwrap().push(request);
        let body = json!({"results": [refused("MismatchSenderId")]}).to_string();
        Ok(Response::new(body.into()))
    }
}

#[test]
fn another_http_client_carries_it_too() {
    let sim = Simulation::new(1);
    let kept = Arc::new(Kept::default());
    let client = builder(&sim).transport(kept.clone()).build().unwrap();
    let error = sim.block_on(client.send("4", &hello())).unwrap_err();
    assert_eq!(error.reason(), Some(&Reason::MismatchSenderId));
    assert_eq!(error.verdict(), Verdict::FixCredentials);
    let requests = kept.0.lock().unwrap();
    assert_eq!(requests[0].uri(), ENDPOINT);
    assert!(requests[0].headers()["authorization"].is_sensitive());
    assert_eq!(sim.network().dials(HOST, 443).len(), 0);
}
