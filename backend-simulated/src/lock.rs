use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use push_core::{BoxFuture, Lock, LockGuard};

use crate::timers::Waiter;
use crate::world::World;

/// The asynchronous mutexes of a simulation. They stand in the world, so that the report of a
/// stall knows who waits for one. Mutexes made elsewhere do as well, but some of them look at the
/// real clock to be fair.
#[derive(Debug, Default)]
pub(crate) struct Locks {
    locks: BTreeMap<u64, Queue>,
    made: u64,
}

#[derive(Debug, Default)]
struct Queue {
    held: bool,
    waiting: VecDeque<(u64, Waiter)>,
    tickets: u64,
}

impl Locks {
    /// Who waits for which lock.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = (u64, &Waiter)> {
        self.locks
            .iter()
            .flat_map(|(id, queue)| queue.waiting.iter().map(|(_, waiter)| (*id, waiter)))
    }
}

/// One of them: first come, first served.
pub(crate) struct SimulatedLock(Arc<Place>);

struct Place {
    world: Arc<World>,
    id: u64,
}

impl SimulatedLock {
    pub(crate) fn new(world: Arc<World>) -> Self {
        let mut state = world.lock();
        state.locks.made += 1;
        let id = state.locks.made;
        state.locks.locks.insert(id, Queue::default());
        drop(state);
        Self(Arc::new(Place { world, id }))
    }
}

impl Lock for SimulatedLock {
    fn lock(&self) -> BoxFuture<'static, LockGuard> {
        Box::pin(Locking {
            place: self.0.clone(),
            ticket: None,
            done: false,
        })
    }
}

impl fmt::Debug for SimulatedLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SimulatedLock({})", self.0.id)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let queue = self.world.lock().locks.locks.remove(&self.id);
        drop(queue);
    }
}

impl Place {
    /// Wakes the first in the queue, whose turn it may be.
    fn call_next(&self) {
        let state = self.world.lock();
        let queue = state.locks.locks.get(&self.id);
        let next = queue
            .filter(|queue| !queue.held)
            .and_then(|queue| queue.waiting.front())
            .map(|(_, waiter)| waiter.waker.clone());
        drop(state);
        if let Some(waker) = next {
            waker.wake();
        }
    }
}

struct Locking {
    place: Arc<Place>,
    ticket: Option<u64>,
    done: bool,
}

impl Future for Locking {
    type Output = LockGuard;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<LockGuard> {
        let this = &mut *self;
        let mut state = this.place.world.lock();
        let waiter = state.waiter(cx);
        let Some(queue) = state.locks.locks.get_mut(&this.place.id) else {
            return Poll::Pending;
        };
        let first = match this.ticket {
            None => queue.waiting.is_empty(),
            Some(ticket) => queue.waiting.front().is_some_and(|(id, _)| *id == ticket),
        };
        if first && !queue.held {
            queue.held = true;
            let former = this.ticket.take().and_then(|_| queue.waiting.pop_front());
            this.done = true;
            drop(state);
            drop(former);
            return Poll::Ready(LockGuard::new(Held(this.place.clone())));
        }
        let former = match this.ticket {
            Some(ticket) => {
                let own = queue.waiting.iter_mut().find(|(id, _)| *id == ticket);
                own.map(|(_, known)| std::mem::replace(known, waiter))
            }
            None => {
                queue.tickets += 1;
                this.ticket = Some(queue.tickets);
                queue.waiting.push_back((queue.tickets, waiter));
                None
            }
        };
        drop(state);
        drop(former);
        Poll::Pending
    }
}

impl Drop for Locking {
    fn drop(&mut self) {
        let Some(ticket) = self.ticket.take() else {
            return;
        };
        let mut state = self.place.world.lock();
        let queue = state.locks.locks.get_mut(&self.place.id);
        let own = queue.and_then(|queue| {
            let at = queue.waiting.iter().position(|(id, _)| *id == ticket)?;
            queue.waiting.remove(at)
        });
        drop(state);
        drop(own);
        // It may have been its turn.
        self.place.call_next();
    }
}

struct Held(Arc<Place>);

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(queue) = self.0.world.lock().locks.locks.get_mut(&self.0.id) {
            queue.held = false;
        }
        self.0.call_next();
    }
}
