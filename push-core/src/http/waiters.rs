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
/// and a waiter that goes away passes on what it was given. One that does not fetch what it was
/// given, since nobody polls it, loses it to those behind it, and keeps its turn.
#[derive(Debug, Default)]
pub(crate) struct Waiters {
    entries: Slab<Entry>,
    /// Slab keys with tickets: a key whose ticket does not fit belongs to one that has left.
    queue: VecDeque<(usize, u64)>,
    tickets: u64,
    waiting: usize,
    /// How many were given a stream and have not fetched it.
    untaken: usize,
    /// Counts the calls of [`reclaim`](Self::reclaim).
    round: u32,
}

#[derive(Debug)]
struct Entry {
    ticket: u64,
    state: State,
}

#[derive(Debug)]
enum State {
    Waiting(Waker),
    /// Since this round.
    Served(Served, u32),
    /// It did not fetch what it was given.
    Missed,
}

/// What a waiter finds when it looks.
#[derive(Debug)]
pub(crate) enum Look {
    /// What it was served; its place is gone.
    Served(Served),
    /// Nothing yet.
    Wait,
    /// Nothing any more: it was too late, and stands first in the queue again.
    Missed,
}

impl Waiters {
    /// How many wait and were not served yet.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting == 0
    }

    /// Whether some wait while others don't fetch what they were given.
    pub(crate) fn are_held_up(&self) -> bool {
        self.waiting > 0 && self.untaken > 0
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

    pub(crate) fn look(&mut self, key: usize, waker: &Waker) -> Look {
        let Some(entry) = self.entries.get_mut(key) else {
            return Look::Wait;
        };
        match &mut entry.state {
            State::Waiting(known) => {
                known.clone_from(waker);
                Look::Wait
            }
            State::Missed => {
                entry.state = State::Waiting(waker.clone());
                self.queue.push_front((key, entry.ticket));
                self.waiting += 1;
                Look::Missed
            }
            State::Served(..) => self.leave(key).map_or(Look::Wait, Look::Served),
        }
    }

    /// Takes a waiter out; gives back what it was served and did not take.
    pub(crate) fn leave(&mut self, key: usize) -> Option<Served> {
        match self.entries.try_remove(key)?.state {
            State::Served(served, _) => {
                self.untaken -= usize::from(served.is_ok());
                Some(served)
            }
            State::Missed => None,
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
                && matches!(entry.state, State::Waiting(_))
            {
                self.untaken += usize::from(with.is_ok());
                let served = State::Served(with, self.round);
                let State::Waiting(waker) = std::mem::replace(&mut entry.state, served) else {
                    return None;
                };
                self.waiting -= 1;
                return Some(waker);
            }
        }
        None
    }

    /// Serves everybody an error.
    pub(crate) fn fail(&mut self, error: &Error) -> Vec<Waker> {
        for (_, entry) in &mut self.entries {
            if matches!(entry.state, State::Missed) {
                entry.state = State::Served(Err(error.clone()), self.round);
            }
        }
        std::iter::from_fn(|| self.serve(Err(error.clone()))).collect()
    }

    /// Takes back what was not fetched since the call before the last.
    pub(crate) fn reclaim(&mut self) -> Vec<Arc<Link>> {
        self.round = self.round.wrapping_add(1);
        let mut links = Vec::new();
        for (_, entry) in &mut self.entries {
            if let State::Served(Ok(link), since) = &entry.state
                && self.round.wrapping_sub(*since) > 1
            {
                links.push(link.clone());
                entry.state = State::Missed;
            }
        }
        self.untaken -= links.len();
        links
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
        assert!(matches!(waiters.look(third, waker), Look::Wait));
        assert!(matches!(waiters.look(second, waker), Look::Served(_)));
        assert_eq!(waiters.waiting(), 1);
        assert_eq!(waiters.fail(&error).len(), 1);
        assert!(waiters.leave(third).is_some());
    }
}
