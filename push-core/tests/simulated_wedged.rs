//! Connections that fall silent, in simulated time: dead ones are found, healthy ones are kept.

#![cfg(feature = "http2")]
#![allow(clippy::unwrap_used)]

mod common;

use std::time::Duration;

use backend_simulated::Simulation;
use common::*;
use futures_util::future::join_all;
use push_core::ErrorKind;

const SEEDS: std::ops::Range<u64> = 0..30;

#[test]
fn a_connection_whose_answers_and_pings_stop_is_found_and_replaced_long_before_the_deadlines() {
    for wedge in [Act::Wedge, Act::StopReading, Act::Cut] {
        Simulation::for_seeds(SEEDS, |sim| {
            let wedge = wedge.clone();
            let peer = Peer::start(sim, 100, move |seen| match seen.number {
                1 => vec![wedge.clone()],
                2..6 => vec![],
                _ => vec![Act::Answer],
            });
            let client = Client::with(sim, |limits| {
                limits.probe_after(20 * SECOND).ping_timeout(3 * SECOND)
            });
            client.ask(0, SECOND).outcome.unwrap();
            let begun = sim.elapsed();
            let requests: Vec<_> = (1..6)
                .map(|number| client.send(number, 10 * MINUTE))
                .collect();
            for ended in sim.block_on(join_all(requests)) {
                let took = ended.at - begun;
                assert_eq!(ended.kind(), Some(ErrorKind::Lost), "{ended:?}");
                assert!(took >= 20 * SECOND && took < 44 * SECOND, "{took:?}");
            }
            let asked = sim.elapsed();
            client.ask(6, MINUTE).outcome.unwrap();
            assert!(sim.elapsed() - asked < SECOND + 500 * MILLI);
            assert_eq!(peer.log().connections.len(), 2);
        });
    }
}

#[test]
fn a_connection_that_answers_requests_and_no_ping_is_kept_until_it_is_silent() {
    Simulation::for_seeds(SEEDS, |sim| {
        let peer = Peer::start(sim, 100, |seen| match seen.number {
            0 => vec![Act::Deaf, Act::Answer],
            1 => vec![],
            _ => vec![Act::Answer],
        });
        let client = Client::with(sim, |limits| {
            limits.probe_after(20 * SECOND).ping_timeout(3 * SECOND)
        });
        client.ask(0, SECOND).outcome.unwrap();
        let unanswered = client.send(1, 20 * MINUTE);
        for number in 2..200 {
            client.ask(number, 500 * MILLI).outcome.unwrap();
            // One gives up, after which a PING goes out.
            if number % 50 == 0 {
                drop(poll_once(
                    sim,
                    Box::pin(client.exchange(1, MINUTE)).as_mut(),
                ));
            }
            sim.advance(2 * SECOND);
        }
        assert_eq!(peer.log().connections.len(), 1);
        let silent = sim.elapsed();
        let ended = sim.block_on(unanswered);
        assert_eq!(ended.kind(), Some(ErrorKind::Lost));
        assert!(ended.at - silent < 44 * SECOND, "{:?}", ended.at - silent);
    });
}

#[test]
fn a_busy_connection_that_answers_pings_is_kept_however_long_its_answers_take() {
    Simulation::for_seeds(SEEDS, |sim| {
        let peer = Peer::start(sim, 100, |_| vec![Act::Wait(30 * MINUTE), Act::Answer]);
        let client = Client::new(sim);
        let requests: Vec<_> = (0..10)
            .map(|number| client.send(number, 60 * MINUTE))
            .collect();
        for ended in sim.block_on(join_all(requests)) {
            ended.outcome.unwrap();
        }
        let log = peer.log();
        assert_eq!(log.connections.len(), 1);
        // One each 30 seconds, as long as there is no answer to a request.
        let pings = log.pings.len();
        assert!((59..=61).contains(&pings), "{pings}");
    });
}

#[test]
fn thousands_of_streams_that_time_out_break_no_healthy_connection() {
    Simulation::for_seeds(0..3, |sim| {
        let peer = Peer::start(sim, 1000, |seen| match seen.number % 30 {
            0 => vec![Act::Answer],
            _ => vec![Act::Wait(3 * SECOND), Act::Answer],
        });
        let client = Client::with(sim, |limits| limits.ping_timeout(2 * SECOND));
        client.ask(0, SECOND).outcome.unwrap();
        for wave in 0..100 {
            let numbers = wave * 30 + 1..wave * 30 + 31;
            let requests = numbers.map(|number| client.send(number, SECOND));
            let requests: Vec<_> = requests.collect();
            for ended in sim.block_on(join_all(requests)) {
                match ended.number % 30 {
                    0 => drop(ended.outcome.unwrap()),
                    _ => assert_eq!(ended.kind(), Some(ErrorKind::Unanswered)),
                }
            }
        }
        let log = peer.log();
        assert_eq!(log.connections.len(), 1);
        assert_eq!(log.broken_off, [], "none was reset");
        sim.advance(10 * SECOND);
        let [connection] = &client.session.connections()[..] else {
            panic!("one connection: {:?}", client.session.connections());
        };
        let left = (connection.open_streams, connection.abandoned_streams);
        assert_eq!(left, (0, 0));
    });
}

#[test]
fn a_body_that_stalls_past_the_deadline_is_left_open_and_the_connection_serves_on() {
    Simulation::for_seeds(SEEDS, |sim| {
        let peer = Peer::start(sim, 100, |seen| match seen.number {
            0 => vec![
                Act::Head,
                Act::Body(10, false),
                Act::Wait(5 * SECOND),
                Act::Body(10, true),
            ],
            _ => vec![Act::Answer],
        });
        let client = Client::new(sim);
        let ended = client.ask(0, 2 * SECOND);
        assert_eq!(ended.at, ended.deadline);
        let answer = ended.outcome.unwrap();
        assert_eq!((answer.body.len(), answer.complete), (10, false));
        let abandoned = |client: &Client<'_>| {
            let connections = client.session.connections();
            connections
                .iter()
                .map(|one| one.abandoned_streams)
                .sum::<u32>()
        };
        assert_eq!(abandoned(&client), 1);
        client.ask(1, SECOND).outcome.unwrap();
        sim.advance(10 * SECOND);
        assert_eq!(abandoned(&client), 0, "its end was read");
        let log = peer.log();
        assert_eq!((log.broken_off.len(), log.connections.len()), (0, 1));
    });
}

#[test]
fn an_endless_body_is_broken_off_at_the_limit_and_the_connection_serves_on() {
    Simulation::for_seeds(SEEDS, |sim| {
        let peer = Peer::start(sim, 100, |seen| match seen.number {
            0 | 1 => vec![Act::Head, Act::Endless(1_000_000)],
            _ => vec![Act::Answer],
        });
        let client = Client::with(sim, |limits| limits.max_answer_bytes(5000));
        let ended = client.ask(0, MINUTE);
        assert!(ended.at < 5 * SECOND, "{:?}", ended.at);
        let answer = ended.outcome.unwrap();
        assert_eq!((answer.body.len(), answer.complete), (5000, false));
        sim.advance(SECOND);
        assert_eq!(peer.log().broken_off.len(), 1);
        // One that nobody waits for is broken off as well, later.
        let mut left = Box::pin(client.exchange(1, MINUTE));
        assert!(poll_once(sim, left.as_mut()).is_none());
        drop(left);
        for number in 2..30 {
            client.ask(number, SECOND).outcome.unwrap();
            sim.advance(SECOND);
        }
        let log = peer.log();
        assert_eq!((log.broken_off.len(), log.connections.len()), (2, 1));
        let connections = client.session.connections();
        assert_eq!(connections[0].open_streams, 0);
        assert_eq!(connections[0].resets, 2);
    });
}

#[test]
fn a_connection_with_nothing_but_streams_that_nobody_waits_for_gives_its_place_to_another() {
    Simulation::for_seeds(SEEDS, |sim| {
        let peer = Peer::start(sim, 100, |seen| match seen.number {
            0 => vec![],
            _ => vec![Act::Answer],
        });
        let client = Client::with(sim, |limits| limits.max_connections(1));
        let other = client.scoped(1).unwrap();
        let ended = client.ask(0, SECOND);
        assert_eq!(ended.kind(), Some(ErrorKind::Unanswered));
        let begun = sim.elapsed();
        other.ask(1, MINUTE).outcome.unwrap();
        assert!(sim.elapsed() - begun < SECOND);
        assert_eq!(client.network().open_connections(), 1);
        assert_eq!(peer.log().connections.len(), 2);
    });
}

#[test]
fn a_connection_with_nothing_but_streams_that_nobody_waits_for_is_idle() {
    Simulation::for_seeds(SEEDS, |sim| {
        let _peer = Peer::start(sim, 100, |_| vec![]);
        let timeout: Duration = MINUTE;
        let client = Client::with(sim, |limits| limits.idle_timeout(Some(timeout)));
        client.ask(0, SECOND).outcome.unwrap_err();
        sim.advance(timeout - SECOND);
        assert_eq!(client.network().open_connections(), 1);
        sim.advance(2 * SECOND);
        assert_eq!(client.network().open_connections(), 0);
    });
}
