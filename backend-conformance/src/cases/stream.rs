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
use crate::failure::{Checked, Failure, ensure};
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
    const ENOUGH: u64 = 256 * 1024 * 1024;
    let chunk = pattern(16 * 1024);
    let mut written = 0;
    while written < ENOUGH {
        match connection.poll_write_of(wakes, &chunk) {
            Poll::Ready(Ok(0)) => return Err(Failure::new("a write wrote nothing")),
            Poll::Ready(length) => written += length? as u64,
            Poll::Pending => return Ok(written),
        }
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
