//! The connections of one key: who gets which stream, when another connection is dialled, and
//! when one is left.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::{Duration, Instant};

use slab::Slab;

use super::acquire::Acquire;
use super::credential::Authorize;
use super::dial;
use super::link::Link;
use super::seat::{Left, Seat, find};
use super::streams::Freed;
use super::tally::Tally;
use super::waiters::Waiters;
use crate::clock::later;
use crate::session::{BackOff, Hangup, Key, Shared, Watch};
use crate::{Certificate, Error, Lock};

pub(crate) struct Set {
    /// In the order in which the session made them.
    pub(crate) number: u64,
    pub(crate) key: Key,
    credentials: Mutex<Credentials>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) tally: Arc<Tally>,
    /// Held over "look, else dial".
    pub(crate) dial_lock: Arc<dyn Lock>,
    /// Ends a dial that nobody needs any more.
    pub(crate) hangup: Arc<Hangup>,
    state: Mutex<State>,
    ids: AtomicU64,
    /// How often requests were sent elsewhere.
    pub(super) generation: AtomicU64,
    /// The peer chose another protocol than HTTP/2 when it was last dialled.
    pub(super) declined: AtomicBool,
    /// How many streams the connections take together.
    capacity: AtomicU64,
}

/// A stream that is not fetched for so long, to twice as long, goes to the next who waits.
pub(super) const RECLAIM: Duration = Duration::from_millis(100);

/// What new connections are made with.
type Credentials = (Option<Arc<dyn Certificate>>, Option<Arc<dyn Authorize>>);

#[derive(Default)]
pub(super) struct State {
    pub(super) seats: Vec<Seat>,
    pub(super) waiters: Waiters,
    pub(super) dialling: bool,
    /// When to look whether streams that were given away are fetched.
    pub(super) reclaim_at: Option<Instant>,
    /// Counts the dials that failed, and the connections that ended without one answer, since the
    /// last answer.
    pub(super) back_off: BackOff,
    /// Connections, one after the other, that ended soon though they had answered.
    pub(super) short_lives: u32,
    pub(super) closed: Option<Error>,
    /// Requests that wait a little before they are sent again.
    pub(super) paused: Slab<Option<Waker>>,
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
            tally: Arc::new(Tally::new(shared.clone(), &key.target.authority())),
            key,
            credentials: Mutex::new((certificate, authorize)),
            dial_lock: shared.backend.create_lock(),
            hangup: Arc::default(),
            shared,
            state: Mutex::default(),
            ids: AtomicU64::new(1),
            generation: AtomicU64::new(0),
            declined: AtomicBool::new(false),
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

    /// Whether a pause before a resend is over since the set takes no more requests, or has sent them
    /// elsewhere. If not, the waker hears of it.
    pub(super) fn poll_paused(&self, key: &mut Option<usize>, waker: &Waker) -> bool {
        let mut state = self.lock();
        if state.closed.is_some() {
            return true;
        }
        match key {
            None => *key = Some(state.paused.insert(Some(waker.clone()))),
            Some(key) => match state.paused.get_mut(*key) {
                Some(Some(known)) => known.clone_from(waker),
                // It was woken for good.
                Some(None) | None => return true,
            },
        }
        false
    }

    pub(super) fn forget_paused(&self, key: usize) {
        self.lock().paused.try_remove(key);
    }

    /// Waits for a stream on one of the connections; unless patient, only while the queue has room.
    pub(crate) fn acquire<'a>(
        self: &'a Arc<Self>,
        watch: &'a mut Watch,
        patient: bool,
    ) -> Acquire<'a> {
        Acquire::new(self, watch, patient)
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
        state.back_off.connected();
        let closed = state.closed.is_some();
        // It takes the place of those that are of no use.
        let left = Left::new(&mut state.seats, |seat| !seat.is_of_use());
        state.seats.push(Seat {
            limit: self.limit_of(&link),
            open: 0,
            abandoned: 0,
            proven: false,
            draining: closed,
            dismissed: false,
            failed: false,
            hung: false,
            shut: false,
            probing: false,
            vouched: false,
            connected_at: now,
            idle_since: now,
            alive_at: now,
            over_since: None,
            looked: None,
            expires_at: self.expiry(now),
            link: link.clone(),
        });
        drop(state);
        if closed {
            link.retire();
        }
        self.let_go(left);
        self.shared.bell.ring();
    }

    /// The time before which a dial must not begin; `None` when it may begin now.
    pub(crate) fn not_before(&self) -> Option<Instant> {
        self.lock().back_off.not_before()
    }

    /// Whether anybody still needs the connection that is about to be dialled.
    pub(crate) fn is_wanted(&self) -> bool {
        let state = self.lock();
        state.closed.is_none() && !state.waiters.is_empty()
    }

    /// When a connection that came about now is too old: not all of them at once.
    fn expiry(&self, now: Instant) -> Option<Instant> {
        let age = self.shared.config.max_age?;
        let spread = u32::try_from(self.shared.backend.jitter() % 100).unwrap_or(0);
        Some(later(now, age - age / 1000 * spread))
    }

    fn max_connections(&self) -> usize {
        self.key
            .limits
            .connections(self.shared.config.max_connections_per_key)
    }

    fn limit_of(&self, link: &Link) -> u32 {
        link.observed
            .max_streams()
            .min(self.key.limits.streams(self.shared.config.max_streams))
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
        let held_up = self.is_newly_held_up(&mut state);
        drop(state);
        self.tell_waiting();
        wakers.into_iter().for_each(Waker::wake);
        if dial {
            dial::start(self);
        }
        if held_up {
            self.shared.bell.ring();
        }
    }

    /// Tells those who measure how many requests wait; costs nothing where nobody does.
    pub(super) fn tell_waiting(&self) {
        if cfg!(feature = "metrics") {
            // Read as it is told, so that none tells an older number after a newer one.
            self.tally.waiting(|| self.lock().waiters.waiting());
        }
    }

    /// Whether the janitor has to be told that some don't fetch the streams that others wait for.
    pub(super) fn is_newly_held_up(&self, state: &mut State) -> bool {
        let newly = state.reclaim_at.is_none() && state.waiters.are_held_up();
        if newly {
            state.reclaim_at = Some(later(self.shared.backend.now(), RECLAIM));
        }
        newly
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
            && taking < self.max_connections()
            && !state
                .seats
                .iter()
                .any(|seat| seat.probing || seat.may_grow());
        state.dialling |= wanted;
        wanted
    }

    /// A place is given back on which no request has begun.
    pub(super) fn release(self: &Arc<Self>, link: &Arc<Link>) {
        self.freed(
            link,
            Freed {
                streams: 1,
                ..Freed::default()
            },
        );
    }

    /// Streams have ended.
    pub(super) fn freed(self: &Arc<Self>, link: &Arc<Link>, freed: Freed) {
        let mut state = self.lock();
        let state_ref = &mut *state;
        let Some(seat) = find(&mut state_ref.seats, link) else {
            return;
        };
        seat.open = seat.open.saturating_sub(freed.streams);
        seat.abandoned -= i32::try_from(freed.abandoned).unwrap_or(i32::MAX);
        seat.hung = false;
        if state_ref.back_off.is_proof(seat.connected_at) && link.observed.has_answered() {
            state_ref.back_off.forget();
        }
        let over = seat.is_over();
        let quiet = seat.awaited() == 0;
        if quiet {
            let now = self.shared.backend.now();
            seat.idle_since = now;
            if seat.open == 0 {
                seat.alive_at = now;
            }
        }
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

    /// The first success of a connection: what its peer allows from now on is what it allows.
    pub(super) fn proven(self: &Arc<Self>, link: &Arc<Link>) {
        let mut state = self.lock();
        if let Some(seat) = find(&mut state.seats, link) {
            seat.proven = true;
            // What came with the answer may not have been told yet.
            seat.limit = self.limit_of(link);
        }
        let anybody = !state.waiters.is_empty();
        drop(state);
        if anybody {
            self.serve();
        }
    }

    /// Nobody waits for this stream any more; `false` when it has ended.
    pub(super) fn forsake(self: &Arc<Self>, link: &Arc<Link>, stream: u32) -> bool {
        if !link.forsake(stream) {
            return false;
        }
        let mut state = self.lock();
        let Some(seat) = find(&mut state.seats, link) else {
            return true;
        };
        seat.abandoned += 1;
        // More than half of what it takes, where that is less.
        let most = self.shared.config.max_abandoned;
        let most = most.min((seat.limit / 2).max(1) as usize);
        let too_many = usize::try_from(seat.abandoned).is_ok_and(|abandoned| abandoned > most);
        if too_many && !seat.draining {
            tracing::debug!(link = link.id, "too many abandoned streams: left");
            seat.draining = true;
        }
        let over = seat.is_over();
        let quiet = seat.awaited() == 0;
        if quiet {
            seat.idle_since = self.shared.backend.now();
        }
        drop(state);
        if too_many {
            link.retire();
            self.serve();
        }
        if over {
            link.close();
        }
        if quiet {
            self.shared.places.freed();
        }
        true
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
        seat.shut &= seat.limit == 0;
        seat.hung &= seat.is_clogged();
        let shut = seat.limit == 0;
        let Some(goaway) = goaway else {
            drop(state);
            if shut {
                self.shared.bell.ring();
            }
            return self.serve();
        };
        // A farewell to a connection that was left in order is no failure.
        let left = std::mem::replace(&mut seat.draining, true) && goaway.code == 0;
        let over = seat.is_over();
        if !std::mem::replace(&mut seat.dismissed, true) {
            self.tally.goaway(&goaway);
            tracing::debug!(link = link.id, last_stream = goaway.last_stream, %goaway, "left");
        }
        if !left {
            self.count_failure(state_ref, link, None);
        }
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
}

impl Drop for Set {
    fn drop(&mut self) {
        self.hangup.hang_up();
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
