//! What a session does with its sets besides sending: outdating, pings, counting, the end.

use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};

use super::set::{Set, State};
use crate::Error;
use crate::clock::later;

impl Set {
    /// Closes what has been idle for so long; tells how many.
    pub(crate) fn outdate(self: &Arc<Self>, age: Duration, now: Instant) -> usize {
        let mut links = Vec::new();
        let mut state = self.lock();
        for seat in &mut state.seats {
            if !seat.draining && seat.open == 0 && now >= later(seat.idle_since, age) {
                seat.draining = true;
                links.push(seat.link.clone());
            }
        }
        drop(state);
        links.iter().for_each(|link| link.retire());
        links.len()
    }

    /// Since when the connection has been idle that has been so for the longest.
    pub(crate) fn longest_idle(&self) -> Option<Instant> {
        let state = self.lock();
        let idle = state.seats.iter().filter(|s| !s.draining && s.open == 0);
        idle.map(|seat| seat.idle_since).min()
    }

    /// Pings what has been idle for the interval; tells when the next one is due.
    pub(crate) fn keep_alive(&self, interval: Duration, now: Instant) -> Option<Instant> {
        let mut state = self.lock();
        let mut next = None;
        for seat in state.seats.iter_mut().filter(|seat| !seat.draining) {
            if seat.open == 0 && !seat.probing && now >= later(seat.alive_at, interval) {
                seat.probing = true;
                seat.link.ping();
            }
            let due = later(seat.alive_at, interval);
            let due = if due <= now {
                later(now, interval)
            } else {
                due
            };
            next = Some(next.map_or(due, |next: Instant| next.min(due)));
        }
        next
    }

    /// Takes no more requests; those that wait end with this error.
    pub(crate) fn close(self: &Arc<Self>, error: &Error) -> usize {
        let mut state = self.lock();
        state.closed = Some(error.clone());
        let wakers = state.waiters.fail(error);
        drop(state);
        let failed = wakers.len();
        wakers.into_iter().for_each(Waker::wake);
        self.retire_all();
        failed
    }

    /// Ends all connections now; tells how many requests were under way.
    pub(crate) fn abort(&self) -> usize {
        let state = self.lock();
        let links: Vec<_> = state.seats.iter().map(|seat| seat.link.clone()).collect();
        let under_way = in_flight(&state);
        drop(state);
        links.iter().for_each(|link| link.close());
        under_way
    }

    /// Connections, requests that wait, requests under way.
    pub(crate) fn census(&self) -> (usize, usize, usize) {
        let state = self.lock();
        (
            state.seats.len(),
            state.waiters.waiting(),
            in_flight(&state),
        )
    }

    /// Whether nothing is here that would be missed.
    pub(crate) fn is_empty(&self) -> bool {
        let state = self.lock();
        state.seats.is_empty() && state.waiters.is_empty() && !state.dialling
    }
}

fn in_flight(state: &State) -> usize {
    let seats = state.seats.iter();
    seats
        .map(|seat| (seat.open - seat.abandoned) as usize)
        .sum()
}
