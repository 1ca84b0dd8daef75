use std::collections::VecDeque;
use std::sync::Arc;
use std::task::Waker;

use slab::Slab;

use super::link::Link;
use crate::Error;

/// What a waiter is served: a connection on which a stream is kept for it, or an error.
pub(crate) type Served = Result<Arc<Link>, Error>;

/// Requests that wait for a stream, first come first served.
///
/// A stream is handed over to its waiter, not offered to whoever comes first: nobody overtakes,
/// and a waiter that goes away passes on what it was given.
#[derive(Debug, Default)]
pub(crate) struct Waiters {
    entries: Slab<Entry>,
    /// Slab keys with tickets: a key whose ticket does not fit belongs to one that has left.
    queue: VecDeque<(usize, u64)>,
    tickets: u64,
    waiting: usize,
}

#[derive(Debug)]
struct Entry {
    ticket: u64,
    state: State,
}

#[derive(Debug)]
enum State {
    Waiting(Waker),
    Served(Served),
}

impl Waiters {
    /// How many wait and were not served yet.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting == 0
    }

    pub(crate) fn join(&mut self, waker: Waker) -> usize {
        self.tickets += 1;
        self.waiting += 1;
        let key = self.entries.insert(Entry {
            ticket: self.tickets,
            state: State::Waiting(waker),
        });
        self.queue.push_back((key, self.tickets));
        key
    }

    /// What this waiter was served; its place is gone then.
    pub(crate) fn look(&mut self, key: usize, waker: &Waker) -> Option<Served> {
        if let State::Waiting(known) = &mut self.entries.get_mut(key)?.state {
            known.clone_from(waker);
            return None;
        }
        self.leave(key)
    }

    /// Takes a waiter out; gives back what it was served and did not take.
    pub(crate) fn leave(&mut self, key: usize) -> Option<Served> {
        match self.entries.try_remove(key)?.state {
            State::Served(served) => Some(served),
            State::Waiting(_) => {
                self.waiting -= 1;
                if self.queue.len() > 2 * self.waiting + 64 {
                    let entries = &self.entries;
                    self.queue
                        .retain(|(key, ticket)| is_waiting(entries, *key, *ticket));
                }
                None
            }
        }
    }

    /// Serves the first in the queue; gives its waker, to be woken outside all locks.
    pub(crate) fn serve(&mut self, with: Served) -> Option<Waker> {
        while let Some((key, ticket)) = self.queue.pop_front() {
            if let Some(entry) = self.entries.get_mut(key)
                && entry.ticket == ticket
                && let State::Waiting(waker) =
                    std::mem::replace(&mut entry.state, State::Served(with.clone()))
            {
                self.waiting -= 1;
                return Some(waker);
            }
        }
        None
    }

    /// Serves everybody an error.
    pub(crate) fn fail(&mut self, error: &Error) -> Vec<Waker> {
        std::iter::from_fn(|| self.serve(Err(error.clone()))).collect()
    }
}

fn is_waiting(entries: &Slab<Entry>, key: usize, ticket: u64) -> bool {
    entries
        .get(key)
        .is_some_and(|entry| entry.ticket == ticket && matches!(entry.state, State::Waiting(_)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    #[test]
    fn those_who_left_take_no_room() {
        let mut waiters = Waiters::default();
        let steady = waiters.join(Waker::noop().clone());
        for _ in 0..10_000 {
            let key = waiters.join(Waker::noop().clone());
            assert!(waiters.leave(key).is_none());
        }
        assert!(waiters.queue.len() < 200, "{}", waiters.queue.len());
        assert!(
            waiters
                .serve(Err(Error::new(ErrorKind::Closed, "closed")))
                .is_some()
        );
        assert!(waiters.leave(steady).is_some());
    }

    #[test]
    fn who_left_is_passed_over_and_a_reused_place_waits_its_turn() {
        let mut waiters = Waiters::default();
        let waker = Waker::noop();
        let first = waiters.join(waker.clone());
        let second = waiters.join(waker.clone());
        assert!(waiters.leave(first).is_none());
        let third = waiters.join(waker.clone());
        assert_eq!(first, third, "the slab gives the place away again");

        let error = Error::new(ErrorKind::Closed, "closed");
        assert!(waiters.serve(Err(error.clone())).is_some());
        assert!(waiters.look(third, waker).is_none());
        assert!(waiters.look(second, waker).is_some());
        assert_eq!(waiters.waiting(), 1);
        assert_eq!(waiters.fail(&error).len(), 1);
        assert!(waiters.leave(third).is_some());
    }
}
