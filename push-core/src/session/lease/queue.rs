use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::Waker;

use super::line::Line;
use crate::{Error, Result};

/// A place in the queue: the lower ones come first.
pub(super) type Ticket = i64;

/// Leases that wait for a connection, first come first served. One is handed its connection, not
/// told that there may be one: nobody overtakes.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: BTreeMap<Ticket, Waiting>,
    /// What was not fetched yet.
    served: BTreeMap<Ticket, Result<Arc<Line>>>,
    last: Ticket,
    first: Ticket,
}

#[derive(Debug)]
struct Waiting {
    waker: Waker,
    /// Takes a new connection only.
    fresh: bool,
}

/// What one finds who looks. A waker that is of no use any more is to be dropped outside all locks,
/// since a task can go with it.
#[derive(Debug)]
pub(super) enum Look {
    Waiting { former: Option<Waker> },
    Served(Result<Arc<Line>>),
}

/// What is left behind by one that leaves.
#[derive(Debug)]
pub(super) enum Left {
    Waiting(Waker),
    Served(Option<Arc<Line>>),
}

impl Queue {
    /// Behind all others, or before them: who had a connection already keeps its turn.
    pub(super) fn join(&mut self, waker: Waker, fresh: bool, first: bool) -> Ticket {
        let ticket = if first {
            self.first -= 1;
            self.first
        } else {
            self.last += 1;
            self.last
        };
        self.waiting.insert(ticket, Waiting { waker, fresh });
        ticket
    }

    pub(super) fn look(&mut self, ticket: Ticket, waker: &Waker) -> Look {
        if let Some(waiting) = self.waiting.get_mut(&ticket) {
            let is_known = waiting.waker.will_wake(waker);
            let former = (!is_known).then(|| std::mem::replace(&mut waiting.waker, waker.clone()));
            return Look::Waiting { former };
        }
        match self.served.remove(&ticket) {
            Some(served) => Look::Served(served),
            None => Look::Waiting { former: None },
        }
    }

    /// Takes one out; what it was served and has not fetched is given back.
    pub(super) fn leave(&mut self, ticket: Ticket) -> Left {
        match self.waiting.remove(&ticket) {
            Some(waiting) => Left::Waiting(waiting.waker),
            None => Left::Served(self.served.remove(&ticket).and_then(Result::ok)),
        }
    }

    /// Who waits behind this ticket, and whether for a new connection only.
    pub(super) fn after(&self, ticket: Option<Ticket>) -> Option<(Ticket, bool)> {
        use std::ops::Bound::{Excluded, Unbounded};
        let from = ticket.map_or(Unbounded, Excluded);
        let mut rest = self.waiting.range((from, Unbounded));
        rest.next()
            .map(|(ticket, waiting)| (*ticket, waiting.fresh))
    }

    /// Serves one; gives its waker, to be woken outside all locks.
    pub(super) fn serve(&mut self, ticket: Ticket, with: Result<Arc<Line>>) -> Option<Waker> {
        let waiting = self.waiting.remove(&ticket)?;
        self.served.insert(ticket, with);
        Some(waiting.waker)
    }

    /// Serves all but so many of the first ones an error.
    pub(super) fn fail(&mut self, spare: usize, error: &Error) -> Vec<Waker> {
        let tickets: Vec<_> = self.waiting.keys().copied().skip(spare).collect();
        let served = tickets.into_iter();
        served
            .filter_map(|ticket| self.serve(ticket, Err(error.clone())))
            .collect()
    }

    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Whether one waits, and at least so many others come before it.
    pub(super) fn is_behind(&self, ticket: Ticket, others: usize) -> bool {
        self.waiting.contains_key(&ticket)
            && self.waiting.range(..ticket).take(others).count() == others
    }
}
