//! What happens when the environment is gone, and something of it is still held.

use std::io::Write;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use push_core::Connection;

use super::tasks::Witness;
use super::{Polls, must_wait, over_both, tls};
use crate::Capability;
use crate::executor::{Wakes, poll_once};
use crate::failure::{Checked, Failure, Over, ensure};
use crate::peer::{Peer, Stream};
use crate::subject::Subject;

pub(crate) fn tasks_end_with_the_environment(subject: &mut Subject) -> Checked {
    let (witness, told) = Witness::new();
    let (started, start) = std::sync::mpsc::channel();
    subject.backend().spawn(Box::pin(async move {
        let _ = started.send(());
        std::future::pending::<()>().await;
        witness.end();
    }));
    ensure!(
        start.recv_timeout(subject.patience()).is_ok(),
        "expected a task to start by itself, it did not"
    );
    subject.end();
    ensure!(
        told.recv_timeout(subject.patience()).is_ok(),
        "expected a waiting task to be dropped when its environment ends, it is kept"
    );
    Ok(())
}

pub(crate) fn a_task_spawned_after_the_end_is_dropped(subject: &mut Subject) -> Checked {
    subject.end();
    let (witness, told) = Witness::new();
    subject.backend().spawn(Box::pin(async move {
        std::future::pending::<()>().await;
        witness.end();
    }));
    ensure!(
        told.try_recv().is_ok(),
        "expected a task to be dropped at once when the environment is gone, it is kept"
    );
    Ok(())
}

pub(crate) fn connecting_after_the_end_ends(subject: &mut Subject) -> Checked {
    over_both(
        subject,
        |stream| stream.hold_until_closed(),
        |subject, peer| {
            subject.end();
            let target = peer.target();
            let dial = subject.backend().connect(&target, None);
            // An environment whose reactor outlives it may well connect.
            let _ = subject.block_on("connect, after the environment has ended", dial)?;
            Ok(())
        },
    )
}

pub(crate) fn sleeps_end_after_the_end(subject: &mut Subject) -> Checked {
    let backend = subject.backend().clone();
    let soon = || backend.now() + Duration::from_millis(40);
    let mut begun = backend.sleep_until(soon());
    let _ = poll_once(begun.as_mut(), &Wakes::new());
    let unpolled = backend.sleep_until(soon());
    let waiter = std::thread::spawn({
        let (sleep, patience) = (backend.sleep_until(soon()), subject.patience());
        move || crate::executor::block_on("a sleep across the end", patience, sleep)
    });
    subject.end();
    let across = waiter
        .join()
        .map_err(|_| Failure::new("a sleep panicked when the environment ended"))?;
    across.over("polled as the environment ends")?;
    for (when, sleep) in [
        ("polled before the end and after", begun),
        ("made before the end", unpolled),
        ("made after the end", backend.sleep_until(soon())),
    ] {
        subject.block_on("a sleep", sleep).over(when)?;
    }
    Ok(())
}

pub(crate) fn open_connections_do_not_hang_after_the_end(subject: &mut Subject) -> Checked {
    let script = |stream: &mut Stream| {
        stream.hold()?;
        stream.write_all(b"still here")?;
        stream.flush()
    };
    let mut peers = vec![("over plain TCP", Peer::plain(script))];
    if subject.has(Capability::Tls) {
        peers.push(("over TLS", tls(script)));
    }
    let mut open = Vec::new();
    for (over, peer) in &peers {
        let mut connection = subject.connect(&peer.target()).over(*over)?;
        let wakes = Wakes::new();
        must_wait(&mut connection, &wakes).over(*over)?;
        open.push((over, connection, wakes));
    }
    subject.end();
    for (_, peer) in &peers {
        peer.release();
    }
    for (over, mut connection, wakes) in open {
        read_to_some_end(subject, &mut connection, &wakes).over(*over)?;
    }
    Ok(())
}

/// Reads until an error, or the end of file: a reactor that outlives the tasks may still read.
fn read_to_some_end(
    subject: &Subject,
    connection: &mut Box<dyn Connection>,
    wakes: &Arc<Wakes>,
) -> Checked {
    for _ in 0..100 {
        let seen = wakes.count();
        match connection.poll_bytes(wakes, 64) {
            Poll::Ready(Err(_)) => return Ok(()),
            Poll::Ready(Ok(got)) if got.is_empty() => return Ok(()),
            Poll::Ready(Ok(_)) => {}
            Poll::Pending => ensure!(
                wakes.wait_past(seen, subject.patience()),
                "a read of an open connection hangs after the environment has ended"
            ),
        }
    }
    Err(Failure::new(
        "a read of an open connection spins after the environment has ended",
    ))
}
