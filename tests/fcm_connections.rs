//! What the client of FCM does when connections fail, against the simulator, on every backend.

#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeMap;
use std::time::Duration;

use anypush::ErrorKind;
use anypush::prelude::*;
use anypush::session::SessionBuilder;
use common::fcm::*;
use common::{Shared, wait_until};
use push_sim::fcm::Config;
use push_sim::{Action, Answer, Body, Close, Fault, GoAway, Service, Sim, Storm};

on_every_backend! {
    a_lost_answer_is_unknown,
    a_slow_answer_is_unknown_at_the_deadline,
    an_answer_that_breaks_off_or_never_ends_is_unknown,
    a_goaway_in_the_middle_loses_nothing_and_sends_nothing_twice,
    a_service_that_has_had_too_many_streams_is_believed,
    no_connection_carries_more_than_a_hundred_pushes,
    a_server_without_tls_is_spoken_to_by_http_1,
    a_connection_that_is_lost_in_http_1_leaves_unknown_what_was_written,
    faults_at_random_leave_one_outcome_each,
}

async fn a_lost_answer_is_unknown(backend: Shared) {
    let sim = fcm_sim();
    let client = fcm_client(backend, &sim);
    for how in [Close::Fin, Close::Rst, Close::Tls] {
        client.send("a", &hello()).await.unwrap();
        strike(&sim, Service::Fcm, Action::Close(how), 1);
        let error = client.send("b", &hello()).await.unwrap_err();
        assert_eq!(error.verdict(), Verdict::Unknown, "{how:?}");
        assert_eq!(error.kind(), ErrorKind::Lost, "{how:?}");
        assert!(error.may_have_been_taken());
        assert_eq!(error.attempts(), 1);
    }
    client.send("a", &hello()).await.unwrap();
    wait_until(|| client.session().stats().in_flight == 0).await;
}

async fn a_slow_answer_is_unknown_at_the_deadline(backend: Shared) {
    let sim = fcm_sim();
    let client = fcm_builder(Session::new(backend), &sim)
        .timeout(Duration::from_millis(1000))
        .build()
        .unwrap();
    client.send("a", &hello()).await.unwrap();
    for action in [Action::DropAnswer, Action::Delay(Duration::from_secs(10))] {
        strike(&sim, Service::Fcm, action, 1);
        let error = client.send("b", &hello()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unanswered, "{}", error.report());
        assert_eq!(error.verdict(), Verdict::Unknown);
    }
    // The connection is as good as before; another one was for the access token.
    client.send("c", &hello()).await.unwrap();
    assert_eq!(stats_of(&sim, Service::Fcm).connections, 2);
}

async fn an_answer_that_breaks_off_or_never_ends_is_unknown(backend: Shared) {
    let sim = fcm_sim();
    let client = fcm_client(backend, &sim);
    strike(&sim, Service::Fcm, Action::Body(Body::endless(200)), 1);
    let endless = client.send("a", &hello()).await;
    assert_ne!(endless.verdict(), Verdict::Accepted);
    assert!(
        !matches!(endless.verdict(), Verdict::RetryAfter(_)),
        "{endless:?}"
    );
    for text in ["", "{}", "[1]", "<html>", r#"{"name": 7}"#] {
        let strange = Answer::new(200).body("application/json", text);
        strike(&sim, Service::Fcm, Action::Answer(strange), 1);
        let error = client.send("a", &hello()).await.unwrap_err();
        assert_eq!(error.verdict(), Verdict::Unknown, "{text:?}");
    }
    client.send("a", &hello()).await.unwrap();
}

/// Sends to so many devices; each must have one outcome, and none may be taken twice. Gives how often
/// there was each verdict.
async fn once_each(
    client: &anypush::fcm::Client,
    sim: &Sim,
    devices: usize,
) -> BTreeMap<&'static str, usize> {
    let mut told: BTreeMap<String, &'static str> = BTreeMap::new();
    let mut outcomes = client.send_all((0..devices).map(registration), &hello());
    while let Some((token, outcome)) = outcomes.next().await {
        let before = told.insert(token, outcome.verdict().name());
        assert!(before.is_none(), "two outcomes");
    }
    assert_eq!(told.len(), devices);
    client.shutdown(Duration::from_secs(5)).await;
    let taken = sim.tokens(Service::Fcm).unwrap();
    let mut counts = BTreeMap::new();
    for (token, verdict) in &told {
        let times = taken.get(token).copied().unwrap_or(0);
        match *verdict {
            "accepted" => assert_eq!(times, 1, "said to be taken"),
            "unknown" => assert!(times <= 1, "taken {times} times"),
            other => assert_eq!(times, 0, "{other}, and was taken"),
        }
        *counts.entry(*verdict).or_default() += 1;
    }
    counts
}

async fn a_goaway_in_the_middle_loses_nothing_and_sends_nothing_twice(backend: Shared) {
    let sim = fcm_sim();
    let goaway = Action::GoAway(GoAway::new());
    for after in [300, 700, 1100] {
        let fault = Fault::new(Service::Fcm, goaway.clone());
        sim.fault(fault.after(after).times(1)).unwrap();
    }
    let client = fcm_client(backend, &sim);
    let counts = once_each(&client, &sim, 2000).await;
    assert_eq!(counts["accepted"], 2000, "{counts:?}");
    let stats = client.session().stats();
    assert_eq!(stats.goaways, 3);
}

async fn a_service_that_has_had_too_many_streams_is_believed(backend: Shared) {
    let sim = fcm_sim();
    let too_many = GoAway::new()
        .code(1)
        .text("exceeded_max_concurrent_streams");
    let fault = Fault::new(Service::Fcm, Action::GoAway(too_many)).after(214);
    sim.fault(fault.times(1)).unwrap();
    let client = fcm_client(backend, &sim);
    let counts = once_each(&client, &sim, 2000).await;
    let accepted = counts["accepted"];
    let unknown = counts.get("unknown").copied().unwrap_or(0);
    assert_eq!(accepted + unknown, 2000, "{counts:?}");
    assert!(unknown <= 100, "only what was under way there: {unknown}");
    assert_eq!(client.session().stats().goaways, 1);
}

async fn no_connection_carries_more_than_a_hundred_pushes(backend: Shared) {
    let sim = fcm_sim_with(Config::default().max_streams(1000));
    let session = Session::builder(backend).max_connections_per_destination(3);
    let client = fcm_builder(session.build(), &sim).build().unwrap();
    client.ready().await.unwrap();
    strike(
        &sim,
        Service::Fcm,
        Action::Delay(Duration::from_millis(20)),
        u64::MAX,
    );
    let mut outcomes = client.send_all((0..1000).map(registration), &hello());
    let mut most = 0;
    while let Some((_, outcome)) = outcomes.next().await {
        outcome.unwrap();
        for connection in client.session().connections() {
            assert!(connection.open_streams <= 100, "{connection:?}");
            most = most.max(connection.open_streams);
        }
    }
    assert!(most > 50, "they are busy: {most}");
    // Beside the one for the access token.
    let connections = stats_of(&sim, Service::Fcm).connections - 1;
    assert!((2..=3).contains(&connections), "{connections}");
}

fn plain_sim() -> Sim {
    Sim::builder()
        .fcm_plain_any()
        .count_tokens()
        .start()
        .unwrap()
}

async fn a_server_without_tls_is_spoken_to_by_http_1(backend: Shared) {
    let sim = plain_sim();
    let busy = Answer::new(503).reason("UNAVAILABLE").retry_after("7");
    answers(&sim, Service::Fcm, &registration(5), busy);
    let client = fcm_client(backend, &sim);
    let mut outcomes = client.send_all((0..500).map(registration), &hello());
    while let Some((token, outcome)) = outcomes.next().await {
        let expected = match token == registration(5) {
            true => Verdict::RetryAfter(Duration::from_secs(7)),
            false => Verdict::Accepted,
        };
        assert_eq!(outcome.verdict(), expected, "{outcome:?}");
    }
    let stats = stats_of(&sim, Service::Fcm);
    assert_eq!((stats.accepted, stats.authorizations), (499, 1));
    assert!(
        stats.connections <= 10,
        "they are kept: {}",
        stats.connections
    );
}

async fn a_connection_that_is_lost_in_http_1_leaves_unknown_what_was_written(backend: Shared) {
    let sim = plain_sim();
    let client = fcm_client(backend, &sim);
    client.send("a", &hello()).await.unwrap();
    strike(&sim, Service::Fcm, Action::Close(Close::Rst), 1);
    let error = client.send("b", &hello()).await.unwrap_err();
    assert_eq!(error.verdict(), Verdict::Unknown, "{}", error.report());
    client.send("c", &hello()).await.unwrap();
    // One that ends while it idles costs nothing.
    sim.apply(Service::Fcm, &Action::Close(Close::Fin)).unwrap();
    wait_until(|| stats_of(&sim, Service::Fcm).open == 0).await;
    client.send("d", &hello()).await.unwrap();
}

async fn faults_at_random_leave_one_outcome_each(backend: Shared) {
    for (seed, sim) in [(3, fcm_sim()), (5, plain_sim())] {
        let storm = Storm::new(seed).one_in(60);
        let fault = Fault::new(Service::Fcm, Action::Random(storm));
        let client = fcm_builder(hasty(backend.clone()).build(), &sim)
            .timeout(Duration::from_secs(2))
            .in_flight(100)
            .build()
            .unwrap();
        client.ready().await.unwrap();
        sim.fault(fault).unwrap();
        let counts = once_each(&client, &sim, 1500).await;
        assert!(counts["accepted"] > 100, "{counts:?}");
        let struck: u64 = stats_of(&sim, Service::Fcm).faults.values().sum();
        assert!(struck > 0, "nothing went wrong");
    }
}

/// A session that finds out soon what is dead.
fn hasty(backend: Shared) -> SessionBuilder {
    let back_off = RetryPolicy::exponential(Duration::from_millis(5));
    Session::builder(backend)
        .max_connections_per_destination(3)
        .connect_timeout(Duration::from_millis(500))
        .ping_timeout(Duration::from_millis(300))
        .back_off(back_off.max_delay(Duration::from_millis(50)))
}
