//! Bytes there and back.

use std::io::{IoSlice, Read, Write};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use futures_util::future::join;
use futures_util::{AsyncReadExt, AsyncWrite, AsyncWriteExt};
use push_core::{Connection, Security};

use super::{Polls, SMALL_BUFFER, complaint, over_both, pattern, peer_is_content};
use crate::executor::Wakes;
use crate::failure::{Checked, Failure, Over, ensure};
use crate::peer::Peer;
use crate::subject::Subject;

pub(crate) fn bytes_arrive_one_at_a_time(subject: &mut Subject) -> Checked {
    const LENGTH: usize = 100;
    over_both(
        subject,
        |stream| {
            let bytes = stream.read_exactly(LENGTH)?;
            stream.write_each_byte(&bytes)?;
            stream.write_all(&bytes)?;
            stream.flush()?;
            stream.hold_until_closed()
        },
        |subject, peer| {
            let mut connection = subject.connect(&peer.target())?;
            let bytes = pattern(LENGTH);
            let mut back = vec![0; 2 * LENGTH];
            subject.block_on("one byte at a time", async {
                for byte in &bytes {
                    connection.write_all(&[*byte]).await?;
                    connection.flush().await?;
                }
                for byte in &mut back {
                    let mut one = [0];
                    connection.read_exact(&mut one).await?;
                    *byte = one[0];
                }
                Checked::Ok(())
            })??;
            ensure!(
                back[..LENGTH] == bytes && back[LENGTH..] == bytes,
                "expected each byte back, once and in order, got {back:?}"
            );
            Ok(())
        },
    )
}

pub(crate) fn large_transfers_go_both_ways_at_once(subject: &mut Subject) -> Checked {
    const CHUNK: usize = 64 * 1024;
    // More than the system's own buffers hold; TLS has some of its own, and takes longer.
    const PLAIN_CHUNKS: u8 = 96;
    const TLS_CHUNKS: u8 = 32;
    over_both(
        subject,
        |stream| {
            stream.set_buffers(SMALL_BUFFER)?;
            // By turns: each side of the client waits while the other one is served.
            let chunks = usize::from(stream.read_exactly(1)?[0]);
            let bytes = pattern(chunks * CHUNK);
            let mut got = vec![0; CHUNK];
            for (index, chunk) in bytes.chunks(CHUNK).enumerate() {
                stream.write_all(chunk)?;
                stream.read_exact(&mut got)?;
                if got != bytes[index * CHUNK..][..CHUNK] {
                    return complaint("other bytes came than those that were written");
                }
            }
            stream.mark();
            Ok(())
        },
        |subject, peer| {
            let target = peer.target();
            let connection = subject.connect(&target)?;
            let chunks = match target.security {
                Security::Plain => PLAIN_CHUNKS,
                _ => TLS_CHUNKS,
            };
            let bytes = pattern(usize::from(chunks) * CHUNK);
            let (mut reader, mut writer) = connection.split();
            let mut got = Vec::new();
            let write = async {
                writer.write_all(&[chunks]).await?;
                writer.write_all(&bytes).await?;
                writer.flush().await
            };
            let read = reader.read_to_end(&mut got);
            let both = subject.block_on("large transfers both ways at once", join(write, read))?;
            both.0?;
            both.1?;
            ensure!(
                got == bytes,
                "expected the {} bytes that the peer sent, got {} bytes, or others",
                bytes.len(),
                got.len()
            );
            peer_is_content(subject, peer, "what was written, at the peer")
        },
    )
}

pub(crate) fn vectored_writes_say_what_they_wrote(subject: &mut Subject) -> Checked {
    const LENGTH: usize = 5000;
    over_both(
        subject,
        |stream| {
            if stream.read_exactly(LENGTH)? != pattern(LENGTH) {
                return complaint("other bytes came than those that were written");
            }
            stream.mark();
            Ok(())
        },
        |subject, peer| {
            let mut connection = subject.connect(&peer.target())?;
            let bytes = pattern(LENGTH);
            let mut sent = 0;
            while sent < LENGTH {
                let rest = &bytes[sent..];
                let third = rest.len() / 3;
                let parts = [
                    IoSlice::new(&[]),
                    IoSlice::new(&rest[..third]),
                    IoSlice::new(&rest[third..2 * third]),
                    IoSlice::new(&[]),
                    IoSlice::new(&rest[2 * third..]),
                ];
                let wrote = subject.block_on("a vectored write", async {
                    connection.write_vectored(&parts).await
                })??;
                ensure!(
                    (1..=rest.len()).contains(&wrote),
                    "expected a vectored write of {} bytes to write some, got {wrote}",
                    rest.len()
                );
                sent += wrote;
            }
            subject.block_on("a flush", connection.flush())??;
            peer_is_content(
                subject,
                peer,
                "what the vectored writes say they wrote, at the peer",
            )
        },
    )
}

pub(crate) fn a_flush_ends_when_all_is_on_its_way(subject: &mut Subject) -> Checked {
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
            let written = fill(&mut connection, &wakes)?;
            let flush = {
                let waker = wakes.waker();
                let mut context = std::task::Context::from_waker(&waker);
                Pin::new(&mut connection).poll_flush(&mut context)
            };
            peer.release();
            match flush {
                Poll::Ready(flushed) => flushed?,
                Poll::Pending => subject.block_on("a flush", connection.flush())??,
            }
            // Nothing polls the connection any more.
            subject.wait_until("all that was flushed, at the peer", || {
                peer.received_bytes() >= written
            })?;
            drop(connection);
            Ok(())
        },
    )
}

/// Writes until the peer, which doesn't read, takes no more: how much it took.
pub(super) fn fill(connection: &mut Box<dyn Connection>, wakes: &Arc<Wakes>) -> Checked<u64> {
    let mut written = 0;
    fill_noting(connection, wakes, |taken| written += taken.len() as u64)?;
    Ok(written)
}

/// The same; notes the bytes of each write that were taken.
pub(super) fn fill_noting(
    connection: &mut Box<dyn Connection>,
    wakes: &Arc<Wakes>,
    mut note: impl FnMut(&[u8]),
) -> Checked {
    const ENOUGH: usize = 256 * 1024 * 1024;
    let chunk = pattern(16 * 1024);
    let mut written = 0;
    while written < ENOUGH {
        let Poll::Ready(length) = connection.poll_write_of(wakes, &chunk) else {
            return Ok(());
        };
        let length = length?;
        ensure!(
            (1..=chunk.len()).contains(&length),
            "expected a write of {} bytes to write some, got {length}",
            chunk.len()
        );
        note(&chunk[..length]);
        written += length;
    }
    Err(Failure::new(format!(
        "expected writes to wait for a peer that doesn't read, {ENOUGH} bytes were taken"
    )))
}

pub(crate) fn small_writes_are_not_held_back(subject: &mut Subject) -> Checked {
    const ROUNDS: usize = 30;
    /// Where Nagle's algorithm is on, the second write waits for the peer's delayed
    /// acknowledgement: 40 ms or more.
    const HELD_BACK: Duration = Duration::from_millis(30);
    over_both(
        subject,
        |stream| {
            for _ in 0..ROUNDS {
                stream.read_exactly(2)?;
                stream.write_all(b"!")?;
                stream.flush()?;
            }
            stream.hold_until_closed()
        },
        |subject, peer| {
            let mut connection = subject.connect(&peer.target())?;
            let mut slow = 0;
            for _ in 0..ROUNDS {
                let begun = Instant::now();
                subject.block_on("two small writes and an answer", async {
                    for byte in [b"1", b"2"] {
                        connection.write_all(byte).await?;
                        connection.flush().await?;
                    }
                    connection.read_exact(&mut [0]).await
                })??;
                slow += usize::from(begun.elapsed() > HELD_BACK);
            }
            ensure!(
                slow < ROUNDS / 2,
                "{slow} of {ROUNDS} second writes came late: set TCP_NODELAY"
            );
            Ok(())
        },
    )
}

pub(crate) fn the_peers_address_is_told(subject: &mut Subject) -> Checked {
    over_both(
        subject,
        |stream| stream.hold_until_closed(),
        |subject, peer| {
            let connection = subject.connect(&peer.target())?;
            let told = connection.peer_addr();
            ensure!(
                told.is_none_or(|told| told == peer.address()),
                "expected the address that was dialled, {}, got {told:?}",
                peer.address()
            );
            Ok(())
        },
    )
}

pub(crate) fn an_empty_read_changes_nothing(subject: &mut Subject) -> Checked {
    const SAID: &[u8] = b"what follows";
    over_both(
        subject,
        |stream| match stream.number() {
            0 => {
                stream.hold()?;
                stream.write_all(SAID)?;
                stream.flush()?;
                stream.hold_until_closed()
            }
            1 => {
                stream.read_exactly(1)?;
                stream.reset()?;
                stream.mark();
                Ok(())
            }
            _ => {
                stream.read_exactly(1)?;
                // A record that no key of the session made.
                stream.write_raw(&[&b"\x17\x03\x03\x00\x40"[..], &[b'g'; 64]].concat())?;
                stream.mark();
                stream.hold_until_closed()
            }
        },
        |subject, peer| {
            let mut connection = subject.connect(&peer.target())?;
            let wakes = Wakes::new();
            let mut got = Vec::new();
            while got.len() < SAID.len() {
                let seen = wakes.count();
                read_nothing(&mut connection, &wakes)?;
                let Poll::Ready(bytes) = connection.poll_bytes(&wakes, 5) else {
                    // One read waits now.
                    read_nothing(&mut connection, &wakes)?;
                    peer.release();
                    ensure!(
                        wakes.wait_past(seen, subject.patience()),
                        "data came after an empty read, and the read that waits was not woken"
                    );
                    continue;
                };
                let bytes = bytes?;
                ensure!(
                    !bytes.is_empty(),
                    "expected data after an empty read, got the end of file"
                );
                got.extend(bytes);
            }
            ensure!(got == SAID, "expected {SAID:?}, got {got:?}");
            drop(connection);
            breaks_all_the_same(subject, peer, 1).over("of a connection that was reset")?;
            if !matches!(peer.target().security, Security::Plain) {
                breaks_all_the_same(subject, peer, 2).over("of a server that sends garbage")?;
            }
            Ok(())
        },
    )
}

/// A read into no room at all, while nothing is wrong: it may wait as any other, or be ready.
#[track_caller]
fn read_nothing(connection: &mut Box<dyn Connection>, wakes: &Arc<Wakes>) -> Checked {
    match connection.poll_bytes(wakes, 0) {
        Poll::Ready(Err(error)) => Err(Failure::new(format!(
            "expected an empty read to wait or to read nothing, got an error: {error}"
        ))),
        _ => Ok(()),
    }
}

/// Empty reads between others, on the n-th connection, which breaks.
fn breaks_all_the_same(subject: &Subject, peer: &Peer, nth: usize) -> Checked {
    let mut connection = subject.connect(&peer.target())?;
    subject.block_on("a first byte", async {
        connection.write_all(b"!").await?;
        connection.flush().await
    })??;
    subject.wait_until("what breaks it", || peer.marks() == nth)?;
    let mut told = false;
    for turn in 1..=3 {
        // Whether this one tells is its own affair.
        let empty = connection.poll_bytes(&Wakes::new(), 0);
        told |= matches!(empty, Poll::Ready(Err(_)));
        let what = format!("read {turn} after an empty one");
        let read = subject.block_on(&what, connection.read(&mut [0; 64]))?;
        told |= read.is_err();
        ensure!(
            told && !matches!(read, Ok(1..)),
            "expected an error from one of an empty read and the next one, got {read:?} from the next"
        );
    }
    Ok(())
}
