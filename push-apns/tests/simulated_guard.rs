//! The environment guard of bulk sends in simulated time: how long outcomes are held back, how much
//! room they take, and that each device has one.

#![allow(clippy::unwrap_used)]

mod common;

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use backend_simulated::Simulation;
use common::{builder, refused, taken};
use futures_util::stream::{self, StreamExt};
use push_apns::{Client, Notification};
use push_core::{Outcome, Verdict};

const SECOND: Duration = Duration::from_secs(1);
const SEEDS: std::ops::Range<u64> = 0..20;

/// What the service says to a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Says {
    Taken,
    Bad,
    Gone,
    Nothing,
}

/// Says these in order of arrival, and then that all is well.
fn service(sim: &Simulation, script: impl IntoIterator<Item = Says>) {
    let script = Mutex::new(script.into_iter().collect::<VecDeque<_>>());
    common::serve(sim, move |request| {
        let says = script.lock().unwrap().pop_front().unwrap_or(Says::Taken);
        match says {
            Says::Taken => Some(taken(request.stream)),
            Says::Bad => Some(refused(request.stream, 400, "BadDeviceToken")),
            Says::Gone => Some(refused(request.stream, 410, "Unregistered")),
            Says::Nothing => None,
        }
    });
}

fn hello() -> Notification {
    Notification::alert("Hello")
}

fn token(number: usize) -> String {
    format!("{number:064x}")
}

/// A client that sends one push after the other, so that the script meets the devices in order.
fn one_by_one(sim: &Simulation) -> Client {
    builder(sim).in_flight(1).build().unwrap()
}

#[test]
fn a_source_that_gives_nothing_for_a_second_gets_what_is_held_back() {
    Simulation::for_seeds(SEEDS, |sim| {
        service(sim, [Says::Bad, Says::Bad, Says::Taken, Says::Bad]);
        let client = one_by_one(sim);
        // Two devices at once, two after a long while.
        let backend = sim.backend();
        let later = stream::once(async move { backend.sleep(60 * SECOND).await });
        let source = stream::iter([0, 1])
            .chain(later.flat_map(|()| stream::iter([2, 3])))
            .map(token);
        let mut outcomes = client.send_all(source.boxed(), &hello());
        let told = sim.block_on(async {
            let mut told = Vec::new();
            while let Some((device, outcome)) = outcomes.next().await {
                told.push((device, outcome.verdict(), sim.elapsed().as_secs()));
            }
            told
        });
        let expected = [
            (token(0), Verdict::FixCredentials, 30),
            (token(1), Verdict::FixCredentials, 30),
            (token(2), Verdict::Accepted, 60),
            (token(3), Verdict::remove_token(None), 60),
        ];
        assert_eq!(told, expected);
        let timers = sim.armed_timers();
        drop(outcomes);
        assert_eq!(sim.armed_timers(), timers, "it had none left");
    });
}

#[test]
fn as_long_as_a_push_is_under_way_there_is_hope() {
    Simulation::for_seeds(SEEDS, |sim| {
        service(sim, [Says::Nothing, Says::Bad]);
        let client = builder(sim).timeout(20 * SECOND).build().unwrap();
        // The first push opens the connection for more than one.
        let source = stream::iter([0, 1].map(token)).chain(stream::pending());
        let mut outcomes = client.send_all(source, &hello());
        let (device, outcome) = sim.block_on(outcomes.next()).unwrap();
        assert_eq!((device, outcome.verdict()), (token(0), Verdict::Unknown));
        assert_eq!(sim.elapsed().as_secs(), 20, "at its deadline");
        let (device, outcome) = sim.block_on(outcomes.next()).unwrap();
        assert_eq!(
            (device, outcome.verdict()),
            (token(1), Verdict::FixCredentials)
        );
        assert_eq!(sim.elapsed().as_secs(), 40, "and as long once more");
    });
}

#[test]
fn what_is_held_back_takes_room_and_leaves_some() {
    Simulation::for_seeds(SEEDS, |sim| {
        // Twelve in ten places, and an acceptance.
        service(sim, [Says::Bad; 12]);
        let client = builder(sim).in_flight(10).build().unwrap();
        let given = Arc::new(AtomicUsize::new(0));
        let counter = given.clone();
        let source = (0..40).map(move |number| {
            counter.fetch_add(1, Ordering::SeqCst);
            token(number)
        });
        let mut outcomes = client.send_all(source, &hello());
        sim.block_on(async {
            let first = outcomes.next().await.unwrap().1;
            assert_eq!(first.verdict(), Verdict::remove_token(None));
        });
        // Ten were begun at once; from then on one at a time, up to the thirteenth, which was taken.
        // Room for those that followed was there when it was told.
        let taken = given.load(Ordering::SeqCst);
        assert!((13..=14).contains(&taken), "{taken}");
        let rest = sim.block_on(outcomes.collect::<Vec<_>>());
        assert_eq!(rest.len(), 39);
        let dead = rest.iter().filter(|(_, one)| one.is_err()).count();
        assert_eq!(dead, 11);
    });
}

#[test]
fn the_end_of_the_devices_is_no_reason_to_wait() {
    Simulation::for_seeds(SEEDS, |sim| {
        service(sim, [Says::Bad, Says::Gone, Says::Bad]);
        let client = one_by_one(sim);
        let outcomes = client.send_all((0..3).map(token), &hello());
        let told: Vec<_> = sim.block_on(outcomes.collect::<Vec<_>>());
        let names: Vec<_> = told
            .iter()
            .map(|(_, outcome)| outcome.verdict().name())
            .collect();
        assert_eq!(
            names,
            ["remove-token", "fix-credentials", "fix-credentials"]
        );
        assert_eq!(told[1].0, token(0));
        assert!(sim.elapsed() < SECOND);
    });
}

#[test]
fn stopping_tells_all_that_was_taken() {
    Simulation::for_seeds(SEEDS, |sim| {
        service(sim, [Says::Bad; 1000]);
        let client = builder(sim).in_flight(10).build().unwrap();
        let given = Arc::new(AtomicUsize::new(0));
        let counter = given.clone();
        let source = (0..).map(move |number| {
            counter.fetch_add(1, Ordering::SeqCst);
            token(number)
        });
        let mut outcomes = client.send_all(source, &hello());
        let rest = sim.block_on(async {
            // Until twenty were taken from the source, and nothing was told.
            poll_fn(|cx| {
                assert!(outcomes.poll_next_unpin(cx).is_pending());
                match given.load(Ordering::SeqCst) {
                    20.. => Poll::Ready(()),
                    _ => Poll::Pending,
                }
            })
            .await;
            outcomes.stop();
            outcomes.collect::<Vec<_>>().await
        });
        assert_eq!(rest.len(), given.load(Ordering::SeqCst));
        let suspected = |outcome: &push_apns::Outcome| {
            assert_eq!(outcome.verdict(), Verdict::FixCredentials);
        };
        rest.iter().for_each(|(_, outcome)| suspected(outcome));
    });
}
