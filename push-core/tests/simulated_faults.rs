//! Connections that fail, in simulated time: what is sent again, what is not, and what is told.

#![cfg(feature = "http2")]
#![allow(clippy::unwrap_used)]

mod common;

use std::time::Duration;

use backend_simulated::{Side, Simulation};
use common::frames::{ENHANCE_YOUR_CALM, INTERNAL_ERROR, NO_ERROR, REFUSED_STREAM};
use common::*;
use futures_util::future::join_all;
use push_core::ErrorKind;

const SEEDS: std::ops::Range<u64> = 0..30;

#[test]
fn a_connection_that_swallows_a_request_is_found_and_replaced() {
    Simulation::for_seeds(SEEDS, |sim| {
        let peer = Peer::start(sim, 100, |seen| match seen.number {
            1 => vec![Act::Cut],
            _ => vec![Act::Answer],
        });
        let client = Client::new(sim);
        client.ask(0, SECOND).outcome.unwrap();
        let lost = client.ask(1, 10 * SECOND);
        assert_eq!(
            (lost.kind(), lost.at),
            (Some(ErrorKind::Unanswered), lost.deadline)
        );
        // The ping that follows is not answered either.
        sim.advance(6 * SECOND);
        assert_eq!(client.network().open_connections(), 0);
        client.ask(2, SECOND).outcome.unwrap();
        let log = peer.log();
        assert_eq!(log.connections.len(), 2);
        assert!(log.taken.values().all(|times| *times == 1));
    });
}

#[test]
fn a_request_that_times_out_leaves_a_healthy_connection_alone() {
    Simulation::for_seeds(SEEDS, |sim| {
        let peer = Peer::start(sim, 100, |seen| match seen.number % 2 {
            1 => vec![Act::Wait(20 * SECOND), Act::Answer],
            _ => vec![Act::Wait(SECOND), Act::Answer],
        });
        let client = Client::new(sim);
        client.ask(0, 5 * SECOND).outcome.unwrap();
        let requests: Vec<_> = (1..20)
            .map(|number| client.send(number, 5 * SECOND))
            .collect();
        for ended in sim.block_on(join_all(requests)) {
            assert_eq!(ended.outcome.is_ok(), ended.number % 2 == 0);
        }
        sim.advance(MINUTE);
        client.ask(20, 5 * SECOND).outcome.unwrap();
        assert_eq!(peer.log().connections.len(), 1);
        assert_eq!(client.session.stats().in_flight, 0);
    });
}

#[test]
fn streams_above_the_last_id_of_a_goaway_are_sent_again_once_and_those_below_are_answered() {
    Simulation::for_seeds(SEEDS, |sim| {
        let mut seen_of_first = 0;
        let peer = Peer::start(sim, 100, move |seen| {
            if seen.connection > 1 || seen.stream == 1 {
                return vec![Act::Answer];
            }
            seen_of_first += 1;
            if seen_of_first < 10 {
                // Answered long after the farewell.
                return vec![Act::Wait(5 * SECOND), Act::Answer];
            }
            let goaway = Act::GoAway {
                last: 21,
                code: NO_ERROR,
                text: "",
            };
            vec![goaway, Act::Wait(5 * SECOND), Act::Answer]
        });
        let client = Client::with(sim, |limits| limits.max_connections_per_destination(1));
        client.ask(0, SECOND).outcome.unwrap();
        let requests: Vec<_> = (1..=20).map(|number| client.send(number, MINUTE)).collect();
        let ended = sim.block_on(join_all(requests));
        let again: usize = ended
            .iter()
            .map(|one| one.outcome.as_ref().unwrap().attempts as usize - 1)
            .sum();
        let log = peer.log();
        assert!(log.taken.values().all(|times| *times == 1));
        assert_eq!(log.taken.len(), 21);
        let first = log.requests.iter().filter(|seen| seen.connection == 1);
        assert_eq!(first.filter(|seen| seen.stream <= 21).count(), 11);
        let stats = client.session.stats();
        assert_eq!((stats.goaways, stats.connected, stats.lost), (1, 2, 0));
        assert_eq!(stats.resent as usize, again);
        assert!(again <= 10);
        // The one that was left closes after its last answer.
        sim.advance(SECOND);
        assert_eq!(client.session.stats().connections, 1);
    });
}

#[test]
fn a_goaway_that_took_nothing_sends_everything_again() {
    Simulation::for_seeds(SEEDS, |sim| {
        let peer = Peer::start(sim, 100, |seen| match seen.connection {
            1 => vec![
                Act::GoAway {
                    last: 0,
                    code: INTERNAL_ERROR,
                    text: "",
                },
                Act::Close,
            ],
            _ => vec![Act::Answer],
        });
        let client = Client::new(sim);
        let requests: Vec<_> = (0..20).map(|number| client.send(number, MINUTE)).collect();
        for ended in sim.block_on(join_all(requests)) {
            ended.outcome.unwrap();
        }
        let log = peer.log();
        assert_eq!(log.taken.len(), 20);
        assert!(log.taken.values().all(|times| *times == 1));
    });
}

#[test]
fn a_refused_stream_is_sent_again_with_growing_pauses_and_not_for_ever() {
    Simulation::for_seeds(SEEDS, |sim| {
        let peer = Peer::start(sim, 100, |_| vec![Act::Break(REFUSED_STREAM)]);
        let client = Client::with(sim, |limits| limits.max_resends(6));
        let ended = client.ask(0, MINUTE);
        let error = ended.outcome.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Refused, 7));
        let log = peer.log();
        assert_eq!(log.requests.len(), 7);
        assert!(log.taken.is_empty());
    });
}

#[test]
fn a_request_that_is_broken_off_is_not_sent_again() {
    Simulation::for_seeds(SEEDS, |sim| {
        let peer = Peer::start(sim, 100, |seen| match seen.number {
            0 => vec![Act::Break(INTERNAL_ERROR)],
            1 => vec![Act::Reset],
            2 => vec![Act::Close],
            3 => vec![Act::Break(ENHANCE_YOUR_CALM)],
            _ => vec![Act::Answer],
        });
        let client = Client::new(sim);
        for number in 0..4 {
            let ended = client.ask(number, MINUTE);
            assert_eq!(ended.kind(), Some(ErrorKind::Lost), "{number}");
        }
        client.ask(4, MINUTE).outcome.unwrap();
        let log = peer.log();
        assert_eq!(log.requests.len(), 5);
    });
}

#[test]
fn the_limit_of_streams_is_followed_down_to_none_and_up_again() {
    Simulation::for_seeds(SEEDS, |sim| {
        let peer = Peer::start(sim, 10, |seen| match seen.number {
            0 => vec![
                Act::Answer,
                Act::Limit(0),
                Act::Wait(800 * MILLI),
                Act::Limit(2),
            ],
            _ => vec![Act::Wait(SECOND), Act::Answer],
        });
        let client = Client::with(sim, |limits| limits.max_connections_per_destination(1));
        client.ask(0, SECOND).outcome.unwrap();
        sim.advance(200 * MILLI);
        assert_eq!(client.way.capacity(), 0);
        let short = client.send(1, 300 * MILLI);
        let requests: Vec<_> = (2..8).map(|number| client.send(number, MINUTE)).collect();
        let short = sim.block_on(short);
        assert_eq!(
            (short.kind(), short.at),
            (Some(ErrorKind::Timeout), short.deadline)
        );
        for ended in sim.block_on(join_all(requests)) {
            ended.outcome.unwrap();
        }
        assert_eq!(client.way.capacity(), 2);
        let log = peer.log();
        assert_eq!(log.connections.len(), 1);
        // Two at a time, a second each.
        for pair in log.requests[1..].windows(3) {
            assert!(pair[2].at - pair[0].at >= SECOND, "{:?}", log.requests);
        }
    });
}

#[test]
fn a_partition_is_outlived() {
    Simulation::for_seeds(SEEDS, |sim| {
        let peer = Peer::kind(sim);
        let client = Client::new(sim);
        client.ask(0, SECOND).outcome.unwrap();
        client.network().partition(HOST);
        let requests: Vec<_> = (1..10)
            .map(|number| client.send(number, 30 * SECOND))
            .collect();
        sim.advance(3 * SECOND);
        client.network().heal(HOST);
        for ended in sim.block_on(join_all(requests)) {
            assert!(ended.outcome.is_ok(), "{ended:?}");
        }
        assert!(peer.log().taken.values().all(|times| *times == 1));
    });
}

#[test]
fn a_request_that_was_never_written_is_sent_again() {
    Simulation::for_seeds(SEEDS, |sim| {
        let peer = Peer::kind(sim);
        let client = Client::with(sim, |limits| {
            limits
                .max_connections_per_destination(1)
                .back_off(push_core::RetryPolicy::none())
        });
        client.ask(0, SECOND).outcome.unwrap();
        // The end comes while they are handed over.
        let requests: Vec<_> = (1..30).map(|number| client.send(number, MINUTE)).collect();
        client.network().cables()[0].close(Side::Server);
        let mut random = Random::new(sim.seed());
        sim.advance(random.between(Duration::ZERO, 60 * MILLI));
        for ended in sim.block_on(join_all(requests)) {
            let taken = peer.log().taken.get(&ended.number).copied();
            match ended.outcome {
                Ok(_) => assert_eq!(taken, Some(1)),
                Err(error) => assert_eq!(error.kind(), ErrorKind::Lost),
            }
        }
        assert!(peer.log().taken.values().all(|times| *times == 1));
    });
}
