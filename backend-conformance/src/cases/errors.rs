//! Connections that break.

use futures_util::{AsyncReadExt, AsyncWriteExt};
use push_core::Connection;

use super::over_both;
use crate::failure::{Checked, ensure};
use crate::peer::{Peer, Stream};
use crate::subject::Subject;

/// Takes one byte and breaks off.
fn break_off(stream: &mut Stream) -> std::io::Result<()> {
    stream.read_exactly(1)?;
    stream.reset()
}

fn connect_and_poke(subject: &Subject, peer: &Peer) -> Checked<Box<dyn Connection>> {
    let mut connection = subject.connect(&peer.target())?;
    subject.block_on("a first byte", async {
        connection.write_all(b"!").await?;
        connection.flush().await
    })??;
    subject.wait_until("the peer's reset", || {
        peer.accepted() == 1 && peer.open() == 0
    })?;
    Ok(connection)
}

pub(crate) fn a_reset_is_an_error_and_no_end_of_file(subject: &mut Subject) -> Checked {
    over_both(subject, break_off, |subject, peer| {
        let mut connection = connect_and_poke(subject, peer)?;
        let read = subject.block_on("a read after a reset", connection.read(&mut [0; 64]))?;
        ensure!(
            read.is_err(),
            "expected an error from reading after a reset, got {read:?}"
        );
        Ok(())
    })
}

pub(crate) fn after_an_error_reads_do_not_hang(subject: &mut Subject) -> Checked {
    over_both(subject, break_off, |subject, peer| {
        let mut connection = connect_and_poke(subject, peer)?;
        for turn in 1..=4 {
            let what = format!("read {turn} of a connection that was reset");
            let read = subject.block_on(&what, connection.read(&mut [0; 64]))?;
            ensure!(
                !matches!(read, Ok(1..)),
                "expected no bytes from a connection that was reset, got {read:?}"
            );
        }
        Ok(())
    })
}

pub(crate) fn writing_to_a_broken_connection_fails(subject: &mut Subject) -> Checked {
    over_both(subject, break_off, |subject, peer| {
        let mut connection = connect_and_poke(subject, peer)?;
        // The reset has come when a read has ended.
        let _ = subject.block_on("a read after a reset", connection.read(&mut [0; 64]))?;
        for _ in 0..100 {
            let wrote = subject.block_on("a write after a reset", async {
                connection.write_all(&[0; 1024]).await?;
                connection.flush().await
            })?;
            if wrote.is_err() {
                let _ = subject.block_on("closing after a reset", connection.close())?;
                return Ok(());
            }
        }
        Err(crate::Failure::new(
            "expected an error from writing to a connection that was reset, 100 writes went well",
        ))
    })
}
