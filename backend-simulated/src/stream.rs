use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_io::{AsyncRead, AsyncWrite};
use push_core::Connection;

use crate::network::Side;
use crate::trace::Event;
use crate::world::World;
use crate::{Cable, pipe};

/// An end of a connection in memory: the one that [`connect`](push_core::Backend::connect) gives,
/// boxed, or the one that [`Listener::accept`](crate::Listener::accept) gives.
///
/// Dropping it ends its writing half, and lets the other end's writes fail a little later.
pub struct Stream {
    world: Arc<World>,
    wire: u64,
    side: Side,
    peer: SocketAddr,
    alpn: Option<Vec<u8>>,
    certificate: Vec<Vec<u8>>,
}

impl Stream {
    pub(crate) fn new(world: Arc<World>, wire: u64, side: Side) -> Option<Self> {
        let state = world.lock();
        let found = state.net.wires.get(&wire)?;
        let stream = Self {
            peer: SocketAddr::new(found.address, found.port),
            alpn: found.alpn.clone(),
            certificate: found.certificate.clone(),
            wire,
            side,
            world: world.clone(),
        };
        drop(state);
        Some(stream)
    }

    /// What a test can do to this connection.
    pub fn cable(&self) -> Cable {
        Cable::new(self.world.clone(), self.wire)
    }

    /// The certificates that the client showed, its own first; empty when it had none to show.
    pub fn certificate(&self) -> &[Vec<u8>] {
        &self.certificate
    }
}

impl Connection for Stream {
    fn alpn(&self) -> Option<&[u8]> {
        self.alpn.as_deref()
    }

    /// The address that was dialled, at the client's end. Clients have no addresses.
    fn peer_addr(&self) -> Option<SocketAddr> {
        (self.side == Side::Client).then_some(self.peer)
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let mut guard = self.world.ask();
        let waiter = guard.waiter(cx);
        let state = &mut *guard;
        let Some(wire) = state.net.wires.get_mut(&self.wire) else {
            return Poll::Ready(Err(ended()));
        };
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let share = wire.conditions.fragmentation;
        let pipe = wire.pipe_from(self.side.peer());
        if let Some(failure) = &mut pipe.failure {
            if std::mem::replace(&mut failure.told, true) {
                return Poll::Ready(Ok(0));
            }
            return Poll::Ready(Err(failure.reading.into()));
        }
        let Some(arrived) = pipe.arrived(state.now) else {
            let former = pipe.await_bytes(waiter, &mut state.timers);
            drop(guard);
            drop(former);
            return Poll::Pending;
        };
        let former = pipe.served(&mut state.timers);
        let most = arrived.min(buf.len());
        let count = if most == 0 {
            0
        } else {
            state.net.draw_part(most, share)
        };
        let mut wakers = pipe::Wakers::new();
        if let Some(wire) = state.net.wires.get_mut(&self.wire) {
            let pipe = wire.pipe_from(self.side.peer());
            pipe.read(&mut buf[..count], &mut wakers);
        }
        state.record(Event::Read {
            wire: self.wire,
            by: self.side,
            bytes: count,
        });
        drop(guard);
        drop(former);
        wakers.into_iter().for_each(|waiter| waiter.waker.wake());
        Poll::Ready(Ok(count))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut guard = self.world.ask();
        let waiter = guard.waiter(cx);
        let state = &mut *guard;
        let Some(wire) = state.net.wires.get_mut(&self.wire) else {
            return Poll::Ready(Err(ended()));
        };
        let conditions = wire.conditions.clone();
        let pipe = wire.pipe_from(self.side);
        let unread_for_ever = pipe.reader_gone.is_some();
        let learnt = pipe.reader_gone.is_some_and(|learns| learns <= state.now);
        if pipe.ended || pipe.failure.is_some() || (learnt && !pipe.cut) {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let room = conditions.buffer_bytes.saturating_sub(pipe.held);
        if room == 0 {
            let former = pipe.await_room(waiter);
            drop(guard);
            drop(former);
            return Poll::Pending;
        }
        if state.net.draw(conditions.fragmentation / 2.0) {
            drop(guard);
            waiter.waker.wake();
            return Poll::Pending;
        }
        let most = room.min(buf.len());
        let count = state
            .net
            .draw_part(most, conditions.fragmentation)
            .min(most);
        let way = state.net.draw_latency(&conditions);
        let line = conditions.line(count);
        if let Some(wire) = state.net.wires.get_mut(&self.wire)
            && !unread_for_ever
            && count > 0
        {
            let pipe = wire.pipe_from(self.side);
            pipe.write(&buf[..count], state.now, way, line);
            pipe.arm(&mut state.timers);
        }
        state.record(Event::Wrote {
            wire: self.wire,
            by: self.side,
            bytes: count,
        });
        Poll::Ready(Ok(count))
    }

    /// Ready at once: what was written is on its way.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.cable().close(self.side);
        Poll::Ready(Ok(()))
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.cable().close(self.side);
        let mut guard = self.world.lock();
        let state = &mut *guard;
        let Some(wire) = state.net.wires.get_mut(&self.wire) else {
            return;
        };
        let conditions = wire.conditions.clone();
        let learns = state.now + state.net.draw_latency(&conditions);
        let mut wakers = pipe::Wakers::new();
        let mut over = false;
        if let Some(wire) = state.net.wires.get_mut(&self.wire) {
            let incoming = wire.pipe_from(self.side.peer());
            wakers = incoming.abandon(learns, &mut state.timers);
            over = wire.let_go(self.side);
        }
        if over && let Some(mut wire) = state.net.wires.remove(&self.wire) {
            for side in [Side::Client, Side::Server] {
                let pipe = wire.pipe_from(side);
                wakers.extend(pipe.fail(io::ErrorKind::NotConnected, &mut state.timers));
            }
        }
        state.record(Event::Dropped {
            wire: self.wire,
            by: self.side,
        });
        drop(guard);
        wakers.into_iter().for_each(|waiter| waiter.waker.wake());
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream")
            .field("connection", &self.wire)
            .field("side", &self.side)
            .finish_non_exhaustive()
    }
}

fn ended() -> io::Error {
    io::Error::new(io::ErrorKind::NotConnected, "the simulation has ended")
}
