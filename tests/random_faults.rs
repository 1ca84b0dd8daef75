//! Everything goes wrong at once, at places drawn from a seed: the counts of both sides must agree.
//!
//! `ANYPUSH_FAULT_SEED=7 cargo test --test random_faults` repeats one seed, `0..20` many. For half an
//! hour of it, seed after seed on one backend after the other:
//! `ANYPUSH_SOAK_SECONDS=1800 cargo test --release --test random_faults -- --ignored --nocapture`.

#![allow(clippy::unwrap_used)]

mod common;

use std::collections::HashMap;
use std::ops::Range;
use std::time::{Duration, Instant};

use anypush::Session;
use anypush::apns::Notification;
use anypush::prelude::*;
use common::*;
use push_sim::{Action, Fault, Service, Sim, Storm};

on_every_backend! {
    each_push_has_one_outcome_and_none_is_taken_twice,
    #[ignore = "as long as ANYPUSH_SOAK_SECONDS says"]
    it_stays_so_for_as_long_as_one_likes,
}

const DEVICES: usize = 4_000;
/// One request in so many is struck, and one connection.
const ONE_IN: u64 = 100;

fn seeds() -> Range<u64> {
    let Ok(seeds) = std::env::var("ANYPUSH_FAULT_SEED") else {
        return 1..2;
    };
    match seeds.split_once("..") {
        Some((first, end)) => first.parse().unwrap()..end.parse().unwrap(),
        None => {
            let seed = seeds.parse().unwrap();
            seed..seed + 1
        }
    }
}

async fn each_push_has_one_outcome_and_none_is_taken_twice(backend: Shared) {
    for seed in seeds() {
        run(backend.clone(), seed).await;
    }
}

#[allow(clippy::print_stdout)]
async fn it_stays_so_for_as_long_as_one_likes(backend: Shared) {
    const BACKENDS: u64 = 6;
    let seconds = std::env::var("ANYPUSH_SOAK_SECONDS").unwrap_or_else(|_| "60".to_owned());
    let time = Duration::from_secs(seconds.parse::<u64>().unwrap() / BACKENDS);
    let begun = Instant::now();
    let mut sum = Counts::default();
    let mut seed = seeds().start;
    while begun.elapsed() < time {
        sum.add(&run(backend.clone(), seed).await);
        seed += 1;
    }
    println!("{backend:?}: {sum:?}, up to seed {seed}");
}

/// What became of the pushes.
#[derive(Debug, Default)]
struct Counts {
    devices: usize,
    accepted: usize,
    unknown: usize,
    not_taken: usize,
    faults: u64,
}

impl Counts {
    fn add(&mut self, other: &Self) {
        self.devices += other.devices;
        self.accepted += other.accepted;
        self.unknown += other.unknown;
        self.not_taken += other.not_taken;
        self.faults += other.faults;
    }
}

async fn run(backend: Shared, seed: u64) -> Counts {
    let sim = Sim::builder()
        .apns_any()
        .keep(10 * DEVICES)
        .start()
        .unwrap();
    let storm = Storm::new(seed).one_in(ONE_IN);
    sim.fault(Fault::new(Service::Apns, Action::Random(storm)))
        .unwrap();
    let session = Session::builder(backend)
        .max_connections_per_destination(3)
        .connect_timeout(Duration::from_millis(500))
        .ping_timeout(Duration::from_millis(300))
        .back_off(
            RetryPolicy::exponential(Duration::from_millis(5)).max_delay(Duration::from_millis(50)),
        );
    let timeout = Duration::from_secs(2);
    let client = builder(session.build(), &sim)
        .timeout(timeout)
        .in_flight(200)
        .build()
        .unwrap();

    let mut verdicts = HashMap::new();
    let hello = Notification::alert("Hello");
    let mut outcomes = client.send_all((0..DEVICES).map(token), &hello);
    while let Some((device, outcome)) = outcomes.next().await {
        let verdict = outcome.verdict().name();
        let before = verdicts.insert(device, verdict);
        assert!(before.is_none(), "seed {seed}: two outcomes");
    }
    assert_eq!(verdicts.len(), DEVICES, "seed {seed}: every device");
    client.shutdown(Duration::from_secs(5)).await;

    let mut taken: HashMap<String, usize> = HashMap::new();
    for push in sim.received(Service::Apns, 10 * DEVICES).unwrap() {
        *taken.entry(push.token).or_default() += 1;
    }
    let stats = sim.stats()[&Service::Apns].clone();
    let mut counts = Counts {
        devices: DEVICES,
        faults: stats.faults.values().sum(),
        ..Counts::default()
    };
    for (device, verdict) in &verdicts {
        let times = taken.get(device).copied().unwrap_or(0);
        match *verdict {
            "accepted" => {
                assert_eq!(times, 1, "seed {seed}: {device} was said to be taken");
                counts.accepted += 1;
            }
            "unknown" => {
                assert!(times <= 1, "seed {seed}: {device} was taken {times} times");
                counts.unknown += 1;
            }
            other => {
                assert_eq!(times, 0, "seed {seed}: {device} is {other}, and was taken");
                counts.not_taken += 1;
            }
        }
    }
    assert_eq!(stats.taken_twice, 0, "seed {seed}");
    assert!(counts.faults > 0, "seed {seed}: nothing went wrong");
    // Each connection that falls silent leaves all unknown that were under way on it.
    assert!(counts.accepted > DEVICES / 10, "seed {seed}: {counts:?}");
    counts
}
