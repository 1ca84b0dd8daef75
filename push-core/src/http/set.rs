//! The connections of one key: who gets which stream, when another connection is dialled, and
//! when one is left.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::{Duration, Instant};

use super::acquire::{Acquire, End};
use super::credential::Authorize;
use super::dial;
use super::link::Link;
use super::seat::{Seat, find};
use super::waiters::Waiters;
use crate::clock::later;
use crate::session::{Key, Shared, Watch};
use crate::{Certificate, Error, ErrorKind, Lock, Result};

pub(crate) struct Set {
    /// In the order in which the session made them.
    pub(crate) number: u64,
    pub(crate) key: Key,
    credentials: Mutex<Credentials>,
    pub(crate) shared: Arc<Shared>,
    /// Held over "look, else dial".
    pub(crate) dial_lock: Arc<dyn Lock>,
    state: Mutex<State>,
    ids: AtomicU64,
    /// How often requests were sent elsewhere.
    generation: AtomicU64,
    /// How many streams the connections take together.
    capacity: AtomicU64,
}

/// What new connections are made with.
type Credentials = (Option<Arc<dyn Certificate>>, Option<Arc<dyn Authorize>>);

#[derive(Default)]
pub(super) struct State {
    pub(super) seats: Vec<Seat>,
    pub(super) waiters: Waiters,
    pub(super) dialling: bool,
    /// Dials that failed, and connections that ended without one answer, since the last answer.
    pub(super) failures: u32,
    /// When the last of them failed.
    pub(super) failed_at: Option<Instant>,
    /// No dial before this time: the back-off.
    pub(super) not_before: Option<Instant>,
    /// Why the last connection did not come about or ended early, for those who wait in vain.
    pub(super) last_failure: Option<Error>,
    pub(super) closed: Option<Error>,
}

impl Set {
    pub(crate) fn new(
        number: u64,
        key: Key,
        certificate: Option<Arc<dyn Certificate>>,
        authorize: Option<Arc<dyn Authorize>>,
        shared: Arc<Shared>,
    ) -> Self {
        Self {
            number,
            key,
            credentials: Mutex::new((certificate, authorize)),
            dial_lock: shared.backend.create_lock(),
            shared,
            state: Mutex::default(),
            ids: AtomicU64::new(1),
            generation: AtomicU64::new(0),
            capacity: AtomicU64::new(0),
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on, new connections are made with these.
    pub(crate) fn adopt(
        &self,
        certificate: Option<Arc<dyn Certificate>>,
        authorize: Option<Arc<dyn Authorize>>,
    ) {
        let mut credentials = self
            .credentials
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *credentials = (certificate, authorize);
    }

    pub(crate) fn credentials(&self) -> Credentials {
        self.credentials
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn next_id(&self) -> u64 {
        self.ids.fetch_add(1, Ordering::Relaxed)
    }

    /// Waits for a stream on one of the connections.
    pub(crate) fn acquire<'a>(self: &'a Arc<Self>, watch: &'a mut Watch) -> Acquire<'a> {
        Acquire::new(self, watch)
    }

    /// Whether a connection stands ready.
    pub(crate) fn is_connected(&self) -> bool {
        let now = self.shared.backend.now();
        let stale = self.shared.config.probe_after;
        let state = self.lock();
        state
            .seats
            .iter()
            .any(|seat| !seat.draining && !seat.probing && now < later(seat.alive_at, stale))
    }

    /// A new connection came about.
    pub(crate) fn connected(&self, link: Arc<Link>) {
        let now = self.shared.backend.now();
        let mut state = self.lock();
        let closed = state.closed.is_some();
        // It takes the place of those that are of no use.
        let mut left = Vec::new();
        for seat in state.seats.iter_mut().filter(|seat| seat.hung) {
            seat.draining = true;
            left.push(seat.link.clone());
        }
        state.seats.push(Seat {
            limit: self.limit_of(&link),
            open: 0,
            abandoned: 0,
            answered: false,
            proven: false,
            draining: closed,
            dismissed: false,
            failed: false,
            hung: false,
            probing: false,
            vouched: false,
            connected_at: now,
            idle_since: now,
            alive_at: now,
            link: link.clone(),
        });
        drop(state);
        left.iter().for_each(|link| link.close());
        if closed {
            link.retire();
        }
        self.shared.bell.ring();
    }

    /// The dial is over, well or badly; the next one may begin.
    pub(crate) fn dialled(self: &Arc<Self>, outcome: Result<()>) {
        let mut state = self.lock();
        state.dialling = false;
        let mut wakers = Vec::new();
        let mut runtime_gone = false;
        if let Err(error) = outcome {
            self.shared.counters.failed_dials.count();
            runtime_gone = error.kind() == ErrorKind::RuntimeGone;
            let error = self.back_off(&mut state, error);
            // Where it would only have been one more connection, those that there are go on.
            if runtime_gone || !state.seats.iter().any(Seat::is_of_use) {
                wakers = state.waiters.fail(&error);
            }
        }
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
        // Where tasks are dropped as they are spawned, another dial would end the same way.
        if !runtime_gone {
            self.serve();
        }
        // It may have been what kept the janitor.
        self.shared.bell.ring();
    }

    /// Counts a failure and sets the time before which there is no other dial.
    fn back_off(&self, state: &mut State, error: Error) -> Error {
        state.failures = state.failures.saturating_add(1);
        let wait = self
            .shared
            .config
            .back_off
            .delay(
                state.failures,
                Duration::ZERO,
                None,
                self.shared.backend.jitter(),
            )
            .unwrap_or_default();
        let now = self.shared.backend.now();
        state.failed_at = Some(now);
        state.not_before = Some(later(now, wait));
        let error = error.with_retry_after(wait);
        state.last_failure = Some(error.clone());
        error
    }

    /// The time before which a dial must not begin; `None` when it may begin now.
    pub(crate) fn not_before(&self) -> Option<Instant> {
        self.lock().not_before
    }

    /// Whether anybody still needs the connection that is about to be dialled.
    pub(crate) fn is_wanted(&self) -> bool {
        let state = self.lock();
        state.closed.is_none() && !state.waiters.is_empty()
    }

    fn limit_of(&self, link: &Link) -> u32 {
        link.observed
            .max_streams()
            .min(self.shared.config.max_streams)
    }

    /// How many requests can be under way at once on the connections that there are.
    pub(crate) fn capacity(&self) -> usize {
        usize::try_from(self.capacity.load(Ordering::Relaxed)).unwrap_or(usize::MAX)
    }

    /// Gives free streams to those who wait, and dials where there are none. Called after every
    /// change of the connections.
    pub(crate) fn serve(self: &Arc<Self>) {
        let mut wakers = Vec::new();
        let mut state = self.lock();
        let of_use = state.seats.iter().filter(|seat| seat.is_of_use());
        let capacity = of_use.map(|seat| u64::from(seat.limit)).sum();
        self.capacity.store(capacity, Ordering::Relaxed);
        while !state.waiters.is_empty() {
            let Some(link) = self.take_stream(&mut state) else {
                break;
            };
            wakers.extend(state.waiters.serve(Ok(link)));
        }
        let dial = self.wants_dial(&mut state);
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
        if dial {
            dial::start(self);
        }
    }

    /// Takes a stream of the connection with the fewest open ones.
    pub(super) fn take_stream(&self, state: &mut State) -> Option<Arc<Link>> {
        loop {
            let seat = state
                .seats
                .iter_mut()
                .filter(|seat| seat.has_room())
                .min_by_key(|seat| seat.open)?;
            let vouched = std::mem::take(&mut seat.vouched);
            if seat.open == 0 && !vouched && self.is_stale(seat) {
                seat.probing = true;
                seat.link.ping();
                continue;
            }
            seat.open += 1;
            return Some(seat.link.clone());
        }
    }

    fn is_stale(&self, seat: &Seat) -> bool {
        self.shared.backend.now() >= later(seat.alive_at, self.shared.config.probe_after)
    }

    /// Whether to dial now; if so, the dial counts as begun.
    pub(super) fn wants_dial(&self, state: &mut State) -> bool {
        let taking = state.seats.iter().filter(|seat| seat.is_of_use()).count();
        let wanted = !state.dialling
            && state.closed.is_none()
            && !state.waiters.is_empty()
            && taking < self.shared.config.max_connections_per_key
            && !state
                .seats
                .iter()
                .any(|seat| seat.probing || seat.may_grow());
        state.dialling |= wanted;
        wanted
    }

    /// A stream has ended.
    pub(super) fn release(self: &Arc<Self>, link: &Arc<Link>, end: End) {
        let mut state = self.lock();
        let state_ref = &mut *state;
        let Some(seat) = find(&mut state_ref.seats, link) else {
            return;
        };
        seat.open = seat.open.saturating_sub(1);
        seat.hung = false;
        if end != End::Unanswered {
            seat.answered = true;
            seat.proven |= end == End::Succeeded;
            // A connection from before the failure proves nothing about the next dial.
            if state_ref
                .failed_at
                .is_some_and(|at| seat.connected_at >= at)
            {
                state_ref.failed_at = None;
                state_ref.failures = 0;
                state_ref.not_before = None;
                state_ref.last_failure = None;
            }
        }
        if seat.open == 0 {
            seat.idle_since = self.shared.backend.now();
            seat.alive_at = seat.idle_since;
        }
        let over = seat.is_over();
        let quiet = seat.open == seat.abandoned;
        let anybody = !state_ref.waiters.is_empty();
        drop(state);
        if over {
            link.close();
        }
        if anybody {
            self.serve();
        }
        if quiet {
            self.shared.places.freed();
        }
    }

    pub(super) fn abandoned(&self, link: &Arc<Link>, more: bool) {
        let mut state = self.lock();
        let Some(seat) = find(&mut state.seats, link) else {
            return;
        };
        if !more {
            seat.abandoned = seat.abandoned.saturating_sub(1);
            return;
        }
        seat.abandoned += 1;
        // More than half of what it takes, where that is less.
        let most = self.shared.config.max_abandoned;
        let most = most.min((seat.limit / 2).max(1) as usize);
        let too_many = seat.abandoned as usize > most;
        if too_many && !seat.draining {
            tracing::debug!(link = link.id, "too many abandoned streams: left");
            seat.draining = true;
        }
        let over = seat.is_over();
        let quiet = seat.open == seat.abandoned;
        drop(state);
        if too_many {
            link.retire();
        }
        if over {
            link.close();
        }
        if quiet {
            self.shared.places.freed();
        }
    }

    /// Settings or a GOAWAY came.
    pub(crate) fn news(self: &Arc<Self>, link: &Arc<Link>) {
        let goaway = link.observed.goaway();
        let mut state = self.lock();
        let state_ref = &mut *state;
        let Some(seat) = find(&mut state_ref.seats, link) else {
            return;
        };
        seat.limit = self.limit_of(link);
        let Some(goaway) = goaway else {
            drop(state);
            return self.serve();
        };
        seat.draining = true;
        let over = seat.is_over();
        if !std::mem::replace(&mut seat.dismissed, true) {
            self.shared.counters.goaways.count();
            tracing::debug!(link = link.id, last_stream = goaway.last_stream, %goaway, "left");
        }
        self.count_failure(state_ref, link, None);
        drop(state);
        link.retire();
        if over {
            link.close();
        }
        self.serve();
    }

    /// The peer answered a PING.
    pub(crate) fn alive(self: &Arc<Self>, link: &Arc<Link>) {
        let mut state = self.lock();
        if let Some(seat) = find(&mut state.seats, link) {
            seat.vouched = std::mem::take(&mut seat.probing);
            seat.alive_at = self.shared.backend.now();
            seat.hung = seat.is_clogged();
        }
        drop(state);
        self.serve();
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
        let mut links = Vec::new();
        let mut state = self.lock();
        for seat in state.seats.iter_mut().filter(|seat| which(seat)) {
            seat.draining = true;
            links.push((seat.link.clone(), seat.is_over()));
        }
        drop(state);
        for (link, over) in links {
            link.retire();
            if over {
                link.close();
            }
        }
        self.serve();
    }

    /// Lets the connections drain, and sends those who wait elsewhere.
    pub(crate) fn leave(self: &Arc<Self>) {
        self.generation.fetch_add(1, Ordering::AcqRel);
        let wakers = self.lock().waiters.fail(&Self::moved());
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
            self.back_off(&mut state, error);
        }
        drop(state);
        self.retire(link);
    }

    /// Counts a connection that ended without one answer: dials that lead to nothing are spaced
    /// like dials that fail.
    fn count_failure(&self, state: &mut State, link: &Arc<Link>, why: Option<Error>) {
        let Some(seat) = find(&mut state.seats, link) else {
            return;
        };
        if seat.answered || std::mem::replace(&mut seat.failed, true) {
            return;
        }
        let error = match (link.observed.goaway(), why) {
            (Some(goaway), _) => {
                let message = format!("the server closed the connection: {goaway}");
                Error::new(ErrorKind::Connect, message)
            }
            (None, Some(why)) => why,
            (None, None) => Error::new(ErrorKind::Connect, "the server closed the connection"),
        };
        self.back_off(state, error);
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

impl Drop for Set {
    fn drop(&mut self) {
        for seat in &self.lock().seats {
            seat.link.retire();
        }
    }
}

impl fmt::Debug for Set {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Set({})", self.key.target)
    }
}
