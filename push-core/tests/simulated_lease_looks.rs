//! What a lease tells of its connection, in simulated time: unread bytes, ends, and whether it is clean.

#![cfg(feature = "http2")]
#![allow(clippy::unwrap_used)]

mod leased;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use backend_simulated::{Side, Simulation};
use futures_util::io::{AsyncReadExt, AsyncWriteExt};
use leased::deaf::Deaf;
use leased::*;
use push_core::{AsyncRead, AsyncWrite, Session};

#[test]
fn what_ends_or_speaks_at_the_moment_it_is_taken_is_not_given_out() {
    Simulation::for_seeds(0..300, |sim| {
        let echo = Echo::start(sim);
        let session = session(sim);
        use_once(sim, &session);
        // At the very time at which the next one takes it: which comes first is for the seed.
        let cable = echo.cables()[0].clone();
        let backend = sim.backend();
        let breaking = sim.spawn(async move {
            backend.sleep(SECOND).await;
            cable.reset();
        });
        let (backend, mut lease) = (sim.backend(), cached(&session));
        let asking = sim.spawn(async move {
            backend.sleep(SECOND).await;
            lease.ready().await.unwrap();
            (lease.is_reused(), ask(&mut lease, "hello").await)
        });
        sim.block_on(breaking);
        let (reused, asked) = sim.block_on(asking);
        assert!(asked.is_ok() || reused, "a new connection works");
    });
}

#[test]
fn what_has_ended_and_was_not_noticed_yet_is_found_as_it_is_taken() {
    Simulation::for_seeds(SEEDS, |sim| {
        let echo = Echo::start(sim);
        let session = session(sim);
        use_once(sim, &session);
        // In one go: whoever watches it has no turn in between.
        let cable = echo.cables()[0].clone();
        let mut lease = cached(&session);
        sim.block_on(async {
            cable.reset();
            lease.ready().await.unwrap();
            assert!(!lease.is_reused());
            ask(&mut lease, "hello").await.unwrap();
        });
        assert_eq!(echo.accepted(), 2);
    });
}

#[test]
fn what_was_written_and_can_not_be_flushed_is_half_written() {
    Simulation::for_seeds(SEEDS, |sim| {
        let _echo = Echo::start(sim);
        let told = Arc::new(AtomicBool::new(false));
        let session = Session::new(Deaf::new(sim.backend(), told.clone()));
        let mut lease = used(sim, cached(&session));
        let mut other = used(sim, cached(&session));
        assert!(sim.block_on(lease.reset()));
        sim.block_on(lease.write_all(b"hel")).unwrap();
        told.store(true, Ordering::SeqCst);
        assert!(
            sim.block_on(other.reset()),
            "nothing was written on this one"
        );
        assert!(!sim.block_on(lease.reset()));
    });
}

#[test]
fn a_connection_is_clean_until_something_is_unread_or_unsent_or_over() {
    Simulation::for_seeds(SEEDS, |sim| {
        let echo = Echo::start(sim);
        let session = session(sim);
        let mut clean = used(sim, cached(&session));
        assert!(sim.block_on(clean.reset()), "all was read");
        assert!(sim.block_on(ask(&mut clean, "again")).is_ok());

        let mut unread = cached(&session);
        sim.block_on(unread.write_all(b"hello")).unwrap();
        sim.advance(SECOND);
        assert!(!sim.block_on(unread.reset()), "an answer is there");

        let mut peeked = cached(&session);
        sim.block_on(peeked.write_all(b"hello")).unwrap();
        sim.advance(SECOND);
        assert!(!peeked.peek().unwrap().is_empty());
        assert!(!sim.block_on(peeked.reset()), "an answer was looked at");

        let mut ended = used(sim, cached(&session));
        echo.cables()[3].close(Side::Server);
        sim.advance(SECOND);
        assert!(!sim.block_on(ended.reset()), "the peer has ended it");
        assert!(ended.is_closed());

        let mut finished = used(sim, cached(&session));
        sim.block_on(AsyncWriteExt::close(&mut finished)).unwrap();
        assert!(!sim.block_on(finished.reset()), "our half is ended");

        assert_eq!(session.stats().connections, 1, "those are closed");
        for mut lease in [unread, peeked, ended, finished] {
            let error = sim.block_on(lease.write_all(b"hello")).unwrap_err();
            assert_eq!(inner(&error).kind(), push_core::ErrorKind::Connect);
            let error = sim.block_on(lease.read(&mut [0])).unwrap_err();
            assert_eq!(inner(&error).kind(), push_core::ErrorKind::Connect);
            // But it can be had anew.
            sim.block_on(lease.reconnect()).unwrap();
            assert!(!lease.is_closed());
            sim.block_on(ask(&mut lease, "again")).unwrap();
        }
    });
}

#[test]
fn what_is_not_clean_is_not_left_to_the_next() {
    Simulation::for_seeds(SEEDS, |sim| {
        let echo = Echo::start(sim);
        let session = session(sim);
        let mut lease = cached(&session);
        sim.block_on(lease.write_all(b"hello")).unwrap();
        sim.advance(SECOND);
        lease.release();
        assert_eq!(session.stats().connections, 0);

        let mut lease = cached(&session);
        sim.block_on(lease.write_all(b"hello")).unwrap();
        sim.advance(SECOND);
        lease.peek().unwrap();
        lease.release();
        assert_eq!(session.stats().connections, 0);

        // The answer to what was written comes after the release.
        let mut lease = cached(&session);
        sim.block_on(lease.write_all(b"hello")).unwrap();
        sim.block_on(lease.flush()).unwrap();
        lease.release();
        sim.advance(SECOND);
        assert_eq!(session.stats().connections, 0);
        assert_eq!(echo.accepted(), 3);
    });
}

#[test]
fn a_look_takes_nothing_from_those_who_read() {
    Simulation::for_seeds(SEEDS, |sim| {
        let echo = Echo::start(sim);
        let session = session(sim);
        let mut lease = cached(&session);
        sim.block_on(lease.write_all(b"0123456789")).unwrap();
        sim.advance(SECOND);
        assert!(!lease.is_closed(), "a look at the first byte");
        let peeked = lease.peek().unwrap().to_vec();
        assert!(peeked.starts_with(b"01"), "{peeked:?}");
        let mut text = [0; 4];
        sim.block_on(lease.read_exact(&mut text)).unwrap();
        assert_eq!(&text, b"0123");
        assert!(!lease.is_closed());
        let peeked = lease.peek().unwrap().to_vec();
        assert!(b"456789".starts_with(&peeked[..]) && !peeked.is_empty());
        echo.cables()[0].close(Side::Server);
        sim.advance(SECOND);
        let mut rest = Vec::new();
        sim.block_on(lease.read_to_end(&mut rest)).unwrap();
        assert_eq!(rest, b"456789");
        assert!(lease.is_closed() && lease.peek().unwrap().is_empty());
    });
}

#[test]
fn a_look_does_not_put_a_reader_to_sleep_who_waits() {
    Simulation::for_seeds(SEEDS, |sim| {
        let _echo = Echo::start(sim);
        let session = session(sim);
        let mut lease = used(sim, cached(&session));
        // A read that is pending, then looks, and nothing else polls it before it is woken.
        let looking = sim.spawn(async move {
            let mut first = true;
            let mut byte = [0];
            std::future::poll_fn(|cx| {
                let polled = std::pin::Pin::new(&mut lease).poll_read(cx, &mut byte);
                if std::mem::take(&mut first) {
                    assert!(polled.is_pending());
                    let written = std::pin::Pin::new(&mut lease).poll_write(cx, b"!");
                    // A write that is not ready wakes this task: try again.
                    first = written.is_pending();
                    assert!(lease.peek().unwrap().is_empty() && !lease.is_closed());
                }
                polled
            })
            .await
        });
        assert_eq!(sim.block_on(looking).unwrap(), 1);
    });
}

#[test]
fn an_end_is_known_without_waiting_and_what_came_before_it_is_read() {
    Simulation::for_seeds(SEEDS, |sim| {
        let echo = Echo::start(sim);
        let session = session(sim);
        let mut lease = used(sim, cached(&session));
        sim.block_on(lease.write_all(b"last")).unwrap();
        sim.advance(SECOND);
        echo.cables()[0].close(Side::Server);
        sim.advance(SECOND);
        assert!(!lease.is_closed(), "something is unread");
        // As many looks as it takes: what is there comes in pieces.
        let mut rest = Vec::new();
        sim.block_on(lease.read_to_end(&mut rest)).unwrap();
        assert_eq!(rest, b"last");
        assert!(lease.is_closed() && lease.is_connected());
    });
}

#[test]
fn a_break_that_a_look_finds_is_told_to_the_next_read() {
    Simulation::for_seeds(SEEDS, |sim| {
        let echo = Echo::start(sim);
        let session = session(sim);
        let mut lease = used(sim, cached(&session));
        echo.cables()[0].reset();
        assert!(lease.is_closed());
        let error = sim.block_on(lease.read(&mut [0])).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    });
}

#[test]
fn an_answer_that_waits_can_be_read_after_a_write_failed() {
    Simulation::for_seeds(SEEDS, |sim| {
        let listener = sim.listen(HOST, PORT);
        sim.spawn(async move {
            let mut stream = listener.accept().await;
            stream.write_all(b"\x08\x08abcd").await.unwrap();
        });
        let session = session(sim);
        let mut lease = cached(&session);
        sim.block_on(lease.ready()).unwrap();
        sim.advance(SECOND);
        sim.block_on(lease.write_all(b"too late")).unwrap_err();
        assert!(lease.is_closed());
        let mut answer = Vec::new();
        sim.block_on(lease.read_to_end(&mut answer)).unwrap();
        assert_eq!(answer, b"\x08\x08abcd");
    });
}
