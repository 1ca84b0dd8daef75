//! A lease as hyper's I/O.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_io::{AsyncRead, AsyncWrite};
use hyper::rt::{Read, ReadBufCursor, Write};

use crate::session::Lease;

/// How much is read in one go.
const CHUNK: usize = 8 * 1024;

/// A lease as hyper's I/O. It knows whether anything was written or read.
#[derive(Debug)]
pub(super) struct HyperIo {
    lease: Lease,
    buffer: Box<[u8]>,
    pub(super) wrote: bool,
    pub(super) read: bool,
}

impl HyperIo {
    pub(super) fn new(lease: Lease) -> Self {
        Self {
            lease,
            buffer: vec![0; CHUNK].into(),
            wrote: false,
            read: false,
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
        let most = into.remaining().min(CHUNK);
        let buffer = &mut this.buffer[..most];
        let count = ready!(Pin::new(&mut this.lease).poll_read(cx, buffer))?;
        this.read |= count > 0;
        into.put_slice(&buffer[..count]);
        Poll::Ready(Ok(()))
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
        this.wrote = true;
        Pin::new(&mut this.lease).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().lease).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().lease).poll_close(cx)
    }
}
