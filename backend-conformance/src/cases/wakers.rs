//! Who polls, and who is woken.

use std::future::Future;
use std::io::Write;
use std::net::TcpListener;
use std::sync::Arc;
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

use futures_util::{AsyncReadExt, AsyncWriteExt};
use push_core::{Connection, Egress, Target};

use super::stream::fill;
use super::{Polls, SMALL_BUFFER, must_wait, over_both};
use crate::executor::{Wakes, poll_once};
use crate::failure::{Checked, Failure, ensure};
use crate::peer::Authority;
use crate::subject::Subject;

/// For so long something is watched that should be still.
const STILL: Duration = Duration::from_millis(30);

/// More polls than this in the meantime are a spin.
const FEW: usize = 8;

pub(crate) fn each_poll_may_come_from_another_thread(subject: &mut Subject) -> Checked {
    over_both(
        subject,
        |stream| {
            let asked = stream.read_exactly(3)?;
            stream.hold()?;
            stream.write_all(&asked)?;
            stream.flush()?;
            stream.hold_until_closed()
        },
        |subject, peer| {
            let backend = subject.backend().clone();
            let target = peer.target();
            let mut connection = hop(subject, "connect", backend.connect(&target, None))??;
            hop(subject, "a write", connection.write_all(b"hop"))??;
            hop(subject, "a flush", connection.flush())??;
            let mut back = [0; 3];
            peer.release();
            hop(subject, "a read", connection.read_exact(&mut back))??;
            ensure!(&back == b"hop", "expected \"hop\" back, got {back:?}");
            hop(subject, "closing", connection.close())??;
            Ok(())
        },
    )?;
    let backend = subject.backend();
    let deadline = backend.now() + Duration::from_millis(10);
    hop(subject, "a sleep", backend.sleep_until(deadline))?;
    let lock = backend.create_lock();
    let guard = subject.block_on("a free lock", lock.lock())?;
    let mut waiting = lock.lock();
    if poll_once(waiting.as_mut(), &Wakes::new()).is_pending() {
        drop(guard);
        hop(subject, "a lock that was waited for", waiting)?;
    }
    Ok(())
}

/// Runs a future to its end, each poll on a new thread.
#[track_caller]
fn hop<F: Future<Output: Send> + Send>(
    subject: &Subject,
    what: &str,
    future: F,
) -> Checked<F::Output> {
    let hang = Failure::hang(what, subject.patience());
    let begun = Instant::now();
    let wakes = Wakes::new();
    let mut future = Box::pin(future);
    loop {
        let seen = wakes.count();
        let poll = thread::scope(|scope| {
            let polling = scope.spawn(|| poll_once(future.as_mut(), &wakes));
            polling.join()
        });
        match poll {
            Ok(Poll::Ready(output)) => return Ok(output),
            Ok(Poll::Pending) => {}
            Err(_) => {
                let message = format!("{what} panicked when another thread polled it");
                return Err(Failure::new(message));
            }
        }
        let left = subject.patience().saturating_sub(begun.elapsed());
        if !wakes.wait_past(seen, left) {
            return Err(hang);
        }
    }
}

pub(crate) fn the_last_waker_of_a_read_is_woken(subject: &mut Subject) -> Checked {
    over_both(
        subject,
        |stream| {
            stream.hold()?;
            stream.write_all(b"now")?;
            stream.flush()?;
            stream.hold_until_closed()
        },
        |subject, peer| {
            let mut connection = subject.connect(&peer.target())?;
            let (first, last) = (Wakes::new(), Wakes::new());
            settle(&mut connection, &first)?;
            must_wait(&mut connection, &last)?;
            let seen = last.count();
            peer.release();
            let mut seen = seen;
            loop {
                ensure!(
                    last.wait_past(seen, subject.patience()),
                    "data came, and the waker of the last poll was not woken"
                );
                seen = last.count();
                match connection.poll_bytes(&last, 64) {
                    Poll::Pending => {}
                    Poll::Ready(got) => {
                        let got = got?;
                        ensure!(got == b"now", "expected \"now\", got {got:?}");
                        return Ok(());
                    }
                }
            }
        },
    )
}

/// Reads until nothing moves any more: session tickets and the like have been taken.
fn settle(connection: &mut Box<dyn Connection>, wakes: &Arc<Wakes>) -> Checked {
    for _ in 0..FEW {
        let seen = wakes.count();
        must_wait(connection, wakes)?;
        if !wakes.wait_past(seen, Duration::from_millis(5)) {
            break;
        }
    }
    Ok(())
}

pub(crate) fn the_last_waker_of_a_connect_is_woken(subject: &mut Subject) -> Checked {
    // It takes the connection and says nothing: the handshake waits.
    let silent = TcpListener::bind("127.0.0.1:0")?;
    silent.set_nonblocking(true)?;
    let target = Target::tls("localhost", silent.local_addr()?.port())
        .roots(Authority::new().roots())
        .egress(Egress::filter(|address| address.is_ipv4()));
    let backend = subject.backend().clone();
    let mut dial = backend.connect(&target, None);
    let (first, last) = (Wakes::new(), Wakes::new());
    let mut accepted = None;
    let begun = Instant::now();
    loop {
        let seen = first.count();
        ensure!(
            poll_once(dial.as_mut(), &first).is_pending(),
            "expected the handshake with a silent server to wait, connect ended"
        );
        let moved = first.wait_past(seen, STILL / 3);
        accepted = accepted.or_else(|| silent.accept().ok());
        if accepted.is_some() && !moved {
            break;
        }
        ensure!(
            begun.elapsed() < subject.patience(),
            "expected a connection that waits for the handshake, none came or it spins"
        );
    }
    ensure!(
        poll_once(dial.as_mut(), &last).is_pending(),
        "expected the handshake with a silent server to wait, connect ended"
    );
    drop(accepted);
    let mut seen = 0;
    loop {
        ensure!(
            last.wait_past(seen, subject.patience()),
            "the server hung up, and the waker of the last poll of connect was not woken"
        );
        seen = last.count();
        if let Poll::Ready(outcome) = poll_once(dial.as_mut(), &last) {
            ensure!(
                outcome.is_err(),
                "expected an error from a handshake that the server broke off"
            );
            return Ok(());
        }
    }
}

pub(crate) fn the_last_waker_of_a_sleep_is_woken(subject: &mut Subject) -> Checked {
    let backend = subject.backend();
    let deadline = backend.now() + Duration::from_millis(25);
    let mut sleep = backend.sleep_until(deadline);
    let (first, last) = (Wakes::new(), Wakes::new());
    if poll_once(sleep.as_mut(), &first).is_ready() || poll_once(sleep.as_mut(), &last).is_ready() {
        ensure!(
            backend.now() >= deadline,
            "a sleep ended before its deadline"
        );
        return Ok(());
    }
    loop {
        let seen = last.count();
        if poll_once(sleep.as_mut(), &last).is_ready() {
            return Ok(());
        }
        ensure!(
            last.wait_past(seen, subject.patience()),
            "the deadline passed, and the waker of the last poll was not woken"
        );
    }
}

pub(crate) fn the_last_waker_of_a_lock_is_woken(subject: &mut Subject) -> Checked {
    let lock = subject.backend().create_lock();
    let guard = subject.block_on("a free lock", lock.lock())?;
    let mut waiting = lock.lock();
    let (first, last) = (Wakes::new(), Wakes::new());
    if poll_once(waiting.as_mut(), &first).is_ready()
        || poll_once(waiting.as_mut(), &last).is_ready()
    {
        // Then it is no lock, which another case tells.
        return Ok(());
    }
    let mut seen = last.count();
    drop(guard);
    loop {
        ensure!(
            last.wait_past(seen, subject.patience()),
            "the lock was freed, and the waker of the last poll was not woken"
        );
        seen = last.count();
        if poll_once(waiting.as_mut(), &last).is_ready() {
            return Ok(());
        }
    }
}

pub(crate) fn reading_and_writing_have_wakers_of_their_own(subject: &mut Subject) -> Checked {
    over_both(
        subject,
        |stream| {
            stream.set_buffers(SMALL_BUFFER)?;
            stream.hold()?;
            stream.write_all(b"!")?;
            stream.flush()?;
            stream.hold()?;
            stream.drain()?;
            Ok(())
        },
        |subject, peer| {
            let mut connection = subject.connect(&peer.target())?;
            let (reader, writer) = (Wakes::new(), Wakes::new());
            let mut seen = 0;
            for _ in 0..FEW {
                settle(&mut connection, &reader)?;
                seen = reader.count();
                fill(&mut connection, &writer)?;
                // TLS may have had something to say to itself in the meantime.
                if reader.count() == seen {
                    break;
                }
            }
            peer.release();
            loop {
                ensure!(
                    reader.wait_past(seen, subject.patience()),
                    "data came while a write waits too, and the reader was not woken"
                );
                seen = reader.count();
                if let Poll::Ready(got) = connection.poll_bytes(&reader, 64) {
                    let got = got?;
                    ensure!(got == *b"!", "expected \"!\", got {got:?}");
                    break;
                }
            }
            // Now the write is the older one, and its buffers are full for good.
            fill_up(&mut connection, &writer, subject.patience())?;
            must_wait(&mut connection, &reader)?;
            let seen = writer.count();
            peer.release();
            ensure!(
                writer.wait_past(seen, subject.patience()),
                "the peer reads on while a read waits too, and the writer was not woken"
            );
            Ok(())
        },
    )
}

pub(crate) fn a_waiting_read_does_not_spin(subject: &mut Subject) -> Checked {
    over_both(
        subject,
        |stream| stream.hold_until_closed(),
        |subject, peer| {
            let mut connection = subject.connect(&peer.target())?;
            let wakes = Wakes::new();
            settle(&mut connection, &wakes)?;
            let polls = polls_in_vain(&wakes, || {
                must_wait(&mut connection, &wakes)?;
                Ok(true)
            })?;
            ensure!(
                polls <= FEW,
                "a read that waits was woken {polls} times in {STILL:?} for nothing"
            );
            Ok(())
        },
    )
}

pub(crate) fn a_waiting_write_does_not_spin(subject: &mut Subject) -> Checked {
    over_both(
        subject,
        |stream| {
            stream.set_buffers(SMALL_BUFFER)?;
            stream.hold()?;
            stream.drain()?;
            Ok(())
        },
        |subject, peer| {
            let mut connection = subject.connect(&peer.target())?;
            let wakes = Wakes::new();
            fill_up(&mut connection, &wakes, subject.patience())?;
            let polls = polls_in_vain(&wakes, || Ok(fill(&mut connection, &wakes)? == 0))?;
            ensure!(
                polls <= FEW,
                "a write that waits was woken {polls} times in {STILL:?} for nothing"
            );
            peer.release();
            Ok(())
        },
    )
}

/// Fills it until nothing moves any more: the buffers of the system, and of a backend that has its
/// own, still take a little for a while.
fn fill_up(connection: &mut Box<dyn Connection>, wakes: &Arc<Wakes>, limit: Duration) -> Checked {
    let begun = Instant::now();
    loop {
        let seen = wakes.count();
        fill(connection, wakes)?;
        if !wakes.wait_past(seen, STILL / 3) || begun.elapsed() > limit / 2 {
            return Ok(());
        }
    }
}

/// Polls as an executor does, for a while: how often for nothing, which is what `poll` says.
fn polls_in_vain(wakes: &Arc<Wakes>, mut poll: impl FnMut() -> Checked<bool>) -> Checked<usize> {
    let begun = Instant::now();
    let mut polls = 0;
    while begun.elapsed() < STILL {
        let seen = wakes.count();
        polls += usize::from(poll()?);
        wakes.wait_past(seen, STILL.saturating_sub(begun.elapsed()));
    }
    Ok(polls)
}
