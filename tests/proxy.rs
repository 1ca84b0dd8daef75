//! APNs through an HTTP proxy, on every backend.

#![allow(clippy::unwrap_used)]

mod common;

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;

use anypush::apns::Notification;
use anypush::{Egress, ErrorKind, Proxy, Session, Verdict};
use common::*;

on_every_backend! {
    a_push_goes_through_the_proxy_to_an_address_that_was_resolved_here,
    the_proxy_resolves_where_it_is_allowed_to,
    user_and_password_are_shown_and_their_refusal_is_told,
    the_egress_filter_is_asked_before_the_proxy_is,
    what_is_no_proxy_is_told,
}

/// A proxy for a few connections, which tells the head of each request that it gets.
struct Tunnels {
    port: u16,
    requests: mpsc::Receiver<String>,
}

impl Tunnels {
    fn start(answer: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, requests) = mpsc::channel();
        std::thread::spawn(move || {
            for stream in listener.incoming().take(8) {
                let sender = sender.clone();
                std::thread::spawn(move || serve(stream.unwrap(), &sender, answer));
            }
        });
        Self { port, requests }
    }

    fn proxy(&self) -> Proxy {
        Proxy::new("127.0.0.1", self.port)
    }
}

fn serve(mut client: TcpStream, requests: &mpsc::Sender<String>, answer: &str) {
    let mut reader = BufReader::new(client.try_clone().unwrap());
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).unwrap_or(0) == 0 {
            return;
        }
    }
    let authority = head.split(' ').nth(1).unwrap().to_owned();
    let _ = requests.send(head);
    client.write_all(answer.as_bytes()).unwrap();
    if !answer.contains(" 200 ") {
        return;
    }
    let mut server = TcpStream::connect(authority).unwrap();
    let mut back = server.try_clone().unwrap();
    let mut to_client = client.try_clone().unwrap();
    std::thread::spawn(move || std::io::copy(&mut back, &mut to_client));
    let _ = std::io::copy(&mut client, &mut server);
}

const TUNNEL: &str = "HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n";

async fn a_push_goes_through_the_proxy_to_an_address_that_was_resolved_here(backend: Shared) {
    let (sim, tunnels) = (sim(), Tunnels::start(TUNNEL));
    let client = builder(Session::new(backend), &sim)
        .proxy(tunnels.proxy())
        .egress(Egress::filter(|address| address.is_ipv4()))
        .build()
        .unwrap();
    client
        .send(token(1), &Notification::alert("Hello"))
        .await
        .unwrap();
    let port = sim.apns_addr().unwrap().port();
    let request = tunnels.requests.recv().unwrap();
    let expected = format!("CONNECT 127.0.0.1:{port} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n");
    assert_eq!(request, expected);
}

async fn the_proxy_resolves_where_it_is_allowed_to(backend: Shared) {
    let (sim, tunnels) = (sim(), Tunnels::start(TUNNEL));
    let client = builder(Session::new(backend.clone()), &sim)
        .proxy(tunnels.proxy().resolve_by_proxy())
        .build()
        .unwrap();
    client.ready().await.unwrap();
    let request = tunnels.requests.recv().unwrap();
    assert!(request.starts_with("CONNECT localhost:"), "{request}");

    let filtered = builder(Session::new(backend), &sim)
        .proxy(tunnels.proxy().resolve_by_proxy())
        .egress(Egress::public())
        .build()
        .unwrap();
    let error = filtered.ready().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Egress);
    assert!(
        tunnels.requests.try_recv().is_err(),
        "the proxy was not asked"
    );
}

async fn user_and_password_are_shown_and_their_refusal_is_told(backend: Shared) {
    let refusal = "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n";
    let (sim, tunnels) = (sim(), Tunnels::start(refusal));
    let client = builder(Session::new(backend), &sim)
        .proxy(tunnels.proxy().credentials("ada", "secret"))
        .build()
        .unwrap();
    let error = client.ready().await.unwrap_err();
    let request = tunnels.requests.recv().unwrap();
    assert!(
        request.contains("Proxy-Authorization: Basic YWRhOnNlY3JldA==\r\n"),
        "{request}"
    );
    assert_eq!(error.verdict(), Verdict::FixCredentials);
    assert!(error.to_string().contains("user and a password"), "{error}");
    assert!(!format!("{error:?} {client:?}").contains("secret"));
    assert!(!format!("{error:?} {client:?}").contains("YWRh"));
}

async fn the_egress_filter_is_asked_before_the_proxy_is(backend: Shared) {
    let (sim, tunnels) = (sim(), Tunnels::start(TUNNEL));
    let client = builder(Session::new(backend), &sim)
        .proxy(tunnels.proxy())
        .egress(Egress::public())
        .build()
        .unwrap();
    let error = client.ready().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Egress);
    assert!(
        tunnels.requests.try_recv().is_err(),
        "the proxy was not asked"
    );
}

async fn what_is_no_proxy_is_told(backend: Shared) {
    for (answer, kind, said) in [
        (
            "SSH-2.0-OpenSSH_9.2\r\n\r\n",
            ErrorKind::Protocol,
            "is no HTTP",
        ),
        (
            "HTTP/1.1 502 Bad Gateway\r\n\r\n",
            ErrorKind::Connect,
            "status 502",
        ),
        ("HTTP/1.1 20", ErrorKind::Connect, "broke off"),
    ] {
        let (sim, tunnels) = (sim(), Tunnels::start(answer));
        let client = builder(Session::new(backend.clone()), &sim)
            .proxy(tunnels.proxy())
            .build()
            .unwrap();
        let error = client.ready().await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(said), "{error}");
    }
}
