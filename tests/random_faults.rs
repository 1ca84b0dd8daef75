//! Everything goes wrong at once, at places drawn from a seed: the counts of both sides must agree.
//!
//! `ANYPUSH_FAULT_SEED=7 cargo test --test random_faults` repeats one seed.

#![allow(clippy::unwrap_used)]

mod common;

use std::collections::HashMap;
use std::time::Duration;

use anypush::Session;
use anypush::apns::Notification;
use anypush::prelude::*;
use common::*;
use push_sim::{Action, Answer, Close, Fault, GoAway, Service, Sim};

on_every_backend! {
    each_push_has_one_outcome_and_none_is_taken_twice,
}

const DEVICES: usize = 10_000;
const FAULTS: usize = 60;

/// xorshift64*: the same numbers for the same seed, everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % end
    }

    fn fault(&mut self) -> Action {
        match self.below(12) {
            0 | 1 => Action::GoAway(GoAway::new().reason("Shutdown")),
            2 => Action::GoAway(GoAway::new().last(0x7fff_ffff)),
            3 => Action::Close(Close::Fin),
            4 => Action::Close(Close::Rst),
            5 => Action::Close(Close::Tls),
            6 | 7 => Action::Reset(7),
            8 => Action::Reset(2),
            9 => Action::DropAnswer,
            10 => Action::Streams(1 + self.below(300) as u32),
            _ => match self.below(8) {
                0 => Action::Stall,
                1..=3 => Action::Delay(Duration::from_millis(self.below(80))),
                _ => Action::Answer(Answer::new(503).reason("Shutdown")),
            },
        }
    }
}

async fn each_push_has_one_outcome_and_none_is_taken_twice(backend: Shared) {
    let seeds = match std::env::var("ANYPUSH_FAULT_SEED") {
        Ok(seed) => vec![seed.parse().unwrap()],
        Err(_) => vec![1],
    };
    for seed in seeds {
        run(backend.clone(), seed).await;
    }
}

async fn run(backend: Shared, seed: u64) {
    let sim = Sim::builder()
        .apns_any()
        .keep(10 * DEVICES)
        .start()
        .unwrap();
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    for _ in 0..FAULTS {
        let after = random.below(DEVICES as u64);
        let fault = Fault::new(Service::Apns, random.fault());
        sim.fault(fault.after(after).times(1 + random.below(3)))
            .unwrap();
    }
    let session = Session::builder(backend)
        .max_connections_per_destination(3)
        .ping_timeout(Duration::from_millis(300))
        .back_off(
            RetryPolicy::exponential(Duration::from_millis(5)).max_delay(Duration::from_millis(50)),
        );
    let client = builder(session.build(), &sim)
        .timeout(Duration::from_secs(2))
        .in_flight(500)
        .build()
        .unwrap();

    let mut verdicts = HashMap::new();
    let hello = Notification::alert("Hello");
    let mut outcomes = client.send_all((0..DEVICES).map(token), &hello);
    while let Some((device, outcome)) = outcomes.next().await {
        let verdict = outcome.verdict().name();
        assert!(
            verdicts.insert(device, verdict).is_none(),
            "seed {seed}: two outcomes"
        );
    }
    assert_eq!(verdicts.len(), DEVICES, "seed {seed}: every device");
    client.shutdown(Duration::from_secs(5)).await;

    let mut taken: HashMap<String, usize> = HashMap::new();
    for push in sim.received(Service::Apns, 10 * DEVICES).unwrap() {
        *taken.entry(push.token).or_default() += 1;
    }
    for (device, verdict) in &verdicts {
        let times = taken.get(device).copied().unwrap_or(0);
        match *verdict {
            "accepted" => assert_eq!(times, 1, "seed {seed}: {device} was said to be taken"),
            "unknown" => assert!(times <= 1, "seed {seed}: {device} was taken {times} times"),
            other => assert_eq!(times, 0, "seed {seed}: {device} is {other}, and was taken"),
        }
    }
    let accepted = verdicts.values().filter(|v| **v == "accepted").count();
    assert!(
        accepted > DEVICES / 2,
        "seed {seed}: only {accepted} were taken"
    );
}
