//! How connections are left, how they fail, and what follows from it for the next dial.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Waker;
use std::time::Duration;

use super::dial::was_declined;
use super::link::Link;
use super::seat::{Left, Seat, find};
use super::set::{Set, State};
use super::tally::Event;
use crate::clock::later;
use crate::session::wait_after;
use crate::{Error, ErrorKind, Result};

/// A connection that its peer ends sooner than this is not replaced at once.
const SHORT_LIFE: Duration = Duration::from_secs(10);

/// The longest wait before a connection that had answered is replaced.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// So many answers of a connection halve the wait for the next, twice as many leave a third of it.
const WORTH_A_DIAL: u64 = 100;

impl Set {
    /// The dial is over, well or badly; the next one may begin.
    pub(crate) fn dialled(self: &Arc<Self>, outcome: Result<()>) {
        let mut state = self.lock();
        state.dialling = false;
        let mut wakers = Vec::new();
        let mut runtime_gone = false;
        if let Err(error) = outcome {
            runtime_gone = error.kind() == ErrorKind::RuntimeGone;
            // A server that chose another protocol did not fail.
            let declined = was_declined(&error);
            let error = match declined {
                true => error,
                false => {
                    self.tally.count(Event::DialFailed);
                    state.back_off.dial_failed(&self.shared, error)
                }
            };
            // Where it would only have been one more connection, those that there are go on. But
            // who waits can go by the other protocol; to dial anew for them could end the same way,
            // again and again.
            if runtime_gone || declined || !state.seats.iter().any(Seat::is_of_use) {
                wakers = state.waiters.fail(&error);
            }
        }
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
        // Where tasks are dropped as they are spawned, another dial would end the same way.
        if !runtime_gone {
            self.serve();
        }
        self.tell_waiting();
        // It may have been what kept the janitor, or a shutdown.
        self.shared.bell.ring();
        self.shared.places.freed();
    }

    /// A connection takes no more requests from now on, and ends when the last one has ended.
    pub(crate) fn retire(self: &Arc<Self>, link: &Arc<Link>) {
        self.drain(|seat| Arc::ptr_eq(&seat.link, link));
    }

    /// Ditto, all of them.
    pub(crate) fn retire_all(self: &Arc<Self>) {
        self.drain(|_| true);
    }

    fn drain(self: &Arc<Self>, which: impl Fn(&Seat) -> bool) {
        let left = Left::new(&mut self.lock().seats, which);
        self.let_go(left);
        self.serve();
    }

    /// Lets connections end that take no more requests; tells how many they are.
    pub(super) fn let_go(&self, left: Left) -> usize {
        let connections = left.let_go();
        if connections > 0 {
            // The janitor sees to it that they do.
            self.shared.bell.ring();
        }
        connections
    }

    /// Lets the connections drain, and sends those who wait elsewhere.
    pub(crate) fn leave(self: &Arc<Self>) {
        self.generation.fetch_add(1, Ordering::AcqRel);
        let mut state = self.lock();
        let mut wakers = state.waiters.fail(&Self::moved());
        wakers.extend(
            state
                .paused
                .iter_mut()
                .filter_map(|(_, waker)| waker.take()),
        );
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
        self.retire_all();
    }

    /// Changes when requests are sent elsewhere.
    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    pub(crate) fn moved() -> Error {
        let message = "the connections were left while the request waited for one";
        Error::new(ErrorKind::Moved, message)
    }

    /// A connection has ended, with an error or without; one that we left in order is none that
    /// failed.
    pub(crate) fn failed(&self, link: &Arc<Link>, why: Option<Error>) {
        if let Some(why) = &why {
            tracing::debug!(link = link.id, error = %why.report(), "connection lost");
        }
        let mut state = self.lock();
        let left = find(&mut state.seats, link).is_none_or(|seat| seat.draining);
        if why.is_some() || !left {
            self.count_failure(&mut state, link, why);
        }
    }

    /// The peer asks for calm: its connection is left, and the next one waits.
    pub(crate) fn calm(self: &Arc<Self>, link: &Arc<Link>) {
        let mut state = self.lock();
        if find(&mut state.seats, link).is_some_and(|seat| !seat.draining) {
            let error = Error::new(ErrorKind::Refused, "the server asked for calm");
            state.back_off.failed(&self.shared, error);
        }
        drop(state);
        self.retire(link);
    }

    /// A request saw its connection end, maybe before the connection's own task did: what is
    /// dialled from now on comes after a failure.
    pub(crate) fn broke(&self, link: &Arc<Link>, error: &h2::Error) {
        let mut state = self.lock();
        if find(&mut state.seats, link).is_some_and(|seat| !seat.failed) {
            let why = Error::new(ErrorKind::Connect, "the connection was lost");
            let why = why.with_source(error.to_string());
            self.count_failure(&mut state, link, Some(why));
        }
    }

    /// The limit of streams has been zero for too long: it is of no use until it is raised, and
    /// others are dialled, as after one that has ended.
    pub(crate) fn shut(self: &Arc<Self>, link: &Arc<Link>) {
        let mut state = self.lock();
        let newly = find(&mut state.seats, link).is_some_and(|seat| {
            !seat.draining && seat.limit == 0 && !std::mem::replace(&mut seat.shut, true)
        });
        if newly {
            let why = "the server takes no streams on its connections";
            let why = Error::new(ErrorKind::Refused, why);
            self.count_failure(&mut state, link, Some(why));
        }
        drop(state);
        if newly {
            self.serve();
        }
    }

    /// Counts a connection that its peer ended. Dials that lead to nothing are spaced like dials
    /// that fail; and where connections answer and end soon, one after the other, each is replaced
    /// a little later than the last.
    pub(super) fn count_failure(&self, state: &mut State, link: &Arc<Link>, why: Option<Error>) {
        let Some(seat) = find(&mut state.seats, link) else {
            return;
        };
        if std::mem::replace(&mut seat.failed, true) {
            return;
        }
        if link.observed.has_answered() {
            let now = self.shared.backend.now();
            let lived = now.saturating_duration_since(seat.connected_at);
            if lived >= SHORT_LIFE {
                state.short_lives = 0;
                return;
            }
            state.short_lives = state.short_lives.saturating_add(1);
            let pause = wait_after(&self.shared, state.short_lives) / 10;
            let pause = pause.min(LONGEST_PAUSE);
            // One that carried much was worth its handshake.
            let answered = link.counters.answered.read() / WORTH_A_DIAL;
            let worth = u32::try_from(answered).unwrap_or(u32::MAX);
            let pause = pause / worth.saturating_add(1);
            state.back_off.postpone(later(now, pause));
            return;
        }
        let error = match (link.observed.goaway(), why) {
            (Some(goaway), _) => {
                let message = format!("the server closed the connection: {goaway}");
                Error::new(ErrorKind::Connect, message).with_goaway(goaway)
            }
            (None, Some(why)) => why,
            (None, None) => Error::new(ErrorKind::Connect, "the server closed the connection"),
        };
        state.back_off.failed(&self.shared, error);
    }

    /// A connection is gone.
    pub(crate) fn ended(self: &Arc<Self>, link: &Arc<Link>) {
        let mut state = self.lock();
        state.seats.retain(|seat| !Arc::ptr_eq(&seat.link, link));
        drop(state);
        self.shared.places.freed();
        self.shared.bell.ring();
        self.serve();
    }

    /// The error of a connection that `h2` gave up.
    pub(crate) fn lost_connection(error: h2::Error) -> Error {
        let kind = if error.is_io() {
            ErrorKind::Connect
        } else {
            ErrorKind::Protocol
        };
        Error::new(kind, "the connection was lost").with_source(error)
    }
}
