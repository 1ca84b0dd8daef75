//! Whom the APNs client reaches, whom it refuses, and what it says when nobody is there.

#![allow(clippy::unwrap_used)]

mod common;

use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anypush::apns::{self, Notification};
use anypush::prelude::*;
use anypush::{ErrorKind, Target};
use common::*;
use push_sim::{ServerProfile, Service, Sim};

on_every_backend! {
    the_wrong_roots_are_refused,
    the_wrong_name_is_refused,
    an_expired_server_certificate_is_refused,
    an_expired_client_certificate_is_said_to_be_so,
    an_untrusted_client_certificate_fails_the_connection_and_no_push,
    nobody_at_the_port_is_told_at_once,
    a_silent_server_is_told_in_time,
    a_server_without_http2_is_told,
    the_egress_filter_decides_on_the_dialled_address,
}

fn hello() -> Notification {
    Notification::alert("Hello")
}

async fn the_wrong_roots_are_refused(backend: Shared) {
    let (sim, other) = (sim(), sim());
    let client = builder(Session::new(backend), &sim)
        .roots(roots(&other))
        .build()
        .unwrap();
    let error = client.ready().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Tls);
    assert_eq!(error.verdict(), Verdict::FixCredentials);
    assert!(
        error.to_string().contains("not issued by a trusted root"),
        "{}",
        error.report()
    );
}

async fn the_wrong_name_is_refused(backend: Shared) {
    let sim = sim();
    let client = builder(Session::new(backend), &sim)
        .server_name("elsewhere.example")
        .build()
        .unwrap();
    let error = client.ready().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Tls);
    assert!(
        error.report().contains("elsewhere.example"),
        "{}",
        error.report()
    );
}

async fn an_expired_server_certificate_is_refused(backend: Shared) {
    let expired = ServerProfile::new(["localhost"]).expired();
    let sim = Sim::builder().apns_any().server(expired).start().unwrap();
    let error = client(backend, &sim).ready().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Tls);
    assert!(error.report().contains("expired"), "{}", error.report());
}

async fn an_expired_client_certificate_is_said_to_be_so(backend: Shared) {
    let sim = sim();
    let profile = push_sim::ClientProfile::new("com.example.app").expired();
    let issued = sim.authority().issue_client(&profile).unwrap();
    let error = apns::Client::builder(Session::new(backend))
        .certificate(Identity::from_pem(issued.pem()).unwrap())
        .build()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Identity);
    assert!(error.to_string().contains("expired"), "{error}");
}

async fn an_untrusted_client_certificate_fails_the_connection_and_no_push(backend: Shared) {
    let (sim, other) = (sim(), sim());
    let client = apns::Client::builder(Session::new(backend))
        .endpoint(endpoint(&sim))
        .roots(roots(&sim))
        .certificate(Identity::from_pem(other.files().client_pem()).unwrap())
        .build()
        .unwrap();
    // Under TLS 1.3 the refusal comes after the handshake: still nothing is in doubt.
    let error = client.send(token(1), &hello()).await.unwrap_err();
    assert_ne!(error.verdict(), Verdict::Unknown);
    // The server's word can be lost with the connection that it closes at once.
    let report = error.report();
    match error.kind() {
        ErrorKind::Tls => {
            assert_eq!(error.verdict(), Verdict::FixCredentials);
            assert!(
                report.contains("refused the client certificate"),
                "{report}"
            );
        }
        other => assert_eq!(other, ErrorKind::Connect, "{report}"),
    }
}

async fn nobody_at_the_port_is_told_at_once(backend: Shared) {
    let sim = sim();
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let client = builder(Session::new(backend), &sim)
        .endpoint(apns::Endpoint::new("127.0.0.1", port))
        .build()
        .unwrap();
    let error = client.send(token(1), &hello()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert!(matches!(error.verdict(), Verdict::RetryAfter(_)));
    assert!(error.report().contains("refused"), "{}", error.report());
}

async fn a_silent_server_is_told_in_time(backend: Shared) {
    let sim = sim();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let session = Session::builder(backend).connect_timeout(Duration::from_millis(300));
    let client = builder(session.build(), &sim)
        .endpoint(apns::Endpoint::new("127.0.0.1", port))
        .build()
        .unwrap();
    let begun = Instant::now();
    let error = client.ready().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert!(begun.elapsed() < Duration::from_secs(10));
    assert!(error.to_string().contains("within 0.3 s"), "{error}");
}

async fn a_server_without_http2_is_told(backend: Shared) {
    let sim = sim();
    let server = Http1Server::start(&sim);
    let client = builder(Session::new(backend), &sim)
        .endpoint(apns::Endpoint::new("localhost", server.port))
        .build()
        .unwrap();
    let error = client.ready().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(
        error.report().contains("does not speak HTTP/2"),
        "{}",
        error.report()
    );
}

async fn the_egress_filter_decides_on_the_dialled_address(backend: Shared) {
    let sim = sim();
    let client = builder(Session::new(backend.clone()), &sim)
        .egress(anypush::Egress::public())
        .build()
        .unwrap();
    let error = client.ready().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Egress);
    assert_eq!(sim.stats()[&Service::Apns].connections, 0);

    // Of a name with several addresses, those that are allowed are dialled.
    let only_v4 = anypush::Egress::filter(|address| address.is_ipv4());
    let target = Target::tls("localhost", sim.apns_addr().unwrap().port())
        .roots(roots(&sim))
        .egress(only_v4);
    let connection = backend.connect(&target, None).await.unwrap();
    assert!(connection.peer_addr().unwrap().is_ipv4());
}

/// A TLS server that takes part in no ALPN and speaks HTTP/1.1 only.
struct Http1Server {
    port: u16,
}

impl Http1Server {
    fn start(sim: &Sim) -> Self {
        let issued = sim.files().server();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![issued.certificate_der().clone()], issued.key_der())
            .unwrap();
        let listener = TcpListener::bind("[::]:0")
            .or_else(|_| TcpListener::bind("127.0.0.1:0"))
            .unwrap();
        let port = listener.local_addr().unwrap().port();
        let config = Arc::new(config);
        std::thread::spawn(move || {
            use std::io::{Read, Write};
            for stream in listener.incoming().take(4) {
                let Ok(mut stream) = stream else { return };
                let mut tls = rustls::ServerConnection::new(config.clone()).unwrap();
                let mut tls = rustls::Stream::new(&mut tls, &mut stream);
                let mut some = [0; 64];
                if tls.read(&mut some).is_ok() {
                    let _ = tls.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
                    let _ = tls.flush();
                }
            }
        });
        Self { port }
    }
}
