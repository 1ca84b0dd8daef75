use std::fmt;
use std::io;
use std::sync::Arc;

use crate::network::Side;
use crate::pipe::Wakers;
use crate::trace::Event;
use crate::world::{State, World};

/// What runs between both ends of a connection: here a test does what networks and machines do to
/// connections. Cheap to clone; on a connection that is gone nothing happens.
#[derive(Clone)]
pub struct Cable {
    world: Arc<World>,
    wire: u64,
}

const BOTH: [Side; 2] = [Side::Client, Side::Server];

impl Cable {
    pub(crate) fn new(world: Arc<World>, wire: u64) -> Self {
        Self { world, wire }
    }

    /// The number of the connection, in the order in which they came about, from 1.
    pub fn id(&self) -> u64 {
        self.wire
    }

    /// Whether this end is still held.
    pub fn is_open(&self, side: Side) -> bool {
        let state = self.world.lock();
        let wire = state.net.wires.get(&self.wire);
        wire.is_some_and(|wire| wire.is_held(side))
    }

    /// How many bytes this side has written. Zero when the connection is gone.
    pub fn sent_bytes(&self, side: Side) -> u64 {
        let mut state = self.world.lock();
        let wire = state.net.wires.get_mut(&self.wire);
        wire.map_or(0, |wire| wire.pipe_from(side).sent)
    }

    /// Cuts it in both directions: writes are taken until the buffer is full, nothing arrives any
    /// more, what was on its way included, and nobody is told. A black hole, unless it is
    /// [healed](Self::heal).
    pub fn cut(&self) {
        BOTH.into_iter().for_each(|side| self.cut_from(side));
    }

    /// Cuts it for what this side writes, the other direction goes on.
    pub fn cut_from(&self, side: Side) {
        self.change(|state, wire| {
            if let Some(wire) = state.net.wires.get_mut(&wire) {
                wire.pipe_from(side).sever(&mut state.timers);
            }
            state.record(Event::Cut { wire });
            Wakers::new()
        });
    }

    /// Ends a cut: what was held up arrives, as TCP would send it again.
    pub fn heal(&self) {
        self.change(|state, id| {
            let mut wakers = Wakers::new();
            for side in BOTH {
                let way = draw_latency(state, id);
                let now = state.now;
                if let Some(wire) = state.net.wires.get_mut(&id)
                    && wire.pipe_from(side).cut
                {
                    wakers.extend(wire.pipe_from(side).heal(now, way));
                }
            }
            state.record(Event::Healed { wire: id });
            wakers
        });
    }

    /// Breaks it: both ends are told at once (`ConnectionReset`), and what was on its way is lost.
    pub fn reset(&self) {
        self.fail(io::ErrorKind::ConnectionReset);
    }

    /// The server refuses the client's certificate, or the lack of one, after the handshake, as
    /// with TLS 1.3: the client's next read fails with `PermissionDenied`.
    pub fn refuse_certificate(&self) {
        self.fail(io::ErrorKind::PermissionDenied);
    }

    fn fail(&self, client: io::ErrorKind) {
        self.change(|state, id| {
            let mut wakers = Wakers::new();
            if let Some(wire) = state.net.wires.get_mut(&id) {
                let reset = io::ErrorKind::ConnectionReset;
                for (side, told) in [(Side::Server, client), (Side::Client, reset)] {
                    wakers.extend(wire.pipe_from(side).fail(told, &mut state.timers));
                }
            }
            state.record(Event::Reset { wire: id });
            wakers
        });
    }

    /// Ends the writing half of this side (FIN, or close_notify): the other one reads to the end
    /// and may go on writing. Writes of this side fail from now on.
    pub fn close(&self, side: Side) {
        self.change(|state, id| {
            let way = draw_latency(state, id);
            let now = state.now;
            if let Some(wire) = state.net.wires.get_mut(&id)
                && !wire.pipe_from(side).ended
            {
                let pipe = wire.pipe_from(side);
                pipe.end(now, way);
                pipe.arm(&mut state.timers);
                state.record(Event::Ending { wire: id, by: side });
            }
            Wakers::new()
        });
    }

    /// Does something to the connection if it is there, and wakes whom that concerns.
    fn change(&self, change: impl FnOnce(&mut State, u64) -> Wakers) {
        let mut state = self.world.lock();
        if !state.net.wires.contains_key(&self.wire) {
            return;
        }
        let wakers = change(&mut state, self.wire);
        drop(state);
        wakers.into_iter().for_each(|waiter| waiter.waker.wake());
    }
}

fn draw_latency(state: &mut State, wire: u64) -> std::time::Duration {
    let conditions = state.net.wires.get(&wire).map(|w| w.conditions.clone());
    let conditions = conditions.unwrap_or_else(|| state.net.conditions.clone());
    state.net.draw_latency(&conditions)
}

impl fmt::Debug for Cable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cable({})", self.wire)
    }
}
