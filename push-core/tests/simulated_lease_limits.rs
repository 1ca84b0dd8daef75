//! How many exclusive connections there are at once, in simulated time, and who comes first.

#![cfg(feature = "http2")]
#![allow(clippy::unwrap_used)]

mod common;
mod leased;

use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};

use backend_simulated::{Dial, Simulation};
use futures_util::future::join_all;
use leased::*;
use push_core::http::Destination;
use push_core::session::Lease;

#[test]
fn no_more_connections_than_allowed_and_those_who_wait_come_in_order() {
    Simulation::for_seeds(SEEDS, |sim| {
        let echo = Echo::start(sim);
        let session = session_with(sim, |limits| limits.max_connections_per_destination(2));
        let order = Arc::new(Mutex::new(Vec::new()));
        let all = (0..10).map(|number| {
            let (mut lease, order) = (cached(&session), order.clone());
            let backend = sim.backend();
            let task = sim.spawn(async move {
                lease.ready().await.unwrap();
                order.lock().unwrap().push(number);
                backend.sleep(SECOND).await;
                ask(&mut lease, "hello").await.unwrap();
                lease.release();
            });
            // It stands in the queue before the next one.
            sim.run_until_idle();
            task
        });
        let all: Vec<_> = all.collect();
        assert_eq!(session.stats().waiting_leases, 10);
        sim.block_on(join_all(all));
        assert_eq!(*order.lock().unwrap(), (0..10).collect::<Vec<_>>());
        assert_eq!(echo.accepted(), 2);
        assert_eq!(session.stats().idle_leases, 2);
    });
}

#[test]
fn as_many_are_dialled_at_once_as_are_wanted() {
    Simulation::for_seeds(SEEDS, |sim| {
        let _echo = Echo::start(sim);
        sim.network().set_dial(HOST, PORT, Dial::Slow(SECOND));
        let session = session_with(sim, |limits| limits.max_connections_per_destination(3));
        let all = (0..5).map(|_| {
            let task = ready(sim, cached(&session));
            // It stands in the queue before the next one.
            sim.run_until_idle();
            task
        });
        let all: Vec<_> = all.collect();
        assert_eq!(sim.network().dials(HOST, PORT).len(), 3);
        sim.advance(2 * SECOND);
        let stats = session.stats();
        assert_eq!((stats.leased, stats.waiting_leases), (3, 2));
        let mut all = all.into_iter();
        let first: Vec<_> = all.by_ref().take(3).collect();
        for one in sim.block_on(join_all(first)) {
            one.0.unwrap();
        }
        // Dropped, and so closed: the others are dialled for.
        sim.block_on(join_all(all));
        assert_eq!(sim.network().dials(HOST, PORT).len(), 5);
    });
}

#[test]
fn a_lease_knows_whether_it_waits_for_others() {
    Simulation::for_seeds(SEEDS, |sim| {
        let _echo = Echo::start(sim);
        sim.network().set_dial(HOST, PORT, Dial::Slow(SECOND));
        let session = session_with(sim, |limits| limits.max_connections_per_destination(2));
        let mut leases: Vec<_> = (0..4).map(|_| cached(&session)).collect();
        let mut cx = Context::from_waker(Waker::noop());
        let mut look = |leases: &mut Vec<Lease>| -> Vec<bool> {
            let looks = leases.iter_mut().map(|lease| {
                let _ = lease.poll_ready(&mut cx);
                lease.waits_its_turn()
            });
            looks.collect()
        };
        // Nobody has one: all are dialled for, or wait for what is dialled.
        assert_eq!(look(&mut leases), [false; 4]);
        sim.advance(2 * SECOND);
        assert_eq!(look(&mut leases), [false, false, true, true]);
        // One is dialled anew, for the first who waits.
        drop(leases.remove(0));
        assert_eq!(look(&mut leases), [false, false, true]);
        sim.advance(2 * SECOND);
        leases.remove(0).release();
        assert_eq!(look(&mut leases), [false, false]);
    });
}

#[test]
fn a_new_connection_makes_room_for_itself_among_those_that_idle() {
    Simulation::for_seeds(SEEDS, |sim| {
        let _echo = Echo::start(sim);
        let session = session_with(sim, |limits| limits.max_connections_per_destination(2));
        let (one, other) = (used(sim, cached(&session)), used(sim, cached(&session)));
        one.release();
        sim.advance(SECOND);
        other.release();
        let fresh = used(sim, uncached(&session));
        assert!(!fresh.is_reused());
        let stats = session.stats();
        assert_eq!((stats.leased, stats.idle_leases), (1, 1));
        // The one that idled for longer is gone.
        sim.advance(SECOND);
        assert_eq!(session.outdate(5 * SECOND), 0);
        drop(fresh);
        assert!(use_once(sim, &session));
    });
}

#[test]
fn one_who_waits_for_a_new_connection_is_not_overtaken() {
    Simulation::for_seeds(SEEDS, |sim| {
        let echo = Echo::start(sim);
        let session = session_with(sim, |limits| limits.max_connections_per_destination(1));
        let busy = used(sim, cached(&session));
        let fresh = ready(sim, uncached(&session));
        sim.run_until_idle();
        let behind = ready(sim, cached(&session));
        sim.run_until_idle();
        busy.release();
        sim.advance(SECOND);
        let (outcome, lease) = sim.block_on(fresh);
        outcome.unwrap();
        assert!(!lease.is_reused());
        assert_eq!(session.stats().waiting_leases, 1);
        lease.release();
        sim.block_on(behind).0.unwrap();
        sim.run_until_idle();
        assert_eq!(echo.accepted(), 3);
    });
}

#[test]
fn one_who_leaves_the_queue_is_passed_over() {
    Simulation::for_seeds(SEEDS, |sim| {
        let _echo = Echo::start(sim);
        let session = session_with(sim, |limits| limits.max_connections_per_destination(1));
        let busy = used(sim, cached(&session));
        let mut leaving = cached(&session);
        assert!(poll_once(sim, std::pin::pin!(leaving.ready())).is_none());
        let behind = ready(sim, cached(&session));
        sim.run_until_idle();
        drop(leaving);
        assert_eq!(session.stats().waiting_leases, 1);
        busy.release();
        let (outcome, lease) = sim.block_on(behind);
        outcome.unwrap();
        assert!(lease.is_reused());
    });
}

#[test]
fn one_who_was_given_a_connection_and_leaves_passes_it_on() {
    Simulation::for_seeds(SEEDS, |sim| {
        let echo = Echo::start(sim);
        let session = session_with(sim, |limits| limits.max_connections_per_destination(1));
        let busy = used(sim, cached(&session));
        let mut leaving = cached(&session);
        assert!(poll_once(sim, std::pin::pin!(leaving.ready())).is_none());
        let behind = ready(sim, cached(&session));
        sim.run_until_idle();
        busy.release();
        // It is its own by now, though it does not know.
        drop(leaving);
        let (outcome, lease) = sim.block_on(behind);
        outcome.unwrap();
        assert!(lease.is_reused());
        assert_eq!(echo.accepted(), 1);
    });
}

#[test]
fn the_sessions_limit_counts_both_kinds_and_the_one_that_idled_longest_makes_room() {
    Simulation::for_seeds(SEEDS, |sim| {
        let _peer = common::Peer::kind(sim);
        let _echo = Echo::start(sim);
        let _other = Echo::at(sim, "other.example");
        let session = session_with(sim, |limits| limits.max_connections(2));
        let http = session
            .http2(Destination::new(push_core::Target::tls(
                common::HOST,
                common::PORT,
            )))
            .unwrap();
        let exchange = |number| {
            let numbered = common::Numbered {
                number,
                resend: push_core::ResendUnknown::Never,
            };
            let deadline = session.deadline(MINUTE);
            sim.block_on(http.exchange(&numbered, deadline)).unwrap();
        };
        let other = || {
            let target = push_core::Target::tls("other.example", PORT);
            used(sim, session.connection(target, None).unwrap())
        };
        let open = || sim.network().open_connections();

        // A lease idles for longest: it makes room for requests, and they for a lease.
        use_once(sim, &session);
        sim.advance(SECOND);
        other().release();
        sim.advance(SECOND);
        exchange(0);
        assert_eq!((open(), session.stats().idle_leases), (2, 1));
        sim.advance(SECOND);
        assert!(!use_once(sim, &session), "it was closed");
        sim.advance(SECOND);
        let stats = session.stats();
        assert_eq!((stats.connections, stats.idle_leases), (2, 1));
        let lease = other();
        assert!(!lease.is_reused());
        sim.advance(SECOND);
        let stats = session.stats();
        assert_eq!(
            (stats.connections, stats.leased, stats.idle_leases),
            (2, 1, 1)
        );
        assert_eq!(open(), 2);
    });
}

#[test]
fn where_all_places_of_the_session_are_leased_the_next_waits_for_one() {
    Simulation::for_seeds(SEEDS, |sim| {
        let _echo = Echo::start(sim);
        let other = Echo::at(sim, "other.example");
        let session = session_with(sim, |limits| limits.max_connections(2));
        let one = used(sim, cached(&session));
        let two = used(sim, cached(&session));
        let target = push_core::Target::tls("other.example", PORT);
        let waiting = ready(sim, session.connection(target, None).unwrap());
        sim.advance(MINUTE);
        assert_eq!(other.accepted(), 0);
        assert_eq!(session.stats().waiting_leases, 1);
        // Given back, it idles, and makes room.
        one.release();
        sim.block_on(waiting).0.unwrap();
        assert_eq!(session.stats().idle_leases, 0);
        drop(two);
    });
}

#[test]
fn a_wait_for_a_place_in_the_session_that_is_given_up_leaves_no_task() {
    Simulation::for_seeds(SEEDS, |sim| {
        let echo = Echo::start(sim);
        let other = Echo::at(sim, "other.example");
        let session = session_with(sim, |limits| limits.max_connections(1));
        let busy = used(sim, cached(&session));
        sim.run_until_idle();
        let tasks = sim.live_tasks();
        let target = push_core::Target::tls("other.example", PORT);
        let mut waiting = session.connection(target, None).unwrap();
        assert!(poll_once(sim, std::pin::pin!(waiting.ready())).is_none());
        sim.run_until_idle();
        assert_eq!(sim.live_tasks(), tasks + 1);
        drop(waiting);
        sim.run_until_idle();
        assert_eq!(sim.live_tasks(), tasks);
        drop(busy);
        assert_eq!((echo.accepted(), other.accepted()), (1, 0));
    });
}
