use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use crate::network::Side;
use crate::trace::Event;
use crate::world::World;
use crate::{Cable, Stream};

/// Where connections to one host and port arrive.
///
/// They come about though nobody accepts them, as in a kernel's backlog. Dropping the listener
/// resets those that were not accepted, and refuses those that come later.
pub struct Listener {
    world: Arc<World>,
    host: String,
    port: u16,
}

impl Listener {
    pub(crate) fn new(world: Arc<World>, host: String, port: u16) -> Self {
        Self { world, host, port }
    }

    /// The protocols that the server speaks, the preferred one first: of these, the first one that
    /// the client offers is agreed on by ALPN, or none. Default: whatever the client likes best.
    #[must_use]
    pub fn protocols<P: Into<Vec<u8>>>(self, protocols: impl IntoIterator<Item = P>) -> Self {
        let protocols = protocols.into_iter().map(Into::into).collect();
        let mut state = self.world.lock();
        state.net.port(&self.host, self.port).protocols = Some(protocols);
        drop(state);
        self
    }

    /// The next connection. Never ready once the simulation is gone.
    ///
    /// # Cancel safety
    /// Dropping the future loses no connection.
    pub async fn accept(&self) -> Stream {
        poll_fn(|cx| {
            let mut state = self.world.lock();
            let waiter = state.waiter(cx);
            let place = state.net.port(&self.host, self.port);
            let Some(wire) = place.backlog.pop_front() else {
                // One place for each task: those of earlier polls are stale.
                place
                    .acceptors
                    .retain(|known| !known.waker.will_wake(&waiter.waker));
                place.acceptors.push(waiter);
                return Poll::Pending;
            };
            state.record(Event::Accepted { wire });
            drop(state);
            match Stream::new(self.world.clone(), wire, Side::Server) {
                Some(stream) => Poll::Ready(stream),
                None => Poll::Pending,
            }
        })
        .await
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let mut state = self.world.lock();
        let place = state.net.port(&self.host, self.port);
        place.listening = false;
        place.protocols = None;
        let acceptors = std::mem::take(&mut place.acceptors);
        let unaccepted = std::mem::take(&mut place.backlog);
        drop(state);
        drop(acceptors);
        for wire in unaccepted {
            Cable::new(self.world.clone(), wire).reset();
            drop(Stream::new(self.world.clone(), wire, Side::Server));
        }
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Listener({}:{})", self.host, self.port)
    }
}
