//! Provider tokens in simulated time: when they are renewed, and what happens when the service
//! refuses one.

#![allow(clippy::unwrap_used)]

mod common;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use backend_simulated::Simulation;
use common::{Request, builder, key, refused, taken};
use push_apns::{Client, Notification, Outcome, ProviderToken, Reason};
use push_core::Verdict;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const SEEDS: std::ops::Range<u64> = 0..20;

/// A push as the service sees it: its connection, and the encoded value of its authorization.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Push {
    connection: u64,
    token: Vec<u8>,
}

/// The service: takes a push, or answers that its token has expired.
#[derive(Clone, Default)]
struct Service {
    pushes: Arc<Mutex<Vec<Push>>>,
    /// How many pushes are still to be refused.
    refuse: Arc<Mutex<usize>>,
}

impl Service {
    fn start(sim: &Simulation) -> Self {
        let service = Self::default();
        let serving = service.clone();
        common::serve(sim, move |request| Some(serving.answer(&request)));
        service
    }

    fn answer(&self, request: &Request) -> Vec<u8> {
        let push = Push {
            connection: request.connection,
            token: authorization(&request.headers).unwrap().to_vec(),
        };
        self.pushes.lock().unwrap().push(push);
        let mut refuse = self.refuse.lock().unwrap();
        if *refuse == 0 {
            return taken(request.stream);
        }
        *refuse -= 1;
        refused(request.stream, 403, "ExpiredProviderToken")
    }

    fn refuse(&self, pushes: usize) {
        *self.refuse.lock().unwrap() = pushes;
    }

    fn seen(&self) -> Vec<Push> {
        self.pushes.lock().unwrap().clone()
    }

    fn last(&self) -> Push {
        self.seen().pop().unwrap()
    }
}

/// The value of `authorization` in a header block (RFC 7541), as it is encoded: equal tokens are
/// equal here.
fn authorization(mut block: &[u8]) -> Option<&[u8]> {
    const AUTHORIZATION: usize = 23;
    while let Some(first) = block.first() {
        let prefix = match first {
            // Indexed, and a change of the table's size: no value follows.
            0x80.. => 7,
            0x20..0x40 => 5,
            0x40..0x80 => 6,
            _ => 4,
        };
        let index = integer(&mut block, prefix)?;
        if prefix == 7 || prefix == 5 {
            continue;
        }
        if index == 0 {
            string(&mut block)?;
        }
        let value = string(&mut block)?;
        if index == AUTHORIZATION {
            return Some(value);
        }
    }
    None
}

fn integer(block: &mut &[u8], prefix: u32) -> Option<usize> {
    let most = (1 << prefix) - 1;
    let (first, rest) = block.split_first()?;
    *block = rest;
    let mut value = usize::from(*first) & most;
    if value < most {
        return Some(value);
    }
    for shift in [0, 7, 14] {
        let (next, rest) = block.split_first()?;
        *block = rest;
        value += (usize::from(*next) & 0x7f) << shift;
        if next & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn string<'a>(block: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = integer(block, 7)?;
    let (string, rest) = block.split_at_checked(length)?;
    *block = rest;
    Some(string)
}

fn client(sim: &Simulation, token: ProviderToken) -> Client {
    builder(sim).provider_token(token).build().unwrap()
}

fn send(sim: &Simulation, client: &Client) -> Outcome {
    let token = "0123456789abcdef".repeat(4);
    sim.block_on(client.send(token.as_str(), &Notification::alert("Hello")))
}

/// Sends at each of these times since the first, and tells which token each push had, by number.
fn tokens_at(sim: &Simulation, token: ProviderToken, minutes: &[u32]) -> Vec<usize> {
    let service = Service::start(sim);
    let client = client(sim, token);
    let begun = sim.elapsed();
    let mut known: Vec<Vec<u8>> = Vec::new();
    let numbers = minutes.iter().map(|minute| {
        sim.advance((begun + MINUTE * *minute).saturating_sub(sim.elapsed()));
        send(sim, &client).unwrap();
        let token = service.last().token;
        let number = known.iter().position(|one| *one == token);
        number.unwrap_or_else(|| {
            known.push(token);
            known.len() - 1
        })
    });
    let numbers = numbers.collect();
    assert_eq!(service.last().connection, 1, "one connection for all");
    numbers
}

#[test]
fn a_token_is_renewed_on_its_connection_after_50_minutes() {
    Simulation::for_seeds(SEEDS, |sim| {
        let tokens = tokens_at(sim, key(), &[0, 1, 49, 51, 100, 102, 300]);
        assert_eq!(tokens, [0, 0, 0, 1, 1, 2, 3]);
    });
}

#[test]
fn the_age_of_a_token_is_the_callers_choice_within_apples_limits() {
    Simulation::for_seeds(SEEDS, |sim| {
        let tokens = tokens_at(sim, key().max_age(20 * MINUTE), &[0, 19, 21, 40, 42]);
        assert_eq!(tokens, [0, 0, 1, 1, 2]);
    });
    Simulation::for_seeds(SEEDS, |sim| {
        let tokens = tokens_at(sim, key().max_age(MINUTE), &[0, 2, 19, 21]);
        assert_eq!(
            tokens,
            [0, 0, 0, 1],
            "never more often than every 20 minutes"
        );
    });
}

#[test]
fn a_wall_clock_that_is_set_moves_tokens_and_no_deadline() {
    Simulation::for_seeds(SEEDS, |sim| {
        let service = Service::start(sim);
        let client = client(sim, key());
        send(sim, &client).unwrap();
        let first = service.last();
        sim.set_system_time(sim.system_time() - 10 * MINUTE);
        send(sim, &client).unwrap();
        assert_eq!(service.last(), first, "set back a little");
        sim.set_system_time(sim.system_time() - 30 * MINUTE);
        send(sim, &client).unwrap();
        let second = service.last();
        assert_ne!(second.token, first.token, "a token of the future");
        sim.set_system_time(sim.system_time() + 60 * MINUTE);
        send(sim, &client).unwrap();
        assert_ne!(service.last().token, second.token, "an old one");
        assert_eq!(service.last().connection, 1);
        assert!(sim.elapsed() < 5 * SECOND);
    });
}

#[test]
fn each_connection_has_a_token_of_its_own() {
    Simulation::for_seeds(SEEDS, |sim| {
        let service = Service::start(sim);
        let client = client(sim, key());
        send(sim, &client).unwrap();
        let first = service.last();
        sim.network().cables()[0].reset();
        sim.advance(SECOND);
        send(sim, &client).unwrap();
        let second = service.last();
        assert_eq!(second.connection, 2);
        assert_ne!(second.token, first.token);
    });
}

#[test]
fn a_push_whose_token_has_expired_goes_out_again_on_a_new_connection_with_a_new_token() {
    Simulation::for_seeds(SEEDS, |sim| {
        let service = Service::start(sim);
        let client = client(sim, key());
        send(sim, &client).unwrap();
        sim.advance(10 * MINUTE);
        service.refuse(1);
        assert_eq!(send(sim, &client).unwrap().attempts, 2);
        let [_, refused, taken] = &service.seen()[..] else {
            panic!("three pushes: {:?}", service.seen());
        };
        assert_eq!((refused.connection, taken.connection), (1, 2));
        assert_ne!(refused.token, taken.token);
        sim.advance(SECOND);
        assert_eq!(sim.network().open_connections(), 1, "the first one is left");
    });
}

#[test]
fn a_service_that_calls_every_token_expired_is_asked_twice_and_connections_stay() {
    Simulation::for_seeds(SEEDS, |sim| {
        let service = Service::start(sim);
        let client = client(sim, key());
        service.refuse(usize::MAX);
        for (number, attempts) in [2, 1, 1, 1].into_iter().enumerate() {
            let error = send(sim, &client).unwrap_err();
            let reason = &error.rejection().unwrap().reason;
            assert_eq!(*reason, Reason::ExpiredProviderToken);
            assert_eq!(error.verdict(), Verdict::FixCredentials);
            assert_eq!(error.attempts(), attempts, "push {number}");
        }
        assert_eq!(service.last().connection, 2);
        // After a minute it is tried again: the clock may have been set.
        sim.advance(2 * MINUTE);
        service.refuse(1);
        assert_eq!(send(sim, &client).unwrap().attempts, 2);
        assert_eq!(service.last().connection, 3);
    });
}
