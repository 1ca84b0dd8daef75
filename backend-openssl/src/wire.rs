use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_io::{AsyncRead, AsyncWrite};
use push_core::Connection;

use crate::waiting::{Half, Waiting};

/// The byte stream as OpenSSL sees it: it gives bytes or says "not yet", and takes whatever is
/// written.
///
/// Ends and errors of the stream are kept from OpenSSL, which would hold the whole connection for
/// lost, and told by the connection itself. A record that OpenSSL has made is taken at once, since
/// OpenSSL wants to be offered the same bytes again otherwise, which nobody can promise who may
/// drop a write that is pending.
#[derive(Debug)]
pub(crate) struct Wire {
    stream: Box<dyn Connection>,
    /// What the stream did not take yet.
    outgoing: Vec<u8>,
    /// How much of that it has taken since.
    sent: usize,
    reading: Side,
    writing: Side,
    /// For whom the stream is polled.
    half: Half,
    readable: Waiting,
    writable: Waiting,
}

/// One direction of the stream.
#[derive(Debug)]
enum Side {
    Open,
    /// It ended, or failed with an error, and this was not told yet.
    Ended(io::Result<()>),
    Over,
}

/// Nothing but answers of the TLS stack is added to what waits already; a peer that asks for so
/// many and reads none is up to no good.
const MAX_OUTGOING: usize = 256 * 1024;

impl Wire {
    pub(crate) fn new(stream: Box<dyn Connection>) -> Self {
        Self {
            stream,
            outgoing: Vec::new(),
            sent: 0,
            reading: Side::Open,
            writing: Side::Open,
            half: Half::Reader,
            readable: Waiting::new(),
            writable: Waiting::new(),
        }
    }

    /// Has all that comes be done for this half of the connection.
    pub(crate) fn serve(&mut self, half: Half) -> &mut Self {
        self.half = half;
        self
    }

    /// Whether nothing more can come from the stream.
    pub(crate) fn is_at_end(&self) -> bool {
        !matches!(self.reading, Side::Open)
    }

    /// Whether records wait for the stream to take them.
    pub(crate) fn has_outgoing(&self) -> bool {
        !self.outgoing.is_empty()
    }

    /// Hands over what waits; ready as well when the stream has failed.
    pub(crate) fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while self.sent < self.outgoing.len() {
            let rest = &self.outgoing[self.sent..];
            let stream = Pin::new(&mut self.stream);
            let write = |cx: &mut Context<'_>| stream.poll_write(cx, rest);
            match ready!(self.writable.poll(self.half, cx, write)) {
                Ok(0) => self.fail(io::ErrorKind::WriteZero.into()),
                Ok(sent) => self.sent += sent,
                Err(error) => self.fail(error),
            }
        }
        self.outgoing = Vec::new();
        self.sent = 0;
        Poll::Ready(())
    }

    /// Hands over what waits and flushes the stream.
    pub(crate) fn poll_flush_through(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        ready!(self.poll_drain(cx));
        if matches!(self.writing, Side::Open) {
            let stream = Pin::new(&mut self.stream);
            let flush = |cx: &mut Context<'_>| stream.poll_flush(cx);
            if let Err(error) = ready!(self.writable.poll(self.half, cx, flush)) {
                self.fail(error);
            }
        }
        Poll::Ready(())
    }

    /// Ends the writing half of the stream.
    pub(crate) fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let stream = Pin::new(&mut self.stream);
        let close = |cx: &mut Context<'_>| stream.poll_close(cx);
        self.writable.poll(self.half, cx, close)
    }

    /// How reading ended, told once.
    pub(crate) fn take_end(&mut self) -> Option<io::Result<()>> {
        self.reading.take()
    }

    /// Why writing failed, told once.
    pub(crate) fn take_failure(&mut self) -> Option<io::Error> {
        self.writing.take().and_then(Result::err)
    }

    fn fail(&mut self, error: io::Error) {
        self.outgoing = Vec::new();
        self.sent = 0;
        if matches!(self.writing, Side::Open) {
            self.writing = Side::Ended(Err(error));
        }
    }
}

impl Side {
    fn take(&mut self) -> Option<io::Result<()>> {
        match std::mem::replace(self, Self::Over) {
            Self::Ended(how) => Some(how),
            Self::Open => {
                *self = Self::Open;
                None
            }
            Self::Over => None,
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if self.is_at_end() {
            return Poll::Pending;
        }
        let this = &mut *self;
        let stream = Pin::new(&mut this.stream);
        let read = |cx: &mut Context<'_>| stream.poll_read(cx, buf);
        this.reading = match ready!(this.readable.poll(this.half, cx, read)) {
            Ok(0) => Side::Ended(Ok(())),
            Ok(read) => return Poll::Ready(Ok(read)),
            Err(error) => Side::Ended(Err(error)),
        };
        Poll::Pending
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        let mut rest = buf;
        // Not past what waits already.
        while this.outgoing.is_empty() && !rest.is_empty() && matches!(this.writing, Side::Open) {
            let stream = Pin::new(&mut this.stream);
            let write = |cx: &mut Context<'_>| stream.poll_write(cx, rest);
            match this.writable.poll(this.half, cx, write) {
                Poll::Ready(Ok(0)) => this.fail(io::ErrorKind::WriteZero.into()),
                Poll::Ready(Ok(sent)) => rest = &rest[sent..],
                Poll::Ready(Err(error)) => this.fail(error),
                Poll::Pending => break,
            }
        }
        if matches!(this.writing, Side::Open) && !rest.is_empty() {
            if this.outgoing.len() + rest.len() > MAX_OUTGOING {
                let message = "the peer asks for answers and does not read them";
                this.fail(io::Error::other(message));
            } else {
                this.outgoing.extend_from_slice(rest);
            }
        }
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::sync::{Arc, Mutex};
    use std::task::Waker;

    use super::*;

    /// Takes as many bytes as there is room for; no more.
    #[derive(Clone, Debug, Default)]
    struct Pipe(Arc<Mutex<(Vec<u8>, usize)>>);

    impl Connection for Pipe {
        fn alpn(&self) -> Option<&[u8]> {
            None
        }

        fn peer_addr(&self) -> Option<SocketAddr> {
            None
        }
    }

    impl AsyncRead for Pipe {
        fn poll_read(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            _: &mut [u8],
        ) -> Poll<io::Result<usize>> {
            Poll::Ready(Ok(0))
        }
    }

    impl AsyncWrite for Pipe {
        fn poll_write(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            buf: &[u8],
        ) -> Poll<io::Result<usize>> {
            let mut inner = self.0.lock().unwrap();
            let taken = buf.len().min(inner.1);
            if taken == 0 {
                return Poll::Pending;
            }
            inner.0.extend_from_slice(&buf[..taken]);
            inner.1 -= taken;
            Poll::Ready(Ok(taken))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    #[test]
    fn all_is_taken_at_once_and_handed_over_in_order() {
        let pipe = Pipe::default();
        let mut wire = Wire::new(Box::new(pipe.clone()));
        let mut cx = Context::from_waker(Waker::noop());
        let mut write = |wire: &mut Wire, room, data: &[u8]| {
            pipe.0.lock().unwrap().1 = room;
            let outcome = Pin::new(wire).poll_write(&mut cx, data);
            assert!(matches!(outcome, Poll::Ready(Ok(taken)) if taken == data.len()));
        };
        write(&mut wire, 3, b"abcdef");
        // Room again: but not for what comes later.
        write(&mut wire, 100, b"ghi");
        let mut cx = Context::from_waker(Waker::noop());
        assert!(wire.poll_drain(&mut cx).is_ready());
        assert_eq!(pipe.0.lock().unwrap().0, b"abcdefghi");
        assert!(wire.take_failure().is_none());
    }

    #[test]
    fn an_end_is_told_once_and_not_to_openssl() {
        let mut wire = Wire::new(Box::new(Pipe::default()));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(wire.take_end().is_none());
        assert!(
            Pin::new(&mut wire)
                .poll_read(&mut cx, &mut [0; 8])
                .is_pending()
        );
        assert!(matches!(wire.take_end(), Some(Ok(()))));
        assert!(
            Pin::new(&mut wire)
                .poll_read(&mut cx, &mut [0; 8])
                .is_pending()
        );
        assert!(wire.take_end().is_none());
    }

    #[test]
    fn a_peer_that_reads_nothing_can_not_fill_the_memory() {
        let mut wire = Wire::new(Box::new(Pipe::default()));
        let mut cx = Context::from_waker(Waker::noop());
        for _ in 0..2 * MAX_OUTGOING / 1024 {
            let outcome = Pin::new(&mut wire).poll_write(&mut cx, &[0; 1024]);
            assert!(outcome.is_ready());
            assert!(wire.outgoing.len() <= MAX_OUTGOING);
        }
        assert!(wire.take_failure().is_some());
    }
}
