//! The client of Web Push against the simulator, over real sockets and real TLS, on every backend.

#![allow(clippy::unwrap_used)]

mod common;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anypush::prelude::*;
use anypush::web::{
    Declarative, Encoding, Judgement, Message, Notification, Padding, Reason, Receiver,
    Subscription, Urgency, Vapid, VapidKey,
};
use anypush::{ErrorKind, ResendUnknown};
use common::web::*;
use common::{Shared, roots, wait_until};
use push_sim::webpush::Flavour;
use push_sim::{Action, Answer, Fault, Service, Sim};

on_every_backend! {
    a_browser_reads_what_was_sent,
    the_older_encoding_goes_with_the_older_form_of_vapid,
    a_push_without_payload_goes_to_a_subscription_without_keys,
    the_push_services_words_are_understood_under_their_names,
    every_status_has_its_verdict,
    a_bulk_send_gives_each_subscription_one_outcome,
    each_subscription_can_have_a_message_of_its_own,
    encryption_on_tasks_gives_the_same,
    one_signature_serves_an_origin_and_another_key_another,
    what_is_wrong_is_said_before_anything_is_sent,
    a_failing_source_ends_the_intake_and_not_the_outcomes,
    a_run_of_unknown_subscriptions_removes_none,
    an_acceptance_of_one_service_speaks_for_no_other,
    answered_failures_are_sent_again_only_on_request,
    what_wns_threw_away_is_told_so_and_not_sent_again,
    a_lost_answer_is_unknown_and_sent_again_on_request,
    http1_carries_it_where_there_is_no_http2,
    a_shutdown_takes_no_more,
    #[ignore = "200,000 subscriptions: best with --release"]
    two_hundred_thousand_subscriptions_have_one_outcome_each,
}

async fn a_browser_reads_what_was_sent(backend: Shared) {
    let sim = web_sim();
    let client = web_client(backend, &sim);
    let message = Message::text("Grüße")
        .ttl(Duration::from_secs(60))
        .urgency(Urgency::High)
        .topic("greetings")
        .padding(Padding::To(200));
    let receipt = client
        .send(&subscription(&sim, "one"), &message)
        .await
        .unwrap();
    assert_eq!((receipt.status, receipt.attempts), (201, 1));
    assert_eq!(receipt.ttl, Some(Duration::from_secs(60)));
    assert!(receipt.location.is_some());

    let received = sim.received(Service::Web, 1).unwrap().remove(0);
    assert_eq!(received.token, "one");
    assert_eq!(received.payload.get(), "\"Grüße\"");
    let headers = &received.headers;
    assert_eq!(headers["content-encoding"], "aes128gcm");
    assert_eq!(headers["urgency"], "high");
    assert_eq!(headers["topic"], "greetings");
    assert!(headers["authorization"].starts_with("vapid t="));
    assert!(!headers.contains_key("crypto-key"));
    assert_eq!(received.delivery.unwrap().ttl, 60);

    let declarative =
        Declarative::new(Notification::new("anypush", "https://example.com/inbox").body("Hello"));
    let message = Message::declarative(declarative);
    client
        .send(&subscription(&sim, "two"), &message)
        .await
        .unwrap();
    let received = sim.received(Service::Web, 1).unwrap().remove(0);
    let payload: serde_json::Value = serde_json::from_str(received.payload.get()).unwrap();
    assert_eq!(payload["web_push"], 8030);
    assert_eq!(
        payload["notification"]["navigate"],
        "https://example.com/inbox"
    );
}

async fn the_older_encoding_goes_with_the_older_form_of_vapid(backend: Shared) {
    let sim = web_sim();
    let client = web_client(backend, &sim);
    for flavour in [Flavour::Mozilla, Flavour::Fcm, Flavour::Rfc8030] {
        let subscription = subscribe(&sim, &wish(&sim, flavour)).remove(0);
        let message = hello().encoding(Encoding::AesGcm);
        client.send(&subscription, &message).await.unwrap();
        let received = sim.received(Service::Web, 1).unwrap().remove(0);
        assert_eq!(received.payload.get(), "\"Hello\"", "{flavour}");
        let headers = &received.headers;
        assert_eq!(headers["content-encoding"], "aesgcm");
        assert!(headers["encryption"].starts_with("salt="));
        assert!(headers["authorization"].starts_with("WebPush "));
        let crypto_key = &headers["crypto-key"];
        assert!(crypto_key.starts_with("dh=") && crypto_key.contains(";p256ecdsa="));
    }
}

async fn a_push_without_payload_goes_to_a_subscription_without_keys(backend: Shared) {
    let sim = web_sim();
    let client = web_client(backend, &sim);
    let known = subscription(&sim, "one");
    let bare = Subscription::without_keys(known.endpoint().url()).unwrap();
    client.send(&bare, &Message::empty()).await.unwrap();
    let received = sim.received(Service::Web, 1).unwrap().remove(0);
    assert!(received.headers["authorization"].starts_with("vapid t="));
    assert!(!received.headers.contains_key("content-encoding"));

    let error = client.send(&bare, &hello()).await.unwrap_err();
    assert_eq!(error.verdict(), Verdict::FixMessage);
    assert!(error.to_string().contains("no keys"), "{error}");
    assert_eq!(web_stats(&sim).accepted, 1);
}

/// Under the names of the real ones, so that their profiles apply.
async fn the_push_services_words_are_understood_under_their_names(backend: Shared) {
    let sim = web_sim();
    let port = sim.web_addr().unwrap().port();
    let session = Session::new(Everywhere(backend));
    let client = web_builder(session.clone(), &sim).build().unwrap();
    let stranger = Vapid::new(VapidKey::generate().unwrap()).subject("mailto:ops@example.com");
    let stranger = web_builder(session, &sim).vapid(stranger).build().unwrap();
    let now_or_never = hello().ttl(Duration::ZERO);
    for (flavour, host) in [
        (Flavour::Mozilla, "updates.push.services.mozilla.com"),
        (Flavour::Fcm, "fcm.googleapis.com"),
        (Flavour::Apple, "web.push.apple.com"),
        (Flavour::Edge, "wns2-par02p.notify.windows.com"),
        (Flavour::Rfc8030, "a.push.example"),
    ] {
        let wish = wish(&sim, flavour).origin(format!("https://{host}:{port}"));
        let subscriptions = subscribe(&sim, &wish.count(2));
        let (living, gone) = (&subscriptions[0], &subscriptions[1]);
        client.send(living, &hello()).await.unwrap();
        // WNS takes no TTL of zero without another header.
        let receipt = client.send(living, &now_or_never).await.unwrap();
        assert_eq!(receipt.ttl.unwrap_or_default(), Duration::ZERO, "{host}");

        let id = gone.endpoint().url().rsplit(['/', '=']).next().unwrap();
        assert!(sim.unsubscribe(id).unwrap());
        let error = client.send(gone, &hello()).await.unwrap_err();
        assert_eq!(
            error.verdict(),
            Verdict::remove_token(None),
            "{host}: {error}"
        );

        let error = stranger.send(living, &hello()).await.unwrap_err();
        let rejection = error.rejection().unwrap();
        // RFC 8292 has one status for all that can be wrong.
        if flavour != Flavour::Rfc8030 {
            assert_eq!(rejection.reason, Reason::KeyMismatch, "{host}: {error}");
        }
        assert_eq!(error.verdict(), Verdict::FixCredentials, "{host}");
    }
}

async fn every_status_has_its_verdict(backend: Shared) {
    let sim = web_sim();
    let client = web_client(backend, &sim);
    let after = |seconds| Verdict::RetryAfter(Duration::from_secs(seconds));
    let gone = || Verdict::remove_token(None);
    for (status, verdict) in [
        (301, Verdict::FixMessage),
        (307, Verdict::FixMessage),
        (400, Verdict::FixMessage),
        (401, Verdict::FixCredentials),
        (403, Verdict::FixCredentials),
        (404, gone()),
        (405, Verdict::FixMessage),
        (410, gone()),
        (413, Verdict::FixMessage),
        (429, after(60)),
        (500, after(10)),
        (502, after(10)),
        (503, after(10)),
        (504, after(10)),
    ] {
        let id = format!("status-{status}");
        let subscription = subscription(&sim, &id);
        answer_web(&sim, &id, Answer::new(status));
        let error = client.send(&subscription, &hello()).await.unwrap_err();
        assert_eq!(error.verdict(), verdict, "{error}");
        assert_eq!(error.rejection().unwrap().status, status);
        assert_eq!(error.attempts(), 1);
    }
    let busy = subscription(&sim, "busy");
    answer_web(&sim, "busy", Answer::new(429).retry_after("7"));
    let error = client.send(&busy, &hello()).await.unwrap_err();
    assert_eq!(error.verdict(), after(7));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
}

async fn a_bulk_send_gives_each_subscription_one_outcome(backend: Shared) {
    let sim = web_sim();
    let client = web_client(backend, &sim);
    let subscriptions = subscribe(&sim, &wish(&sim, Flavour::Mozilla).count(300));
    for subscription in subscriptions.iter().step_by(3) {
        let id = subscription.endpoint().url().rsplit('/').next().unwrap();
        assert!(sim.unsubscribe(id).unwrap());
    }
    let devices: Vec<_> = subscriptions.into_iter().zip(0..).collect();
    let mut outcomes = client.send_all(devices, &hello());
    let mut told = HashMap::new();
    while let Some(((_, number), outcome)) = outcomes.next().await {
        assert!(told.insert(number, outcome.verdict()).is_none());
    }
    assert_eq!(told.len(), 300);
    for (number, verdict) in told {
        let expected = match number % 3 {
            0 => Verdict::remove_token(None),
            _ => Verdict::Accepted,
        };
        assert_eq!(verdict, expected, "{number}");
    }
    let stats = web_stats(&sim);
    assert_eq!(stats.accepted, 200);
    assert!(stats.connections <= 4, "{}", stats.connections);
}

async fn each_subscription_can_have_a_message_of_its_own(backend: Shared) {
    let sim = web_sim();
    let client = web_client(backend, &sim);
    let pushes = subscribe(&sim, &wish(&sim, Flavour::Fcm).count(20))
        .into_iter()
        .enumerate()
        .map(|(number, subscription)| match number {
            7 => (subscription, Message::bytes(vec![b'x'; 5000])),
            _ => (subscription, Message::text(format!("message {number}"))),
        });
    let outcomes: Vec<_> = client.send_each(pushes).collect().await;
    assert_eq!(outcomes.len(), 20);
    let failed: Vec<_> = outcomes
        .iter()
        .filter_map(|it| it.1.as_ref().err())
        .collect();
    assert_eq!(failed.len(), 1);
    let text = failed[0].to_string();
    assert!(text.contains("5000") && text.contains("3993"), "{text}");
    let mut payloads = payloads(&sim);
    payloads.sort_unstable();
    payloads.dedup();
    assert_eq!(payloads.len(), 19);
}

async fn encryption_on_tasks_gives_the_same(backend: Shared) {
    let sim = web_sim();
    let client = web_builder(Session::new(backend), &sim)
        .encrypt_in_parallel(true)
        .build()
        .unwrap();
    let subscriptions = subscribe(&sim, &wish(&sim, Flavour::Mozilla).count(100));
    let outcomes: Vec<_> = client
        .send_all(subscriptions.clone(), &hello())
        .collect()
        .await;
    assert!(outcomes.iter().all(|(_, outcome)| outcome.is_ok()));
    assert_eq!(payloads(&sim), vec!["Hello"; 100]);
    let bare = Subscription::without_keys(subscriptions[0].endpoint().url()).unwrap();
    let error = client.send(&bare, &hello()).await.unwrap_err();
    assert_eq!(error.verdict(), Verdict::FixMessage);
}

async fn one_signature_serves_an_origin_and_another_key_another(backend: Shared) {
    let sim = web_sim();
    let client = web_client(backend, &sim);
    let tokens = |sim: &Sim| {
        let received = sim.received(Service::Web, 100).unwrap();
        let tokens = received
            .iter()
            .map(|it| it.headers["authorization"].clone());
        tokens.collect::<std::collections::BTreeSet<_>>().len()
    };
    let free = push_sim::webpush::Wish::new(Flavour::Rfc8030).count(30);
    let subscriptions = subscribe(&sim, &free);
    let outcomes: Vec<_> = client
        .send_all(subscriptions.clone(), &hello())
        .collect()
        .await;
    assert!(outcomes.iter().all(|(_, outcome)| outcome.is_ok()));
    assert_eq!(tokens(&sim), 1);
    let other = Vapid::new(VapidKey::generate().unwrap());
    client.replace_credentials(other).unwrap();
    client.send(&subscriptions[0], &hello()).await.unwrap();
    assert_eq!(tokens(&sim), 2);

    let wrong = Vapid::new(VapidKey::generate().unwrap()).subject("mailto:ops@localhost");
    let error = client.replace_credentials(wrong).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
}

async fn what_is_wrong_is_said_before_anything_is_sent(backend: Shared) {
    let sim = web_sim();
    let session = Session::new(backend);
    let client = web_builder(session.clone(), &sim).build().unwrap();
    let known = subscription(&sim, "one");
    let wrong = Message::bytes(vec![0; 3994]).topic("no topic");
    let error = client.send(&known, &wrong).await.unwrap_err();
    assert_eq!(error.problems().len(), 2, "{error}");
    assert!(error.to_string().contains("3993"), "{error}");
    assert!(client.check(&known, &Message::bytes(vec![0; 3993])).is_ok());
    client
        .send(&known, &Message::bytes(vec![0; 3993]))
        .await
        .unwrap();
    assert_eq!(web_stats(&sim).accepted, 1);

    let error = anypush::web::Client::builder(session).build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("VAPID"), "{error}");
}

async fn a_failing_source_ends_the_intake_and_not_the_outcomes(backend: Shared) {
    let sim = web_sim();
    let client = web_client(backend, &sim);
    let subscriptions = subscribe(&sim, &wish(&sim, Flavour::Mozilla).count(3));
    let source = subscriptions
        .into_iter()
        .map(Ok)
        .chain([Err("the database is gone")]);
    let told: Vec<_> = client.try_send_all(source, &hello()).collect().await;
    assert_eq!(told.len(), 4);
    assert!(told[..3].iter().all(|it| it.as_ref().unwrap().1.is_ok()));
    assert_eq!(told[3].as_ref().unwrap_err(), &"the database is gone");
}

async fn a_run_of_unknown_subscriptions_removes_none(backend: Shared) {
    let sim = web_sim();
    let client = web_client(backend, &sim);
    let fault = Fault::new(Service::Web, Action::Answer(Answer::new(404)));
    sim.fault(fault).unwrap();
    let subscriptions = subscribe(&sim, &wish(&sim, Flavour::Fcm).count(120));
    let outcomes: Vec<_> = client
        .send_all(subscriptions.clone(), &hello())
        .collect()
        .await;
    assert_eq!(outcomes.len(), 120);
    for (_, outcome) in outcomes {
        let error = outcome.unwrap_err();
        assert_eq!(
            error.verdict(),
            Verdict::RetryAfter(Duration::from_secs(3600))
        );
        let judgement = error.rejection().unwrap().judgement;
        assert_eq!(judgement, Some(Judgement::LikelyServiceFault));
    }
}

/// FCM answered 404 to all that was sent on 26 June 2024, and the others took theirs.
async fn an_acceptance_of_one_service_speaks_for_no_other(backend: Shared) {
    let sim = web_sim();
    let port = sim.web_addr().unwrap().port();
    let client = web_builder(Session::new(Everywhere(backend)), &sim)
        .build()
        .unwrap();
    let at = |flavour, host: &str| {
        let wish = wish(&sim, flavour).origin(format!("https://{host}:{port}"));
        subscribe(&sim, &wish.count(20))
    };
    let fcm = at(Flavour::Fcm, "fcm.googleapis.com");
    let mozilla = at(Flavour::Mozilla, "updates.push.services.mozilla.com");
    for (number, subscription) in fcm.iter().chain(mozilla.iter().step_by(2)).enumerate() {
        let id = subscription.endpoint().url().rsplit('/').next().unwrap();
        answer_web(&sim, id, Answer::new(404));
        assert!(number < 30);
    }
    let devices: Vec<_> = fcm
        .into_iter()
        .zip(mozilla)
        .flat_map(|(a, b)| [a, b])
        .collect();
    let outcomes: Vec<_> = client.send_all(devices, &hello()).collect().await;
    let mut told = HashMap::<_, usize>::new();
    for (subscription, outcome) in outcomes {
        let host = subscription.endpoint().host().to_owned();
        *told.entry((host, outcome.verdict().name())).or_default() += 1;
    }
    let count = |host: &str, verdict| told.get(&(host.to_owned(), verdict)).copied();
    assert_eq!(count("fcm.googleapis.com", "retry-after"), Some(20));
    let mozilla = "updates.push.services.mozilla.com";
    assert_eq!(count(mozilla, "remove-token"), Some(10));
    assert_eq!(count(mozilla, "accepted"), Some(10));
}

async fn answered_failures_are_sent_again_only_on_request(backend: Shared) {
    let sim = web_sim();
    let session = Session::new(backend);
    let arm = || {
        let answer = Answer::new(503).retry_after("0");
        let fault = Fault::new(Service::Web, Action::Answer(answer)).times(2);
        sim.fault(fault).unwrap();
    };
    let one = subscription(&sim, "one");
    arm();
    let client = web_builder(session.clone(), &sim).build().unwrap();
    let error = client.send(&one, &hello()).await.unwrap_err();
    assert_eq!(error.attempts(), 1);
    let policy = RetryPolicy::exponential(Duration::from_millis(1)).attempts(3);
    let client = web_builder(session, &sim).retry(policy).build().unwrap();
    let receipt = client.send(&one, &hello()).await.unwrap();
    assert_eq!(receipt.attempts, 2);
    assert_eq!(payloads(&sim), ["Hello"]);
}

async fn what_wns_threw_away_is_told_so_and_not_sent_again(backend: Shared) {
    let sim = web_sim();
    let edge = subscribe(&sim, &wish(&sim, Flavour::Edge)).remove(0);
    let answer = Answer::new(200).reason("dropped").retry_after("0");
    let fault = Fault::new(Service::Web, Action::Answer(answer)).times(1);
    sim.fault(fault).unwrap();
    let policy = RetryPolicy::exponential(Duration::from_millis(1)).attempts(3);
    let builder = web_builder(Session::new(backend), &sim).retry(policy);
    let client = builder.build().unwrap();
    let error = client.send(&edge, &hello()).await.unwrap_err();
    assert_eq!(error.rejection().unwrap().reason, Reason::Dropped);
    assert_eq!(error.verdict(), Verdict::RetryAfter(Duration::ZERO));
    assert_eq!(error.attempts(), 1);
    assert!(payloads(&sim).is_empty());
}

async fn a_lost_answer_is_unknown_and_sent_again_on_request(backend: Shared) {
    let sim = web_sim();
    let session = Session::new(backend);
    let one = subscription(&sim, "one");
    let lose = || {
        let fault = Fault::new(Service::Web, Action::Close(push_sim::Close::Rst)).times(1);
        sim.fault(fault).unwrap();
    };
    lose();
    let client = web_builder(session.clone(), &sim).build().unwrap();
    let error = client.send(&one, &hello()).await.unwrap_err();
    assert_eq!(error.verdict(), Verdict::Unknown, "{error:?}");
    lose();
    let client = web_builder(session, &sim)
        .resend_unknown(ResendUnknown::Times(1))
        .build()
        .unwrap();
    let receipt = client.send(&one, &hello()).await.unwrap();
    assert_eq!(receipt.attempts, 2);
}

async fn http1_carries_it_where_there_is_no_http2(backend: Shared) {
    let sim = Sim::builder().web_plain_any().start().unwrap();
    let receiver = Receiver::generate().unwrap();
    let endpoint = format!("{}/push/one", sim.web_url().unwrap());
    let one = Subscription::with_keys(&endpoint, receiver.keys()).unwrap();
    let client = anypush::web::Client::builder(Session::new(backend))
        .vapid(vapid(&sim))
        .endpoints(anypush::web::EndpointPolicy::private())
        .build()
        .unwrap();
    let devices: Vec<_> = (0..50).map(|number| (one.clone(), number)).collect();
    let outcomes: Vec<_> = client.send_all(devices, &hello()).collect().await;
    assert!(outcomes.iter().all(|(_, outcome)| outcome.is_ok()));
    assert!(sim.stats()[&Service::Web].connections <= 4);
}

async fn a_shutdown_takes_no_more(backend: Shared) {
    let sim = web_sim();
    let client = web_client(backend, &sim);
    let one = subscription(&sim, "one");
    client.ready(&one).await.unwrap();
    client.send(&one, &hello()).await.unwrap();
    client.shutdown(Duration::from_secs(5)).await;
    let error = client.send(&one, &hello()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed);
    let outcomes: Vec<_> = client.send_all(vec![one; 100], &hello()).collect().await;
    assert_eq!(outcomes.len(), 100);
    let closed = |outcome: &anypush::web::Outcome| {
        outcome
            .as_ref()
            .is_err_and(|error| error.kind() == ErrorKind::Closed)
    };
    assert!(outcomes.iter().all(|(_, outcome)| closed(outcome)));
}

async fn two_hundred_thousand_subscriptions_have_one_outcome_each(backend: Shared) {
    let sim = web_sim();
    let client = web_client(backend, &sim);
    let some = subscribe(&sim, &wish(&sim, Flavour::Mozilla).count(1000));
    let taken = Arc::new(AtomicUsize::new(0));
    let counter = taken.clone();
    let devices = (0..200_000).map(move |number| {
        counter.fetch_add(1, Ordering::Relaxed);
        (some[number % 1000].clone(), number)
    });
    let mut outcomes = client.send_all(devices, &hello());
    let mut seen = vec![false; 200_000];
    while let Some(((_, number), outcome)) = outcomes.next().await {
        outcome.unwrap();
        assert!(!std::mem::replace(&mut seen[number], true));
    }
    assert!(seen.into_iter().all(|it| it));
    wait_until(|| taken.load(Ordering::Relaxed) == 200_000).await;
    let _ = roots(&sim);
}
