//! How connections are replaced, in simulated time: when they end, and before they do.

#![cfg(feature = "http2")]
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeMap;
use std::time::Duration;

use backend_simulated::{Conditions, Dial, Simulation};
use common::frames::{INTERNAL_ERROR, NO_ERROR, REFUSED_STREAM};
use common::*;
use futures_util::future::join_all;
use push_core::ErrorKind;

const SEEDS: std::ops::Range<u64> = 0..30;

/// How long after its end each connection was replaced, where each lives for so long.
fn replacements(seed: u64, lives: &'static [Duration]) -> Vec<Duration> {
    let sim = Simulation::new(seed);
    sim.network().set_conditions(Conditions::ideal());
    let peer = Peer::start(&sim, 100, |seen| {
        let life = lives[seen.connection as usize - 1];
        vec![Act::Answer, Act::Wait(life), Act::Close]
    });
    let client = Client::new(&sim);
    for (number, life) in lives.iter().enumerate() {
        client.ask(number, MINUTE).outcome.unwrap();
        sim.advance(*life);
    }
    let dials = client.network().dials(HOST, PORT);
    assert_eq!(dials.len(), lives.len());
    let ended = peer.log().ended;
    let pairs = ended.iter().zip(&dials[1..]);
    pairs
        .map(|((_, ended), dialled)| *dialled - *ended)
        .collect()
}

#[test]
fn connections_that_answer_and_end_soon_are_replaced_with_growing_pauses_of_a_second_at_most() {
    let mut sum = [Duration::ZERO; 9];
    for seed in 0..100 {
        let pauses = replacements(seed, &[MILLI; 10]);
        for (index, pause) in pauses.into_iter().enumerate() {
            assert!(pause <= SECOND, "{index}: {pause:?}");
            sum[index] += pause;
        }
    }
    let mean = sum.map(|sum| sum / 100);
    assert!(mean[0] < 50 * MILLI, "{mean:?}");
    assert!(mean[3] > 2 * mean[0], "{mean:?}");
    assert!(mean[8] > 300 * MILLI, "{mean:?}");
}

#[test]
fn a_connection_that_ends_after_a_long_life_is_replaced_at_once() {
    const LIVES: [Duration; 6] = [MILLI, MILLI, MILLI, Duration::from_secs(11), MILLI, MILLI];
    for seed in SEEDS {
        // The first one that ends soon again waits as long as the very first.
        let pauses = replacements(seed, &LIVES);
        assert_eq!(pauses[3], Duration::ZERO, "{pauses:?}");
        assert!(pauses[4] <= 50 * MILLI, "{pauses:?}");
    }
}

#[test]
fn a_connection_that_said_goaway_is_replaced_and_the_name_is_asked_again() {
    Simulation::for_seeds(SEEDS, |sim| {
        let peer = Peer::start(sim, 100, |seen| match seen.number {
            0 => vec![
                Act::Answer,
                Act::Wait(20 * SECOND),
                Act::GoAway {
                    last: 1,
                    code: INTERNAL_ERROR,
                    text: "{\"reason\":\"Shutdown\"}",
                },
            ],
            _ => vec![Act::Answer],
        });
        let client = Client::new(sim);
        client.ask(0, SECOND).outcome.unwrap();
        let [old] = &client.session.connections()[..] else {
            panic!("one connection");
        };
        assert!(client.session.stats().last_goaway.is_none());
        let address = "198.51.100.7".parse().unwrap();
        sim.network().set_address(HOST, address);
        sim.advance(30 * SECOND);
        client.ask(1, SECOND).outcome.unwrap();
        let [new] = &client.session.connections()[..] else {
            panic!("the old one is gone");
        };
        assert_ne!(old.peer_addr, new.peer_addr);
        assert_eq!(new.peer_addr.unwrap().ip(), address);
        let stats = client.session.stats();
        let goaway = stats.last_goaway.unwrap();
        assert_eq!((stats.goaways, goaway.last_stream), (1, 1));
        assert_eq!(goaway.code, INTERNAL_ERROR);
        assert_eq!(goaway.text, "{\"reason\":\"Shutdown\"}");
        let log = peer.log();
        assert!(log.wrongs.is_empty(), "{:?}", log.wrongs);
    });
}

#[test]
fn a_farewell_in_two_steps_lets_everything_be_answered_and_nothing_new_begin() {
    Simulation::for_seeds(SEEDS, |sim| {
        let farewell = |last| Act::GoAway {
            last,
            code: NO_ERROR,
            text: "",
        };
        let peer = Peer::start(sim, 100, move |seen| match seen.number {
            5 => vec![
                farewell(0x7fff_ffff),
                Act::Wait(SECOND),
                farewell(0),
                Act::Wait(SECOND),
                Act::Answer,
            ],
            _ => vec![Act::Wait(3 * SECOND), Act::Answer],
        });
        let client = Client::with(sim, |limits| limits.max_connections_per_destination(1));
        let mut requests = Vec::new();
        for number in 0..100 {
            requests.push(client.send(number, MINUTE));
            sim.advance(20 * MILLI);
        }
        for ended in sim.block_on(join_all(requests)) {
            ended.outcome.unwrap();
        }
        let log = peer.log();
        assert!(log.wrongs.is_empty(), "{:?}", log.wrongs);
        assert!(log.taken.values().all(|times| *times == 1));
        assert_eq!(log.connections.len(), 2);
        sim.advance(SECOND);
        assert_eq!(client.network().open_connections(), 1, "it was closed");
    });
}

#[test]
fn a_connection_is_left_at_its_age_but_for_a_tenth_and_answers_what_it_has() {
    let age = 100 * SECOND;
    let mut ages = Vec::new();
    for seed in 0..20 {
        let sim = Simulation::new(seed);
        sim.network().set_conditions(Conditions::ideal());
        let peer = Peer::start(&sim, 100, |seen| match seen.number {
            80 => vec![Act::Wait(MINUTE), Act::Answer],
            _ => vec![Act::Answer],
        });
        let client = Client::with(&sim, |limits| limits.max_connection_age(Some(age)));
        let mut long = None;
        for number in 0..150 {
            match number {
                80 => long = Some(client.send(number, 2 * MINUTE)),
                _ => drop(client.ask(number, SECOND).outcome.unwrap()),
            }
            sim.advance(SECOND);
        }
        sim.block_on(long.unwrap()).outcome.unwrap();
        let log = peer.log();
        assert_eq!(log.connections.len(), 2);
        let begun = log.connections[0].1;
        let of_first = log.requests.iter().filter(|seen| seen.connection == 1);
        let last = of_first.map(|seen| seen.at - begun).max().unwrap();
        assert!(last >= age.mul_f64(0.9) - SECOND && last <= age, "{last:?}");
        ages.push(last);
    }
    ages.sort();
    assert!(ages[19] - ages[0] > 3 * SECOND, "not all at once: {ages:?}");
}

#[test]
fn a_connection_carries_no_more_requests_than_it_may() {
    Simulation::for_seeds(SEEDS, |sim| {
        let peer = Peer::start(sim, 100, |_| vec![Act::Wait(100 * MILLI), Act::Answer]);
        let client = Client::with(sim, |limits| {
            limits
                .max_requests_per_connection(10)
                .max_connections_per_destination(2)
        });
        let mut random = Random::new(sim.seed());
        let mut requests = Vec::new();
        for number in 0..95 {
            requests.push(client.send(number, MINUTE));
            sim.advance(random.between(Duration::ZERO, 50 * MILLI));
        }
        for ended in sim.block_on(join_all(requests)) {
            assert_eq!(ended.outcome.unwrap().attempts, 1);
        }
        let mut carried = BTreeMap::<_, u32>::new();
        for seen in peer.log().requests {
            *carried.entry(seen.connection).or_default() += 1;
        }
        assert!(
            carried.values().all(|requests| *requests <= 10),
            "{carried:?}"
        );
        assert!(carried.len() >= 10);
        sim.advance(SECOND);
        assert!(client.network().open_connections() <= 2);
    });
}

#[test]
fn a_connection_with_too_many_streams_that_nobody_waits_for_is_left() {
    Simulation::for_seeds(SEEDS, |sim| {
        let peer = Peer::start(sim, 100, |seen| match seen.number {
            1..7 => vec![],
            _ => vec![Act::Answer],
        });
        let client = Client::with(sim, |limits| limits.max_abandoned_streams(5));
        client.ask(0, SECOND).outcome.unwrap();
        for number in 1..6 {
            client.ask(number, SECOND).outcome.unwrap_err();
        }
        client.ask(10, SECOND).outcome.unwrap();
        assert_eq!(peer.log().connections.len(), 1, "five may be");
        client.ask(6, SECOND).outcome.unwrap_err();
        client.ask(11, SECOND).outcome.unwrap();
        sim.advance(SECOND);
        let log = peer.log();
        assert_eq!((log.connections.len(), log.broken_off.len()), (2, 0));
        assert_eq!(client.network().open_connections(), 1);
    });
}

#[test]
fn each_connection_tells_what_became_of_its_requests() {
    Simulation::for_seeds(SEEDS, |sim| {
        let mut refused = false;
        let peer = Peer::start(sim, 7, move |seen| match seen.number {
            1 if !std::mem::replace(&mut refused, true) => vec![Act::Break(REFUSED_STREAM)],
            2 => vec![Act::Break(INTERNAL_ERROR)],
            3 => vec![],
            4 => vec![Act::Wait(MINUTE), Act::Answer],
            _ => vec![Act::Answer],
        });
        let client = Client::new(sim);
        client.ask(0, SECOND).outcome.unwrap();
        let connected = sim.elapsed();
        assert_eq!(client.ask(1, SECOND).outcome.unwrap().attempts, 2);
        client.ask(2, SECOND).outcome.unwrap_err();
        client.ask(3, SECOND).outcome.unwrap_err();
        let long = client.send(4, 2 * MINUTE);
        sim.advance(SECOND);
        let [one] = &client.session.connections()[..] else {
            panic!("one connection");
        };
        assert_eq!((one.id, one.stream_limit), (1, 7));
        assert_eq!(one.destination, format!("{HOST}:{PORT}"));
        assert!(one.age >= sim.elapsed() - connected && one.age <= sim.elapsed());
        assert_eq!((one.open_streams, one.abandoned_streams), (2, 1));
        assert_eq!((one.sent, one.answered, one.refused), (6, 2, 1));
        assert_eq!((one.resent, one.lost, one.resets), (1, 1, 2));
        assert!(!one.draining && one.goaway.is_none());
        // The farewell shows on the connection while it is there.
        peer.on_all(&[Act::GoAway {
            last: 0x7fff_ffff,
            code: NO_ERROR,
            text: "later",
        }]);
        sim.advance(SECOND);
        let [one] = &client.session.connections()[..] else {
            panic!("it has something to answer");
        };
        assert!(one.draining);
        assert_eq!(one.goaway.as_ref().unwrap().text, "later");
        sim.block_on(long).outcome.unwrap();
    });
}

#[test]
fn a_shutdown_does_not_wait_for_a_dial_and_nothing_dials_afterwards() {
    for dial in [Dial::Stall, Dial::Slow(5 * SECOND)] {
        Simulation::for_seeds(SEEDS, |sim| {
            let _peer = Peer::kind(sim);
            sim.network().set_dial(HOST, PORT, dial.clone());
            let client = Client::new(sim);
            let waiting = client.send(0, 10 * MINUTE);
            sim.advance(SECOND);
            let begun = sim.elapsed();
            let shutdown = sim.block_on(client.session.shutdown(MINUTE));
            assert_eq!((shutdown.not_sent, shutdown.unanswered), (1, 0));
            assert_eq!(sim.elapsed(), begun);
            let ended = sim.block_on(waiting);
            assert_eq!(ended.kind(), Some(ErrorKind::Closed));
            let late = client.ask(1, MINUTE);
            assert_eq!(late.kind(), Some(ErrorKind::Closed));
            sim.advance(MINUTE);
            assert_eq!(client.network().dials(HOST, PORT).len(), 1);
            assert_eq!(sim.network().open_connections(), 0);
            assert_eq!((sim.live_tasks(), sim.armed_timers()), (Peer::TASKS, 0));
        });
    }
}

#[test]
fn a_handshake_that_fails_between_good_ones_is_no_fault_of_the_credentials_but_many_are() {
    Simulation::for_seeds(SEEDS, |sim| {
        let _peer = Peer::start(sim, 100, |_| vec![Act::Answer, Act::Close]);
        let client = Client::new(sim);
        client.ask(0, MINUTE).outcome.unwrap();
        sim.advance(SECOND);
        let garbage = || Dial::Tls("not TLS".into());
        client.network().next_dials(HOST, PORT, [garbage()]);
        assert_eq!(client.ask(1, MINUTE).kind(), Some(ErrorKind::Connect));
        client.ask(2, MINUTE).outcome.unwrap();
        sim.advance(SECOND);
        client.network().set_dial(HOST, PORT, garbage());
        let kinds: Vec<_> = (3..8)
            .map(|number| client.ask(number, MINUTE).kind())
            .collect();
        assert_eq!(kinds[0], Some(ErrorKind::Connect));
        assert_eq!(kinds[4], Some(ErrorKind::Tls));
    });
}
