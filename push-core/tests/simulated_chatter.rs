//! Peers that say much and answer little, or answer too early: in simulated time.

#![cfg(feature = "http2")]
#![allow(clippy::unwrap_used)]

mod common;

use std::time::Duration;

use backend_simulated::Simulation;
use common::*;
use futures_util::future::join_all;
use push_core::ErrorKind;

/// Those that wait get another connection as soon as one is left for its abandoned streams.
#[test]
fn those_who_wait_get_another_connection_when_one_is_left_for_its_abandoned_streams() {
    Simulation::for_seeds(0..5, |sim| {
        let peer = Peer::start(sim, 10, |seen| match seen.number {
            0 => vec![Act::Answer],
            100.. => vec![Act::Answer],
            _ => vec![],
        });
        let client = Client::with(sim, |limits| limits.max_connections_per_destination(1));
        client.ask(0, SECOND).outcome.unwrap();
        let mut tasks = Vec::new();
        for n in 1..5 {
            tasks.push(client.send(n, 10 * MINUTE));
        }
        for n in 5..11 {
            tasks.push(client.send(n, SECOND));
        }
        sim.advance(100 * MILLI);
        let begun = sim.elapsed();
        // All ten streams are taken: these wait.
        let waiters: Vec<_> = (100..105).map(|n| client.send(n, 2 * MINUTE)).collect();
        let ended = sim.block_on(join_all(waiters));
        let took: Vec<_> = ended.iter().map(|e| (e.at - begun, e.kind())).collect();
        assert!(
            took.iter().all(|(t, k)| *t < 5 * SECOND && k.is_none()),
            "{took:?} {:?}",
            peer.log().connections
        );
    });
}

/// A connection that hung, and of which the peer raised the limit, is closed under the requests
/// that it has been given since.
#[test]
fn a_connection_that_hung_and_may_carry_more_is_not_closed_under_new_requests() {
    Simulation::for_seeds(0..5, |sim| {
        let peer = Peer::play(
            sim,
            Script::new(1, |seen| match seen.number {
                1 => vec![],
                // Slow, but answered.
                50..60 => vec![Act::Wait(3 * SECOND), Act::Answer],
                _ => vec![Act::Answer],
            }),
        );
        let client = Client::with(sim, |limits| limits.max_connections_per_destination(2));
        client.ask(0, SECOND).outcome.unwrap();
        // Abandoned: PING, answered: hung.
        assert_eq!(client.ask(1, SECOND).kind(), Some(ErrorKind::Unanswered));
        sim.advance(500 * MILLI);
        // The peer raises its limit.
        peer.on_all(&[Act::Limit(3)]);
        sim.advance(500 * MILLI);
        // Given to the old connection (three streams, one abandoned), and one too many: a dial.
        let tasks: Vec<_> = (50..54).map(|n| client.send(n, MINUTE)).collect();
        let ended = sim.block_on(join_all(tasks));
        let kinds: Vec<_> = ended.iter().map(|e| (e.number, e.kind())).collect();
        assert!(kinds.iter().all(|(_, k)| k.is_none()), "{kinds:?}");
    });
}

/// A peer that says something now and then, but answers no PING and no request.
#[test]
fn a_probed_connection_that_only_chatters_is_replaced() {
    Simulation::for_seeds(0..3, |sim| {
        let peer = Peer::play(
            sim,
            Script::new(100, |seen| match (seen.connection, seen.number) {
                (_, 0) => {
                    let mut acts = vec![Act::Answer, Act::Deaf];
                    for _ in 0..1000 {
                        acts.push(Act::Wait(2 * SECOND));
                        acts.push(Act::Ignorable);
                    }
                    acts
                }
                _ => vec![Act::Answer],
            }),
        );
        let client = Client::new(sim);
        client.ask(0, SECOND).outcome.unwrap();
        sim.advance(40 * SECOND);
        let ended = client.ask(1, 10 * MINUTE);
        assert_eq!(ended.kind(), None, "{ended:?} {:?}", peer.log().connections);
    });
}

/// The same with a limit of one and a request that is never answered.
#[test]
fn a_chattering_connection_of_one_stream_is_replaced() {
    Simulation::for_seeds(0..3, |sim| {
        let peer = Peer::play(
            sim,
            Script::new(1, |seen| match (seen.connection, seen.number) {
                (_, 0) => {
                    let mut acts = vec![Act::Deaf];
                    for _ in 0..1000 {
                        acts.push(Act::Wait(2 * SECOND));
                        acts.push(Act::Ignorable);
                    }
                    acts
                }
                _ => vec![Act::Answer],
            }),
        );
        let client = Client::new(sim);
        assert_eq!(client.ask(0, SECOND).kind(), Some(ErrorKind::Unanswered));
        let ended = client.ask(1, 10 * MINUTE);
        assert_eq!(ended.kind(), None, "{ended:?} {:?}", peer.log().connections);
    });
}

/// SETTINGS that say zero again and again put off the look at those that can't be written.
#[test]
fn a_limit_of_zero_said_again_and_again_is_still_zero() {
    Simulation::for_seeds(0..3, |sim| {
        let peer = Peer::play(
            sim,
            Script::new(1, |_| vec![Act::Answer]).meet(|id| {
                let mut manner = Manner::good(1);
                if id == 0 || id == 1 {
                    manner.acts = vec![Act::Wait(100 * MILLI)];
                    for _ in 0..2000 {
                        manner.acts.push(Act::Limit(0));
                        manner.acts.push(Act::Wait(500 * MILLI));
                    }
                }
                manner
            }),
        );
        let client = Client::new(sim);
        sim.block_on(client.way.ready(client.session.deadline(SECOND)))
            .unwrap();
        sim.advance(300 * MILLI);
        let ended = client.ask(1, MINUTE);
        assert_eq!(ended.kind(), None, "{ended:?} {:?}", peer.log().connections);
    });
}

/// An early answer, whole, while the body waits for a window: the next request waits for it in h2.
#[test]
fn an_early_answer_frees_no_place_before_the_body_is_written() {
    Simulation::for_seeds(0..3, |sim| {
        let _peer = Peer::play(
            sim,
            Script::new(1, |_| vec![Act::Answer])
                .meet(|id| {
                    let mut manner = Manner::good(1);
                    if id < 2 {
                        manner.settings = vec![(3, 1), (4, 0)];
                        manner.window = 0;
                    }
                    manner
                })
                .interrupt(|_, stream| match stream {
                    1 => vec![Act::Answer],
                    _ => vec![],
                }),
        );
        let client = Client::new(sim);
        let mut first = Box::pin(client.exchange(0, 5 * MINUTE));
        assert!(poll_once(sim, first.as_mut()).is_none());
        sim.advance(SECOND);
        assert!(poll_once(sim, first.as_mut()).is_none());
        sim.advance(SECOND);
        // Nobody fetches the answer.
        let ended = client.ask(1, 30 * SECOND);
        assert_ne!(ended.kind(), Some(ErrorKind::Unanswered), "never written");
        drop(first);
    });
}

/// A connection that was left, has no stream, and whose peer reads nothing, is closed some time.
#[test]
fn a_left_connection_of_a_peer_that_reads_nothing_goes_away() {
    Simulation::for_seeds(0..3, |sim| {
        let peer = Peer::start(sim, 100, |seen| match seen.number {
            0 => vec![Act::Answer, Act::StopReading],
            _ => vec![Act::Answer],
        });
        let client = Client::with(sim, |limits| limits.max_requests_per_connection(1));
        client.ask(0, SECOND).outcome.unwrap();
        sim.advance(10 * MINUTE);
        assert_eq!(client.session.connections().len(), 0, "{:?}", peer.log());
        let _ = Duration::ZERO;
    });
}

/// What is broken off here frees its place as soon as that is written.
#[test]
fn an_abandoned_body_that_is_too_long_frees_its_place_at_once() {
    for bytes in [65_537, 66_000, 70_000] {
        Simulation::for_seeds(0..5, |sim| {
            let _peer = Peer::start(sim, 10, move |seen| match seen.number {
                1 => vec![Act::Wait(2 * SECOND), Act::Head, Act::Endless(bytes)],
                _ => vec![Act::Answer],
            });
            let client = Client::new(sim);
            client.ask(0, SECOND).outcome.unwrap();
            assert_eq!(client.ask(1, SECOND).kind(), Some(ErrorKind::Unanswered));
            sim.advance(9 * SECOND);
            let all = client.session.connections();
            let left = (all[0].open_streams, all[0].abandoned_streams, all[0].resets);
            assert_eq!(left, (0, 0, 1), "{bytes}");
        });
    }
}

/// A connection whose limit stays at zero is replaced some time.
#[test]
fn a_limit_of_zero_for_ever_is_left() {
    Simulation::for_seeds(0..3, |sim| {
        let peer = Peer::play(
            sim,
            Script::new(10, |_| vec![Act::Answer]).meet(|id| {
                let mut manner = Manner::good(10);
                if id == 1 {
                    manner.acts = vec![Act::Wait(5 * SECOND), Act::Limit(0)];
                }
                manner
            }),
        );
        let client = Client::with(sim, |limits| limits.max_connections_per_destination(1));
        client.ask(0, SECOND).outcome.unwrap();
        sim.advance(10 * SECOND);
        let ended = client.ask(1, 60 * MINUTE);
        assert_eq!(ended.kind(), None, "{ended:?} {:?}", peer.log().connections);
    });
}

/// An early answer that is whole stays so though its connection ends before it is fetched.
#[test]
fn an_early_answer_is_whole_though_the_connection_ends() {
    Simulation::for_seeds(0..3, |sim| {
        let _peer = Peer::play(
            sim,
            Script::new(1, |_| vec![Act::Answer])
                .meet(|_| {
                    let mut manner = Manner::good(1);
                    manner.settings = vec![(3, 1), (4, 0)];
                    manner.window = 0;
                    manner
                })
                .interrupt(|_, _| vec![Act::Answer, Act::Close]),
        );
        let client = Client::new(sim);
        let mut first = Box::pin(client.exchange(0, 5 * MINUTE));
        assert!(poll_once(sim, first.as_mut()).is_none());
        sim.advance(SECOND);
        assert!(poll_once(sim, first.as_mut()).is_none());
        sim.advance(SECOND);
        let ended = sim.block_on(first);
        assert!(
            ended.outcome.as_ref().is_ok_and(|a| a.complete),
            "{ended:?}"
        );
    });
}

/// The peer answers our farewell with one of its own: nothing has failed.
#[test]
fn a_goaway_in_answer_to_ours_is_no_failure() {
    Simulation::for_seeds(0..3, |sim| {
        let _peer = Peer::start(sim, 100, |_| {
            vec![
                Act::Wait(SECOND),
                Act::GoAway {
                    last: 0x7fff_ffff,
                    code: 0,
                    text: "bye",
                },
                Act::Answer,
            ]
        });
        let client = Client::with(sim, |l| {
            l.max_requests_per_connection(1)
                .back_off(push_core::RetryPolicy::exponential(10 * MINUTE).max_delay(10 * MINUTE))
        });
        // Left in order after its one request; the peer's GOAWAY comes before the answer.
        let begun = sim.elapsed();
        client.ask(0, MINUTE).outcome.unwrap();
        client.ask(1, MINUTE).outcome.unwrap();
        let took = sim.elapsed() - begun;
        assert!(took < 4 * SECOND, "{took:?}");
    });
}

#[test]
fn an_idle_connection_that_is_closed_says_goaway() {
    Simulation::for_seeds(0..5, |sim| {
        let peer = Peer::kind(sim);
        let client = Client::with(sim, |l| l.idle_timeout(Some(MINUTE)));
        client.ask(0, SECOND).outcome.unwrap();
        sim.advance(3 * MINUTE);
        assert_eq!(client.session.connections().len(), 0);
        assert_eq!(peer.log().farewells, [1]);
    });
}
