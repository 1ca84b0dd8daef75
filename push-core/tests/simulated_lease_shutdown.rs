//! The end of a session with leases in every state, in simulated time.

#![cfg(feature = "http2")]
#![allow(clippy::unwrap_used)]

mod leased;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use backend_simulated::{Dial, Simulation};
use futures_util::io::{AsyncReadExt, AsyncWriteExt};
use leased::deaf::Deaf;
use leased::*;
use push_core::{ErrorKind, Session};

fn assert_closed(sim: &Simulation, session: &Session) {
    for outcome in [
        session.connection(target(), None),
        session.new_connection(target(), None),
    ] {
        assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Closed);
    }
    sim.advance(SECOND);
    assert_nothing_is_left(sim);
}

#[test]
fn what_idles_is_closed_at_once_and_later_leases_fail() {
    Simulation::for_seeds(SEEDS, |sim| {
        let _echo = Echo::start(sim);
        let session = session(sim);
        use_once(sim, &session);
        let mut lazy = cached(&session);
        let begun = sim.elapsed();
        let shutdown = sim.block_on(session.shutdown(MINUTE));
        assert_eq!(shutdown.broken_leases, 0);
        assert_eq!(sim.elapsed(), begun);
        let error = sim.block_on(lazy.ready()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Closed);
        let error = sim.block_on(lazy.write_all(b"hello")).unwrap_err();
        assert_eq!(inner(&error).kind(), ErrorKind::Closed);
        assert_closed(sim, &session);
    });
}

#[test]
fn leases_may_be_given_back_until_the_deadline() {
    Simulation::for_seeds(SEEDS, |sim| {
        let _echo = Echo::start(sim);
        let session = session(sim);
        let (backend, mut lease) = (sim.backend(), used(sim, cached(&session)));
        let busy = sim.spawn(async move {
            backend.sleep(10 * SECOND).await;
            let asked = ask(&mut lease, "hello").await;
            lease.release();
            asked
        });
        sim.run_until_idle();
        let begun = sim.elapsed();
        let shutdown = sim.block_on(session.shutdown(MINUTE));
        assert_eq!(shutdown.broken_leases, 0);
        let took = sim.elapsed() - begun;
        assert!(10 * SECOND <= took && took < 11 * SECOND, "{took:?}");
        sim.block_on(busy).unwrap();
        assert_closed(sim, &session);
    });
}

#[test]
fn leases_that_are_not_given_back_are_broken_at_the_deadline() {
    Simulation::for_seeds(SEEDS, |sim| {
        let _echo = Echo::start(sim);
        let session = session(sim);
        let mut reading = used(sim, cached(&session));
        let reads = sim.spawn(async move {
            let outcome = reading.read(&mut [0]).await;
            (outcome, reading)
        });
        let mut writing = used(sim, uncached(&session));
        let writes = sim.spawn(async move {
            // The echo is not read, so that the buffers fill up.
            let outcome = writing.write_all(&vec![0; 10_000_000]).await;
            (outcome, writing)
        });
        let mut idle = used(sim, cached(&session));
        sim.advance(SECOND);
        let begun = sim.elapsed();
        let shutdown = sim.block_on(session.shutdown(5 * SECOND));
        assert_eq!(
            (shutdown.broken_leases, sim.elapsed() - begun),
            (3, 5 * SECOND)
        );
        assert_eq!(session.stats().connections, 0);
        // Both who wait are woken, and nothing is open any more though the leases live.
        let (read, mut reading) = sim.block_on(reads);
        let (wrote, writing) = sim.block_on(writes);
        assert_eq!(sim.network().open_connections(), 0);
        for error in [read.map(drop).unwrap_err(), wrote.unwrap_err()] {
            assert_eq!(error.kind(), std::io::ErrorKind::ConnectionAborted);
            assert_eq!(inner(&error).kind(), ErrorKind::Closed);
        }
        assert!(idle.is_closed());
        let error = sim.block_on(idle.read(&mut [0])).unwrap_err();
        assert_eq!(inner(&error).kind(), ErrorKind::Closed);
        assert!(!sim.block_on(idle.reset()));
        for lease in [&mut reading, &mut idle] {
            let error = sim.block_on(lease.reconnect()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Closed);
        }
        idle.release();
        drop((reading, writing));
        assert_closed(sim, &session);
    });
}

#[test]
fn who_waits_on_a_broken_connection_is_woken_though_the_connection_wakes_nobody() {
    Simulation::for_seeds(SEEDS, |sim| {
        let _echo = Echo::start(sim);
        let told = Arc::new(AtomicBool::new(false));
        let session = Session::new(Deaf::new(sim.backend(), told.clone()));
        let mut reading = used(sim, cached(&session));
        let mut writing = used(sim, cached(&session));
        told.store(true, Ordering::SeqCst);
        let reads = sim.spawn(async move { reading.read(&mut [0]).await.map(drop) });
        let writes = sim.spawn(async move { writing.write_all(b"hello").await });
        sim.advance(SECOND);
        let shutdown = sim.block_on(session.shutdown(SECOND));
        assert_eq!(shutdown.broken_leases, 2);
        for outcome in [sim.block_on(reads), sim.block_on(writes)] {
            assert_eq!(inner(&outcome.unwrap_err()).kind(), ErrorKind::Closed);
        }
        assert_closed(sim, &session);
    });
}

#[test]
fn dials_are_hung_up_and_those_who_wait_fail_at_once() {
    Simulation::for_seeds(SEEDS, |sim| {
        let _echo = Echo::start(sim);
        sim.network().set_dial(HOST, PORT, Dial::Stall);
        let session = session_with(sim, |limits| limits.max_connections_per_destination(2));
        let all: Vec<_> = (0..4).map(|_| ready(sim, cached(&session))).collect();
        sim.advance(SECOND);
        let begun = sim.elapsed();
        sim.block_on(session.shutdown(MINUTE));
        assert_eq!(sim.elapsed(), begun);
        for one in all {
            let (outcome, _) = sim.block_on(one);
            assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Closed);
        }
        assert_closed(sim, &session);
    });
}

#[test]
fn a_dial_that_the_back_off_holds_up_is_hung_up_too() {
    Simulation::for_seeds(SEEDS, |sim| {
        let _echo = Echo::start(sim);
        sim.network().set_dial(HOST, PORT, Dial::Refuse);
        let session = session(sim);
        for _ in 0..6 {
            sim.block_on(cached(&session).ready()).unwrap_err();
        }
        let waiting = ready(sim, cached(&session));
        sim.run_until_idle();
        let begun = sim.elapsed();
        sim.block_on(session.shutdown(MINUTE));
        assert_eq!(sim.elapsed(), begun);
        let (outcome, lease) = sim.block_on(waiting);
        outcome.unwrap_err();
        drop(lease);
        assert_closed(sim, &session);
    });
}

#[test]
fn one_that_waits_for_a_place_in_the_session_fails_at_once() {
    Simulation::for_seeds(SEEDS, |sim| {
        let _echo = Echo::start(sim);
        let session = session_with(sim, |limits| limits.max_connections(1));
        let busy = used(sim, cached(&session));
        let waiting = ready(sim, cached(&session));
        sim.run_until_idle();
        let shutdown = session.clone();
        let shutdown = sim.spawn(async move { shutdown.shutdown(MINUTE).await });
        let (outcome, lease) = sim.block_on(waiting);
        assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Closed);
        drop((lease, busy));
        assert_eq!(sim.block_on(shutdown).broken_leases, 0);
        assert_closed(sim, &session);
    });
}

#[test]
fn a_shutdown_without_patience_breaks_leases_at_once() {
    Simulation::for_seeds(SEEDS, |sim| {
        let _echo = Echo::start(sim);
        let session = session(sim);
        let lease = used(sim, cached(&session));
        let shutdown = sim.block_on(session.shutdown(std::time::Duration::ZERO));
        assert_eq!(shutdown.broken_leases, 1);
        assert!(lease.is_closed());
        drop(lease);
        assert_closed(sim, &session);
    });
}
