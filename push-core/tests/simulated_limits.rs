//! The limit of streams, down to none and up again, in simulated time.

#![cfg(feature = "http2")]
#![allow(clippy::unwrap_used)]

mod common;

use std::time::Duration;

use backend_simulated::{Conditions, Simulation};
use common::*;
use futures_util::future::join_all;
use push_core::ErrorKind;

const SEEDS: std::ops::Range<u64> = 0..30;

#[test]
fn those_who_wait_move_to_another_connection_when_the_limit_is_lowered_to_none() {
    Simulation::for_seeds(SEEDS, |sim| {
        let peer = Peer::start(sim, 10, |seen| match seen.number {
            0 => vec![Act::Answer, Act::Limit(0)],
            _ => vec![Act::Answer],
        });
        let client = Client::with(sim, |limits| limits.max_connections_per_destination(2));
        client.ask(0, SECOND).outcome.unwrap();
        sim.advance(200 * MILLI);
        assert_eq!(client.way.capacity(), 0);
        let begun = sim.elapsed();
        let requests: Vec<_> = (1..20).map(|number| client.send(number, MINUTE)).collect();
        for ended in sim.block_on(join_all(requests)) {
            ended.outcome.unwrap();
        }
        // A dial and an answer; nothing else was waited for.
        let took = sim.elapsed() - begun;
        assert!(took < 700 * MILLI, "{took:?}");
        let log = peer.log();
        assert!(log.requests[1..].iter().all(|seen| seen.connection == 2));
        assert_eq!(
            client.network().open_connections(),
            2,
            "the first one stays"
        );
    });
}

/// Requests that are handed over as the limit is lowered to none, of which some are never written:
/// how many were sent again.
fn lowered_at_once(sim: &Simulation, raise: Option<Duration>) -> u64 {
    sim.network().set_conditions(Conditions::ideal());
    let peer = Peer::start(sim, 100, move |seen| match (seen.number, raise) {
        (0, None) => vec![Act::Answer, Act::Wait(SECOND), Act::Limit(0)],
        (0, Some(after)) => vec![
            Act::Answer,
            Act::Wait(SECOND),
            Act::Limit(0),
            Act::Wait(after),
            Act::Limit(10),
        ],
        _ => vec![Act::Answer],
    });
    let client = Client::with(sim, |limits| match raise {
        Some(_) => limits.max_connections_per_destination(1),
        None => limits.max_connections_per_destination(2),
    });
    let at = client.ask(0, SECOND).at + SECOND;
    let begun = sim.elapsed();
    let requests = (1..20).map(|number| {
        let backend = sim.backend();
        let exchange = client.exchange(number, 10 * SECOND);
        let wait = at - begun;
        sim.spawn(async move {
            backend.sleep(wait).await;
            exchange.await
        })
    });
    let requests: Vec<_> = requests.collect();
    for ended in sim.block_on(join_all(requests)) {
        let took = ended.at - at;
        let number = ended.number;
        assert!(ended.outcome.is_ok(), "{ended:?}");
        assert!(took <= SECOND + 200 * MILLI, "{number}: {took:?}");
    }
    let log = peer.log();
    assert!(log.wrongs.is_empty(), "{:?}", log.wrongs);
    assert_eq!(log.taken.len(), 20);
    assert!(log.taken.values().all(|times| *times == 1));
    if raise.is_some() {
        assert_eq!(log.connections.len(), 1, "the same connection is used");
    }
    client.session.stats().resent
}

#[test]
fn requests_that_stand_unwritten_at_a_limit_of_none_go_elsewhere_and_are_taken_once() {
    let resent: u64 = (0..60)
        .map(|seed| lowered_at_once(&Simulation::new(seed), None))
        .sum();
    assert!(resent > 0, "none stood unwritten");
}

#[test]
fn requests_that_stand_unwritten_go_on_when_the_limit_is_raised_soon() {
    let resent: u64 = (0..60)
        .map(|seed| lowered_at_once(&Simulation::new(seed), Some(500 * MILLI)))
        .sum();
    assert_eq!(resent, 0);
}

#[test]
fn a_limit_of_one_is_kept() {
    Simulation::for_seeds(SEEDS, |sim| {
        let peer = Peer::start(sim, 1, |_| vec![Act::Wait(10 * MILLI), Act::Answer]);
        let client = Client::with(sim, |limits| limits.max_connections_per_destination(2));
        let requests: Vec<_> = (0..30).map(|number| client.send(number, MINUTE)).collect();
        for ended in sim.block_on(join_all(requests)) {
            ended.outcome.unwrap();
        }
        let log = peer.log();
        assert!(log.most_open.values().all(|most| *most == 1), "{log:?}");
        assert!(log.wrongs.is_empty(), "{:?}", log.wrongs);
    });
}

#[test]
fn a_limit_that_is_lowered_is_kept_within_a_round_trip() {
    Simulation::for_seeds(SEEDS, |sim| {
        let peer = Peer::start(sim, 50, |seen| match seen.number {
            5 => vec![Act::Limit(1), Act::Answer],
            40 => vec![Act::Limit(3), Act::Answer],
            _ => vec![Act::Wait(100 * MILLI), Act::Answer],
        });
        let client = Client::with(sim, |limits| limits.max_connections_per_destination(1));
        let mut requests = Vec::new();
        for number in 0..60 {
            requests.push(client.send(number, 5 * MINUTE));
            sim.advance(20 * MILLI);
        }
        for ended in sim.block_on(join_all(requests)) {
            ended.outcome.unwrap();
        }
        let log = peer.log();
        assert!(log.wrongs.is_empty(), "{:?}", log.wrongs);
        assert_eq!(log.connections.len(), 1);
    });
}

#[test]
fn a_connection_that_starts_with_a_limit_of_none_holds_up_nobody_where_there_may_be_another() {
    Simulation::for_seeds(SEEDS, |sim| {
        let script = Script::new(10, |_| vec![Act::Answer]);
        let script = script.meet(|connection| match connection {
            1 => Manner::good(0),
            _ => Manner::good(10),
        });
        let _peer = Peer::play(sim, script);
        let client = Client::with(sim, |limits| limits.max_connections_per_destination(2));
        let ended = client.ask(0, MINUTE);
        ended.outcome.unwrap();
        assert!(ended.at < 2 * SECOND, "{:?}", ended.at);
        let begun = sim.elapsed();
        client.ask(1, MINUTE).outcome.unwrap();
        assert!(sim.elapsed() - begun < SECOND);
    });
}

#[test]
fn a_connection_with_a_limit_of_none_that_dies_is_found_and_replaced() {
    Simulation::for_seeds(SEEDS, |sim| {
        let peer = Peer::start(sim, 10, |seen| match seen.number {
            0 => vec![Act::Answer, Act::Limit(0), Act::Wait(SECOND), Act::Wedge],
            _ => vec![Act::Answer],
        });
        let client = Client::with(sim, |limits| {
            limits
                .max_connections_per_destination(1)
                .probe_after(5 * SECOND)
                .ping_timeout(2 * SECOND)
        });
        client.ask(0, SECOND).outcome.unwrap();
        sim.advance(2 * SECOND);
        let begun = sim.elapsed();
        let ended = client.ask(1, MINUTE);
        ended.outcome.unwrap();
        let took = ended.at - begun;
        assert!(took <= 13 * SECOND, "{took:?}");
        assert_eq!(peer.log().connections.len(), 2);
    });
}

#[test]
fn one_more_than_may_wait_is_told_how_many_do() {
    Simulation::for_seeds(SEEDS, |sim| {
        let _peer = Peer::start(sim, 1, |_| vec![Act::Wait(SECOND), Act::Answer]);
        let client = Client::with(sim, |limits| {
            limits
                .max_connections_per_destination(1)
                .max_waiting(Some(3))
        });
        client.ask(0, MINUTE).outcome.unwrap();
        let requests: Vec<_> = (1..=4)
            .map(|number| {
                let request = client.send(number, MINUTE);
                sim.run_until_idle();
                request
            })
            .collect();
        let begun = sim.elapsed();
        let ended = client.ask(5, MINUTE);
        assert_eq!(
            (ended.kind(), ended.at),
            (Some(ErrorKind::QueueFull), begun)
        );
        assert_eq!(ended.outcome.unwrap_err().queue_depth(), Some(3));
        for ended in sim.block_on(join_all(requests)) {
            ended.outcome.unwrap();
        }
    });
}
