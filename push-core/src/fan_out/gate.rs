//! How many pushes of a bulk send go to one server at a time.

use std::collections::{BTreeMap, HashMap};
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::Instant;

/// The gates of one bulk send: one before each server, so that as many pushes are under way to it as keep
/// its connections busy, and no more; more would only wait, at the cost of their deadlines.
///
/// Each bulk send has its own, so that one whose outcomes nobody fetches holds up no other.
#[derive(Debug, Default)]
pub struct Gates(Mutex<HashMap<Box<str>, Arc<Gate>>>);

/// With so many gates, those are looked for that nobody needs.
const MANY: usize = 1024;

impl Gates {
    /// The gate before the server of this origin, and whether there is no other.
    pub fn gate(&self, origin: &str) -> (Arc<Gate>, bool) {
        let mut gates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(gate) = gates.get(origin) {
            return (gate.clone(), gates.len() == 1);
        }
        if gates.len() >= MANY {
            gates.retain(|_, gate| Arc::strong_count(gate) > 1);
        }
        let gate = Arc::<Gate>::default();
        gates.insert(origin.into(), gate.clone());
        (gate, gates.len() == 1)
    }
}

/// Lets in as many as there is room for, in order of arrival. Whoever waits before it has used up nothing of
/// its deadline.
#[derive(Debug, Default)]
pub struct Gate(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    inside: usize,
    tickets: u64,
    /// By ticket: the first to come stands first.
    waiting: BTreeMap<u64, Waiting>,
}

#[derive(Debug)]
struct Waiting {
    since: Instant,
    waker: Waker,
}

/// A place behind a [`Gate`]; given back when dropped.
#[derive(Debug)]
#[must_use = "a place is given back when it is dropped"]
pub struct Place(Arc<Gate>);

/// A place in the queue.
struct Ticket<'a> {
    gate: &'a Gate,
    number: Option<u64>,
}

impl Gate {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many wait, and since when the first of them.
    pub fn waiting(&self) -> (usize, Option<Instant>) {
        let state = self.lock();
        let first = state.waiting.values().next();
        (state.waiting.len(), first.map(|first| first.since))
    }

    /// How many are inside.
    pub fn inside(&self) -> usize {
        self.lock().inside
    }

    /// Waits until there is room, which is asked for anew each time; zero is taken as one. `since` is
    /// when the push came here.
    ///
    /// # Cancel safety
    /// Dropping the future gives up the place in the queue.
    pub async fn enter(self: &Arc<Self>, room: impl Fn() -> usize, since: Instant) -> Place {
        let mut ticket = Ticket {
            gate: self,
            number: None,
        };
        poll_fn(|cx| {
            let mut state = self.lock();
            let first = state.waiting.keys().next().copied();
            let is_next = first.is_none() || first == ticket.number;
            if is_next && state.inside < room().max(1) {
                state.inside += 1;
                return Poll::Ready(());
            }
            let number = *ticket.number.get_or_insert_with(|| {
                state.tickets += 1;
                state.tickets
            });
            let waker = cx.waker().clone();
            let former = state.waiting.insert(number, Waiting { since, waker });
            drop(state);
            drop(former);
            Poll::Pending
        })
        .await;
        drop(ticket);
        Place(self.clone())
    }

    /// Tells the first who waits that there may be room.
    fn call_next(mut state: MutexGuard<'_, State>) {
        let next = state
            .waiting
            .first_entry()
            .map(|first| first.get().waker.clone());
        drop(state);
        if let Some(next) = next {
            next.wake();
        }
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        // The next one may have been kept waiting by this one alone.
        let Some(number) = self.number else { return };
        let mut state = self.gate.lock();
        let waker = state.waiting.remove(&number);
        Gate::call_next(state);
        drop(waker);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.inside -= 1;
        Gate::call_next(state);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::FutureExt;

    use super::*;

    #[allow(clippy::disallowed_methods)]
    async fn enter(gate: &Arc<Gate>, room: impl Fn() -> usize) -> Place {
        gate.enter(room, Instant::now()).await
    }

    #[test]
    fn no_more_are_let_in_than_there_is_room_for_and_the_first_comes_first() {
        let gate = Arc::<Gate>::default();
        let one = enter(&gate, || 1).now_or_never().unwrap();
        let mut second = Box::pin(enter(&gate, || 1));
        let mut third = Box::pin(enter(&gate, || 1));
        assert!(second.as_mut().now_or_never().is_none());
        assert!(third.as_mut().now_or_never().is_none());
        drop(one);
        assert!(third.as_mut().now_or_never().is_none());
        assert!(
            enter(&gate, || 1).now_or_never().is_none(),
            "not before those who wait"
        );
        let two = second.now_or_never().unwrap();
        drop(two);
        assert!(third.now_or_never().is_some());
    }

    #[test]
    fn whoever_leaves_the_queue_is_not_waited_for() {
        let gate = Arc::<Gate>::default();
        let one = enter(&gate, || 1).now_or_never().unwrap();
        let mut second = Box::pin(enter(&gate, || 1));
        let mut third = Box::pin(enter(&gate, || 1));
        assert!(second.as_mut().now_or_never().is_none());
        assert!(third.as_mut().now_or_never().is_none());
        drop(one);
        drop(second);
        assert!(third.now_or_never().is_some());
        assert_eq!(gate.lock().inside, 0);
        assert!(gate.lock().waiting.is_empty());
    }

    #[test]
    fn room_that_grows_lets_all_in_one_after_the_other() {
        let gate = Arc::<Gate>::default();
        let room = AtomicUsize::new(1);
        let size = || room.load(Ordering::SeqCst);
        let one = enter(&gate, size).now_or_never().unwrap();
        let mut waiting: Vec<_> = (0..10).map(|_| Box::pin(enter(&gate, size))).collect();
        for each in &mut waiting {
            assert!(each.as_mut().now_or_never().is_none());
        }
        room.store(5, Ordering::SeqCst);
        drop(one);
        let mut inside = Vec::new();
        for each in &mut waiting {
            inside.extend(each.as_mut().now_or_never());
        }
        assert_eq!(inside.len(), 5);
    }
}
