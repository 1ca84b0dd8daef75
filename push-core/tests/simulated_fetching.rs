//! Futures that are not polled, in simulated time: they hold up nobody but themselves.

#![cfg(feature = "http2")]
#![allow(clippy::unwrap_used)]

mod common;

use std::time::Duration;

use backend_simulated::{Conditions, Simulation};
use common::*;
use futures_util::StreamExt;
use futures_util::future::join_all;
use push_core::fan_out::FanOut;

const SEEDS: std::ops::Range<u64> = 0..30;

/// Sends requests from tasks of their own, which must be answered soon.
fn assert_others_go_on(client: &Client<'_>) {
    let begun = client.sim.elapsed();
    let requests: Vec<_> = (100..130)
        .map(|number| client.send(number, MINUTE))
        .collect();
    for ended in client.sim.block_on(join_all(requests)) {
        let took = ended.at - begun;
        assert!(ended.outcome.is_ok(), "{ended:?}");
        assert!(took < 5 * SECOND, "{took:?}");
    }
}

#[test]
fn answers_that_nobody_fetches_hold_up_nobody() {
    Simulation::for_seeds(SEEDS, |sim| {
        let _peer = Peer::start(sim, 2, |_| vec![Act::Wait(10 * MILLI), Act::Answer]);
        let client = Client::with(sim, |limits| limits.max_connections_per_destination(1));
        client.ask(0, SECOND).outcome.unwrap();
        let mut forgotten: Vec<_> = (1..=2)
            .map(|number| Box::pin(client.exchange(number, MINUTE)))
            .collect();
        for exchange in &mut forgotten {
            assert!(poll_once(sim, exchange.as_mut()).is_none());
        }
        assert_others_go_on(&client);
        for ended in sim.block_on(join_all(forgotten)) {
            ended.outcome.unwrap();
        }
    });
}

#[test]
fn answers_with_bodies_that_nobody_fetches_hold_up_nobody() {
    Simulation::for_seeds(SEEDS, |sim| {
        let peer = Peer::start(sim, 2, |_| vec![Act::Head, Act::Body(2000, true)]);
        let client = Client::with(sim, |limits| limits.max_connections_per_destination(1));
        client.ask(0, SECOND).outcome.unwrap();
        let mut forgotten: Vec<_> = (1..=2)
            .map(|number| Box::pin(client.exchange(number, MINUTE)))
            .collect();
        for exchange in &mut forgotten {
            assert!(poll_once(sim, exchange.as_mut()).is_none());
        }
        assert_others_go_on(&client);
        for ended in sim.block_on(join_all(forgotten)) {
            assert_eq!(ended.outcome.unwrap().body.len(), 2000);
        }
        assert_eq!(peer.log().connections.len(), 1);
    });
}

#[test]
fn a_fan_out_that_is_not_polled_holds_up_nobody() {
    Simulation::for_seeds(SEEDS, |sim| {
        let peer = Peer::start(sim, 2, |_| vec![Act::Wait(10 * MILLI), Act::Answer]);
        let client = Client::with(sim, |limits| limits.max_connections_per_destination(1));
        client.ask(0, SECOND).outcome.unwrap();
        let exchanges: Vec<_> = (1..=20)
            .map(|number| client.exchange(number, MINUTE))
            .collect();
        let source = futures_util::stream::iter(exchanges);
        let mut all = FanOut::new(source, || 4, |exchange| Box::pin(exchange));
        assert!(poll_once(sim, std::pin::pin!(all.next())).is_none());
        // Two are under way, two wait for a stream and won't fetch it.
        assert_others_go_on(&client);
        let rest: Vec<_> = sim.block_on(all.collect());
        assert_eq!(rest.len(), 20);
        for ended in rest {
            ended.outcome.unwrap();
        }
        assert!(peer.log().taken.values().all(|times| *times == 1));
    });
}

#[test]
fn a_stream_that_is_not_fetched_goes_to_the_next_and_who_missed_it_keeps_his_turn() {
    Simulation::for_seeds(SEEDS, |sim| {
        sim.network().set_conditions(Conditions::ideal());
        let peer = Peer::start(sim, 1, |_| vec![Act::Wait(SECOND), Act::Answer]);
        let client = Client::with(sim, |limits| limits.max_connections_per_destination(1));
        client.ask(0, MINUTE).outcome.unwrap();
        let first = client.send(1, MINUTE);
        sim.run_until_idle();
        let mut slow = Box::pin(client.exchange(2, MINUTE));
        assert!(poll_once(sim, slow.as_mut()).is_none());
        let rest: Vec<_> = (3..6)
            .map(|number| {
                let task = client.send(number, MINUTE);
                sim.run_until_idle();
                task
            })
            .collect();
        let freed = sim.block_on(first).at;
        // The next one is under way now.
        sim.advance(500 * MILLI);
        let slow = sim.spawn(slow);
        sim.block_on(slow).outcome.unwrap();
        for ended in sim.block_on(join_all(rest)) {
            ended.outcome.unwrap();
        }
        let requests = peer.log().requests;
        let order: Vec<_> = requests.iter().map(|seen| seen.number).collect();
        assert_eq!(order, [0, 1, 3, 2, 4, 5]);
        let wait = requests[2].at - freed;
        let bounds = (100 * MILLI, 200 * MILLI);
        assert!(bounds.0 <= wait && wait <= bounds.1, "{wait:?}");
        let next: Duration = requests[3].at - requests[2].at;
        assert_eq!(next, SECOND, "no wait but for the answer");
    });
}
