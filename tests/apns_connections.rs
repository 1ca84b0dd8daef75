//! What the APNs client does when connections fail and limits move.

#![allow(clippy::unwrap_used)]

mod common;

use std::sync::Arc;
use std::time::{Duration, Instant};

use anypush::ErrorKind;
use anypush::apns::{self, Notification};
use anypush::prelude::*;
use common::*;
use push_sim::{Action, Close, Fault, GoAway, Service, Sim, apns as sim_apns};

on_every_backend! {
    a_stream_above_the_last_id_is_sent_again,
    an_answer_lost_with_its_connection_is_unknown,
    a_refused_stream_is_sent_again,
    a_lost_answer_is_unknown_at_the_deadline,
    a_broken_connection_leaves_unknown_what_was_written,
    a_stalled_connection_is_found_dead_and_replaced,
    a_limit_of_one_is_kept_and_more_connections_take_their_share,
    a_lowered_limit_is_followed,
    no_more_pushes_wait_than_the_connections_take_in_time,
    outdate_closes_the_idle_and_the_next_push_connects_anew,
    an_idle_connection_answers_a_ping_before_it_takes_a_push,
    shutdown_answers_what_is_under_way_and_takes_no_more,
    a_dropped_send_does_not_disturb_the_others,
    a_full_queue_fails_at_once_where_it_is_asked_to,
    the_least_recently_used_connection_makes_room,
    a_lost_answer_holds_up_neither_its_stream_nor_the_session,
    connections_that_end_unanswered_are_spaced,
    a_push_whose_time_has_passed_is_not_sent,
    what_is_dropped_after_its_connection_ended_leaves_nothing_behind,
    dropping_session_and_clients_closes_what_nobody_waits_for,
}

fn hello() -> Notification {
    Notification::alert("Hello")
}

async fn a_stream_above_the_last_id_is_sent_again(backend: Shared) {
    let sim = sim();
    let client = client(backend, &sim);
    client.send(token(0), &hello()).await.unwrap();
    let goaway = GoAway::new().reason("Shutdown");
    sim.fault(Fault::new(Service::Apns, Action::GoAway(goaway)).times(1))
        .unwrap();
    let outcomes: Vec<_> = client
        .send_all((1..=200).map(token), &hello())
        .collect()
        .await;
    assert_eq!(outcomes.len(), 200);
    for (device, outcome) in &outcomes {
        assert!(outcome.is_ok(), "{device}: {outcome:?}");
    }
    assert_eq!(accepted(&sim), 201);
    assert!(client.session().stats().resent > 0);
    assert_eq!(client.session().stats().goaways, 1);
}

async fn an_answer_lost_with_its_connection_is_unknown(backend: Shared) {
    let sim = sim();
    let client = client(backend, &sim);
    client.send(token(0), &hello()).await.unwrap();
    // The answer of the first is lost with the connection, which the second one ends.
    sim.fault(Fault::new(Service::Apns, Action::DropAnswer).times(1))
        .unwrap();
    sim.fault(
        Fault::new(Service::Apns, Action::Close(Close::Fin))
            .token(token(2))
            .times(1),
    )
    .unwrap();
    let notification = hello();
    let first = client.send(token(1), &notification);
    let second = async {
        wait_until(|| accepted(&sim) == 2).await;
        client.send(token(2), &hello()).await
    };
    let (first, second) = futures_util::future::join(first, second).await;
    assert_eq!(first.verdict(), Verdict::Unknown);
    assert_eq!(first.unwrap_err().kind(), ErrorKind::Lost);
    assert_eq!(second.verdict(), Verdict::Unknown);
}

async fn a_refused_stream_is_sent_again(backend: Shared) {
    let sim = sim();
    let client = client_of(Session::builder(backend).max_resends(4), &sim);
    client.send(token(0), &hello()).await.unwrap();
    arm(&sim, Action::Reset(7), 3);
    let receipt = client.send(token(1), &hello()).await.unwrap();
    assert_eq!(receipt.attempts, 4);
    assert_eq!(accepted(&sim), 2);

    // Another code says nothing about whether the push was taken.
    arm(&sim, Action::Reset(2), 1);
    let broken = client.send(token(2), &hello()).await;
    assert_eq!(broken.verdict(), Verdict::Unknown);

    // A server that asks for calm gets it: another connection, later.
    arm(&sim, Action::Reset(11), 1);
    assert_eq!(
        client.send(token(4), &hello()).await.verdict(),
        Verdict::Unknown
    );
    client.send(token(5), &hello()).await.unwrap();
    assert_eq!(sim.stats()[&Service::Apns].connections, 2);

    // A server that refuses for ever is not asked for ever.
    arm(&sim, Action::Reset(7), u64::MAX);
    let refused = client.send(token(3), &hello()).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Refused);
    assert_eq!(refused.verdict(), Verdict::RetryAfter(Duration::ZERO));
}

async fn a_lost_answer_is_unknown_at_the_deadline(backend: Shared) {
    let sim = sim();
    let client = builder(Session::new(backend), &sim)
        .timeout(Duration::from_millis(1000))
        .build()
        .unwrap();
    client.send(token(0), &hello()).await.unwrap();
    arm(&sim, Action::DropAnswer, 1);
    let lost = client.send(token(1), &hello()).await.unwrap_err();
    assert_eq!(lost.kind(), ErrorKind::Unanswered);
    assert_eq!(lost.verdict(), Verdict::Unknown);
    // The connection is as good as before.
    client.send(token(2), &hello()).await.unwrap();
    assert_eq!(sim.stats()[&Service::Apns].connections, 1);
}

async fn a_broken_connection_leaves_unknown_what_was_written(backend: Shared) {
    let sim = sim();
    let client = client(backend, &sim);
    for (number, how) in [Close::Fin, Close::Rst, Close::Tls].into_iter().enumerate() {
        client.send(token(0), &hello()).await.unwrap();
        arm(&sim, Action::Close(how), 1);
        let broken = client.send(token(1), &hello()).await.unwrap_err();
        assert_eq!(broken.verdict(), Verdict::Unknown, "{how:?}");
        assert_eq!(broken.kind(), ErrorKind::Lost, "{how:?}");
        let connections = sim.stats()[&Service::Apns].connections;
        assert_eq!(connections, number as u64 + 1);
    }
    client.send(token(2), &hello()).await.unwrap();
}

async fn a_stalled_connection_is_found_dead_and_replaced(backend: Shared) {
    let sim = sim();
    let session = Session::builder(backend).ping_timeout(Duration::from_secs(1));
    let client = builder(session.build(), &sim)
        .timeout(Duration::from_millis(1500))
        .build()
        .unwrap();
    client.send(token(0), &hello()).await.unwrap();
    arm(&sim, Action::Stall, 1);
    let stalled = client.send(token(1), &hello()).await;
    assert_eq!(stalled.verdict(), Verdict::Unknown);
    // The first pushes may still meet the dead connection; none of them hangs.
    let mut tries = 0;
    while client.send(token(2), &hello()).await.is_err() {
        tries += 1;
        assert!(tries < 5, "the dead connection is replaced");
    }
    assert_eq!(sim.stats()[&Service::Apns].connections, 2);
}

async fn a_limit_of_one_is_kept_and_more_connections_take_their_share(backend: Shared) {
    let config = sim_apns::Config::default()
        .max_streams(1)
        .strict_first_stream();
    let sim = Sim::builder()
        .apns_any()
        .apns_config(config)
        .start()
        .unwrap();
    let session = Session::builder(backend).max_connections_per_destination(3);
    let client = client_of(session, &sim);
    let outcomes: Vec<_> = client
        .send_all((0..300).map(token), &hello())
        .collect()
        .await;
    for (device, outcome) in &outcomes {
        assert!(outcome.is_ok(), "{device}: {outcome:?}");
    }
    assert_eq!(accepted(&sim), 300);
    let connections = sim.stats()[&Service::Apns].connections;
    assert!((2..=3).contains(&connections), "{connections}");
    assert_eq!(client.session().stats().resent, 0, "the limit was kept");
}

async fn a_lowered_limit_is_followed(backend: Shared) {
    let sim = sim();
    let session = Session::builder(backend).max_connections_per_destination(1);
    let client = client_of(session, &sim);
    client.send(token(0), &hello()).await.unwrap();
    arm(&sim, Action::Streams(1), 1);
    let outcomes: Vec<_> = client
        .send_all((1..=500).map(token), &hello())
        .collect()
        .await;
    for (device, outcome) in &outcomes {
        assert!(outcome.is_ok(), "{device}: {outcome:?}");
    }
    assert_eq!(accepted(&sim), 501);
}

async fn no_more_pushes_wait_than_the_connections_take_in_time(backend: Shared) {
    let config = sim_apns::Config::default()
        .max_streams(1)
        .strict_first_stream();
    let sim = Sim::builder()
        .apns_any()
        .apns_config(config)
        .start()
        .unwrap();
    let session = Session::builder(backend).max_connections_per_destination(2);
    let client = builder(session.build(), &sim)
        .timeout(Duration::from_secs(1))
        .build()
        .unwrap();
    // Two connections take a hundred a second: what waited behind 1000 would be late.
    arm(&sim, Action::Delay(Duration::from_millis(20)), u64::MAX);
    let mut outcomes = client.send_all((0..150).map(token), &hello());
    while let Some((device, outcome)) = outcomes.next().await {
        assert!(outcome.is_ok(), "{device}: {outcome:?}");
    }
    assert!(sim.stats()[&Service::Apns].connections <= 2);
}

async fn outdate_closes_the_idle_and_the_next_push_connects_anew(backend: Shared) {
    let sim = sim();
    let client = client(backend, &sim);
    client.send(token(1), &hello()).await.unwrap();
    assert_eq!(client.session().outdate(Duration::from_secs(60)), 0);
    assert_eq!(client.session().outdate(Duration::ZERO), 1);
    wait_until(|| sim.stats()[&Service::Apns].open == 0).await;
    wait_until(|| client.session().stats().connections == 0).await;
    client.send(token(2), &hello()).await.unwrap();
    assert_eq!(sim.stats()[&Service::Apns].connections, 2);
}

async fn an_idle_connection_answers_a_ping_before_it_takes_a_push(backend: Shared) {
    let sim = sim();
    let session = Session::builder(backend).probe_after(Duration::ZERO);
    let client = client_of(session, &sim);
    client.send(token(1), &hello()).await.unwrap();
    client.send(token(2), &hello()).await.unwrap();
    assert_eq!(sim.stats()[&Service::Apns].connections, 1);
}

async fn shutdown_answers_what_is_under_way_and_takes_no_more(backend: Shared) {
    let sim = sim();
    let client = client(backend, &sim);
    client.send(token(0), &hello()).await.unwrap();
    arm(&sim, Action::Delay(Duration::from_millis(200)), 1);
    let notification = hello();
    let slow = client.send(token(1), &notification);
    let shutdown = async {
        wait_until(|| accepted(&sim) == 2).await;
        client.shutdown(Duration::from_secs(10)).await
    };
    let (slow, shutdown) = futures_util::future::join(slow, shutdown).await;
    assert!(slow.is_ok(), "{slow:?}");
    assert_eq!((shutdown.not_sent, shutdown.unanswered), (0, 0));
    let late = client.send(token(2), &hello()).await.unwrap_err();
    assert_eq!(late.kind(), ErrorKind::Closed);
    wait_until(|| sim.stats()[&Service::Apns].open == 0).await;
}

async fn a_dropped_send_does_not_disturb_the_others(backend: Shared) {
    let sim = sim();
    let client = client(backend, &sim);
    client.send(token(0), &hello()).await.unwrap();
    for number in 0..50 {
        let token = token(number);
        let notification = hello();
        let mut send = Box::pin(client.send(token, &notification));
        let _ = futures_util::FutureExt::now_or_never(&mut send);
        drop(send);
    }
    let outcomes: Vec<_> = client
        .send_all((100..200).map(token), &hello())
        .collect()
        .await;
    assert!(outcomes.iter().all(|(_, outcome)| outcome.is_ok()));
    assert_eq!(sim.stats()[&Service::Apns].connections, 1);
    wait_until(|| client.session().stats().in_flight == 0).await;
}

async fn a_full_queue_fails_at_once_where_it_is_asked_to(backend: Shared) {
    let config = sim_apns::Config::default()
        .max_streams(1)
        .strict_first_stream();
    let sim = Sim::builder()
        .apns_any()
        .apns_config(config)
        .start()
        .unwrap();
    let session = Session::builder(backend)
        .max_connections_per_destination(1)
        .max_waiting(Some(10));
    let client = client_of(session, &sim);
    client.send(token(0), &hello()).await.unwrap();
    let hello = hello();
    let sends = (1..=50).map(|number| client.send(token(number), &hello));
    let outcomes = futures_util::future::join_all(sends).await;
    let full = |outcome: &apns::Outcome| {
        outcome
            .as_ref()
            .is_err_and(|error| error.kind() == ErrorKind::QueueFull)
    };
    assert!(outcomes.iter().any(full));
    assert!(outcomes.iter().all(|one| one.is_ok() || full(one)));
    // A bulk send takes what there is room for.
    let many = client.send_all((51..=100).map(token), &hello);
    assert!(many.all(async |(_, one)| one.is_ok()).await);
}

async fn the_least_recently_used_connection_makes_room(backend: Shared) {
    let (one, other) = (sim(), sim());
    let session = Session::builder(backend).max_connections(1).build();
    let to_one = builder(session.clone(), &one).build().unwrap();
    let to_other = builder(session.clone(), &other).build().unwrap();
    for round in 0..3 {
        to_one.send(token(round), &hello()).await.unwrap();
        to_other.send(token(round), &hello()).await.unwrap();
    }
    assert_eq!((accepted(&one), accepted(&other)), (3, 3));
    assert_eq!(one.stats()[&Service::Apns].connections, 3);
    assert!(
        session.stats().connections <= 2,
        "one that drains, one in use"
    );
}

async fn a_lost_answer_holds_up_neither_its_stream_nor_the_session(backend: Shared) {
    let sim = Sim::builder()
        .apns_any()
        .apns_config(sim_apns::Config::default().max_streams(1))
        .start()
        .unwrap();
    let session = Session::builder(backend).max_connections_per_destination(2);
    let client = builder(session.build(), &sim)
        .timeout(Duration::from_millis(1500))
        .build()
        .unwrap();
    // The one stream of a fresh connection, then those of connections that have proven themselves.
    for round in 0..3 {
        arm(&sim, Action::DropAnswer, 1);
        let lost = client.send(token(1), &hello()).await;
        assert_eq!(lost.verdict(), Verdict::Unknown, "{round}: {lost:?}");
        let next = client.send(token(2), &hello()).await;
        assert!(next.is_ok(), "{round}: {next:?}");
    }
}

async fn connections_that_end_unanswered_are_spaced(backend: Shared) {
    for action in [
        Action::GoAway(GoAway::new().reason("Shutdown")),
        Action::Close(Close::Fin),
        Action::Close(Close::Tls),
    ] {
        let sim = sim();
        let client = builder(Session::new(backend.clone()), &sim)
            .timeout(Duration::from_millis(700))
            .build()
            .unwrap();
        arm(&sim, action.clone(), u64::MAX);
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_millis(700) {
            assert!(client.send(token(1), &hello()).await.is_err());
        }
        // Without a back-off these are hundreds; its jitter lets some follow at once.
        let connections = sim.stats()[&Service::Apns].connections;
        assert!(connections < 30, "{action:?}: {connections}");
    }
}

async fn a_push_whose_time_has_passed_is_not_sent(backend: Shared) {
    let sim = sim();
    let client = builder(Session::new(backend), &sim)
        .timeout(Duration::from_millis(1000))
        .in_flight(200)
        .build()
        .unwrap();
    let mut outcomes = client.send_all((0..200).map(token), &hello());
    let first = outcomes.next().await.unwrap();
    assert!(first.1.is_ok());
    // The caller is busy elsewhere while the others get their streams, and their time passes.
    let begun = Instant::now();
    wait_until(|| begun.elapsed() > Duration::from_millis(1500)).await;
    let rest: Vec<_> = outcomes.collect().await;
    assert_eq!(rest.len(), 199);
    for (device, outcome) in &rest {
        assert_ne!(outcome.verdict(), Verdict::Unknown, "{device}: {outcome:?}");
    }
    let taken = rest.iter().filter(|(_, outcome)| outcome.is_ok()).count();
    assert_eq!(accepted(&sim) as usize, taken + 1);
}

async fn what_is_dropped_after_its_connection_ended_leaves_nothing_behind(backend: Shared) {
    let sim = sim();
    let session = Session::builder(backend).max_connections(1);
    let client = client_of(session, &sim);
    client.send(token(0), &hello()).await.unwrap();
    arm(&sim, Action::DropAnswer, 1);
    let notification = hello();
    let mut first = Box::pin(client.send(token(1), &notification));
    let _ = futures_util::FutureExt::now_or_never(&mut first);
    wait_until(|| accepted(&sim) == 2).await;
    arm(&sim, Action::Close(Close::Fin), 1);
    assert!(client.send(token(2), &hello()).await.is_err());
    wait_until(|| client.session().stats().connections == 0).await;
    drop(first);
    client.send(token(3), &hello()).await.unwrap();
}

async fn dropping_session_and_clients_closes_what_nobody_waits_for(backend: Shared) {
    let sim = sim();
    let client = builder(Session::new(backend), &sim)
        .timeout(Duration::from_millis(1000))
        .build()
        .unwrap();
    client.send(token(0), &hello()).await.unwrap();
    arm(&sim, Action::DropAnswer, 1);
    assert!(client.send(token(1), &hello()).await.is_err());
    drop(client);
    wait_until(|| sim.stats()[&Service::Apns].open == 0).await;
}

/// Runtimes end while others still wait for what ran on them.
#[test]
fn a_runtime_that_goes_away_ends_every_wait() {
    let sim = Sim::builder()
        .apns_any()
        .apns_config(sim_apns::Config::default().max_streams(1))
        .start()
        .unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let backend: Shared =
        runtime.block_on(async { Arc::new(anypush::TokioBackend::new().unwrap()) });
    let client = client(backend, &sim);
    arm(&sim, Action::Delay(Duration::from_millis(100)), u64::MAX);
    let waiting = client.clone();
    let waiter = std::thread::spawn(move || {
        let outcomes = waiting.send_all((0..100).map(token), &hello());
        smol::block_on(outcomes.collect::<Vec<_>>())
    });
    smol::block_on(wait_until(|| client.session().stats().connections >= 2));
    drop(runtime);
    let outcomes = waiter.join().unwrap();
    assert_eq!(outcomes.len(), 100);
    let gone = |outcome: &apns::Outcome| {
        outcome
            .as_ref()
            .is_err_and(|error| error.kind() == ErrorKind::RuntimeGone)
    };
    assert!(outcomes.iter().any(|(_, outcome)| gone(outcome)));
}
