//! The APNs client against the simulator, over real sockets and real TLS, on every backend.

#![allow(clippy::unwrap_used)]

mod common;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use anypush::ErrorKind;
use anypush::apns::{self, Notification, Reason};
use anypush::prelude::*;
use common::*;
use push_sim::{Action, Answer, ClientProfile, Service, Sim};

on_every_backend! {
    one_push_is_taken_with_its_headers_and_payload,
    a_certificate_stands_for_a_token,
    rsa_keys_in_every_form_authenticate,
    every_verdict_comes_from_its_answer,
    a_bulk_send_gives_each_device_one_outcome,
    iterators_streams_and_pairs_are_taken_alike,
    a_failing_source_ends_the_intake_and_not_the_outcomes,
    each_device_can_have_a_notification_of_its_own,
    what_is_wrong_is_said_before_anything_is_sent,
    an_expired_provider_token_is_renewed_once_on_a_new_connection,
    an_old_provider_token_is_renewed_on_its_connection,
    a_service_that_calls_every_token_expired_is_believed,
    answered_failures_are_sent_again_only_on_request,
    replaced_credentials_serve_new_connections,
    ready_connects_and_sends_nothing,
}

async fn one_push_is_taken_with_its_headers_and_payload(backend: Shared) {
    let sim = sim();
    let client = client(backend, &sim);
    let id = apns::ApnsId::random();
    let notification = Notification::alert("Hello")
        .title("anypush")
        .badge(0)
        .custom("order", 7)
        .priority(apns::Priority::Conserve)
        .expiration(apns::Expiration::At(
            UNIX_EPOCH + Duration::from_secs(4_102_444),
        ))
        .collapse_id("news")
        .id(id);
    let receipt = client.send(token(1), &notification).await.unwrap();
    assert_eq!((receipt.id, receipt.attempts), (id, 1));
    assert!(
        receipt.unique_id.is_some(),
        "the simulator plays the sandbox"
    );

    let received = sim.received(Service::Apns, 10).unwrap();
    let [push] = received.as_slice() else {
        panic!("one push: {received:?}")
    };
    assert_eq!(push.token, token(1));
    let header = |name: &str| push.headers.get(name).map(String::as_str);
    assert_eq!(header("apns-id"), Some(id.to_string().as_str()));
    assert_eq!(header("apns-topic"), Some("com.example.app"));
    assert_eq!(header("apns-push-type"), Some("alert"));
    assert_eq!(header("apns-priority"), Some("5"));
    assert_eq!(header("apns-expiration"), Some("4102444"));
    assert_eq!(header("apns-collapse-id"), Some("news"));
    let payload: serde_json::Value = serde_json::from_str(push.payload.get()).unwrap();
    let expected = serde_json::json!({
        "aps": {"alert": {"title": "anypush", "body": "Hello"}, "badge": 0},
        "order": 7,
    });
    assert_eq!(payload, expected);
}

async fn a_certificate_stands_for_a_token(backend: Shared) {
    let sim = sim();
    let together = Identity::from_pem(sim.files().client_pem()).unwrap();
    let issued = sim.files().client();
    let apart = Identity::from_pem_pair(issued.certificate_pem(), issued.key_pem()).unwrap();
    let from_file = Identity::from_pem_file(sim.dir().join("client.pem")).unwrap();

    let fingerprint = |identity: &Identity| {
        let certificate = backend.load_certificate(identity).unwrap();
        anypush::CertificateInfo::of(certificate.as_ref())
            .unwrap()
            .fingerprint
    };
    assert_eq!(fingerprint(&together), fingerprint(&apart));
    assert_eq!(fingerprint(&together), fingerprint(&from_file));

    let client = apns::Client::builder(Session::new(backend))
        .endpoint(endpoint(&sim))
        .roots(roots(&sim))
        .certificate(together)
        .build()
        .unwrap();
    // No topic is given: it is the certificate's, with the push type's suffix.
    client
        .send(token(1), &Notification::alert("Hello"))
        .await
        .unwrap();
    client
        .send(token(2), &Notification::voip().custom("call", 1))
        .await
        .unwrap();
    let received = sim.received(Service::Apns, 10).unwrap();
    assert_eq!(received[0].headers["apns-topic"], "com.example.app");
    assert_eq!(received[1].headers["apns-topic"], "com.example.app.voip");
    assert!(!received[0].headers.contains_key("authorization"));
}

async fn rsa_keys_in_every_form_authenticate(backend: Shared) {
    let sim = sim();
    let profile = ClientProfile::new("com.example.app").rsa();
    let issued = sim.authority().issue_client(&profile).unwrap();
    let forms = [issued.key_pem(), pkcs1(&issued.key_pem())];
    for key in forms {
        let identity = Identity::from_pem_pair(issued.certificate_pem(), key).unwrap();
        let client = apns::Client::builder(Session::new(backend.clone()))
            .endpoint(endpoint(&sim))
            .roots(roots(&sim))
            .certificate(identity)
            .build()
            .unwrap();
        client
            .send(token(1), &Notification::alert("Hello"))
            .await
            .unwrap();
    }
}

/// PKCS#8 around an RSA key, taken off: the key is the last element, an octet string.
fn pkcs1(pkcs8: &str) -> String {
    use base64::Engine;
    let base64 = base64::engine::general_purpose::STANDARD;
    let der: String = pkcs8
        .lines()
        .filter(|line| !line.starts_with('-'))
        .collect();
    let der = base64.decode(der).unwrap();
    // SEQUENCE (4), version (3), algorithm (15), OCTET STRING (4)
    let inner = &der[26..];
    let mut pem = "-----BEGIN RSA PRIVATE KEY-----\n".to_owned();
    for line in base64.encode(inner).as_bytes().chunks(64) {
        pem.push_str(std::str::from_utf8(line).unwrap());
        pem.push('\n');
    }
    pem.push_str("-----END RSA PRIVATE KEY-----\n");
    pem
}

async fn every_verdict_comes_from_its_answer(backend: Shared) {
    let sim = sim();
    let client = client(backend, &sim);
    answer(
        &sim,
        &token(410),
        Answer::new(410)
            .reason("Unregistered")
            .timestamp_ms(1_700_000_000_123),
    );
    answer(&sim, &token(400), Answer::new(400).reason("BadDeviceToken"));
    answer(
        &sim,
        &token(403),
        Answer::new(403).reason("BadEnvironmentKeyInToken"),
    );
    answer(
        &sim,
        &token(429),
        Answer::new(429)
            .reason("TooManyRequests")
            .retry_after("120"),
    );
    answer(
        &sim,
        &token(503),
        Answer::new(503).reason("ServiceUnavailable"),
    );
    answer(&sim, &token(418), Answer::new(418).reason("NeverHeardOf"));

    let hello = Notification::alert("Hello");
    let since = UNIX_EPOCH + Duration::from_millis(1_700_000_000_123);
    let expected = [
        (200, Verdict::Accepted),
        (410, Verdict::remove_token(Some(since))),
        (400, Verdict::FixMessage),
        (403, Verdict::FixCredentials),
        (429, Verdict::RetryAfter(Duration::from_secs(120))),
        (503, Verdict::RetryAfter(Duration::from_secs(60))),
        (418, Verdict::FixMessage),
    ];
    for (number, verdict) in expected {
        let outcome = client.send(token(number), &hello).await;
        assert_eq!(outcome.verdict(), verdict, "{number}");
        if let Err(error) = outcome {
            let rejection = error.rejection().unwrap();
            assert_eq!(usize::from(rejection.status), number);
            assert!(error.id().is_some());
            assert_eq!(error.attempts(), 1);
        }
    }
    let unknown = client.send(token(418), &hello).await.unwrap_err();
    let reason = &unknown.rejection().unwrap().reason;
    assert_eq!(reason, &Reason::from("NeverHeardOf"));
    assert_eq!(unknown.to_string(), "rejected with 418: NeverHeardOf");
}

async fn a_bulk_send_gives_each_device_one_outcome(backend: Shared) {
    const DEVICES: usize = 20_000;
    let sim = sim();
    let client = client(backend, &sim);
    for number in (0..DEVICES).step_by(1000) {
        answer(
            &sim,
            &token(number),
            Answer::new(410).reason("Unregistered"),
        );
    }
    let hello = Notification::alert("Hello");
    let mut outcomes = client.send_all((0..DEVICES).map(|n| (token(n), n)), &hello);
    let mut seen = vec![0_u8; DEVICES];
    let mut counts: HashMap<&str, usize> = HashMap::new();
    while let Some(((_, number), outcome)) = outcomes.next().await {
        seen[number] += 1;
        *counts.entry(outcome.verdict().name()).or_default() += 1;
        let gone = matches!(outcome.verdict(), Verdict::RemoveToken { .. });
        assert_eq!(gone, number % 1000 == 0, "{number}");
    }
    assert!(seen.iter().all(|times| *times == 1));
    assert_eq!(counts["remove-token"], DEVICES / 1000);
    assert_eq!(counts["accepted"], DEVICES - DEVICES / 1000);
    assert_eq!(accepted(&sim) as usize, counts["accepted"]);
    assert_eq!(client.session().stats().answered as usize, DEVICES);
    // The connections count the last streams as over a little later.
    wait_until(|| {
        let stats = client.session().stats();
        (stats.in_flight, stats.waiting) == (0, 0)
    })
    .await;
}

async fn iterators_streams_and_pairs_are_taken_alike(backend: Shared) {
    let sim = sim();
    let client = client(backend, &sim);
    let hello = Notification::alert("Hello");
    let same = token(7);

    // Duplicates are kept apart.
    let from_iterator = client.send_all([same.as_str(), same.as_str()].map(str::to_owned), &hello);
    assert_eq!(from_iterator.collect::<Vec<_>>().await.len(), 2);

    let typed: apns::DeviceToken = same.parse().unwrap();
    let from_stream = futures_util::stream::iter([(typed, "with luggage")]);
    let outcomes: Vec<_> = client.send_all(from_stream, &hello).collect().await;
    assert_eq!(outcomes[0].0.1, "with luggage");
    assert_eq!(accepted(&sim), 3);
}

async fn a_failing_source_ends_the_intake_and_not_the_outcomes(backend: Shared) {
    let sim = sim();
    let client = client(backend, &sim);
    let source = [
        Ok(token(1)),
        Ok(token(2)),
        Err("the database is gone"),
        Ok(token(3)),
    ];
    let outcomes: Vec<_> = client
        .try_send_all(source, &Notification::alert("Hello"))
        .collect()
        .await;
    assert_eq!(outcomes.len(), 3);
    assert!(
        outcomes[..2]
            .iter()
            .all(|one| one.as_ref().unwrap().1.is_ok())
    );
    assert_eq!(outcomes[2].as_ref().unwrap_err(), &"the database is gone");
    assert_eq!(accepted(&sim), 2);
}

async fn each_device_can_have_a_notification_of_its_own(backend: Shared) {
    let sim = sim();
    let client = client(backend, &sim);
    let pushes = (1..=3).map(|badge| {
        (
            token(badge),
            Notification::alert("Hello").badge(badge as u32),
        )
    });
    let outcomes: Vec<_> = client.send_each(pushes).collect().await;
    assert!(outcomes.iter().all(|(_, outcome)| outcome.is_ok()));
    for push in sim.received(Service::Apns, 10).unwrap() {
        let badge = usize::from_str_radix(&push.token, 16).unwrap();
        let text = format!("\"badge\":{badge}");
        assert!(push.payload.get().contains(&text), "{}", push.payload);
    }
}

async fn what_is_wrong_is_said_before_anything_is_sent(backend: Shared) {
    let sim = sim();
    let client = client(backend, &sim);
    let bad = Notification::background()
        .priority(apns::Priority::Immediate)
        .collapse_id("x".repeat(65))
        .badge(1);
    let error = client.send(token(1), &bad).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidMessage);
    assert_eq!(error.verdict(), Verdict::FixMessage);
    assert!(error.problems().len() >= 3, "{error}");

    let hello = Notification::alert("Hello");
    let error = client.send("not hex", &hello).await.unwrap_err();
    assert_eq!(error.verdict(), Verdict::FixMessage);
    assert_eq!(error.id(), None);

    let outcomes: Vec<_> = client.send_all([token(1), token(2)], &bad).collect().await;
    assert!(
        outcomes
            .iter()
            .all(|(_, one)| one.verdict() == Verdict::FixMessage)
    );
    assert_eq!(sim.stats()[&Service::Apns].connections, 0);
}

async fn an_expired_provider_token_is_renewed_once_on_a_new_connection(backend: Shared) {
    let sim = sim();
    let client = client(backend, &sim);
    let hello = Notification::alert("Hello");
    client.send(token(1), &hello).await.unwrap();
    let expired = Answer::new(403).reason("ExpiredProviderToken");
    arm(&sim, Action::Answer(expired), 1);
    let receipt = client.send(token(2), &hello).await.unwrap();
    assert_eq!(receipt.attempts, 2);
    assert_eq!(sim.stats()[&Service::Apns].connections, 2);
    assert_eq!(accepted(&sim), 2);
}

async fn an_old_provider_token_is_renewed_on_its_connection(backend: Shared) {
    let config = push_sim::apns::Config::default().min_token_use(Duration::ZERO);
    let sim = Sim::builder()
        .apns_any()
        .apns_config(config)
        .start()
        .unwrap();
    let behind = Arc::new(AtomicU64::new(51 * 60));
    let client = client(Arc::new(Shifted::new(backend, behind.clone())), &sim);
    let hello = Notification::alert("Hello");
    client.send(token(1), &hello).await.unwrap();
    client.send(token(2), &hello).await.unwrap();
    behind.store(0, Ordering::SeqCst);
    client.send(token(3), &hello).await.unwrap();
    let used: Vec<_> = sim
        .received(Service::Apns, 3)
        .unwrap()
        .iter()
        .map(|push| push.headers["authorization"].clone())
        .collect();
    assert_eq!(used[0], used[1]);
    assert_ne!(used[1], used[2]);
    assert_eq!(sim.stats()[&Service::Apns].connections, 1);
}

async fn a_service_that_calls_every_token_expired_is_believed(backend: Shared) {
    let sim = sim();
    let client = client(backend, &sim);
    arm(
        &sim,
        Action::Answer(Answer::new(403).reason("ExpiredProviderToken")),
        u64::MAX,
    );
    let tokens = (0..50).map(token);
    let outcomes: Vec<_> = client
        .send_all(tokens, &Notification::alert("Hello"))
        .collect()
        .await;
    assert_eq!(outcomes.len(), 50);
    assert!(
        outcomes
            .iter()
            .all(|(_, one)| one.verdict() == Verdict::FixCredentials)
    );
    let connections = sim.stats()[&Service::Apns].connections;
    assert!(connections <= 3, "no storm of connections: {connections}");
}

async fn answered_failures_are_sent_again_only_on_request(backend: Shared) {
    let sim = sim();
    let hello = Notification::alert("Hello");
    let busy = || Action::Answer(Answer::new(503).reason("ServiceUnavailable"));
    arm(&sim, busy(), 1);
    let plain = client(backend.clone(), &sim);
    assert!(plain.send(token(1), &hello).await.is_err());

    arm(&sim, busy(), 2);
    let policy = RetryPolicy::exponential(Duration::from_millis(1)).attempts(3);
    let patient = builder(Session::new(backend), &sim)
        .retry(policy)
        .build()
        .unwrap();
    let receipt = patient.send(token(2), &hello).await.unwrap();
    assert_eq!(receipt.attempts, 3);
    let received = sim.received(Service::Apns, 10).unwrap();
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].headers["apns-id"], receipt.id.to_string());
}

async fn replaced_credentials_serve_new_connections(backend: Shared) {
    let sim = sim();
    let wrong = sim.files().provider_key();
    let wrong =
        apns::ProviderToken::from_p8(wrong.p8_pem(), "WRONGKEYID", wrong.team_id()).unwrap();
    let client = apns::Client::builder(Session::new(backend))
        .endpoint(endpoint(&sim))
        .roots(roots(&sim))
        .provider_token(wrong)
        .topic("com.example.app")
        .build()
        .unwrap();
    let hello = Notification::alert("Hello");
    let refused = client.send(token(1), &hello).await;
    assert_eq!(refused.verdict(), Verdict::FixCredentials);
    client.replace_credentials(key(&sim)).unwrap();
    client.send(token(1), &hello).await.unwrap();
    let identity = Identity::from_pem(sim.files().client_pem()).unwrap();
    client.replace_certificate(&identity).unwrap();
    client.send(token(1), &hello).await.unwrap();
    let last = sim.received(Service::Apns, 1).unwrap();
    assert!(!last[0].headers.contains_key("authorization"));
    assert_eq!(sim.stats()[&Service::Apns].connections, 3);
}

async fn ready_connects_and_sends_nothing(backend: Shared) {
    let sim = Sim::builder().apns_any().start().unwrap();
    let client = client(backend, &sim);
    client.ready().await.unwrap();
    client.ready().await.unwrap();
    let stats = &sim.stats()[&Service::Apns];
    assert_eq!((stats.connections, stats.requests), (1, 0));
}
