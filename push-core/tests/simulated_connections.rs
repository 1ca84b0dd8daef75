//! The life of connections in simulated time: idleness, pings, back-off, shutdown.

#![cfg(feature = "http2")]
#![allow(clippy::unwrap_used)]

mod common;

use std::time::Duration;

use backend_simulated::{Conditions, Dial, Side, Simulation};
use common::*;
use futures_util::future::{Either, join_all, select};
use push_core::{ErrorKind, RetryPolicy};

const SEEDS: std::ops::Range<u64> = 0..30;

/// Nothing runs and nothing is armed but the peer's own.
fn assert_nothing_is_left(sim: &Simulation) {
    assert_eq!(sim.network().open_connections(), 0);
    assert_eq!((sim.live_tasks(), sim.armed_timers()), (Peer::TASKS, 0));
}

#[test]
fn an_idle_connection_is_closed_at_the_idle_timeout_and_nothing_is_left() {
    Simulation::for_seeds(SEEDS, |sim| {
        let _peer = Peer::kind(sim);
        let client = Client::with(sim, |limits| limits.idle_timeout(Some(MINUTE)));
        client.ask(0, SECOND).outcome.unwrap();
        sim.advance(MINUTE - SECOND);
        assert_eq!(client.network().open_connections(), 1);
        sim.advance(2 * SECOND);
        assert_nothing_is_left(sim);
        assert_eq!(client.session.stats().connections, 0);
    });
}

#[test]
fn a_session_that_is_not_used_runs_no_task() {
    let sim = Simulation::new(1);
    let client = Client::new(&sim);
    assert_eq!((sim.live_tasks(), sim.armed_timers()), (0, 0));
    drop(client);
}

#[test]
fn a_session_that_is_dropped_leaves_nothing() {
    Simulation::for_seeds(SEEDS, |sim| {
        let _peer = Peer::kind(sim);
        let client = Client::new(sim);
        client.ask(0, SECOND).outcome.unwrap();
        drop(client);
        sim.advance(SECOND);
        assert_nothing_is_left(sim);
    });
}

#[test]
fn a_connection_that_was_idle_for_30_seconds_answers_a_ping_before_a_request() {
    Simulation::for_seeds(SEEDS, |sim| {
        let peer = Peer::kind(sim);
        let client = Client::new(sim);
        client.ask(0, SECOND).outcome.unwrap();
        sim.advance(29 * SECOND);
        client.ask(1, SECOND).outcome.unwrap();
        assert!(peer.log().pings.is_empty());
        sim.advance(30 * SECOND);
        client.ask(2, SECOND).outcome.unwrap();
        let log = peer.log();
        let [(_, pinged)] = log.pings[..] else {
            panic!("one ping: {:?}", log.pings);
        };
        assert!(log.requests[1].at < pinged && pinged < log.requests[2].at);
        assert_eq!(log.connections.len(), 1);
    });
}

#[test]
fn a_connection_that_died_while_idle_is_found_by_the_ping_and_replaced() {
    Simulation::for_seeds(SEEDS, |sim| {
        let peer = Peer::kind(sim);
        let client = Client::with(sim, |limits| limits.ping_timeout(3 * SECOND));
        client.ask(0, SECOND).outcome.unwrap();
        sim.advance(MINUTE);
        client.network().cables()[0].cut();
        let begun = sim.elapsed();
        let ended = client.ask(1, MINUTE);
        assert_eq!(ended.outcome.unwrap().attempts, 1, "never on the dead one");
        let took = ended.at - begun;
        assert!(3 * SECOND <= took && took < 4 * SECOND, "{took:?}");
        assert_eq!(peer.log().connections.len(), 2);
        assert_eq!(client.network().open_connections(), 1);
    });
}

#[test]
fn an_idle_connection_is_pinged_at_the_interval_and_left_when_it_is_dead() {
    Simulation::for_seeds(SEEDS, |sim| {
        let peer = Peer::kind(sim);
        let client = Client::new(sim);
        let answered = client.ask(0, SECOND).at;
        sim.advance(3 * 60 * MINUTE + MINUTE);
        let hours: Vec<_> = peer
            .log()
            .pings
            .iter()
            .map(|ping| ping.1 - answered)
            .collect();
        for (hour, pinged) in (1..).zip(&hours) {
            let due = 60 * MINUTE * hour;
            assert!(due <= *pinged && *pinged < due + SECOND, "{hours:?}");
        }
        assert_eq!(hours.len(), 3);
        client.network().cables()[0].cut();
        sim.advance(60 * MINUTE + 4 * SECOND - MINUTE);
        assert_eq!(client.network().open_connections(), 1);
        sim.advance(2 * SECOND);
        assert_eq!(client.network().open_connections(), 0);
        assert_eq!(sim.armed_timers(), 0);
    });
}

#[test]
fn the_wait_between_dials_grows_up_to_its_limit_with_jitter_and_starts_anew_after_a_success() {
    let mut longest = [Duration::ZERO; 8];
    let mut sum = [Duration::ZERO; 8];
    for seed in 0..60 {
        let sim = Simulation::new(seed);
        let _peer = Peer::kind(&sim);
        sim.network().set_conditions(Conditions::ideal());
        let policy = RetryPolicy::exponential(SECOND).max_delay(16 * SECOND);
        let client = Client::with(&sim, |limits| limits.back_off(policy));
        sim.network().set_dial(HOST, PORT, Dial::Refuse);
        for number in 0..9 {
            let error = client.ask(number, 10 * MINUTE).outcome.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Connect);
        }
        let dials = client.network().dials(HOST, PORT);
        assert_eq!(dials.len(), 9);
        for (index, pair) in dials.windows(2).enumerate() {
            let gap = pair[1] - pair[0];
            longest[index] = longest[index].max(gap);
            sum[index] += gap;
        }
        // A success, another failure, and the wait is as in the beginning.
        sim.network().set_dial(HOST, PORT, Dial::Accept);
        client.ask(9, 10 * MINUTE).outcome.unwrap();
        client.network().cables()[0].reset();
        sim.advance(MINUTE);
        sim.network().next_dials(HOST, PORT, [Dial::Refuse]);
        client.ask(10, 10 * MINUTE).outcome.unwrap_err();
        let failed = sim.elapsed();
        client.ask(11, 10 * MINUTE).outcome.unwrap();
        let dialled = *client.network().dials(HOST, PORT).last().unwrap();
        assert!(dialled - failed <= SECOND, "seed {seed}: {dials:?}");
    }
    for (index, longest) in longest.into_iter().enumerate() {
        let bound = SECOND * (1 << index.min(4));
        assert!(longest <= bound, "{index}: {longest:?}");
        assert!(longest > bound.mul_f64(0.8), "{index}: {longest:?}");
        // Full jitter: half of the bound on average.
        let mean = sum[index] / 60;
        assert!(mean > bound.mul_f64(0.35) && mean < bound.mul_f64(0.65));
    }
}

#[test]
fn those_who_wait_for_one_dial_all_learn_its_failure_at_once() {
    Simulation::for_seeds(SEEDS, |sim| {
        let _peer = Peer::kind(sim);
        sim.network().next_dials(HOST, PORT, [Dial::Refuse]);
        let client = Client::new(sim);
        let requests: Vec<_> = (0..10).map(|number| client.send(number, MINUTE)).collect();
        let ended = sim.block_on(join_all(requests));
        for one in &ended {
            assert_eq!(
                (one.kind(), one.at),
                (Some(ErrorKind::Connect), ended[0].at)
            );
        }
        assert_eq!(client.network().dials(HOST, PORT).len(), 1);
    });
}

#[test]
fn outdating_closes_what_is_idle_for_longer_and_nothing_else() {
    Simulation::for_seeds(SEEDS, |sim| {
        let peer = Peer::start(sim, 1, |seen| {
            let wait = if seen.number == 1 { MINUTE } else { SECOND };
            vec![Act::Wait(wait), Act::Answer]
        });
        let client = Client::new(sim);
        client.ask(0, MINUTE).outcome.unwrap();
        let busy = client.send(1, 2 * MINUTE);
        sim.advance(SECOND);
        client.ask(2, MINUTE).outcome.unwrap();
        assert_eq!(client.network().open_connections(), 2);
        sim.advance(10 * SECOND);
        assert_eq!(client.session.outdate(11 * SECOND), 0);
        assert_eq!(client.session.outdate(9 * SECOND), 1);
        sim.advance(SECOND);
        assert_eq!(client.network().open_connections(), 1);
        sim.block_on(busy).outcome.unwrap();
        assert_eq!(peer.log().connections.len(), 2);
    });
}

#[test]
fn a_shutdown_ends_what_waits_at_once_and_what_is_under_way_at_its_deadline() {
    Simulation::for_seeds(SEEDS, |sim| {
        let _peer = Peer::start(sim, 1, |_| vec![]);
        let client = Client::with(sim, |limits| limits.max_connections_per_destination(1));
        let under_way = client.send(0, 10 * MINUTE);
        sim.advance(SECOND);
        let waiting = [client.send(1, 10 * MINUTE), client.send(2, 10 * MINUTE)];
        sim.advance(SECOND);
        let begun = sim.elapsed();
        let shutdown = sim.block_on(client.session.shutdown(5 * SECOND));
        assert_eq!((shutdown.not_sent, shutdown.unanswered), (2, 1));
        assert_eq!(sim.elapsed() - begun, 5 * SECOND);
        for ended in sim.block_on(join_all(waiting)) {
            assert_eq!((ended.kind(), ended.at), (Some(ErrorKind::Closed), begun));
        }
        let ended = sim.block_on(under_way);
        assert_eq!(
            (ended.kind(), ended.at),
            (Some(ErrorKind::Lost), sim.elapsed())
        );
        sim.advance(SECOND);
        assert_nothing_is_left(sim);
        let late = client.ask(3, MINUTE);
        assert_eq!(late.kind(), Some(ErrorKind::Closed));
    });
}

#[test]
fn a_shutdown_is_over_once_all_is_answered() {
    Simulation::for_seeds(SEEDS, |sim| {
        let _peer = Peer::start(sim, 100, |_| vec![Act::Wait(3 * SECOND), Act::Answer]);
        let client = Client::new(sim);
        let requests: Vec<_> = (0..10).map(|number| client.send(number, MINUTE)).collect();
        sim.advance(SECOND);
        let shutdown = sim.block_on(client.session.shutdown(MINUTE));
        assert_eq!((shutdown.not_sent, shutdown.unanswered), (0, 0));
        assert!(sim.elapsed() < 4 * SECOND, "{:?}", sim.elapsed());
        for ended in sim.block_on(join_all(requests)) {
            assert!(ended.outcome.is_ok());
        }
        sim.advance(SECOND);
        assert_nothing_is_left(sim);
    });
}

#[test]
fn an_answer_that_is_kept_holds_no_connection_open() {
    Simulation::for_seeds(SEEDS, |sim| {
        let _peer = Peer::kind(sim);
        let client = Client::new(sim);
        let kept = client.ask(0, SECOND).outcome.unwrap();
        sim.block_on(client.session.shutdown(SECOND));
        sim.advance(SECOND);
        assert_nothing_is_left(sim);
        drop(kept);
    });
}

#[test]
fn the_peers_end_is_noticed_while_nothing_is_under_way() {
    Simulation::for_seeds(SEEDS, |sim| {
        let _peer = Peer::kind(sim);
        let client = Client::new(sim);
        client.ask(0, SECOND).outcome.unwrap();
        client.network().cables()[0].close(Side::Server);
        sim.advance(SECOND);
        assert_nothing_is_left(sim);
        client.ask(1, SECOND).outcome.unwrap();
    });
}

#[test]
fn a_stream_that_was_given_to_one_who_left_goes_to_the_next() {
    Simulation::for_seeds(SEEDS, |sim| {
        let peer = Peer::start(sim, 1, |_| vec![Act::Wait(SECOND), Act::Answer]);
        let client = Client::with(sim, |limits| limits.max_connections_per_destination(1));
        // The end of the first one gives its stream to the second, which is dropped at that point.
        let first = Box::pin(client.exchange(0, MINUTE));
        let second = Box::pin(client.exchange(1, MINUTE));
        let Either::Left((ended, second)) = sim.block_on(select(first, second)) else {
            panic!("the first comes first");
        };
        ended.outcome.unwrap();
        drop(second);
        client.ask(2, 5 * SECOND).outcome.unwrap();
        assert_eq!(client.session.stats().in_flight, 0);
        let taken = peer.log().taken;
        assert_eq!(taken.keys().collect::<Vec<_>>(), [&0, &2]);
    });
}
