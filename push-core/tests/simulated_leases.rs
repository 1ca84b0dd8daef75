//! Exclusive connections in simulated time: the cache, what ends it, and what a lease tells.

#![cfg(feature = "http2")]
#![allow(clippy::unwrap_used)]

mod leased;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use backend_simulated::{Dial, Side, Simulation};
use futures_util::io::{AsyncReadExt, AsyncWriteExt};
use leased::deaf::Deaf;
use leased::*;
use push_core::session::Lease;
use push_core::{AsyncRead, AsyncWrite, Identity, KeyFormat, Roots, Session, Target};

#[test]
fn a_lease_goes_wherever_a_stream_goes() {
    fn goes<T: AsyncRead + AsyncWrite + Send + Sync + Unpin + std::fmt::Debug + 'static>() {}
    goes::<Lease>();
}

#[test]
fn a_connection_that_is_given_back_serves_the_next_lease() {
    Simulation::for_seeds(SEEDS, |sim| {
        let echo = Echo::start(sim);
        let session = session(sim);
        assert!(!use_once(sim, &session));
        for _ in 0..5 {
            sim.advance(SECOND);
            assert!(use_once(sim, &session));
        }
        assert_eq!(echo.accepted(), 1);
        let stats = session.stats();
        assert_eq!(
            (stats.connections, stats.idle_leases, stats.leased),
            (1, 1, 0)
        );
        assert_eq!(stats.connected, 1);
    });
}

#[test]
fn nothing_is_connected_and_no_task_runs_before_the_first_use() {
    Simulation::for_seeds(SEEDS, |sim| {
        let echo = Echo::start(sim);
        let session = session(sim);
        let mut lease = cached(&session);
        assert!(!lease.is_connected() && !lease.is_closed() && !lease.is_reused());
        assert!(sim.block_on(lease.reset()) && lease.peek().unwrap().is_empty());
        sim.block_on(lease.flush()).unwrap();
        sim.advance(MINUTE);
        assert_eq!(sim.live_tasks(), Echo::TASKS);
        sim.block_on(lease.ready()).unwrap();
        assert!(lease.is_connected() && lease.peer_addr().is_some());
        assert_eq!(session.stats().leased, 1);
        lease.release();
        sim.run_until_idle();
        assert_eq!(echo.accepted(), 1);
    });
}

#[test]
fn a_connection_is_for_one_target_and_one_certificate() {
    Simulation::for_seeds(0..5, |sim| {
        let echo = Echo::start(sim);
        let session = session(sim);
        let chain = Roots::from_pem(include_bytes!("data/ec-chain.pem")).unwrap();
        let chain = chain.as_der().unwrap().to_vec();
        let identity = Identity::from_der(chain, vec![1], KeyFormat::Pkcs8).unwrap();
        let load = || session.backend().load_certificate(&identity).unwrap();
        let one = |target: Target, certificate| {
            let lease = session.connection(target, certificate).unwrap();
            let lease = used(sim, lease);
            let reused = lease.is_reused();
            lease.release();
            reused
        };
        assert!(!one(target(), None));
        assert!(!one(target(), Some(load())));
        assert!(!one(target().alpn(["x"]), None));
        assert!(!one(target().server_name("other"), None));
        // Loaded once more it is the same certificate.
        assert!(one(target(), Some(load())));
        assert!(one(target(), None));
        assert_eq!(echo.accepted(), 4);
    });
}

#[test]
fn the_one_that_was_used_last_is_taken_first() {
    Simulation::for_seeds(SEEDS, |sim| {
        let echo = Echo::start(sim);
        let session = session(sim);
        let (one, other) = (used(sim, cached(&session)), used(sim, cached(&session)));
        other.release();
        sim.advance(SECOND);
        one.release();
        sim.advance(SECOND);
        let again = used(sim, cached(&session));
        let sent = echo.cables()[0].sent_bytes(Side::Client);
        assert_eq!(sent, 10, "the first one was asked twice");
        drop(again);
    });
}

#[test]
fn an_idle_connection_that_its_peer_ends_is_closed_at_once_and_replaced() {
    Simulation::for_seeds(SEEDS, |sim| {
        let echo = Echo::start(sim);
        let session = session(sim);
        use_once(sim, &session);
        echo.cables()[0].close(Side::Server);
        sim.advance(SECOND);
        assert_eq!(session.stats().connections, 0);
        assert_nothing_is_left(sim);
        assert!(!use_once(sim, &session));
        assert_eq!(echo.accepted(), 2);
    });
}

#[test]
fn an_idle_connection_that_is_reset_is_closed_at_once() {
    Simulation::for_seeds(SEEDS, |sim| {
        let echo = Echo::start(sim);
        let session = session(sim);
        use_once(sim, &session);
        echo.cables()[0].reset();
        sim.run_until_idle();
        assert_eq!(session.stats().connections, 0);
        assert_nothing_is_left(sim);
    });
}

#[test]
fn an_idle_connection_on_which_the_peer_speaks_is_closed_at_once() {
    Simulation::for_seeds(SEEDS, |sim| {
        let listener = sim.listen(HOST, PORT);
        let backend = sim.backend();
        let server = sim.spawn(async move {
            let mut stream = listener.accept().await;
            let mut line = [0; 5];
            stream.read_exact(&mut line).await.unwrap();
            stream.write_all(&line).await.unwrap();
            backend.sleep(MINUTE).await;
            stream.write_all(b"!").await.unwrap();
            // The client leaves.
            let gone = stream.read(&mut line).await.unwrap();
            assert_eq!(gone, 0);
            listener
        });
        let session = session(sim);
        use_once(sim, &session);
        sim.advance(MINUTE - SECOND);
        assert_eq!(session.stats().idle_leases, 1);
        sim.advance(2 * SECOND);
        assert_eq!(session.stats().connections, 0);
        sim.block_on(server);
    });
}

#[test]
fn after_the_farewell_the_peer_has_a_second_to_end_its_half() {
    Simulation::for_seeds(SEEDS, |sim| {
        let listener = sim.listen(HOST, PORT);
        let backend = sim.backend();
        sim.spawn(async move {
            let mut streams = Vec::new();
            for patience in [SECOND / 2, MINUTE] {
                let mut stream = listener.accept().await;
                let mut all = Vec::new();
                stream.read_to_end(&mut all).await.unwrap();
                stream.write_all(b"wait").await.unwrap();
                backend.sleep(patience).await;
                streams.push(stream.cable());
            }
        });
        let session = session(sim);
        for (least, most) in [(SECOND / 2, SECOND), (SECOND, SECOND)] {
            let mut lease = cached(&session);
            sim.block_on(lease.ready()).unwrap();
            let begun = sim.elapsed();
            sim.block_on(lease.close()).unwrap();
            let took = sim.elapsed() - begun;
            assert!(least <= took && took <= most, "{took:?}");
            assert_eq!(session.stats().connections, 0);
        }
    });
}

#[test]
fn a_farewell_waits_no_longer_than_the_connect_timeout() {
    Simulation::for_seeds(SEEDS, |sim| {
        let _echo = Echo::start(sim);
        let told = Arc::new(AtomicBool::new(false));
        let session = Session::builder(Deaf::new(sim.backend(), told.clone()));
        let session = session.connect_timeout(3 * SECOND).build();
        let lease = used(sim, cached(&session));
        told.store(true, Ordering::SeqCst);
        let begun = sim.elapsed();
        let error = sim.block_on(lease.close()).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
        assert_eq!(sim.elapsed() - begun, 3 * SECOND);
        assert_eq!(session.stats().connections, 0);
    });
}

#[test]
fn a_lease_that_is_dropped_closes_its_connection() {
    Simulation::for_seeds(SEEDS, |sim| {
        let _echo = Echo::start(sim);
        let session = session(sim);
        drop(used(sim, cached(&session)));
        assert_eq!(session.stats().connections, 0);
        sim.advance(SECOND);
        assert_nothing_is_left(sim);
    });
}

#[test]
fn closing_says_all_that_was_written_and_then_farewell() {
    Simulation::for_seeds(SEEDS, |sim| {
        let listener = sim.listen(HOST, PORT);
        let server = sim.spawn(async move {
            let mut stream = listener.accept().await;
            let mut all = Vec::new();
            stream.read_to_end(&mut all).await.map(|_| all)
        });
        let session = session(sim);
        let mut lease = cached(&session);
        sim.block_on(async {
            lease.write_all(&[7; 100_000]).await.unwrap();
            lease.close().await.unwrap();
        });
        assert_eq!(session.stats().connections, 0);
        assert_eq!(sim.block_on(server).unwrap(), vec![7; 100_000]);
    });
}

#[test]
fn after_the_farewell_there_is_still_reading_and_no_release() {
    Simulation::for_seeds(SEEDS, |sim| {
        let listener = sim.listen(HOST, PORT);
        sim.spawn(async move {
            let mut stream = listener.accept().await;
            let mut all = Vec::new();
            stream.read_to_end(&mut all).await.unwrap();
            stream.write_all(b"goodbye").await.unwrap();
        });
        let session = session(sim);
        let mut lease = cached(&session);
        let mut said = String::new();
        sim.block_on(async {
            lease.write_all(b"hello").await.unwrap();
            AsyncWriteExt::close(&mut lease).await.unwrap();
            lease.read_to_string(&mut said).await.unwrap();
        });
        assert_eq!(said, "goodbye");
        assert!(lease.is_closed());
        lease.release();
        assert_eq!(session.stats().connections, 0);
    });
}

#[test]
fn reconnecting_never_takes_from_the_cache_and_comes_before_those_who_wait() {
    Simulation::for_seeds(SEEDS, |sim| {
        let echo = Echo::start(sim);
        let session = session_with(sim, |limits| limits.max_connections_per_destination(2));
        let mut lease = used(sim, cached(&session));
        use_once(sim, &session);
        sim.block_on(lease.reconnect()).unwrap();
        sim.run_until_idle();
        assert!(!lease.is_reused());
        assert_eq!((echo.accepted(), session.stats().idle_leases), (3, 1));

        // Both places are taken, and two wait.
        let other = used(sim, cached(&session));
        assert!(other.is_reused());
        let waiting = [ready(sim, cached(&session)), ready(sim, uncached(&session))];
        sim.run_until_idle();
        assert_eq!(session.stats().waiting_leases, 2);
        sim.block_on(lease.reconnect()).unwrap();
        assert_eq!(session.stats().waiting_leases, 2);
        drop((lease, other));
        for one in waiting {
            sim.block_on(one).0.unwrap();
        }
    });
}

#[test]
fn a_reconnect_that_is_given_up_half_way_goes_on_when_it_is_asked_again() {
    Simulation::for_seeds(SEEDS, |sim| {
        let echo = Echo::start(sim);
        let session = session(sim);
        let mut lease = used(sim, cached(&session));
        {
            let reconnect = std::pin::pin!(lease.reconnect());
            assert!(poll_once(sim, reconnect).is_none());
        }
        assert!(!lease.is_connected());
        sim.advance(SECOND);
        sim.block_on(ask(&mut lease, "hello")).unwrap();
        assert_eq!(echo.accepted(), 2);
    });
}

#[test]
fn a_new_connection_is_nobody_elses_before_or_after() {
    Simulation::for_seeds(SEEDS, |sim| {
        let echo = Echo::start(sim);
        let session = session(sim);
        use_once(sim, &session);
        let lease = used(sim, uncached(&session));
        assert!(!lease.is_reused());
        assert_eq!(echo.accepted(), 2);
        lease.release();
        let stats = session.stats();
        assert_eq!((stats.connections, stats.idle_leases), (1, 1));
        assert!(use_once(sim, &session));
    });
}

#[test]
fn a_connection_of_great_age_is_not_cached() {
    Simulation::for_seeds(SEEDS, |sim| {
        let _echo = Echo::start(sim);
        let session = session_with(sim, |limits| limits.max_connection_age(Some(MINUTE)));
        let lease = used(sim, cached(&session));
        sim.advance(MINUTE);
        lease.release();
        assert_eq!(session.stats().connections, 0);
    });
}

#[test]
fn a_connection_that_has_grown_old_in_the_cache_is_not_given_out() {
    Simulation::for_seeds(SEEDS, |sim| {
        let _echo = Echo::start(sim);
        let session = session_with(sim, |limits| limits.max_connection_age(Some(MINUTE)));
        use_once(sim, &session);
        sim.advance(MINUTE / 2);
        assert!(use_once(sim, &session));
        sim.advance(MINUTE / 2);
        assert!(!use_once(sim, &session));
        assert_eq!(session.stats().connections, 1);
    });
}

#[test]
fn a_reconnect_that_failed_takes_nothing_from_the_cache_when_it_is_tried_again() {
    Simulation::for_seeds(SEEDS, |sim| {
        let _echo = Echo::start(sim);
        let session = session(sim);
        let mut lease = used(sim, cached(&session));
        use_once(sim, &session);
        sim.network().next_dials(HOST, PORT, [Dial::Refuse]);
        sim.block_on(lease.reconnect()).unwrap_err();
        sim.block_on(lease.ready()).unwrap();
        assert!(!lease.is_reused());
        assert_eq!(session.stats().idle_leases, 1);
    });
}

#[test]
fn outdating_closes_what_idles_for_longer_and_nothing_else() {
    Simulation::for_seeds(SEEDS, |sim| {
        let _echo = Echo::start(sim);
        let session = session(sim);
        let leased = used(sim, cached(&session));
        let young = used(sim, cached(&session));
        let waiting = used(sim, cached(&session));
        waiting.release();
        sim.advance(10 * SECOND);
        young.release();
        sim.advance(10 * SECOND);
        assert_eq!(session.outdate(21 * SECOND), 0);
        assert_eq!(session.outdate(19 * SECOND), 1);
        let stats = session.stats();
        assert_eq!((stats.leased, stats.idle_leases), (1, 1));
        assert_eq!(session.outdate(5 * SECOND), 1);
        assert_eq!(session.outdate(SECOND), 0);
        drop(leased);
        sim.advance(SECOND);
        assert_nothing_is_left(sim);
    });
}

#[test]
fn an_idle_connection_is_closed_at_the_idle_timeout_and_nothing_is_left() {
    Simulation::for_seeds(SEEDS, |sim| {
        let _echo = Echo::start(sim);
        let session = session_with(sim, |limits| limits.idle_timeout(Some(MINUTE)));
        use_once(sim, &session);
        sim.advance(MINUTE - SECOND);
        assert_eq!(session.stats().idle_leases, 1);
        // Taken and given back it begins anew.
        assert!(use_once(sim, &session));
        sim.advance(MINUTE - SECOND);
        assert_eq!(session.stats().idle_leases, 1);
        sim.advance(2 * SECOND);
        assert_eq!(session.stats().connections, 0);
        assert_nothing_is_left(sim);
    });
}

#[test]
fn idle_connections_keep_a_task_each_and_no_timer() {
    Simulation::for_seeds(SEEDS, |sim| {
        let _echo = Echo::start(sim);
        let session = session(sim);
        let leases: Vec<_> = (0..3).map(|_| used(sim, cached(&session))).collect();
        sim.run_until_idle();
        let while_leased = sim.live_tasks();
        leases.into_iter().for_each(Lease::release);
        sim.advance(MINUTE);
        assert_eq!(sim.live_tasks(), while_leased + 3);
        assert_eq!(sim.armed_timers(), 0);
    });
}

#[test]
fn a_session_that_is_dropped_leaves_nothing() {
    Simulation::for_seeds(SEEDS, |sim| {
        let _echo = Echo::start(sim);
        let session = session(sim);
        use_once(sim, &session);
        let mut lease = cached(&session);
        drop(session);
        // A lease keeps it open.
        sim.block_on(ask(&mut lease, "hello")).unwrap();
        assert!(lease.is_reused());
        lease.release();
        sim.advance(SECOND);
        assert_nothing_is_left(sim);
    });
}
