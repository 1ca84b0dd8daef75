//! WNS over surf: pushes and access tokens go through the caller's HTTP client.

#![allow(clippy::unwrap_used)]

mod common;

use std::io::Write;
use std::sync::{Arc, Mutex};

use common::{Clock, LIMIT, Received, Server, transport};
use futures_util::StreamExt;
use push_core::{Outcome, Session, Verdict};
use push_wns::{Client, Credentials, Notification, TrustedOrigins};

/// A WNS of few words, and what it was sent.
fn wns() -> (Server, Arc<Mutex<Vec<Received>>>) {
    let asked: Arc<Mutex<Vec<Received>>> = Arc::default();
    let seen = asked.clone();
    let server = Server::new(move |received, tcp| {
        let path = received.line.split(' ').nth(1).unwrap_or_default();
        let answer = match path {
            "/accesstoken.srf" => {
                let token =
                    r#"{"access_token":"EgAcAQMA","token_type":"bearer","expires_in":86400}"#;
                let length = token.len();
                format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{token}")
            }
            "/?token=dropped" => "HTTP/1.1 200 OK\r\nx-wns-notificationstatus: dropped\r\n\
                 content-length: 0\r\n\r\n"
                .to_owned(),
            "/?token=gone" => "HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n".to_owned(),
            _ => "HTTP/1.1 200 OK\r\nx-wns-status: received\r\nx-wns-msg-id: 1\r\n\
                 content-length: 0\r\n\r\n"
                .to_owned(),
        };
        seen.lock().unwrap().push(received);
        tcp.write_all(answer.as_bytes())
    });
    (server, asked)
}

fn run<F: Future>(test: F) -> F::Output {
    async_std::task::block_on(async_std::future::timeout(LIMIT, test)).unwrap()
}

#[test]
fn pushes_and_tokens_go_through_the_callers_client() {
    let (server, asked) = wns();
    let credentials = Credentials::package("ms-app://S-1-15-2-1", "s3cret").unwrap();
    let credentials = credentials.token_url(&server.uri("/accesstoken.srf"));
    let origin = server.uri("");
    let client = Client::builder(Session::new(Clock))
        .credentials(credentials.unwrap())
        .trusted_origins(TrustedOrigins::windows().also(&origin).unwrap())
        .transport(Arc::new(transport()))
        .build()
        .unwrap();
    let hello = Notification::text("Hello");
    let at = |token: &str| format!("{origin}/?token={token}");
    let receipt = run(client.send(at("a%2bb"), &hello)).unwrap();
    assert_eq!(receipt.message_id.as_deref(), Some("1"));
    {
        let asked = asked.lock().unwrap();
        assert!(asked[0].line.starts_with("POST /accesstoken.srf "));
        assert!(asked[1].line.starts_with("POST /?token=a%2bb "));
        assert_eq!(hello.encode().unwrap().body(), &asked[1].body);
    }
    let devices = [at("one"), at("gone"), at("dropped"), at("two")];
    let outcomes: Vec<_> = run(client.send_all(devices, &hello).collect());
    let verdicts = |verdict: &str| {
        let such = outcomes
            .iter()
            .filter(|it| it.1.verdict().name() == verdict);
        such.count()
    };
    assert_eq!((verdicts("accepted"), verdicts("remove-token")), (2, 1));
    assert_eq!(verdicts("retry-after"), 1);
}

#[test]
fn an_untrusted_channel_is_not_asked_for_here_either() {
    let (server, asked) = wns();
    let client = Client::builder(Session::new(Clock))
        .credentials(Credentials::access_token("EgAcAQMA"))
        .transport(Arc::new(transport()))
        .build()
        .unwrap();
    let error = run(client.send(server.uri("/?token=one"), &Notification::text("Hello")));
    assert_eq!(error.unwrap_err().verdict(), Verdict::FixMessage);
    assert!(asked.lock().unwrap().is_empty());
}
