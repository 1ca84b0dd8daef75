//! Deadlines in simulated time: never late, never early.

#![cfg(feature = "http2")]
#![allow(clippy::unwrap_used)]

mod common;

use std::error::Error as _;
use std::time::Duration;

use backend_simulated::{Dial, Simulation};
use common::*;
use futures_util::future::join_all;
use push_core::ErrorKind;

const SEEDS: std::ops::Range<u64> = 0..30;

#[test]
fn a_request_that_is_not_answered_ends_at_its_deadline_to_the_nanosecond() {
    Simulation::for_seeds(SEEDS, |sim| {
        let peer = Peer::start(sim, 100, |_| vec![]);
        let client = Client::new(sim);
        let mut random = Random::new(sim.seed());
        let requests: Vec<_> = (0..20)
            .map(|number| client.send(number, random.between(SECOND, MINUTE)))
            .collect();
        for ended in sim.block_on(join_all(requests)) {
            assert_eq!(ended.kind(), Some(ErrorKind::Unanswered));
            assert_eq!(ended.at, ended.deadline);
        }
        assert_eq!(peer.log().taken.len(), 20);
    });
}

#[test]
fn an_answer_counts_up_to_the_deadline_and_not_after_it() {
    Simulation::for_seeds(SEEDS, |sim| {
        let mut random = Random::new(sim.seed());
        let _peer = Peer::start(sim, 100, move |_| {
            let wait = random.between(Duration::ZERO, 4 * SECOND);
            vec![Act::Wait(wait), Act::Answer]
        });
        let client = Client::new(sim);
        sim.block_on(client.way.ready(sim.now() + MINUTE)).unwrap();
        let requests = (0..50).map(|number| client.send(number, 2 * SECOND));
        let ended = sim.block_on(join_all(requests.collect::<Vec<_>>()));
        let (answered, late): (Vec<_>, Vec<_>) = ended.iter().partition(|e| e.outcome.is_ok());
        assert!(answered.iter().all(|ended| ended.at <= ended.deadline));
        assert!(late.iter().all(|ended| ended.at == ended.deadline));
        assert!(answered.len() > 5 && late.len() > 5);
        assert_eq!(client.session.stats().timed_out, late.len() as u64);
    });
}

#[test]
fn the_wait_for_a_stream_counts() {
    Simulation::for_seeds(SEEDS, |sim| {
        let peer = Peer::start(sim, 1, |_| vec![Act::Wait(10 * SECOND), Act::Answer]);
        let client = Client::with(sim, |limits| limits.max_connections_per_destination(1));
        let first = client.send(0, MINUTE);
        sim.advance(SECOND);
        let (short, long) = (client.send(1, 5 * SECOND), client.send(2, MINUTE));
        let short = sim.block_on(short);
        assert_eq!(short.kind(), Some(ErrorKind::Timeout));
        assert_eq!(short.at, short.deadline);
        assert!(sim.block_on(first).outcome.is_ok());
        assert!(sim.block_on(long).outcome.is_ok());
        let log = peer.log();
        assert_eq!(log.taken.keys().collect::<Vec<_>>(), [&0, &2]);
    });
}

#[test]
fn the_wait_for_a_connection_counts() {
    Simulation::for_seeds(SEEDS, |sim| {
        let _peer = Peer::kind(sim);
        sim.network().set_dial(HOST, PORT, Dial::Stall);
        let ended = Client::new(sim).ask(0, 5 * SECOND);
        assert_eq!(ended.kind(), Some(ErrorKind::Timeout));
        assert_eq!(ended.at, 5 * SECOND);
    });
}

#[test]
fn a_dial_ends_at_the_connect_timeout() {
    Simulation::for_seeds(SEEDS, |sim| {
        let _peer = Peer::kind(sim);
        sim.network().next_dials(HOST, PORT, [Dial::Stall]);
        let client = Client::with(sim, |limits| limits.connect_timeout(7 * SECOND));
        let ended = client.ask(0, MINUTE);
        assert_eq!(ended.kind(), Some(ErrorKind::Connect));
        assert_eq!(ended.at, 7 * SECOND);
        assert!(client.ask(1, MINUTE).outcome.is_ok());
    });
}

#[test]
fn a_peer_that_accepts_and_never_speaks_is_left_at_the_connect_timeout() {
    Simulation::for_seeds(SEEDS, |sim| {
        let _listener = sim.listen(HOST, PORT);
        let client = Client::new(sim);
        let ended = client.ask(0, MINUTE);
        assert_eq!(
            (ended.kind(), ended.at),
            (Some(ErrorKind::Connect), 10 * SECOND)
        );
        let error = ended.outcome.unwrap_err();
        assert!(error.to_string().contains("SETTINGS"), "{error}");
        assert_eq!(client.network().open_connections(), 0);
    });
}

#[test]
fn a_body_that_does_not_end_is_given_up_at_the_deadline() {
    Simulation::for_seeds(SEEDS, |sim| {
        let _peer = Peer::start(sim, 100, |_| vec![Act::AnswerHalf]);
        let ended = Client::new(sim).ask(0, 10 * SECOND);
        assert_eq!(ended.at, ended.deadline);
        let answer = ended.outcome.unwrap();
        assert_eq!((&answer.body[..], answer.complete), (&b"half"[..], false));
    });
}

#[test]
fn a_deadline_that_passes_while_no_dial_succeeds_says_why() {
    Simulation::for_seeds(SEEDS, |sim| {
        let _peer = Peer::kind(sim);
        sim.network().set_dial(HOST, PORT, Dial::Refuse);
        let client = Client::new(sim);
        let mut timed_out = 0;
        for number in 0..20 {
            let ended = client.ask(number, 2 * SECOND);
            assert!(ended.at <= ended.deadline);
            let error = ended.outcome.unwrap_err();
            match error.kind() {
                ErrorKind::Timeout => {
                    timed_out += 1;
                    assert_eq!(ended.at, ended.deadline);
                    assert!(error.source().is_some(), "{error}");
                }
                kind => assert_eq!(kind, ErrorKind::Connect),
            }
        }
        assert!(timed_out > 0, "the back-off grew past the deadline");
    });
}
