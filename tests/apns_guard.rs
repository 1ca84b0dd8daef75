//! What bulk sends make of `BadDeviceToken`, against the simulator, on every backend.

#![allow(clippy::unwrap_used)]

mod common;

use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use anypush::apns::{Client, Error, Judgement, Notification, Outcome as Sent, Reason};
use anypush::blocking;
use anypush::prelude::*;
use common::*;
use futures_util::stream;
use push_sim::{Action, Answer, Fault, Service, Sim};

on_every_backend! {
    an_acceptance_shows_the_rejected_tokens_to_be_dead,
    a_run_without_an_acceptance_suspects_the_environment,
    the_hundredth_rejection_suspects_the_environment_at_once,
    an_acceptance_after_the_hundredth_clears_those_that_follow,
    a_run_that_may_do_little_at_a_time_is_not_held_up,
    every_kind_of_bulk_send_is_guarded,
    a_source_that_waits_for_outcomes_gets_them,
    stopping_tells_what_is_held_back_and_dropping_leaves_nothing,
    a_gone_device_waits_for_nothing,
    a_single_push_is_not_judged,
}

fn bad() -> Answer {
    Answer::new(400).reason("BadDeviceToken")
}

/// A simulator that calls every token bad after so many requests.
fn wrong_environment(after: u64) -> Sim {
    let sim = sim();
    let fault = Fault::new(Service::Apns, Action::Answer(bad())).after(after);
    sim.fault(fault).unwrap();
    sim
}

fn hello() -> Notification {
    Notification::alert("Hello")
}

fn counts<'a, T: 'a>(
    outcomes: impl IntoIterator<Item = &'a (T, Sent)>,
) -> HashMap<&'static str, usize> {
    let mut counts = HashMap::new();
    for (_, outcome) in outcomes {
        *counts.entry(outcome.verdict().name()).or_default() += 1;
    }
    counts
}

fn is_suspected(error: &Error, sim: &Sim) {
    assert_eq!(error.verdict(), Verdict::FixCredentials);
    let text = error.to_string();
    let endpoint = endpoint(sim).to_string();
    for part in ["likely the wrong environment", &endpoint, "BadDeviceToken"] {
        assert!(text.contains(part), "{text} lacks {part}");
    }
    let rejection = error.rejection().unwrap();
    assert_eq!(rejection.reason, Reason::BadDeviceToken);
    assert!(matches!(
        rejection.judgement,
        Some(Judgement::WrongEnvironment { .. })
    ));
}

async fn an_acceptance_shows_the_rejected_tokens_to_be_dead(backend: Shared) {
    const DEVICES: usize = 3000;
    let sim = sim();
    let client = client(backend, &sim);
    // The first fifty, and many after them.
    let is_dead = |number: usize| number < 50 || number.is_multiple_of(7);
    for number in (0..DEVICES).filter(|number| is_dead(*number)) {
        answer(&sim, &token(number), bad());
    }
    let devices = (0..DEVICES).map(|number| (token(number), number));
    let outcomes: Vec<_> = client.send_all(devices, &hello()).collect().await;
    let mut seen = vec![0; DEVICES];
    for ((_, number), outcome) in &outcomes {
        seen[*number] += 1;
        let expected = match is_dead(*number) {
            true => Verdict::remove_token(None),
            false => Verdict::Accepted,
        };
        assert_eq!(outcome.verdict(), expected, "{number}");
        if let Err(error) = outcome {
            let judgement = &error.rejection().unwrap().judgement;
            assert_eq!(*judgement, Some(Judgement::DeadToken));
            assert!(error.id().is_some(), "it was sent");
        }
    }
    assert!(seen.iter().all(|times| *times == 1));
}

async fn a_run_without_an_acceptance_suspects_the_environment(backend: Shared) {
    let sim = wrong_environment(0);
    let client = client(backend, &sim);
    for devices in [1, 20, 99] {
        let outcomes: Vec<_> = client
            .send_all((0..devices).map(token), &hello())
            .collect()
            .await;
        assert_eq!(counts(&outcomes)["fix-credentials"], devices);
        is_suspected(outcomes[0].1.as_ref().unwrap_err(), &sim);
    }
}

async fn the_hundredth_rejection_suspects_the_environment_at_once(backend: Shared) {
    let sim = wrong_environment(0);
    let client = client(backend, &sim);
    // The source never ends: only the hundredth can have been it.
    let mut outcomes = client.send_all((0..).map(token), &hello());
    for _ in 0..500 {
        let (_, outcome) = outcomes.next().await.unwrap();
        is_suspected(&outcome.unwrap_err(), &sim);
    }
    outcomes.stop();
    let rest: Vec<_> = outcomes.collect().await;
    let told = 500 + rest.len() as u64;
    assert_eq!(told, sim.stats()[&Service::Apns].requests);
    assert_eq!(counts(&rest).len(), 1);
}

async fn an_acceptance_after_the_hundredth_clears_those_that_follow(backend: Shared) {
    let sim = sim();
    arm(&sim, Action::Answer(bad()), 100);
    answer(&sim, &token(150), bad());
    let client = builder(Session::new(backend), &sim)
        .in_flight(1)
        .build()
        .unwrap();
    let outcomes: Vec<_> = client
        .send_all((0..200).map(token), &hello())
        .collect()
        .await;
    let verdicts: Vec<_> = outcomes.iter().map(|(_, one)| one.verdict()).collect();
    assert!(
        verdicts[..100]
            .iter()
            .all(|one| *one == Verdict::FixCredentials)
    );
    assert_eq!(verdicts[150], Verdict::remove_token(None));
    let counts = counts(&outcomes);
    assert_eq!((counts["accepted"], counts["remove-token"]), (99, 1));
}

async fn a_run_that_may_do_little_at_a_time_is_not_held_up(backend: Shared) {
    let sim = sim();
    arm(&sim, Action::Answer(bad()), 80);
    let session = Session::builder(backend)
        .max_streams_per_connection(1)
        .max_connections_per_destination(1);
    let client = builder(session.build(), &sim).in_flight(2).build().unwrap();
    let outcomes: Vec<_> = client
        .send_all((0..100).map(token), &hello())
        .collect()
        .await;
    let counts = counts(&outcomes);
    assert_eq!((counts["remove-token"], counts["accepted"]), (80, 20));
}

async fn every_kind_of_bulk_send_is_guarded(backend: Shared) {
    let sim = wrong_environment(1);
    let client = client(backend, &sim);
    let check = |outcomes: &[(String, Sent)], count: usize| {
        assert_eq!(counts(outcomes)["fix-credentials"], count);
    };
    client.send(token(0), &hello()).await.unwrap();
    let pushes = (0..10).map(|number| (token(number), hello()));
    check(&client.send_each(pushes).collect::<Vec<_>>().await, 10);

    // What is held back comes before the source's error, which comes last.
    let source = [Ok(token(1)), Ok(token(2)), Err("the database is gone")];
    let outcomes: Vec<_> = client.try_send_all(source, &hello()).collect().await;
    let [one, other, end] = outcomes.try_into().unwrap();
    check(&[one.unwrap(), other.unwrap()], 2);
    assert_eq!(end.unwrap_err(), "the database is gone");
    let source = [Ok::<_, ()>(token(1))];
    let outcomes: Vec<_> = client.try_send_all(source, &hello()).collect().await;
    check(&[outcomes.into_iter().next().unwrap().unwrap()], 1);
}

async fn a_source_that_waits_for_outcomes_gets_them(backend: Shared) {
    let sim = sim();
    arm(&sim, Action::Answer(bad()), 1);
    let client = client(backend, &sim);
    // The second device comes when the first one's outcome is told.
    let told = Arc::new(AtomicBool::new(false));
    let is_told = told.clone();
    let source = stream::iter([token(1)]).chain(stream::once(poll_fn(move |_| {
        match is_told.load(Ordering::SeqCst) {
            true => Poll::Ready(token(2)),
            false => Poll::Pending,
        }
    })));
    let mut outcomes = client.send_all(source, &hello());
    let (_, outcome) = outcomes.next().await.unwrap();
    is_suspected(&outcome.unwrap_err(), &sim);
    told.store(true, Ordering::SeqCst);
    assert!(outcomes.next().await.unwrap().1.is_ok());
    assert!(outcomes.next().await.is_none());
}

async fn stopping_tells_what_is_held_back_and_dropping_leaves_nothing(backend: Shared) {
    let sim = wrong_environment(0);
    let client = client(backend, &sim);
    let mut outcomes = client.send_all((0..).map(token), &hello());
    // Some were answered, and none was told.
    poll_fn(|cx| {
        assert!(outcomes.poll_next_unpin(cx).is_pending());
        match sim.stats()[&Service::Apns].requests {
            0..10 => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            _ => Poll::Ready(()),
        }
    })
    .await;
    outcomes.stop();
    let rest: Vec<_> = outcomes.collect().await;
    assert!(!rest.is_empty());
    assert!(counts(&rest).len() == 1, "{:?}", counts(&rest));

    let mut dropped = client.send_all((0..).map(token), &hello());
    let _ = dropped.next().await;
    drop(dropped);
    wait_until(|| client.session().stats().waiting == 0).await;
}

async fn a_gone_device_waits_for_nothing(backend: Shared) {
    let sim = sim();
    answer(&sim, &token(1), bad());
    answer(&sim, &token(2), Answer::new(410).reason("Unregistered"));
    let client = client(backend, &sim);
    let source = stream::iter([token(1), token(2)]).chain(stream::pending());
    let mut outcomes = client.send_all(source, &hello());
    let (device, outcome) = outcomes.next().await.unwrap();
    assert_eq!(device, token(2));
    assert!(matches!(outcome.verdict(), Verdict::RemoveToken { .. }));
}

async fn a_single_push_is_not_judged(backend: Shared) {
    let sim = wrong_environment(0);
    let client = client(backend, &sim);
    let error = client.send(token(1), &hello()).await.unwrap_err();
    assert_eq!(error.verdict(), Verdict::FixMessage);
    assert_eq!(error.rejection().unwrap().judgement, None);
    let text = error.to_string();
    let expected = "rejected with 400: BadDeviceToken: the token is not one of this app";
    assert!(text.starts_with(expected), "{text}");
}

#[test]
fn blocking_bulk_sends_are_guarded() {
    for (name, backend) in standalone() {
        let sim = wrong_environment(0);
        let client: Client = client(backend, &sim);
        let client = blocking::apns::Client::from(client);
        let outcomes: Vec<_> = client.send_all((0..120).map(token), &hello()).collect();
        assert_eq!(counts(&outcomes)["fix-credentials"], 120, "{name}");
        sim.clear_faults();
        arm(&sim, Action::Answer(bad()), 30);
        let outcomes: Vec<_> = client.send_all((0..60).map(token), &hello()).collect();
        let counts = counts(&outcomes);
        assert_eq!(
            (counts["remove-token"], counts["accepted"]),
            (30, 30),
            "{name}"
        );
    }
}
