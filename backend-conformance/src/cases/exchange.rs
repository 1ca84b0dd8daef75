//! What the cases of TLS, dialling and proxies share.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use futures_util::{AsyncReadExt, AsyncWriteExt};
use push_core::{Certificate, Connection, ErrorKind, Target};

use crate::Capability;
use crate::executor::{Wakes, poll_once};
use crate::failure::{Checked, Failure, ensure};
use crate::peer::{Handshake, Peer, Versions};
use crate::subject::Subject;

/// The versions of TLS that the backend speaks, each alone.
pub(super) fn versions(subject: &Subject) -> Vec<Versions> {
    [
        (Capability::Tls12, Versions::Tls12),
        (Capability::Tls13, Versions::Tls13),
    ]
    .into_iter()
    .filter(|(capability, _)| subject.has(*capability))
    .map(|(_, versions)| versions)
    .collect()
}

/// One read: what it gave.
#[track_caller]
pub(super) fn read(
    subject: &Subject,
    connection: &mut Box<dyn Connection>,
) -> Checked<io::Result<Vec<u8>>> {
    let mut bytes = vec![0; 1024];
    let outcome = subject.block_on("a read", connection.read(&mut bytes))?;
    Ok(outcome.map(|count| {
        bytes.truncate(count);
        bytes
    }))
}

/// Reads exactly these bytes.
#[track_caller]
pub(super) fn expect_bytes(
    subject: &Subject,
    connection: &mut Box<dyn Connection>,
    expected: &[u8],
) -> Checked {
    let mut bytes = vec![0; expected.len()];
    let outcome = subject.block_on("a read", connection.read_exact(&mut bytes))?;
    if let Err(error) = outcome {
        let expected = String::from_utf8_lossy(expected);
        let message = format!("expected to read {expected:?}, got an error: {error}");
        return Err(Failure::new(message));
    }
    ensure!(
        bytes == expected,
        "expected to read {:?}, got {:?}",
        String::from_utf8_lossy(expected),
        String::from_utf8_lossy(&bytes)
    );
    Ok(())
}

/// Reads the end of file.
#[track_caller]
pub(super) fn expect_end(subject: &Subject, connection: &mut Box<dyn Connection>) -> Checked {
    match read(subject, connection)? {
        Ok(bytes) if bytes.is_empty() => Ok(()),
        other => Err(Failure::new(format!(
            "expected the end of file, Ok(0), got {other:?}"
        ))),
    }
}

/// Writes all of it, and flushes.
#[track_caller]
pub(super) fn write(
    subject: &Subject,
    connection: &mut Box<dyn Connection>,
    bytes: &[u8],
) -> Checked {
    subject.block_on("a write", connection.write_all(bytes))??;
    Ok(subject.block_on("a flush", connection.flush())??)
}

/// A few bytes there and back; the peer's script is [`echo`](crate::peer::scripts::echo).
#[track_caller]
pub(super) fn echoes(subject: &Subject, connection: &mut Box<dyn Connection>) -> Checked {
    write(subject, connection, b"there and back")?;
    expect_bytes(subject, connection, b"there and back")
}

/// The server's view of its n-th handshake, once that has ended.
#[track_caller]
pub(super) fn handshake(subject: &Subject, peer: &Peer, nth: usize) -> Checked<Handshake> {
    subject.wait_until("the server's end of the handshake", || {
        peer.handshakes().len() >= nth
    })?;
    Ok(peer.handshakes().swap_remove(nth - 1))
}

/// A connection that fails with an error of this kind.
#[track_caller]
pub(super) fn refused_as(
    subject: &Subject,
    target: &Target,
    certificate: Option<&dyn Certificate>,
    kind: ErrorKind,
) -> Checked<push_core::Error> {
    let error = subject.refused(target, certificate)?;
    ensure!(
        error.kind() == kind,
        "expected an error of kind {kind:?}, got {:?}: {}",
        error.kind(),
        error.report()
    );
    Ok(error)
}

/// Polls a future that must not end before something holds.
#[track_caller]
pub(super) fn pending_until<F: Future + ?Sized>(
    subject: &Subject,
    what: &str,
    mut future: Pin<&mut F>,
    holds: impl Fn() -> bool,
) -> Checked {
    let hang = Failure::hang(what, subject.patience());
    let ended = Failure::new(format!("expected to wait for: {what}; it ended before"));
    let (wakes, begun) = (Wakes::new(), Instant::now());
    loop {
        let seen = wakes.count();
        // Asked before the poll: what held then, the future has had the time to notice.
        let over = holds();
        if let Poll::Ready(_output) = poll_once(future.as_mut(), &wakes) {
            return Err(ended);
        }
        if over {
            return Ok(());
        }
        if begun.elapsed() > subject.patience() {
            return Err(hang);
        }
        wakes.wait_past(seen, Duration::from_millis(1));
    }
}
