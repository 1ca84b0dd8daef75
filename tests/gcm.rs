//! The client of the legacy protocol of GCM and FCM against the simulator, on every backend.

#![allow(clippy::unwrap_used)]

mod common;

use std::time::Duration;

use anypush::ErrorKind;
use anypush::gcm::{Judgement, Message, Multicast, Notification, Reason, RegistrationId};
use anypush::prelude::*;
use common::Shared;
use common::fcm::{
    answers, gcm_builder, gcm_client, gcm_sim, registration, stats_of, strike, verdicts,
};
use push_sim::gcm::Config;
use push_sim::{Action, Answer, Close, Service, Sim};

on_every_backend! {
    a_message_goes_out_in_json_and_in_plain_text,
    every_reason_has_its_verdict,
    a_request_that_fails_as_a_whole_loses_no_device,
    a_bulk_send_goes_out_in_chunks_of_a_thousand,
    a_report_has_each_device_once_and_just_the_recoverable_ones_again,
    fifteen_thousand_failures_are_told_in_time,
    topics_conditions_and_groups_are_sent_to,
    an_answer_that_does_not_come_or_say_is_unknown,
    what_is_wrong_is_said_before_anything_is_sent,
    a_run_of_gone_devices_removes_none,
    a_new_key_serves_the_next_request,
    a_server_without_tls_is_spoken_to_by_http_1,
    a_failing_source_ends_the_intake_and_not_the_outcomes,
    a_shutdown_takes_no_more,
}

fn hello() -> Message {
    Message::text("Hello")
}

fn id(number: usize) -> RegistrationId {
    RegistrationId::new(registration(number)).unwrap()
}

fn ids(numbers: std::ops::Range<usize>) -> Vec<RegistrationId> {
    numbers.map(id).collect()
}

fn busy() -> Answer {
    Answer::new(503).retry_after("120")
}

async fn a_message_goes_out_in_json_and_in_plain_text(backend: Shared) {
    let sim = gcm_sim();
    answers(&sim, Service::Gcm, "old", Answer::new(200).canonical("new"));
    let client = gcm_client(backend, &sim);
    let message = hello()
        .notification(Notification::new().title("anypush").body("Hello"))
        .collapse_key("greetings")
        .time_to_live(Duration::from_secs(3600))
        .high_priority();
    let receipt = client.send("a", &message).await.unwrap();
    assert!(!receipt.message_id.is_empty());
    assert_eq!((receipt.canonical, receipt.attempts), (None, 1));
    let received = sim.received(Service::Gcm, 1).unwrap();
    let body: serde_json::Value = serde_json::from_str(received[0].payload.get()).unwrap();
    let expected = serde_json::json!({
        "to": "a",
        "data": {"message": "Hello"},
        "notification": {"title": "anypush", "body": "Hello"},
        "collapse_key": "greetings",
        "time_to_live": 3600,
        "priority": "high",
    });
    assert_eq!(body, expected);

    let plain = hello().collapse_key("greetings").delay_while_idle(true);
    client.send_plain("b", &plain).await.unwrap();
    for outcome in [
        client.send("old", &hello()).await,
        client.send_plain("old", &hello()).await,
    ] {
        assert_eq!(outcome.verdict(), Verdict::ReplaceToken("new".to_owned()));
    }
    assert_eq!(stats_of(&sim, Service::Gcm).accepted, 4);

    // With dry_run the service checks, and delivers nothing.
    client.send("c", &hello().dry_run(true)).await.unwrap();
    assert_eq!(stats_of(&sim, Service::Gcm).accepted, 4);
}

async fn every_reason_has_its_verdict(backend: Shared) {
    let sim = gcm_sim();
    let client = gcm_client(backend, &sim);
    let after = |seconds| Verdict::RetryAfter(Duration::from_secs(seconds));
    let rows = [
        ("MissingRegistration", Verdict::FixMessage),
        ("InvalidRegistration", Verdict::remove_token(None)),
        ("NotRegistered", Verdict::remove_token(None)),
        ("InvalidPackageName", Verdict::FixMessage),
        ("MismatchSenderId", Verdict::FixCredentials),
        ("InvalidParameters", Verdict::FixMessage),
        ("MessageTooBig", Verdict::FixMessage),
        ("InvalidDataKey", Verdict::FixMessage),
        ("InvalidTtl", Verdict::FixMessage),
        ("Unavailable", after(10)),
        ("InternalServerError", after(10)),
        ("DeviceMessageRateExceeded", after(60)),
        ("TopicsMessageRateExceeded", after(60)),
        ("InvalidApnsCredential", Verdict::FixCredentials),
        ("ToBeInvented", Verdict::FixMessage),
    ];
    for (reason, verdict) in rows {
        answers(&sim, Service::Gcm, reason, Answer::new(200).reason(reason));
        let error = client.send(reason, &hello()).await.unwrap_err();
        assert_eq!(error.verdict(), verdict, "{error}");
        assert_eq!(error.reason(), Some(&Reason::from(reason)));
        assert_eq!(error.attempts(), 1);
        let plain = client.send_plain(reason, &hello()).await.unwrap_err();
        match reason {
            // The plain format says 500 in its place.
            "Unavailable" => assert!(plain.is_temporary(), "{plain}"),
            _ => assert_eq!(plain.verdict(), verdict, "{plain}"),
        }
    }
}

async fn a_request_that_fails_as_a_whole_loses_no_device(backend: Shared) {
    let sim = gcm_sim();
    let client = gcm_client(backend, &sim);
    let html = |status| Answer::new(status).body("text/html", "<html><body>Oops</body></html>");
    let after = |seconds| Verdict::RetryAfter(Duration::from_secs(seconds));
    let rows = [
        (html(400), Verdict::FixMessage),
        (html(401), Verdict::FixCredentials),
        (Answer::new(403).empty_body(), Verdict::FixCredentials),
        (html(404), Verdict::FixCredentials),
        (html(500), after(10)),
        (Answer::new(502).empty_body(), after(10)),
        (busy(), after(120)),
        (
            Answer::new(503).retry_after("Wed, 21 Oct 2015 07:28:00 GMT"),
            after(0),
        ),
        (Answer::new(429).empty_body(), after(60)),
    ];
    for (answer, verdict) in rows {
        strike(&sim, Service::Gcm, Action::Answer(answer.clone()), 1);
        let outcomes: Vec<_> = client.send_all(ids(0..50), &hello()).collect().await;
        assert_eq!(outcomes.len(), 50);
        for (_, outcome) in outcomes {
            let error = outcome.unwrap_err();
            assert_eq!(error.verdict(), verdict, "{answer:?}: {error}");
            let refused = [401, 403].contains(&answer.status);
            assert_eq!(error.is_authentication(), refused);
        }
    }
    assert_eq!(
        stats_of(&sim, Service::Gcm).accepted,
        0,
        "nothing was sent again"
    );
}

async fn a_bulk_send_goes_out_in_chunks_of_a_thousand(backend: Shared) {
    const DEVICES: usize = 3000;
    let sim = gcm_sim();
    answers(
        &sim,
        Service::Gcm,
        &registration(7),
        Answer::new(200).reason("NotRegistered"),
    );
    answers(
        &sim,
        Service::Gcm,
        &registration(1007),
        Answer::new(200).canonical("new"),
    );
    let client = gcm_client(backend, &sim);
    let mut outcomes = client.send_all((0..DEVICES).map(|n| (registration(n), n)), &hello());
    let mut told = vec![0_u8; DEVICES];
    while let Some(((_, number), outcome)) = outcomes.next().await {
        told[number] += 1;
        let expected = match number {
            7 => Verdict::remove_token(None),
            1007 => Verdict::ReplaceToken("new".to_owned()),
            _ => Verdict::Accepted,
        };
        assert_eq!(outcome.verdict(), expected, "{number}: {outcome:?}");
    }
    assert!(told.iter().all(|times| *times == 1));
    let stats = stats_of(&sim, Service::Gcm);
    assert_eq!((stats.requests, stats.accepted as usize), (3, DEVICES - 1));

    // The last chunk may be a single device, which has a name of its own in the request.
    let outcomes: Vec<_> = client.send_all(ids(0..1001), &hello()).collect().await;
    assert_eq!(outcomes.len(), 1001);
    let stats = stats_of(&sim, Service::Gcm);
    assert_eq!(stats.requests, 5);
    assert!(
        !stats.rejected.keys().any(|reason| reason.contains("400")),
        "{stats:?}"
    );
}

async fn a_report_has_each_device_once_and_just_the_recoverable_ones_again(backend: Shared) {
    let sim = gcm_sim();
    let say = |number: usize, reason: &str| {
        let answer = Answer::new(200).reason(reason);
        answers(&sim, Service::Gcm, &registration(number), answer);
    };
    say(1, "NotRegistered");
    say(2, "Unavailable");
    say(3, "InternalServerError");
    say(4, "MismatchSenderId");
    say(5, "ToBeInvented");
    answers(
        &sim,
        Service::Gcm,
        &registration(6),
        Answer::new(200).canonical("new"),
    );
    let client = gcm_client(backend, &sim);
    let mut devices = ids(0..10);
    // Twice the same is two outcomes.
    devices.push(id(0));
    let multicast = Multicast::new(hello(), devices.clone());
    let report = client.send_multicast(&multicast).await;

    let order: Vec<_> = report
        .outcomes()
        .iter()
        .map(|(device, _)| device.clone())
        .collect();
    assert_eq!(order, devices);
    assert_eq!(
        (report.successes().count(), report.failures().count()),
        (6, 5)
    );
    assert!(report.success().all(|(_, message)| !message.is_empty()));
    let canonical: Vec<_> = report.canonical().collect();
    assert_eq!(canonical, [(&id(6), &RegistrationId::new("new").unwrap())]);
    assert_eq!(report.not_registered().collect::<Vec<_>>(), [&id(1)]);
    let failed: Vec<_> = report
        .failed()
        .map(|(device, error)| (device, error.reason()))
        .collect();
    let unknown = Reason::from("ToBeInvented");
    assert_eq!(
        failed,
        [
            (&id(4), Some(&Reason::MismatchSenderId)),
            (&id(5), Some(&unknown))
        ]
    );
    assert_eq!(report.unknown().count(), 0);
    assert_eq!(report.responses().len(), 1);
    let answer = report.responses()[0].json().unwrap();
    assert_eq!(
        (answer["success"].as_u64(), answer["failure"].as_u64()),
        (Some(6), Some(5))
    );

    assert!(report.needs_retry());
    let delay = report.delay(0);
    assert!((10..=15).contains(&delay.as_secs()), "{delay:?}");
    assert!(report.delay(3) > delay);
    let retry = report.retry().unwrap();
    let queued = serde_json::to_string(&retry).unwrap();
    let retry: Multicast = serde_json::from_str(&queued).unwrap();
    assert_eq!(retry.devices, [id(2), id(3)]);
    assert_eq!(retry.message, multicast.message);

    sim.clear_faults();
    let report = client.send_multicast(&retry).await;
    assert!(!report.needs_retry() && report.retry().is_none());
    assert_eq!(report.successes().count(), 2);

    // A whole request that was not served, and what the service says about when to come back.
    strike(&sim, Service::Gcm, Action::Answer(busy()), 1);
    let report = client.send_multicast(&multicast).await;
    assert_eq!(report.retry().unwrap().devices, devices);
    assert_eq!(report.delay(0), Duration::from_secs(120));
}

async fn fifteen_thousand_failures_are_told_in_time(backend: Shared) {
    const DEVICES: usize = 15_000;
    let sim = gcm_sim();
    strike(&sim, Service::Gcm, Action::Answer(busy()), u64::MAX);
    let client = gcm_client(backend, &sim);
    let report = client
        .send_multicast(&Multicast::new(hello(), ids(0..DEVICES)))
        .await;
    assert_eq!(report.recoverable().count(), DEVICES);
    assert_eq!(report.retry().unwrap().devices, ids(0..DEVICES));
}

async fn topics_conditions_and_groups_are_sent_to(backend: Shared) {
    let config = Config::default()
        .api_key(common::fcm::API_KEY)
        .group("group-key", ["a", "b", "c"]);
    let sim = Sim::builder().gcm_any().gcm_config(config).start().unwrap();
    let client = gcm_client(backend, &sim);
    for topic in ["news", "/topics/news"] {
        let receipt = client.send_topic(topic, &hello()).await.unwrap();
        assert!(!receipt.message_id.is_empty());
    }
    client
        .send_condition("'a' in topics && !('b' in topics)", &hello())
        .await
        .unwrap();
    let busy = Answer::new(200).reason("TopicsMessageRateExceeded");
    answers(&sim, Service::Gcm, "/topics/busy", busy);
    let error = client.send_topic("busy", &hello()).await.unwrap_err();
    assert_eq!(
        error.verdict(),
        Verdict::RetryAfter(Duration::from_secs(60)),
        "{error}"
    );

    let all = client.send_group("group-key", &hello()).await.unwrap();
    assert_eq!((all.success, all.failure), (3, 0));
    assert!(all.retry(&hello()).is_none());
    answers(
        &sim,
        Service::Gcm,
        "b",
        Answer::new(200).reason("Unavailable"),
    );
    let some = client.send_group("group-key", &hello()).await.unwrap();
    assert_eq!((some.success, some.failure), (2, 1));
    assert_eq!(some.failed, [RegistrationId::new("b").unwrap()]);
    assert_eq!(some.retry(&hello()).unwrap().devices, some.failed);
}

async fn an_answer_that_does_not_come_or_say_is_unknown(backend: Shared) {
    let sim = gcm_sim();
    let client = gcm_builder(Session::new(backend), &sim)
        .timeout(Duration::from_secs(1))
        .build()
        .unwrap();
    client.send("a", &hello()).await.unwrap();
    let strange = |text: &str| Action::Answer(Answer::new(200).body("application/json", text));
    let actions = [
        Action::Close(Close::Rst),
        Action::DropAnswer,
        strange(""),
        strange("<html>"),
        strange("{}"),
        strange(r#"{"results": [{"mess"#),
        strange(r#"{"results": []}"#),
    ];
    for action in actions {
        strike(&sim, Service::Gcm, action.clone(), 1);
        let report = client
            .send_multicast(&Multicast::new(hello(), ids(0..20)))
            .await;
        assert_eq!(report.unknown().count(), 20, "{action:?}: {report:?}");
        assert!(report.retry().is_none(), "not behind anybody's back");
        assert_eq!(report.retry_with_unknown().unwrap().devices.len(), 20);
    }
    // One result for two devices: the second is unknown.
    let short = strange(r#"{"multicast_id": 1, "results": [{"message_id": "1:2"}]}"#);
    strike(&sim, Service::Gcm, short, 1);
    let report = client
        .send_multicast(&Multicast::new(hello(), ids(0..2)))
        .await;
    let told: Vec<_> = report
        .outcomes()
        .iter()
        .map(|(_, one)| one.verdict())
        .collect();
    assert!(told.contains(&Verdict::Unknown), "{told:?}");
}

async fn what_is_wrong_is_said_before_anything_is_sent(backend: Shared) {
    let sim = gcm_sim();
    let client = gcm_client(backend, &sim);
    let bad = hello()
        .data("from", "me")
        .time_to_live(Duration::from_secs(5 * 7 * 24 * 3600));
    let error = client.send("a", &bad).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.problems().len()),
        (ErrorKind::InvalidMessage, 2)
    );
    assert!(client.check(&bad).is_err());
    let outcomes: Vec<_> = client.send_all(["a", "b"], &bad).collect().await;
    assert!(
        outcomes
            .iter()
            .all(|(_, one)| one.verdict() == Verdict::FixMessage)
    );
    assert_eq!(stats_of(&sim, Service::Gcm).requests, 0);

    // A device whose id is none holds up nobody else.
    let outcomes: Vec<_> = client.send_all(["a", "", "b"], &hello()).collect().await;
    let all: Vec<_> = outcomes.iter().map(|(_, one)| one.verdict()).collect();
    let counts = verdicts(&all);
    assert_eq!((counts["accepted"], counts["fix-message"]), (2, 1));
}

async fn a_run_of_gone_devices_removes_none(backend: Shared) {
    let sim = gcm_sim();
    for number in 0..40 {
        let gone = Answer::new(200).reason("NotRegistered");
        answers(&sim, Service::Gcm, &registration(number), gone);
    }
    let client = gcm_client(backend, &sim);
    let outcomes: Vec<_> = client.send_all(ids(0..40), &hello()).collect().await;
    for (_, outcome) in outcomes {
        let error = outcome.unwrap_err();
        assert_eq!(error.verdict(), Verdict::FixCredentials);
        let judgement = error.rejection().unwrap().judgement;
        assert_eq!(judgement, Some(Judgement::LikelyWrongProject));
    }
    let report = client
        .send_multicast(&Multicast::new(hello(), ids(0..40)))
        .await;
    assert_eq!(
        (report.not_registered().count(), report.failed().count()),
        (0, 40)
    );

    // One that is taken shows the others to be dead.
    let outcomes: Vec<_> = client.send_all(ids(0..41), &hello()).collect().await;
    let all: Vec<_> = outcomes.iter().map(|(_, one)| one.verdict()).collect();
    let counts = verdicts(&all);
    assert_eq!((counts["remove-token"], counts["accepted"]), (40, 1));
}

async fn a_new_key_serves_the_next_request(backend: Shared) {
    let sim = gcm_sim();
    let client = gcm_builder(Session::new(backend), &sim)
        .api_key("AIzaSy-of-yesterday")
        .build()
        .unwrap();
    let error = client.send("a", &hello()).await.unwrap_err();
    assert!(error.is_authentication());
    assert_eq!(error.verdict(), Verdict::FixCredentials);
    let report = client
        .send_multicast(&Multicast::new(hello(), ids(0..3)))
        .await;
    assert!(report.is_authentication() && !report.needs_retry());
    client.replace_credentials(common::fcm::API_KEY).unwrap();
    client.send("a", &hello()).await.unwrap();
    assert!(client.replace_credentials("no\nkey").is_err());
}

async fn a_server_without_tls_is_spoken_to_by_http_1(backend: Shared) {
    let sim = Sim::builder().gcm_plain_any().start().unwrap();
    let client = gcm_client(backend, &sim);
    client.ready().await.unwrap();
    let outcomes: Vec<_> = client.send_all(ids(0..12_000), &hello()).collect().await;
    assert_eq!(outcomes.len(), 12_000);
    assert!(outcomes.iter().all(|(_, outcome)| outcome.is_ok()));
    let stats = stats_of(&sim, Service::Gcm);
    assert_eq!(stats.requests, 12);
    assert!(stats.connections <= 9, "{}", stats.connections);
}

async fn a_failing_source_ends_the_intake_and_not_the_outcomes(backend: Shared) {
    let sim = gcm_sim();
    let client = gcm_client(backend, &sim);
    let gone = "the database is gone";
    let source = [Ok("a"), Ok("b"), Err(gone), Ok("c")];
    let outcomes: Vec<_> = client.try_send_all(source, &hello()).collect().await;
    let [first, second, end] = outcomes.try_into().unwrap();
    assert!(first.unwrap().1.is_ok() && second.unwrap().1.is_ok());
    assert_eq!(end.unwrap_err(), gone);
    assert_eq!(stats_of(&sim, Service::Gcm).accepted, 2);
}

async fn a_shutdown_takes_no_more(backend: Shared) {
    let sim = gcm_sim();
    let client = gcm_client(backend, &sim);
    client.send("a", &hello()).await.unwrap();
    let left = client.shutdown(Duration::from_secs(5)).await;
    assert_eq!(left.unanswered, 0);
    let error = client.send("a", &hello()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed);
    let report = client
        .send_multicast(&Multicast::new(hello(), ids(0..3)))
        .await;
    assert_eq!(report.errors().count(), 3);
}
