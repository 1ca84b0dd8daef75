//! A lease as hyper's I/O.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_io::{AsyncRead, AsyncWrite};
use hyper::rt::{Read, ReadBufCursor, Write};

use super::tally::{Event, Tally};
use crate::session::Lease;

/// How much is read in one go.
const CHUNK: usize = 8 * 1024;

/// So many reads in a row, and others have their turn: a peer that is faster than we are would keep
/// the deadline from being looked at.
const MOST_READS: u32 = 32;

/// A lease as hyper's I/O. It knows what became of the request that is written to it.
#[derive(Debug)]
pub(super) struct HyperIo {
    lease: Lease,
    tally: Arc<Tally>,
    /// What to count once the first byte is offered to the connection.
    events: &'static [Event],
    buffer: Box<[u8]>,
    reads: u32,
    /// Something was offered to the connection.
    pub(super) wrote: bool,
    /// Something came.
    pub(super) read: bool,
    /// Something was offered that the connection has not taken.
    pub(super) owes: bool,
    /// Something came before the connection had taken all that was offered: whoever answers so early
    /// may not read the rest.
    pub(super) early: bool,
}

impl HyperIo {
    /// For one request, maybe one that was sent before.
    pub(super) fn new(lease: Lease, tally: Arc<Tally>, again: bool) -> Self {
        Self {
            lease,
            tally,
            events: match again {
                false => &[Event::Sent],
                true => &[Event::Sent, Event::Resent],
            },
            buffer: vec![0; CHUNK].into(),
            reads: 0,
            wrote: false,
            read: false,
            owes: false,
            early: false,
        }
    }

    pub(super) fn into_lease(self) -> Lease {
        self.lease
    }
}

impl Read for HyperIo {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut into: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.reads == MOST_READS {
            this.reads = 0;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let most = into.remaining().min(CHUNK);
        let buffer = &mut this.buffer[..most];
        let polled = Pin::new(&mut this.lease).poll_read(cx, buffer);
        this.reads = if polled.is_ready() { this.reads + 1 } else { 0 };
        polled.map_ok(|count| {
            this.read |= count > 0;
            this.early |= count > 0 && this.owes;
            into.put_slice(&buffer[..count]);
        })
    }
}

impl Write for HyperIo {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        // A write that fails may have written.
        if !std::mem::replace(&mut this.wrote, true) {
            this.events
                .iter()
                .for_each(|event| this.tally.count(*event));
        }
        let polled = Pin::new(&mut this.lease).poll_write(cx, bytes);
        this.owes = !matches!(polled, Poll::Ready(Ok(count)) if count == bytes.len());
        polled
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().lease).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().lease).poll_close(cx)
    }
}
