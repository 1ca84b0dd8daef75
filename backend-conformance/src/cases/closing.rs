//! The ends of a stream.

use std::io::Write;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::{AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::stream::fill_noting;
use super::{Received, over_both, peer_is_content, tls};
use crate::executor::Wakes;
use crate::failure::{Checked, Over, ensure};
use crate::peer::{Peer, Stream};
use crate::subject::Subject;

pub(crate) fn end_of_file_is_zero_bytes_and_stays(subject: &mut Subject) -> Checked {
    over_both(
        subject,
        |stream| {
            stream.write_all(b"goodbye")?;
            stream.flush()
        },
        |subject, peer| {
            let mut connection = subject.connect(&peer.target())?;
            let mut got = [0; 7];
            subject.block_on("what came before the end", connection.read_exact(&mut got))??;
            ensure!(&got == b"goodbye", "expected \"goodbye\", got {got:?}");
            for turn in 1..=3 {
                let end = subject.block_on("a read at the end", connection.read(&mut got))?;
                ensure!(
                    matches!(end, Ok(0)),
                    "expected Ok(0) from read {turn} at the end of file, got {end:?}"
                );
            }
            Ok(())
        },
    )
}

pub(crate) fn the_peer_may_end_its_half_first(subject: &mut Subject) -> Checked {
    const LENGTH: usize = 100_000;
    over_both(
        subject,
        |stream| {
            stream.close_notify()?;
            stream.finish()?;
            stream.read_exactly(LENGTH)?;
            stream.mark();
            Ok(())
        },
        |subject, peer| {
            let mut connection = subject.connect(&peer.target())?;
            let end = subject.block_on("the peer's end", connection.read(&mut [0]))?;
            ensure!(matches!(end, Ok(0)), "expected Ok(0), got {end:?}");
            subject.block_on("a write after the peer's end", async {
                connection.write_all(&vec![7; LENGTH]).await?;
                connection.flush().await
            })??;
            peer_is_content(
                subject,
                peer,
                "what we write after the peer's end, at the peer",
            )
        },
    )
}

/// Reads to the end that the client makes, and answers.
fn answer_at_the_end(stream: &mut Stream) -> std::io::Result<()> {
    // Over TLS, an end without a farewell is an error here.
    stream.drain()?;
    stream.mark();
    stream.write_all(b"answer")?;
    stream.flush()
}

pub(crate) fn closing_plain_tcp_ends_the_writing_half(subject: &mut Subject) -> Checked {
    let peer = Peer::plain(answer_at_the_end);
    close(subject, &peer, "a FIN").over("over plain TCP")
}

pub(crate) fn closing_tls_says_farewell(subject: &mut Subject) -> Checked {
    let peer = tls(answer_at_the_end);
    close(subject, &peer, "close_notify").over("over TLS")
}

fn close(subject: &Subject, peer: &Peer, farewell: &str) -> Checked {
    let mut connection = subject.connect(&peer.target())?;
    subject.block_on("closing", async {
        connection.write_all(b"the last").await?;
        connection.close().await
    })??;
    peer_is_content(subject, peer, &format!("{farewell} at the peer"))
}

pub(crate) fn closing_under_back_pressure_loses_nothing(subject: &mut Subject) -> Checked {
    let received = Received::default();
    over_both(subject, received.late(), |subject, peer| {
        let mut connection = subject.connect(&peer.target())?;
        let wakes = Wakes::new();
        let mut written = Vec::new();
        fill_noting(&mut connection, &wakes, |taken| written.extend(taken))?;
        // Begun while the peer does not read.
        let waker = wakes.waker();
        let closing = Pin::new(&mut connection).poll_close(&mut Context::from_waker(&waker));
        peer.release();
        match closing {
            Poll::Ready(closed) => closed?,
            Poll::Pending => subject.block_on("closing", connection.close())??,
        }
        peer_is_content(
            subject,
            peer,
            "what was written before closing, and then the end, at the peer",
        )?;
        received.expect(&written)
    })
}

pub(crate) fn after_closing_there_is_still_reading(subject: &mut Subject) -> Checked {
    over_both(
        subject,
        |stream| {
            stream.read_exactly(1)?;
            stream.hold()?;
            stream.write_all(b"answer")?;
            stream.flush()
        },
        |subject, peer| {
            let mut connection = subject.connect(&peer.target())?;
            subject.block_on("closing", async {
                connection.write_all(b"!").await?;
                connection.close().await
            })??;
            peer.release();
            let mut got = Vec::new();
            subject.block_on("reading after closing", connection.read_to_end(&mut got))??;
            ensure!(got == b"answer", "expected \"answer\", got {got:?}");
            Ok(())
        },
    )
}

pub(crate) fn dropping_closes_the_socket(subject: &mut Subject) -> Checked {
    over_both(
        subject,
        |stream| stream.hold_until_closed(),
        |subject, peer| {
            let connection = subject.connect(&peer.target())?;
            subject.wait_until("the connection at the peer", || peer.accepted() == 1)?;
            drop(connection);
            subject.wait_until("the socket's closing, after the drop", || peer.open() == 0)
        },
    )
}
