//! Pushes without async.

#![allow(clippy::unwrap_used)]

mod common;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anypush::apns::Notification;
use anypush::blocking::apns::Client;
use anypush::prelude::*;
use anypush::{SmolBackend, TokioBackend};
use common::{Shared, accepted, builder, sim, standalone, token};

fn client(backend: Shared, sim: &push_sim::Sim) -> Client {
    Client::from(builder(Session::new(backend), sim).build().unwrap())
}

#[test]
fn every_call_waits_for_its_outcome_on_every_backend() {
    for (name, backend) in standalone() {
        let sim = sim();
        let client = client(backend, &sim);
        let hello = Notification::alert("Hello");
        client.ready().unwrap();
        client.send(token(1), &hello).unwrap();
        let outcomes: Vec<_> = client.send_all((2..50).map(token), &hello).collect();
        assert!(
            outcomes.iter().all(|(_, outcome)| outcome.is_ok()),
            "{name}"
        );
        let pushes = (50..60).map(|number| (token(number), Notification::alert("own")));
        assert_eq!(client.send_each(pushes).count(), 10, "{name}");
        let source = [Ok(token(60)), Err("the file ended early"), Ok(token(61))];
        let mut outcomes = client.try_send_all(source, &hello);
        assert!(outcomes.next().unwrap().unwrap().1.is_ok(), "{name}");
        assert_eq!(
            outcomes.next().unwrap().unwrap_err(),
            "the file ended early"
        );
        assert!(outcomes.next().is_none(), "{name}");
        assert_eq!(accepted(&sim), 60, "{name}");
        let left = client.shutdown(Duration::from_secs(5));
        assert_eq!(left.unanswered, 0, "{name}");
        let error = client.send(token(1), &hello).unwrap_err();
        assert_eq!(error.kind(), anypush::ErrorKind::Closed, "{name}");
    }
}

#[test]
fn many_threads_share_one_client() {
    let sim = sim();
    let client = client(Arc::new(TokioBackend::start().unwrap()), &sim);
    let ids: HashSet<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8_usize)
            .map(|thread| {
                let client = client.clone();
                scope.spawn(move || {
                    let hello = Notification::alert("Hello");
                    let send = |number| client.send(token(thread * 100 + number), &hello);
                    (0..20)
                        .map(send)
                        .map(|sent| sent.unwrap().id)
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    assert_eq!(ids.len(), 160);
    assert_eq!(accepted(&sim), 160);
}

#[test]
fn a_stopped_fan_out_gives_the_outcomes_of_what_it_took() {
    let sim = sim();
    let client = client(Arc::new(SmolBackend::new()), &sim);
    let mut outcomes = client.send_all((0..).map(token), &Notification::alert("Hello"));
    assert!(outcomes.next().unwrap().1.is_ok());
    outcomes.stream().stop();
    assert!(outcomes.by_ref().all(|(_, outcome)| outcome.is_ok()));
    assert!(accepted(&sim) > 0);
}

#[test]
fn a_source_that_blocks_holds_back_nothing_that_it_gave() {
    let sim = Arc::new(sim());
    let client = client(Arc::new(SmolBackend::new()), &sim);
    // The service's first stream: from then on there is one for each push.
    client
        .send(token(0), &Notification::alert("Hello"))
        .unwrap();
    let taken = sim.clone();
    // Each device is given only when those before it were taken.
    let tokens = (1..=5).map(move |number| {
        let begun = Instant::now();
        while accepted(&taken) < number {
            assert!(
                begun.elapsed() < Duration::from_secs(20),
                "{number}: never taken"
            );
            std::thread::yield_now();
        }
        token(number as usize)
    });
    let outcomes = client.send_all(tokens, &Notification::alert("Hello"));
    assert_eq!(outcomes.filter(|(_, outcome)| outcome.is_ok()).count(), 5);
}
