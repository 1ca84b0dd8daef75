//! Futures that are dropped before they end.

use std::io::Write;
use std::net::TcpStream;
use std::sync::Arc;
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

use futures_util::AsyncWriteExt;
use push_core::Connection;

use super::stream::fill_noting;
use super::{Polls, Received, must_wait, over_both};
use crate::executor::{Wakes, poll_once};
use crate::failure::{Checked, Failure, ensure};
use crate::peer::Peer;
use crate::subject::Subject;

/// For so long something is watched that should be still.
const STILL: Duration = Duration::from_millis(30);

/// A dial has at most so many points at which it waits.
const MOST_POLLS: usize = 200;

pub(crate) fn a_cancelled_connect_leaves_no_socket(subject: &mut Subject) -> Checked {
    over_both(
        subject,
        |stream| stream.hold_until_closed(),
        |subject, peer| {
            for polls in 0..MOST_POLLS {
                // Once while it waits, and once when it was woken to go on.
                for woken in [false, true] {
                    if let Some(connection) = cancel_after(subject, peer, polls, woken)? {
                        gone(subject, peer)?;
                        drop(connection);
                        return Ok(());
                    }
                }
            }
            Err(Failure::new(format!(
                "expected connect to end within {MOST_POLLS} polls: it spins"
            )))
        },
    )
}

/// Polls a dial so often, and drops it unless it ended.
fn cancel_after(
    subject: &Subject,
    peer: &Peer,
    polls: usize,
    woken: bool,
) -> Checked<Option<Box<dyn Connection>>> {
    let target = peer.target();
    let mut dial = subject.backend().connect(&target, None);
    let wakes = Wakes::new();
    for poll in 1..=polls {
        let seen = wakes.count();
        if let Poll::Ready(outcome) = poll_once(dial.as_mut(), &wakes) {
            return Ok(Some(outcome?));
        }
        if poll == polls && !woken {
            break;
        }
        if !wakes.wait_past(seen, subject.patience()) {
            return Err(Failure::hang("connect", subject.patience()));
        }
    }
    Ok(None)
}

/// Waits until the one connection is left that came about.
fn gone(subject: &Subject, peer: &Peer) -> Checked {
    // Connections are accepted in order: those that were cancelled came before this one.
    let accepted = peer.accepted();
    let last = TcpStream::connect(peer.address())?;
    subject.wait_until("one connection more, at the peer", || {
        peer.accepted() > accepted
    })?;
    drop(last);
    let what = "the sockets of cancelled dials to be closed";
    subject.wait_until(what, || peer.open() <= 1)?;
    // Nor does one come about in the background.
    let begun = Instant::now();
    while begun.elapsed() < STILL {
        ensure!(
            peer.open() <= 1,
            "a dial that was cancelled opened a connection afterwards"
        );
        thread::park_timeout(STILL / 10);
    }
    Ok(())
}

pub(crate) fn a_cancelled_read_loses_nothing(subject: &mut Subject) -> Checked {
    const SAID: &[u8] = b"every byte of it";
    over_both(
        subject,
        |stream| {
            for part in SAID.chunks(4) {
                stream.hold()?;
                stream.write_all(part)?;
                stream.flush()?;
            }
            stream.hold_until_closed()
        },
        |subject, peer| {
            let mut connection = subject.connect(&peer.target())?;
            let wakes = Wakes::new();
            let mut got = Vec::new();
            while got.len() < SAID.len() {
                // This one is given up; the next one has another buffer.
                let seen = wakes.count();
                must_wait(&mut connection, &wakes)?;
                peer.release();
                ensure!(
                    wakes.wait_past(seen, subject.patience()),
                    "data came, and the read was not woken"
                );
                let until = got.len() + 4;
                while got.len() < until {
                    got.extend(read_some(subject, &mut connection, &wakes, 3)?);
                }
            }
            ensure!(
                got == SAID,
                "expected {:?}, got {:?}",
                String::from_utf8_lossy(SAID),
                String::from_utf8_lossy(&got)
            );
            Ok(())
        },
    )
}

fn read_some(
    subject: &Subject,
    connection: &mut Box<dyn Connection>,
    wakes: &Arc<Wakes>,
    at_most: usize,
) -> Checked<Vec<u8>> {
    loop {
        let seen = wakes.count();
        match connection.poll_bytes(wakes, at_most) {
            Poll::Ready(got) => {
                let got = got?;
                ensure!(!got.is_empty(), "expected more bytes, got the end of file");
                return Ok(got);
            }
            Poll::Pending if wakes.wait_past(seen, subject.patience()) => {}
            Poll::Pending => return Err(Failure::hang("a read", subject.patience())),
        }
    }
}

pub(crate) fn a_cancelled_write_may_be_followed_by_another(subject: &mut Subject) -> Checked {
    // A shorter one than the one that waits, and a longer one.
    let (shorter, longer) = (vec![b's'; 700], vec![b'l'; 40_000]);
    let received = Received::default();
    over_both(subject, received.late(), |subject, peer| {
        let mut connection = subject.connect(&peer.target())?;
        let wakes = Wakes::new();
        let mut written = Vec::new();
        fill_noting(&mut connection, &wakes, |taken| written.extend(taken))?;
        for other in [&shorter, &longer] {
            // There may be a little room again.
            if let Poll::Ready(length) = connection.poll_write_of(&wakes, other) {
                written.extend(&other[..length?.min(other.len())]);
            }
        }
        peer.release();
        for other in [&shorter, &longer] {
            let what = "a write after one that was given up";
            subject.block_on(what, connection.write_all(other))??;
            written.extend(other);
        }
        subject.block_on("a flush, and closing", async {
            connection.flush().await?;
            connection.close().await
        })??;
        subject.wait_until("what was reported as written, at the peer", || {
            received.length() >= written.len()
        })?;
        received.expect(&written)
    })
}

pub(crate) fn a_cancelled_sleep_is_forgotten(subject: &mut Subject) -> Checked {
    let backend = subject.backend();
    let wakes = Wakes::new();
    let mut sleeps = (1..=20)
        .map(|minutes| backend.sleep_until(backend.now() + Duration::from_secs(60 * minutes)))
        .collect::<Vec<_>>();
    for sleep in &mut sleeps {
        ensure!(
            poll_once(sleep.as_mut(), &wakes).is_pending(),
            "a sleep of a minute ended at once"
        );
    }
    drop(sleeps);
    // A timer or a task that is left holds the waker.
    subject.wait_until("the wakers of cancelled sleeps to be dropped", || {
        Arc::strong_count(&wakes) == 1
    })
}

pub(crate) fn a_cancelled_sleep_leaves_the_others(subject: &mut Subject) -> Checked {
    let backend = subject.backend();
    let now = backend.now();
    let wakes = Wakes::new();
    let mut sleeps =
        [120, 40, 80].map(|millis| backend.sleep_until(now + Duration::from_millis(millis)));
    let ready = sleeps
        .each_mut()
        .map(|sleep| poll_once(sleep.as_mut(), &wakes).is_ready());
    let [last, first, middle] = sleeps;
    drop(middle);
    if ready.contains(&true) {
        // The machine took its time: they are all about to end.
        return Ok(());
    }
    for (what, mut sleep) in [
        ("the earlier of two sleeps", first),
        ("the later of two sleeps", last),
    ] {
        loop {
            let seen = wakes.count();
            if poll_once(sleep.as_mut(), &wakes).is_ready() {
                break;
            }
            if !wakes.wait_past(seen, subject.patience()) {
                return Err(Failure::hang(what, subject.patience()));
            }
        }
    }
    Ok(())
}
