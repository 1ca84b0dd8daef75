//! The dials of leases in simulated time: who waits for them, how they fail, and the back-off.

#![cfg(feature = "http2")]
#![allow(clippy::unwrap_used)]

mod leased;

use std::time::Duration;

use backend_simulated::{Conditions, Dial, Side, Simulation};
use futures_util::future::join_all;
use futures_util::io::{AsyncReadExt, AsyncWriteExt};
use leased::*;
use push_core::{Error, ErrorKind, RetryPolicy};

fn kind(outcome: push_core::Result<()>) -> ErrorKind {
    outcome.unwrap_err().kind()
}

/// When this place was dialled last, and how long after that other time.
fn dialled_after(sim: &Simulation, since: Duration) -> Duration {
    *sim.network().dials(HOST, PORT).last().unwrap() - since
}

#[test]
fn a_wait_that_is_given_up_ends_no_dial_and_what_comes_about_is_cached() {
    Simulation::for_seeds(SEEDS, |sim| {
        let echo = Echo::start(sim);
        let session = session(sim);
        let mut lease = cached(&session);
        assert!(poll_once(sim, std::pin::pin!(lease.ready())).is_none());
        sim.run_until_idle();
        drop(lease);
        sim.advance(SECOND);
        assert_eq!(session.stats().idle_leases, 1);
        let lease = used(sim, cached(&session));
        assert!(!lease.is_reused(), "nobody has used it");
        assert_eq!(echo.accepted(), 1);
    });
}

#[test]
fn what_comes_about_for_a_new_connection_that_nobody_wants_is_closed() {
    Simulation::for_seeds(SEEDS, |sim| {
        let _echo = Echo::start(sim);
        let session = session(sim);
        let mut lease = uncached(&session);
        assert!(poll_once(sim, std::pin::pin!(lease.ready())).is_none());
        sim.run_until_idle();
        drop(lease);
        sim.advance(SECOND);
        assert_eq!(session.stats().connections, 0);
        assert_nothing_is_left(sim);
    });
}

#[test]
fn a_ready_that_is_dropped_keeps_its_turn_and_its_connection() {
    Simulation::for_seeds(SEEDS, |sim| {
        let echo = Echo::start(sim);
        let session = session(sim);
        let mut lease = cached(&session);
        assert!(poll_once(sim, std::pin::pin!(lease.ready())).is_none());
        sim.advance(SECOND);
        let outcome = poll_once(sim, std::pin::pin!(lease.ready()));
        outcome.expect("it is there").unwrap();
        assert_eq!(echo.accepted(), 1);
    });
}

#[test]
fn the_failure_of_a_dial_goes_to_all_who_wait_and_the_next_dial_waits() {
    Simulation::for_seeds(SEEDS, |sim| {
        let _echo = Echo::start(sim);
        sim.network().set_dial(HOST, PORT, Dial::Refuse);
        let session = session_with(sim, |limits| limits.max_connections_per_destination(1));
        let all: Vec<_> = (0..5).map(|_| ready(sim, cached(&session))).collect();
        let all = sim.block_on(join_all(all));
        for (outcome, _) in all {
            let error = outcome.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Connect);
            assert!(error.retry_after().is_some());
        }
        assert_eq!(sim.network().dials(HOST, PORT).len(), 1);
        assert_eq!(session.stats().failed_dials, 1);
    });
}

#[test]
fn one_of_several_dials_that_fails_takes_nothing_from_those_the_others_serve() {
    Simulation::for_seeds(SEEDS, |sim| {
        let _echo = Echo::start(sim);
        sim.network().set_conditions(Conditions::ideal());
        let slow = Dial::Slow(SECOND);
        sim.network()
            .next_dials(HOST, PORT, [slow.clone(), Dial::Refuse, slow]);
        let session = session_with(sim, |limits| limits.max_connections_per_destination(3));
        let all = (0..4).map(|_| {
            let task = ready(sim, cached(&session));
            sim.run_until_idle();
            task
        });
        let all: Vec<_> = all.collect();
        let all = sim.block_on(join_all(all));
        let failed: Vec<_> = all.iter().map(|(outcome, _)| outcome.is_err()).collect();
        // The one that had come when it failed, beyond what the others bring; and those behind it
        // are served by the dial after that.
        assert_eq!(
            failed.iter().filter(|failed| **failed).count(),
            1,
            "{failed:?}"
        );
        assert_eq!(session.stats().leased, 3);
    });
}

#[test]
fn after_a_failure_one_is_dialled_at_a_time() {
    Simulation::for_seeds(SEEDS, |sim| {
        let _echo = Echo::start(sim);
        sim.network().next_dials(HOST, PORT, [Dial::Refuse]);
        sim.network().set_dial(HOST, PORT, Dial::Slow(SECOND));
        let session = session(sim);
        assert_eq!(
            kind(sim.block_on(cached(&session).ready())),
            ErrorKind::Connect
        );
        let leases: Vec<_> = (0..3).map(|_| ready(sim, cached(&session))).collect();
        let leases = sim.block_on(join_all(leases));
        let dials = sim.network().dials(HOST, PORT);
        for pair in dials[1..].windows(2) {
            assert!(pair[1] - pair[0] >= SECOND, "{dials:?}");
        }
        leases
            .iter()
            .for_each(|(outcome, _)| assert!(outcome.is_ok()));
        // Once one was of use, as many as are wanted.
        leases[2].1.proved();
        let more: Vec<_> = (0..3).map(|_| ready(sim, cached(&session))).collect();
        sim.run_until_idle();
        assert_eq!(sim.network().dials(HOST, PORT).len(), 4 + 3);
        sim.block_on(join_all(more));
    });
}

#[test]
fn the_wait_between_dials_grows_with_jitter_though_each_lease_is_another() {
    let policy = RetryPolicy::exponential(SECOND).max_delay(16 * SECOND);
    let mut longest = [Duration::ZERO; 8];
    let mut sum = [Duration::ZERO; 8];
    for seed in 0..60 {
        let sim = Simulation::new(seed);
        let _echo = Echo::start(&sim);
        sim.network().set_conditions(Conditions::ideal());
        sim.network().set_dial(HOST, PORT, Dial::Refuse);
        let session = session_with(&sim, |limits| limits.back_off(policy.clone()));
        for _ in 0..9 {
            let mut lease = cached(&session);
            assert_eq!(kind(sim.block_on(lease.ready())), ErrorKind::Connect);
        }
        let dials = sim.network().dials(HOST, PORT);
        assert_eq!(dials.len(), 9);
        for (index, pair) in dials.windows(2).enumerate() {
            let gap = pair[1] - pair[0];
            longest[index] = longest[index].max(gap);
            sum[index] += gap;
        }
    }
    for (index, longest) in longest.into_iter().enumerate() {
        let bound = SECOND * (1 << index.min(4));
        assert!(longest <= bound, "{index}: {longest:?}");
        assert!(longest > bound.mul_f64(0.8), "{index}: {longest:?}");
        let mean = sum[index] / 60;
        assert!(mean > bound.mul_f64(0.35) && mean < bound.mul_f64(0.65));
    }
}

/// Fails so often that the next wait is a long one; gives the time of the last failure.
fn fail_often(sim: &Simulation, session: &push_core::Session) -> Duration {
    sim.network()
        .next_dials(HOST, PORT, [const { Dial::Refuse }; 12]);
    for _ in 0..12 {
        assert_eq!(
            kind(sim.block_on(cached(session).ready())),
            ErrorKind::Connect
        );
    }
    sim.elapsed()
}

/// How long the next dial waits after a failure that is brought about now.
fn next_wait(sim: &Simulation, session: &push_core::Session) -> Duration {
    sim.network().next_dials(HOST, PORT, [Dial::Refuse]);
    assert_eq!(
        kind(sim.block_on(uncached(session).ready())),
        ErrorKind::Connect
    );
    let failed = sim.elapsed();
    sim.block_on(uncached(session).ready()).unwrap();
    dialled_after(sim, failed)
}

#[test]
fn a_dial_that_succeeds_forgets_no_failure_and_a_connection_that_was_of_use_does() {
    let mut longest = [Duration::ZERO; 3];
    for seed in 0..60 {
        let sim = Simulation::new(seed);
        let _echo = Echo::start(&sim);
        sim.network().set_conditions(Conditions::ideal());
        let session = session_with(&sim, |limits| limits.max_connections_per_destination(20));
        for (use_of_it, longest) in longest.iter_mut().enumerate() {
            fail_often(&sim, &session);
            let mut lease = uncached(&session);
            sim.block_on(lease.ready()).unwrap();
            match use_of_it {
                0 => drop(lease),
                1 => {
                    lease.proved();
                    drop(lease);
                }
                _ => lease.release(),
            }
            *longest = next_wait(&sim, &session).max(*longest);
        }
    }
    let [dialled, proved, released] = longest;
    assert!(dialled > 15 * SECOND, "{dialled:?}");
    assert!(proved < SECOND && released < SECOND, "{longest:?}");
}

#[test]
fn a_connection_from_before_the_failure_proves_nothing() {
    let mut longest = Duration::ZERO;
    for seed in 0..60 {
        let sim = Simulation::new(seed);
        let _echo = Echo::start(&sim);
        let session = session(&sim);
        let lease = used(&sim, uncached(&session));
        fail_often(&sim, &session);
        lease.proved();
        longest = longest.max(next_wait(&sim, &session));
    }
    assert!(longest > 15 * SECOND, "{longest:?}");
}

#[test]
fn connections_of_no_use_are_closed_and_space_the_dials_like_those_that_fail() {
    let mut longest = [Duration::ZERO; 7];
    for seed in 0..60 {
        let sim = Simulation::new(seed);
        let _echo = Echo::start(&sim);
        sim.network().set_conditions(Conditions::ideal());
        let session = session(&sim);
        for longest in &mut longest {
            let lease = used(&sim, cached(&session));
            lease.failed(Error::new(ErrorKind::Connect, "it said nothing"));
            let failed = sim.elapsed();
            assert_eq!(session.stats().connections, 0);
            let mut next = cached(&session);
            sim.block_on(next.ready()).unwrap();
            *longest = dialled_after(&sim, failed).max(*longest);
            next.failed(Error::new(ErrorKind::Connect, "it said nothing"));
        }
    }
    assert!(longest[0] <= SECOND / 2, "{longest:?}");
    assert!(longest[6] > 20 * SECOND, "{longest:?}");
}

#[test]
fn connections_that_end_together_count_as_one_failure() {
    let mut longest = Duration::ZERO;
    for seed in 0..60 {
        let sim = Simulation::new(seed);
        let _echo = Echo::start(&sim);
        let session = session(&sim);
        let all: Vec<_> = (0..8).map(|_| used(&sim, cached(&session))).collect();
        for lease in all {
            sim.advance(MILLI);
            lease.failed(Error::new(ErrorKind::Connect, "the server restarts"));
        }
        let failed = sim.elapsed();
        sim.block_on(cached(&session).ready()).unwrap();
        longest = longest.max(dialled_after(&sim, failed));
    }
    assert!(longest <= SECOND / 2, "{longest:?}");
}

#[test]
fn what_idles_serves_while_the_back_off_holds_up_dials() {
    Simulation::for_seeds(SEEDS, |sim| {
        let _echo = Echo::start(sim);
        let session = session(sim);
        let failing = used(sim, cached(&session));
        use_once(sim, &session);
        failing.failed(Error::new(ErrorKind::Connect, "it said nothing"));
        let begun = sim.elapsed();
        let mut lease = cached(&session);
        sim.block_on(lease.ready()).unwrap();
        assert!(lease.is_reused());
        assert_eq!(sim.elapsed(), begun);
    });
}

#[test]
fn a_handshake_that_fails_after_others_did_not_is_no_fault_of_the_credentials_at_first() {
    Simulation::for_seeds(SEEDS, |sim| {
        let _echo = Echo::start(sim);
        let session = session(sim);
        let tls = || Dial::Tls("unknown authority".to_owned());
        sim.network().next_dials(HOST, PORT, [tls()]);
        let mut lease = uncached(&session);
        assert_eq!(kind(sim.block_on(lease.ready())), ErrorKind::Tls);
        sim.block_on(lease.ready()).unwrap();
        lease.release();
        sim.network().set_dial(HOST, PORT, tls());
        let kinds: Vec<_> = (0..4)
            .map(|_| kind(sim.block_on(uncached(&session).ready())))
            .collect();
        let (connect, tls) = (ErrorKind::Connect, ErrorKind::Tls);
        assert_eq!(kinds, [connect, connect, connect, tls]);
    });
}

#[test]
fn a_dial_takes_no_longer_than_the_connect_timeout() {
    Simulation::for_seeds(SEEDS, |sim| {
        let _echo = Echo::start(sim);
        sim.network().next_dials(HOST, PORT, [Dial::Stall]);
        let session = session_with(sim, |limits| limits.connect_timeout(3 * SECOND));
        let mut lease = cached(&session);
        assert_eq!(kind(sim.block_on(lease.ready())), ErrorKind::Connect);
        assert_eq!(sim.elapsed(), 3 * SECOND);
        // The lease goes on.
        sim.block_on(ask(&mut lease, "hello")).unwrap();
    });
}

#[test]
fn reading_and_writing_fail_with_what_kept_the_connection_from_coming_about() {
    Simulation::for_seeds(SEEDS, |sim| {
        let session = session(sim);
        let mut lease = cached(&session);
        let error = sim.block_on(lease.write_all(b"hello")).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::NotConnected);
        assert_eq!(inner(&error).kind(), ErrorKind::Resolve);
        let error = sim.block_on(lease.read(&mut [0])).unwrap_err();
        assert_eq!(inner(&error).kind(), ErrorKind::Resolve);
    });
}

#[test]
fn each_dial_resolves_the_name_anew() {
    Simulation::for_seeds(0..5, |sim| {
        let _echo = Echo::start(sim);
        let session = session(sim);
        for last in 1..4_u8 {
            let address = std::net::Ipv4Addr::new(23, 9, 9, last).into();
            sim.network().set_address(HOST, address);
            let mut lease = uncached(&session);
            sim.block_on(lease.ready()).unwrap();
            assert_eq!(lease.peer_addr().unwrap().ip(), address);
        }
    });
}

#[test]
fn those_who_wait_hear_of_it_when_the_runtime_goes_away() {
    for seed in SEEDS {
        let sim = Simulation::new(seed);
        let _echo = Echo::start(&sim);
        sim.network().set_dial(HOST, PORT, Dial::Stall);
        let session = session(&sim);
        let mut waiting = cached(&session);
        assert!(poll_once(&sim, std::pin::pin!(waiting.ready())).is_none());
        drop(sim);
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        let std::task::Poll::Ready(outcome) = waiting.poll_ready(&mut cx) else {
            panic!("it waits for nobody");
        };
        assert_eq!(kind(outcome), ErrorKind::RuntimeGone);
        // Others fail at once, however often they ask.
        for _ in 0..3 {
            let polled = futures_util::FutureExt::now_or_never(waiting.ready());
            assert_eq!(kind(polled.expect("an end")), ErrorKind::RuntimeGone);
        }
    }
}

#[test]
fn what_idles_goes_with_the_runtime() {
    for seed in SEEDS {
        let sim = Simulation::new(seed);
        let _echo = Echo::start(&sim);
        let session = session(&sim);
        let kept = used(&sim, cached(&session));
        use_once(&sim, &session);
        drop(sim);
        assert_eq!(session.stats().idle_leases, 0);
        kept.release();
        assert_eq!(session.stats().connections, 0);
    }
}

#[test]
fn a_peer_that_ends_each_connection_is_dialled_again_for_each_lease() {
    Simulation::for_seeds(SEEDS, |sim| {
        let echo = Echo::start(sim);
        let session = session(sim);
        for number in 0..5 {
            assert!(!use_once(sim, &session));
            echo.cables()[number].close(Side::Server);
            sim.advance(SECOND);
        }
        assert_eq!(session.stats().connected, 5);
    });
}
