//! What a session does with its sets besides sending: outdating, pings, counting, the end.

use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};

use super::seat::{Left, Seat};
use super::set::{Set, State};
use crate::Error;
use crate::clock::later;
use crate::session::ConnectionStats;

impl Set {
    /// Closes what has been idle for so long; tells how many.
    pub(crate) fn outdate(self: &Arc<Self>, age: Duration, now: Instant) -> usize {
        let is_old = |seat: &Seat| {
            !seat.draining && seat.awaited() == 0 && now >= later(seat.idle_since, age)
        };
        let left = Left::new(&mut self.lock().seats, is_old);
        self.let_go(left)
    }

    /// Since when the connection has been idle that has been so for the longest.
    pub(crate) fn longest_idle(&self) -> Option<Instant> {
        let state = self.lock();
        let idle = state
            .seats
            .iter()
            .filter(|s| !s.draining && s.awaited() == 0);
        idle.map(|seat| seat.idle_since).min()
    }

    /// Pings what has been idle for the interval, and what is busy and silent; leaves what is too
    /// old. Tells when the next look is due.
    pub(crate) fn keep_alive(self: &Arc<Self>, now: Instant) -> Option<Instant> {
        let config = &self.shared.config;
        let mut next = Vec::new();
        let mut over = Vec::new();
        let mut state = self.lock();
        for seat in &mut state.seats {
            next.extend(seat.watch_silence(config.probe_after, now));
            next.extend(seat.keep_alive(config.ping_interval, now));
            next.extend(seat.expires_at.filter(|_| !seat.draining));
            match seat.ends_by(config.probe_after, now) {
                // Left, and with nothing to wait for, it would have ended by itself.
                Some(by) if by <= now => over.push(seat.link.clone()),
                by => next.extend(by),
            }
        }
        let is_too_old =
            |seat: &Seat| !seat.draining && seat.expires_at.is_some_and(|at| at <= now);
        let left = Left::new(&mut state.seats, is_too_old);
        drop(state);
        over.iter().for_each(|link| link.close());
        if !left.is_empty() {
            tracing::debug!(target = %self.key.target, "connections left for their age");
            self.let_go(left);
            self.serve();
        }
        next.into_iter().filter(|at| *at > now).min()
    }

    /// Takes streams from those who don't fetch them, if others wait; tells when to look again.
    pub(crate) fn reclaim(self: &Arc<Self>, now: Instant) -> Option<Instant> {
        let mut state = self.lock();
        match state.reclaim_at {
            None => return None,
            Some(at) if at > now => return Some(at),
            Some(_) => state.reclaim_at = None,
        }
        let links = state.waiters.reclaim();
        drop(state);
        for link in &links {
            self.release(link);
        }
        let mut state = self.lock();
        self.is_newly_held_up(&mut state);
        state.reclaim_at
    }

    /// Takes no more requests; those that wait end with this error.
    pub(crate) fn close(self: &Arc<Self>, error: &Error) -> usize {
        let mut state = self.lock();
        state.closed = Some(error.clone());
        let wakers = state.waiters.fail(error);
        let paused = state.paused.iter_mut();
        let paused: Vec<_> = paused.filter_map(|(_, waker)| waker.take()).collect();
        drop(state);
        let failed = wakers.len();
        wakers.into_iter().chain(paused).for_each(Waker::wake);
        self.hangup.hang_up();
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

    /// Whether there is no connection, nor one that is being dialled.
    pub(crate) fn is_disconnected(&self) -> bool {
        let state = self.lock();
        state.seats.is_empty() && !state.dialling
    }

    /// Each of the connections, for those who watch.
    pub(crate) fn connections(&self, now: Instant) -> Vec<ConnectionStats> {
        let state = self.lock();
        let stats = |seat: &Seat| ConnectionStats {
            id: seat.link.id,
            destination: self.key.target.authority(),
            peer_addr: seat.link.wire.peer_addr(),
            age: now.saturating_duration_since(seat.connected_at),
            stream_limit: seat.limit,
            open_streams: seat.open,
            abandoned_streams: u32::try_from(seat.abandoned).unwrap_or(0),
            draining: seat.draining,
            sent: seat.link.sent(),
            answered: seat.link.counters.answered.read(),
            resent: seat.link.counters.resent.read(),
            refused: seat.link.counters.refused.read(),
            lost: seat.link.counters.lost.read(),
            resets: seat.link.counters.resets.read(),
            goaway: seat.link.observed.goaway(),
        };
        state.seats.iter().map(stats).collect()
    }

    /// Whether nothing is here that would be missed.
    pub(crate) fn is_empty(&self) -> bool {
        let state = self.lock();
        state.seats.is_empty() && state.waiters.is_empty() && !state.dialling
    }
}

fn in_flight(state: &State) -> usize {
    let seats = state.seats.iter();
    seats.map(|seat| seat.awaited() as usize).sum()
}
