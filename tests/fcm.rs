//! The client of FCM HTTP v1 against the simulator, over real sockets and real TLS, on every backend.

#![allow(clippy::unwrap_used)]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anypush::ErrorKind;
use anypush::fcm::{
    AndroidConfig, ApnsConfig, Aps, Condition, Credentials, Judgement, Message, Reason, Target,
    Topic,
};
use anypush::prelude::*;
use common::fcm::*;
use common::{Shared, roots, wait_until};
use push_sim::fcm::Config;
use push_sim::{Action, Answer, Service, Sim};

on_every_backend! {
    a_push_goes_to_a_token_an_installation_a_topic_and_a_condition,
    every_answer_has_its_verdict,
    a_wait_that_the_service_asks_for_is_read_in_both_forms,
    a_bulk_send_gives_each_device_one_outcome_and_the_right_verdict,
    no_more_devices_are_taken_than_are_under_way,
    each_device_can_have_a_message_of_its_own,
    a_failing_source_ends_the_intake_and_not_the_outcomes,
    what_is_wrong_is_said_before_anything_is_sent,
    a_message_that_is_only_validated_reaches_nobody,
    answered_failures_are_sent_again_only_on_request,
    a_run_of_gone_devices_removes_none,
    an_acceptance_shows_that_the_others_are_gone,
    a_suspect_token_is_dead_where_others_take_the_message,
    new_credentials_serve_the_next_push,
    a_shutdown_takes_no_more,
    #[ignore = "200,000 devices: best with --release"]
    two_hundred_thousand_devices_have_one_outcome_each,
}

async fn a_push_goes_to_a_token_an_installation_a_topic_and_a_condition(backend: Shared) {
    let sim = fcm_sim();
    let client = fcm_client(backend, &sim);
    let message = hello()
        .data("match", "4711")
        .android(
            AndroidConfig::new()
                .collapse_key("score")
                .ttl(Duration::from_secs(90)),
        )
        .apns(ApnsConfig::new().aps(Aps::new().badge(0)));
    let token = registration(1);
    let receipt = client.send(&token, &message).await.unwrap();
    assert_eq!(receipt.attempts, 1);
    assert!(receipt.name.starts_with("projects/anypush-sim/messages/"));
    assert!(receipt.name.ends_with(receipt.message_id()));
    client.send(Target::fid("fid-1"), &message).await.unwrap();
    client
        .send(Topic::new("news").unwrap(), &message)
        .await
        .unwrap();
    let condition = Condition::new("'news' in topics && !('sport' in topics)").unwrap();
    client.send(condition, &message).await.unwrap();

    let received = sim.received(Service::Fcm, 10).unwrap();
    let targets: Vec<_> = received.iter().map(|push| push.token.as_str()).collect();
    assert_eq!(targets[..2], [token.as_str(), "fid-1"]);
    assert!(targets[2].ends_with("news"), "{}", targets[2]);
    let body: serde_json::Value = serde_json::from_str(received[0].payload.get()).unwrap();
    let expected = serde_json::json!({"message": {
        "token": token,
        "notification": {"title": "anypush", "body": "Hello"},
        "data": {"match": "4711"},
        "android": {"collapse_key": "score", "ttl": "90s"},
        "apns": {"payload": {"aps": {"badge": 0}}},
    }});
    assert_eq!(body, expected);
    // One connection for pushes, and one for the access token.
    let stats = stats_of(&sim, Service::Fcm);
    assert_eq!(
        (stats.connections, stats.accepted, stats.authorizations),
        (2, 4, 1)
    );
}

/// Each row of what is known of the service's answers: a name, the answer, the verdict.
fn classification() -> Vec<(&'static str, Answer, Verdict)> {
    let gone = || Verdict::remove_token(None);
    let after = |seconds| Verdict::RetryAfter(Duration::from_secs(seconds));
    let answer = |status, reason: &str| Answer::new(status).reason(reason);
    let html = |status| Answer::new(status).body("text/html", "<html><title>Oops</title></html>");
    let fix = || Verdict::FixCredentials;
    let invalid = || answer(400, "INVALID_ARGUMENT");
    vec![
        ("unregistered", answer(404, "UNREGISTERED"), gone()),
        ("bare-404", answer(404, "NOT_FOUND"), fix()),
        ("html-404", html(404), fix()),
        ("mismatch", answer(403, "SENDER_ID_MISMATCH"), fix()),
        ("bare-403", answer(403, "PERMISSION_DENIED"), fix()),
        ("third-party", answer(401, "THIRD_PARTY_AUTH_ERROR"), fix()),
        ("third-party-old", answer(401, "APNS_AUTH_ERROR"), fix()),
        ("bad-token", invalid(), Verdict::FixMessage),
        (
            "bad-field",
            Answer::new(400).violation("message.data[0].value", "no text"),
            Verdict::FixMessage,
        ),
        (
            "bad-token-field",
            Answer::new(400).violation("message.token", "no token"),
            Verdict::FixMessage,
        ),
        (
            "bare-400",
            answer(400, "FAILED_PRECONDITION"),
            Verdict::FixMessage,
        ),
        (
            "empty-400",
            Answer::new(400).empty_body(),
            Verdict::FixMessage,
        ),
        ("html-413", html(413), Verdict::FixMessage),
        (
            "apns-gone",
            answer(404, "UNREGISTERED").apns(410, "Unregistered"),
            gone(),
        ),
        ("apns-gone-400", invalid().apns(410, "Unregistered"), gone()),
        (
            "apns-bad-token",
            invalid().apns(400, "BadDeviceToken"),
            gone(),
        ),
        (
            "apns-other-app",
            invalid().apns(400, "DeviceTokenNotForTopic"),
            gone(),
        ),
        (
            "apns-key",
            invalid().apns(403, "InvalidProviderToken"),
            fix(),
        ),
        ("apns-topic", invalid().apns(400, "BadTopic"), fix()),
        (
            "apns-large",
            invalid().apns(413, "PayloadTooLarge"),
            Verdict::FixMessage,
        ),
        (
            "apns-priority",
            invalid().apns(400, "BadPriority"),
            Verdict::FixMessage,
        ),
        (
            "apns-busy",
            invalid().apns(429, "TooManyRequests"),
            after(60),
        ),
        ("quota", answer(429, "QUOTA_EXCEEDED"), after(60)),
        ("bare-429", answer(429, "RESOURCE_EXHAUSTED"), after(60)),
        ("unavailable", answer(503, "UNAVAILABLE"), after(10)),
        ("internal", answer(500, "INTERNAL"), after(10)),
        ("html-503", html(503), after(10)),
        ("empty-502", Answer::new(502).empty_body(), after(10)),
        (
            "unspecified-500",
            answer(500, "UNSPECIFIED_ERROR"),
            after(10),
        ),
        ("unimplemented", answer(501, "UNIMPLEMENTED"), after(10)),
        (
            "new-400",
            answer(400, "TO_BE_INVENTED"),
            Verdict::FixMessage,
        ),
        ("new-404", answer(404, "TO_BE_INVENTED"), fix()),
        ("new-500", answer(500, "TO_BE_INVENTED"), after(10)),
    ]
}

async fn every_answer_has_its_verdict(backend: Shared) {
    let sim = fcm_sim();
    let client = fcm_client(backend, &sim);
    for (token, answer, verdict) in classification() {
        let status = answer.status;
        answers(&sim, Service::Fcm, token, answer);
        let error = client.send(token, &hello()).await.unwrap_err();
        assert_eq!(error.verdict(), verdict, "{token}: {error}");
        assert_eq!(error.kind(), ErrorKind::Rejected, "{token}");
        assert_eq!(error.attempts(), 1, "{token} is not sent again");
        let rejection = error.rejection().unwrap();
        assert_eq!(
            (rejection.status, rejection.judgement),
            (status, None),
            "{token}"
        );
        let suspect = ["bad-token", "bad-token-field"].contains(&token);
        assert_eq!(rejection.is_suspect_token(), suspect, "{token}");
        match token {
            "new-400" => assert_eq!(rejection.reason, Some(Reason::from("TO_BE_INVENTED"))),
            "third-party-old" => assert_eq!(rejection.reason, Some(Reason::ThirdPartyAuth)),
            "html-503" => assert_eq!(rejection.detail.as_deref(), Some("Oops")),
            "bad-field" => assert_eq!(rejection.violations[0].field, "message.data[0].value"),
            "apns-gone" => assert_eq!(rejection.apns.as_ref().unwrap().status, Some(410)),
            "quota" => assert_eq!(rejection.quota[0].subject, "project"),
            _ => {}
        }
    }
    // None of them was a reason to ask for another access token.
    assert_eq!(stats_of(&sim, Service::Fcm).authorizations, 1);
}

async fn a_wait_that_the_service_asks_for_is_read_in_both_forms(backend: Shared) {
    /// The last second of the year 2100.
    const THEN: u64 = 4_133_980_799;
    let sim = fcm_sim();
    let client = fcm_client(backend, &sim);
    let busy = |wait: &str| Answer::new(503).reason("UNAVAILABLE").retry_after(wait);
    answers(&sim, Service::Fcm, "seconds", busy("120"));
    answers(
        &sim,
        Service::Fcm,
        "date",
        busy("Fri, 31 Dec 2100 23:59:59 GMT"),
    );
    answers(
        &sim,
        Service::Fcm,
        "past",
        busy("Wed, 21 Oct 2015 07:28:00 GMT"),
    );
    answers(&sim, Service::Fcm, "nonsense", busy("soon"));
    let wait = async |token: &str| match client.send(token, &hello()).await.verdict() {
        Verdict::RetryAfter(wait) => wait,
        other => panic!("{token}: {other:?}"),
    };
    assert_eq!(wait("seconds").await, Duration::from_secs(120));
    assert_eq!(wait("past").await, Duration::ZERO);
    assert_eq!(wait("nonsense").await, Duration::from_secs(10));
    let then = UNIX_EPOCH + Duration::from_secs(THEN);
    let left = then.duration_since(SystemTime::now()).unwrap();
    let told = wait("date").await;
    assert!(left.abs_diff(told) < Duration::from_secs(60), "{told:?}");
}

/// Of a hundred devices each, some fail in these ways; all others are taken.
const FAILING: [(usize, &str, &str); 6] = [
    (3, "gone", "remove-token"),
    (13, "bad-token", "remove-token"),
    (23, "mismatch", "fix-credentials"),
    (33, "quota", "retry-after"),
    (43, "unavailable", "retry-after"),
    (53, "bad-field", "fix-message"),
];

fn mixture(sim: &Sim) {
    let answer = |status, reason| Answer::new(status).reason(reason);
    answers(sim, Service::Fcm, "gone", answer(404, "UNREGISTERED"));
    answers(
        sim,
        Service::Fcm,
        "bad-token",
        answer(400, "INVALID_ARGUMENT"),
    );
    answers(
        sim,
        Service::Fcm,
        "mismatch",
        answer(403, "SENDER_ID_MISMATCH"),
    );
    answers(
        sim,
        Service::Fcm,
        "quota",
        answer(429, "QUOTA_EXCEEDED").retry_after("30"),
    );
    answers(sim, Service::Fcm, "unavailable", answer(503, "UNAVAILABLE"));
    let field = Answer::new(400).violation("message.android.ttl", "too long");
    answers(sim, Service::Fcm, "bad-field", field);
}

fn mixed(number: usize) -> (String, &'static str) {
    let failing = FAILING.iter().find(|(place, ..)| number % 100 == *place);
    match failing {
        Some((_, token, verdict)) => ((*token).to_owned(), verdict),
        None => (registration(number), "accepted"),
    }
}

async fn one_outcome_each(backend: Shared, devices: usize) {
    let sim = fcm_sim();
    mixture(&sim);
    let client = fcm_client(backend, &sim);
    let source = (0..devices).map(|number| {
        let (token, verdict) = mixed(number);
        (token, (number, verdict))
    });
    let mut outcomes = client.send_all(source, &hello());
    let mut told = vec![0_u8; devices];
    while let Some(((_, (number, verdict)), outcome)) = outcomes.next().await {
        told[number] += 1;
        assert_eq!(outcome.verdict().name(), verdict, "{number}: {outcome:?}");
        assert_eq!(outcome.is_ok(), verdict == "accepted");
    }
    assert!(told.iter().all(|times| *times == 1));
    let stats = stats_of(&sim, Service::Fcm);
    let failing = FAILING.len() * devices / 100;
    assert_eq!(stats.accepted as usize, devices - failing);
    assert_eq!(stats.requests as usize, devices, "each was sent once");
    assert_eq!(stats.authorizations, 1);
    assert_eq!(client.session().stats().resent, 0);
    wait_until(|| client.session().stats().in_flight == 0).await;
}

async fn a_bulk_send_gives_each_device_one_outcome_and_the_right_verdict(backend: Shared) {
    one_outcome_each(backend, 5_000).await;
}

async fn two_hundred_thousand_devices_have_one_outcome_each(backend: Shared) {
    one_outcome_each(backend, 200_000).await;
}

async fn no_more_devices_are_taken_than_are_under_way(backend: Shared) {
    const DEVICES: usize = 20_000;
    const IN_FLIGHT: usize = 300;
    let sim = fcm_sim();
    let client = fcm_builder(Session::new(backend), &sim)
        .in_flight(IN_FLIGHT)
        .build()
        .unwrap();
    let taken = Arc::new(AtomicUsize::new(0));
    let counter = taken.clone();
    let source = (0..DEVICES).map(move |number| {
        counter.fetch_add(1, Ordering::SeqCst);
        registration(number)
    });
    let mut outcomes = client.send_all(source, &hello());
    let mut told = 0;
    while let Some((_, outcome)) = outcomes.next().await {
        outcome.unwrap();
        told += 1;
        let under_way = taken.load(Ordering::SeqCst) - told;
        assert!(under_way <= IN_FLIGHT, "{under_way}");
    }
    assert_eq!(told, DEVICES);
}

async fn each_device_can_have_a_message_of_its_own(backend: Shared) {
    let sim = fcm_sim();
    let client = fcm_client(backend, &sim);
    let pushes = (1..=20).map(|number| {
        let message = Message::with_data([("number", number.to_string())]);
        (registration(number), message)
    });
    let outcomes: Vec<_> = client.send_each(pushes).collect().await;
    assert!(outcomes.iter().all(|(_, outcome)| outcome.is_ok()));
    assert_eq!(outcomes.len(), 20);
    for push in sim.received(Service::Fcm, 20).unwrap() {
        let body: serde_json::Value = serde_json::from_str(push.payload.get()).unwrap();
        let number = body["message"]["data"]["number"].as_str().unwrap();
        assert_eq!(push.token, registration(number.parse().unwrap()));
    }
}

async fn a_failing_source_ends_the_intake_and_not_the_outcomes(backend: Shared) {
    let sim = fcm_sim();
    let client = fcm_client(backend, &sim);
    let gone = "the database is gone";
    let source = [Ok("a"), Ok("b"), Err(gone), Ok("c")];
    let outcomes: Vec<_> = client.try_send_all(source, &hello()).collect().await;
    let [first, second, end] = outcomes.try_into().unwrap();
    assert!(first.unwrap().1.is_ok() && second.unwrap().1.is_ok());
    assert_eq!(end.unwrap_err(), gone);
    assert_eq!(stats_of(&sim, Service::Fcm).accepted, 2);
}

async fn what_is_wrong_is_said_before_anything_is_sent(backend: Shared) {
    let sim = fcm_sim();
    let client = fcm_client(backend, &sim);
    let five_weeks = Duration::from_secs(5 * 7 * 24 * 3600);
    let bad = hello()
        .data("from", "me")
        .data("google.x", "1")
        .android(AndroidConfig::new().ttl(five_weeks));
    let error = client.send("a", &bad).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidMessage);
    assert_eq!(error.problems().len(), 3, "{error}");
    assert_eq!(client.check("a", &bad).unwrap_err().problems().len(), 3);
    let outcomes: Vec<_> = client.send_all(["a", "b"], &bad).collect().await;
    let all = outcomes.iter().map(|(_, outcome)| outcome.verdict());
    assert_eq!(
        all.collect::<Vec<_>>(),
        [Verdict::FixMessage, Verdict::FixMessage]
    );

    // One bad token is told by itself.
    let outcomes: Vec<_> = client
        .send_all(["", "good", "/topics/x"], &hello())
        .collect()
        .await;
    let good: Vec<_> = outcomes
        .iter()
        .filter(|(_, outcome)| outcome.is_ok())
        .collect();
    assert_eq!(good[0].0, "good");
    assert_eq!((outcomes.len(), good.len()), (3, 1));

    // What fits for a device can be too much for a topic.
    let large = hello().data("x", "x".repeat(3000));
    client.send("a", &large).await.unwrap();
    let error = client.send(Topic::new("news").unwrap(), &large).await;
    assert_eq!(error.verdict(), Verdict::FixMessage);
    assert_eq!(stats_of(&sim, Service::Fcm).requests, 2);
}

async fn a_message_that_is_only_validated_reaches_nobody(backend: Shared) {
    let sim = fcm_sim();
    let client = fcm_builder(Session::new(backend), &sim)
        .validate_only(true)
        .build()
        .unwrap();
    client.send("a", &hello()).await.unwrap();
    let refused = client.send("not a token!", &hello()).await;
    assert_eq!(refused.verdict(), Verdict::FixMessage);
    let stats = stats_of(&sim, Service::Fcm);
    assert_eq!((stats.accepted, stats.managed, stats.requests), (0, 1, 2));
    assert!(sim.received(Service::Fcm, 10).unwrap().is_empty());
}

async fn answered_failures_are_sent_again_only_on_request(backend: Shared) {
    let sim = fcm_sim();
    let busy = || Answer::new(503).reason("UNAVAILABLE").retry_after("0");
    strike(&sim, Service::Fcm, Action::Answer(busy()), 1);
    let plain = fcm_client(backend.clone(), &sim);
    let error = plain.send("a", &hello()).await.unwrap_err();
    assert_eq!(
        (error.attempts(), error.verdict()),
        (1, Verdict::RetryAfter(Duration::ZERO))
    );

    let policy = RetryPolicy::exponential(Duration::from_millis(1)).attempts(3);
    let patient = fcm_builder(Session::new(backend), &sim)
        .retry(policy)
        .build()
        .unwrap();
    strike(&sim, Service::Fcm, Action::Answer(busy()), 2);
    assert_eq!(patient.send("b", &hello()).await.unwrap().attempts, 3);
    // What is said to be wrong for good is not sent again, whatever the policy.
    let gone = Answer::new(404).reason("UNREGISTERED");
    strike(&sim, Service::Fcm, Action::Answer(gone), 1);
    assert_eq!(patient.send("c", &hello()).await.unwrap_err().attempts(), 1);
    assert_eq!(stats_of(&sim, Service::Fcm).accepted, 1);
}

async fn a_run_of_gone_devices_removes_none(backend: Shared) {
    let sim = fcm_sim();
    let gone = Answer::new(404).reason("UNREGISTERED");
    strike(&sim, Service::Fcm, Action::Answer(gone), u64::MAX);
    let client = fcm_client(backend, &sim);
    let outcomes: Vec<_> = client
        .send_all((0..150).map(registration), &hello())
        .collect()
        .await;
    assert_eq!(outcomes.len(), 150);
    for (token, outcome) in outcomes {
        let error = outcome.unwrap_err();
        assert_eq!(error.verdict(), Verdict::FixCredentials, "{token}");
        let judgement = error.rejection().unwrap().judgement;
        assert_eq!(judgement, Some(Judgement::LikelyWrongProject));
        assert!(error.to_string().contains("another project"), "{error}");
    }
    // By itself, a push is taken at the service's word.
    let alone = client.send("a", &hello()).await;
    assert_eq!(alone.verdict(), Verdict::remove_token(None));
}

async fn an_acceptance_shows_that_the_others_are_gone(backend: Shared) {
    let sim = fcm_sim();
    let gone = Answer::new(404).reason("UNREGISTERED");
    strike(&sim, Service::Fcm, Action::Answer(gone), 50);
    let client = fcm_client(backend, &sim);
    let outcomes: Vec<_> = client
        .send_all((0..60).map(registration), &hello())
        .collect()
        .await;
    let all: Vec<_> = outcomes
        .iter()
        .map(|(_, outcome)| outcome.verdict())
        .collect();
    let counts = verdicts(&all);
    assert_eq!((counts["remove-token"], counts["accepted"]), (50, 10));
}

async fn a_suspect_token_is_dead_where_others_take_the_message(backend: Shared) {
    let sim = fcm_sim();
    let client = fcm_client(backend, &sim);
    // The simulator knows by itself that these are no tokens.
    let bad = ["no token!", "nor this one!"];
    let tokens = bad.into_iter().chain(["a", "b"]);
    let outcomes: Vec<_> = client.send_all(tokens, &hello()).collect().await;
    for (token, outcome) in &outcomes {
        let expected = match bad.contains(token) {
            true => Verdict::remove_token(None),
            false => Verdict::Accepted,
        };
        assert_eq!(outcome.verdict(), expected, "{token}");
    }
    // Where none takes it, the message may be at fault.
    let outcomes: Vec<_> = client.send_all(bad, &hello()).collect().await;
    let all = outcomes.iter().map(|(_, outcome)| outcome.verdict());
    assert!(
        all.into_iter()
            .all(|verdict| verdict == Verdict::FixMessage)
    );
}

async fn new_credentials_serve_the_next_push(backend: Shared) {
    let config = Config::default()
        .access_token("first")
        .access_token("second");
    let sim = fcm_sim_with(config);
    let client = fcm_builder(Session::new(backend), &sim)
        .credentials(Credentials::access_token("first"))
        .project("anypush-sim")
        .build()
        .unwrap();
    client.send("a", &hello()).await.unwrap();
    client
        .replace_credentials(Credentials::access_token("second"))
        .unwrap();
    client.send("b", &hello()).await.unwrap();
    client
        .replace_credentials(Credentials::access_token("third"))
        .unwrap();
    let error = client.send("c", &hello()).await.unwrap_err();
    assert_eq!(error.verdict(), Verdict::FixCredentials);
    assert!(error.rejection().unwrap().is_auth_refusal());
    let received = sim.received(Service::Fcm, 10).unwrap();
    let used: Vec<_> = received
        .iter()
        .map(|push| &*push.headers["authorization"])
        .collect();
    assert_eq!(used, ["Bearer first", "Bearer second"]);
    assert_eq!(stats_of(&sim, Service::Fcm).connections, 1);
}

async fn a_shutdown_takes_no_more(backend: Shared) {
    let sim = fcm_sim();
    let client = fcm_client(backend.clone(), &sim);
    client.send("a", &hello()).await.unwrap();
    let left = client.shutdown(Duration::from_secs(5)).await;
    assert_eq!(left.unanswered, 0);
    let error = client.send("b", &hello()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed);
    let outcomes: Vec<_> = client.send_all(["c", "d"], &hello()).collect().await;
    assert!(outcomes.iter().all(|(_, outcome)| outcome.is_err()));
    assert_eq!(stats_of(&sim, Service::Fcm).accepted, 1);

    // A server whose authority nobody vouches for is told as such, and nothing is sent to it.
    let stranger = anypush::fcm::Client::builder(Session::new(backend))
        .credentials(service_account(&sim))
        .endpoint(sim.fcm_url().unwrap())
        .roots(roots(&fcm_sim()))
        .timeout(Duration::from_secs(10))
        .build()
        .unwrap();
    let error = stranger.ready().await.unwrap_err();
    assert_eq!(
        error.verdict(),
        Verdict::FixCredentials,
        "{}",
        error.report()
    );
}
