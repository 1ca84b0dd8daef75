//! The exclusive connections of one key: who gets which, when another one is dialled, and which are
//! kept.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::{Duration, Instant};

use slab::Slab;

use super::dial::{self, Dial, Dialled};
use super::line::{Line, given_up};
use super::queue::{Left, Look, Queue, Ticket};
use super::watch;
use crate::clock::later;
use crate::http::tally::{Event, Tally};
use crate::session::{BackOff, Hangup, Key, Shared};
use crate::{Certificate, Error, ErrorKind, Result, Target};

/// So long after its wait a failure is remembered though nobody holds a lease: the next wait is a
/// longer one.
const REMEMBERED: Duration = Duration::from_secs(2 * 60);

pub(crate) struct Pool {
    /// In the order in which the session made them.
    pub(crate) number: u64,
    pub(super) key: Key,
    certificate: Mutex<Option<Arc<dyn Certificate>>>,
    pub(super) shared: Arc<Shared>,
    pub(super) tally: Arc<Tally>,
    ids: AtomicU64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The one that came last is taken first; the one that came first is closed first.
    idle: Vec<Idle>,
    /// Those that a lease has, or was served and has not fetched.
    leased: BTreeMap<u64, Arc<Line>>,
    queue: Queue,
    dials: Slab<Begun>,
    back_off: BackOff,
    closed: Option<Error>,
}

struct Idle {
    line: Arc<Line>,
    stint: u64,
    since: Instant,
}

/// A dial that is under way.
struct Begun {
    hangup: Arc<Hangup>,
    purpose: Purpose,
    /// When it was decided on.
    at: Instant,
}

/// What becomes of a new connection that nobody waits for any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    Keep,
    Close,
}

/// How many connections there are, and who wants one.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Census {
    pub(crate) leased: usize,
    pub(crate) idle: usize,
    pub(crate) waiting: usize,
}

/// What is to be done once the lock is free.
#[derive(Default)]
struct Deeds {
    wakers: Vec<Waker>,
    close: Vec<Arc<Line>>,
    dials: Vec<Dial>,
    /// What came into the cache, and by what number its stay there is known.
    watch: Option<(Arc<Line>, u64)>,
}

impl Pool {
    pub(crate) fn new(
        number: u64,
        key: Key,
        certificate: Option<Arc<dyn Certificate>>,
        shared: Arc<Shared>,
    ) -> Self {
        Self {
            number,
            tally: Arc::new(Tally::new(shared.clone(), &key.target.authority())),
            key,
            certificate: Mutex::new(certificate),
            shared,
            ids: AtomicU64::new(1),
            state: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn target(&self) -> &Target {
        &self.key.target
    }

    /// From now on, new connections are made with this one.
    pub(crate) fn adopt(&self, certificate: Option<Arc<dyn Certificate>>) {
        *self.lock_certificate() = certificate;
    }

    pub(super) fn certificate(&self) -> Option<Arc<dyn Certificate>> {
        self.lock_certificate().clone()
    }

    fn lock_certificate(&self) -> MutexGuard<'_, Option<Arc<dyn Certificate>>> {
        self.certificate
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn next_id(&self) -> u64 {
        self.ids.fetch_add(1, Ordering::Relaxed)
    }

    /// Stands in the queue for a connection, a new one if it must be fresh.
    pub(super) fn join(
        self: &Arc<Self>,
        waker: &Waker,
        fresh: bool,
        first: bool,
    ) -> Result<Ticket> {
        self.stand(self.lock(), waker, fresh, first)
    }

    /// Leaves a connection and stands in the queue for a new one, before all others.
    pub(super) fn exchange(self: &Arc<Self>, line: &Line) -> Result<Ticket> {
        // Before the dial asks for a place in the session.
        line.close(given_up);
        let mut state = self.lock();
        state.leased.remove(&line.id);
        self.stand(state, Waker::noop(), true, true)
    }

    fn stand(
        self: &Arc<Self>,
        mut state: MutexGuard<'_, State>,
        waker: &Waker,
        fresh: bool,
        first: bool,
    ) -> Result<Ticket> {
        if let Some(error) = &state.closed {
            return Err(error.clone());
        }
        let ticket = state.queue.join(waker.clone(), fresh, first);
        self.settle(state, Deeds::default());
        Ok(ticket)
    }

    /// What the queue has for this one; `None`: it waits.
    pub(super) fn look(&self, ticket: Ticket, waker: &Waker) -> Option<Result<Arc<Line>>> {
        let look = self.lock().queue.look(ticket, waker);
        match look {
            Look::Served(served) => Some(served),
            Look::Waiting { former } => {
                drop(former);
                None
            }
        }
    }

    fn max_connections(&self) -> usize {
        self.key
            .limits
            .connections(self.shared.config.max_connections_per_key)
    }

    /// How long a connection may be idle.
    pub(in crate::session) fn idle_timeout(&self) -> Option<Duration> {
        self.key.limits.idle(self.shared.config.idle_timeout)
    }

    /// Whether this one waits for others to be done with theirs: all connections that may be are
    /// leased, and none is dialled for it.
    pub(super) fn is_full_before(&self, ticket: Ticket) -> bool {
        let most = self.max_connections();
        let state = self.lock();
        state.leased.len() + state.dials.len() >= most
            && !state.leased.is_empty()
            && state.queue.is_behind(ticket, state.dials.len())
    }

    /// Leaves the queue; what was served meanwhile goes to the next, or to the cache.
    pub(super) fn leave(self: &Arc<Self>, ticket: Ticket, cached: bool) {
        let mut state = self.lock();
        let line = match state.queue.leave(ticket) {
            Left::Served(None) => return,
            Left::Served(Some(line)) => line,
            Left::Waiting(waker) => {
                let too_many_dials = state.dials.len() > state.queue.waiting();
                drop(state);
                drop(waker);
                if too_many_dials {
                    // One that waits for its place in the session ends.
                    self.shared.places.freed();
                }
                return;
            }
        };
        state.leased.remove(&line.id);
        let mut deeds = Deeds::default();
        if line.is_second_hand() {
            self.put_aside(&mut state, &mut deeds, line);
        } else {
            let purpose = Purpose::of(cached);
            self.take_in(&mut state, &mut deeds, line, purpose);
        }
        self.settle(state, deeds);
    }

    /// A lease is done with its connection, and nobody is to have it after it.
    pub(super) fn discard(self: &Arc<Self>, line: &Line) {
        let mut state = self.lock();
        state.leased.remove(&line.id);
        drop(state);
        line.close(given_up);
        self.settle(self.lock(), Deeds::default());
    }

    /// A lease gives back a connection that is clean.
    pub(super) fn keep(self: &Arc<Self>, line: Arc<Line>) {
        let mut state = self.lock();
        state.leased.remove(&line.id);
        let mut deeds = Deeds::default();
        self.put_aside(&mut state, &mut deeds, line);
        self.settle(state, deeds);
    }

    /// A connection was of use.
    pub(super) fn proved(&self, line: &Line) {
        let mut state = self.lock();
        if state.back_off.is_proof(line.connected_at) {
            state.back_off.forget();
        }
    }

    /// A connection was of no use: the next dial waits.
    pub(super) fn failed(self: &Arc<Self>, line: &Line, why: Error) {
        tracing::debug!(line = line.id, error = %why.report(), "connection of no use");
        let mut state = self.lock();
        // Those that end together count once.
        if state.back_off.is_news(line.connected_at) {
            state.back_off.failed(&self.shared, why);
        }
        drop(state);
        self.discard(line);
    }

    /// A dial is over, well or badly.
    pub(super) fn dialled(self: &Arc<Self>, key: usize, outcome: Dialled) {
        let mut state = self.lock();
        let Some(Begun { purpose, at, .. }) = state.dials.try_remove(key) else {
            return;
        };
        let mut deeds = Deeds::default();
        let mut runtime_gone = false;
        match outcome {
            Ok(Some(line)) => {
                state.back_off.connected();
                self.take_in(&mut state, &mut deeds, line, purpose);
            }
            Ok(None) => {}
            Err(error) => {
                self.tally.count(Event::DialFailed);
                runtime_gone = error.kind() == ErrorKind::RuntimeGone;
                // Those that fail together count once.
                let error = match state.back_off.is_news(at) || runtime_gone {
                    true => state.back_off.dial_failed(&self.shared, error),
                    false => state.back_off.last_failure().cloned().unwrap_or(error),
                };
                // The first ones may still get what others are about to bring.
                let spare = if runtime_gone { 0 } else { state.dials.len() };
                deeds.wakers = state.queue.fail(spare, &error);
            }
        }
        if runtime_gone {
            // Where tasks are dropped as they are spawned, another dial would end the same way.
            drop(state);
            self.carry_out(deeds);
        } else {
            self.settle(state, deeds);
        }
        // It may have been what kept a shutdown.
        self.shared.places.freed();
    }

    /// A new connection is there: it goes to the first who waits, or to the cache.
    fn take_in(&self, state: &mut State, deeds: &mut Deeds, line: Arc<Line>, purpose: Purpose) {
        if state.closed.is_some() {
            deeds.close.push(line);
        } else if let Some((ticket, _)) = state.queue.after(None) {
            state.leased.insert(line.id, line.clone());
            deeds.wakers.extend(state.queue.serve(ticket, Ok(line)));
        } else if purpose == Purpose::Keep {
            self.put_aside(state, deeds, line);
        } else {
            deeds.close.push(line);
        }
    }

    /// Puts a connection into the cache, unless it is too old or the session closed.
    fn put_aside(&self, state: &mut State, deeds: &mut Deeds, line: Arc<Line>) {
        let now = self.shared.backend.now();
        if self.is_too_old(&line, now) || state.closed.is_some() {
            deeds.close.push(line);
            return;
        }
        let stint = line.rest(now);
        deeds.watch = Some((line.clone(), stint));
        state.idle.push(Idle {
            line,
            stint,
            since: now,
        });
    }

    fn is_too_old(&self, line: &Line, now: Instant) -> bool {
        let age = now.saturating_duration_since(line.connected_at);
        self.shared.config.max_age.is_some_and(|most| age >= most)
    }

    /// The connection that came into the cache last, unless it has grown too old there.
    fn take_idle(&self, state: &mut State, deeds: &mut Deeds) -> Option<Arc<Line>> {
        while let Some(Idle { line, .. }) = state.idle.pop() {
            deeds.wakers.extend(line.rise());
            if !self.is_too_old(&line, self.shared.backend.now()) {
                return Some(line);
            }
            deeds.close.push(line);
        }
        None
    }

    /// Decides on what follows from a change, and does it.
    fn settle(self: &Arc<Self>, mut state: MutexGuard<'_, State>, mut deeds: Deeds) {
        self.decide(&mut state, &mut deeds);
        // It may have been taken right away.
        deeds.watch = deeds
            .watch
            .filter(|(line, stint)| state.find_idle(line, *stint).is_some());
        drop(state);
        self.carry_out(deeds);
    }

    /// Gives those who wait what is idle, and decides on dials: as many as are wanted and allowed,
    /// and one at a time after a failure.
    fn decide(&self, state: &mut State, deeds: &mut Deeds) {
        if state.closed.is_some() {
            return;
        }
        let most = self.max_connections();
        let mut under_way = state.dials.len();
        let mut last = None;
        while let Some((ticket, fresh)) = state.queue.after(last) {
            last = Some(ticket);
            if !fresh && let Some(line) = self.take_idle(state, deeds) {
                state.leased.insert(line.id, line.clone());
                deeds.wakers.extend(state.queue.serve(ticket, Ok(line)));
                continue;
            }
            if under_way > 0 {
                under_way -= 1;
                continue;
            }
            let full = state.leased.len() + state.idle.len() + state.dials.len() >= most;
            let in_doubt = state.back_off.failures() > 0 && !state.dials.is_empty();
            match state.idle.is_empty() {
                true if full || in_doubt => break,
                // Those behind may take what is idle.
                false if in_doubt => continue,
                false if full => {
                    let Idle { line, .. } = state.idle.remove(0);
                    deeds.wakers.extend(line.rise());
                    deeds.close.push(line);
                }
                _ => {}
            }
            let hangup = Arc::<Hangup>::default();
            let purpose = Purpose::of(!fresh);
            let key = state.dials.insert(Begun {
                hangup: hangup.clone(),
                purpose,
                at: self.shared.backend.now(),
            });
            deeds.dials.push(Dial { key, hangup });
        }
    }

    fn carry_out(self: &Arc<Self>, deeds: Deeds) {
        deeds.close.iter().for_each(|line| line.close(given_up));
        deeds.wakers.into_iter().for_each(Waker::wake);
        for dial in deeds.dials {
            dial::start(self, dial);
        }
        if let Some((line, stint)) = deeds.watch {
            watch::start(self, line, stint);
            // Others may have it closed to make room.
            self.shared.places.freed();
            if self.idle_timeout().is_some() {
                self.shared.bell.ring();
            }
        }
    }

    /// The time before which a dial must not begin; `None` when it may begin now.
    pub(super) fn not_before(&self) -> Option<Instant> {
        self.lock().back_off.not_before()
    }

    /// Whether there are no more dials than waiters.
    pub(super) fn wants_all_dials(&self) -> bool {
        let state = self.lock();
        state.closed.is_none() && state.dials.len() <= state.queue.waiting()
    }

    /// A stay in the cache was not ended by a lease: the connection is of no use.
    pub(super) fn lapse(self: &Arc<Self>, line: &Line, stint: u64) {
        let mut state = self.lock();
        let Some(index) = state.find_idle(line, stint) else {
            return;
        };
        state.idle.remove(index);
        drop(state);
        tracing::debug!(line = line.id, "an idle connection ended");
        line.close(given_up);
        self.settle(self.lock(), Deeds::default());
    }

    /// Closes what has been idle for so long; tells how many.
    pub(crate) fn outdate(&self, age: Duration, now: Instant) -> usize {
        let mut state = self.lock();
        let is_old = |idle: &mut Idle| now >= later(idle.since, age);
        let old: Vec<_> = state.idle.extract_if(.., is_old).collect();
        drop(state);
        close_idle(&old, given_up);
        old.len()
    }

    /// Since when the connection has been idle that has been so for the longest.
    pub(crate) fn longest_idle(&self) -> Option<Instant> {
        self.lock().idle.first().map(|idle| idle.since)
    }

    /// Takes no more leases: ends those that wait, closes what is idle, hangs up what is dialled.
    pub(crate) fn close(&self, error: &Error) {
        let mut state = self.lock();
        state.closed = Some(error.clone());
        let wakers = state.queue.fail(0, error);
        let idle = std::mem::take(&mut state.idle);
        let dials: Vec<_> = state
            .dials
            .iter()
            .map(|(_, dial)| dial.hangup.clone())
            .collect();
        drop(state);
        close_idle(&idle, || error.clone());
        wakers.into_iter().for_each(Waker::wake);
        dials.iter().for_each(|hangup| hangup.hang_up());
    }

    /// Breaks the connections that leases have still; tells how many.
    pub(crate) fn abort(&self, error: &Error) -> usize {
        let leased = std::mem::take(&mut self.lock().leased);
        leased
            .values()
            .for_each(|line| line.close(|| error.clone()));
        leased.len()
    }

    pub(crate) fn census(&self) -> Census {
        let state = self.lock();
        Census {
            leased: state.leased.len(),
            idle: state.idle.len(),
            waiting: state.queue.waiting(),
        }
    }

    /// Whether there is no connection, nor one that is being dialled.
    pub(crate) fn is_disconnected(&self) -> bool {
        let state = self.lock();
        state.leased.is_empty() && state.idle.is_empty() && state.dials.is_empty()
    }

    /// Whether nothing is here that would be missed. A failure is, for a while: who takes a new lease
    /// after each waits no less for that.
    pub(crate) fn is_forgettable(&self, now: Instant) -> bool {
        let not_before = self.lock().back_off.not_before();
        self.is_disconnected() && not_before.is_none_or(|at| now >= later(at, REMEMBERED))
    }
}

impl State {
    fn find_idle(&self, line: &Line, stint: u64) -> Option<usize> {
        let mut idle = self.idle.iter();
        idle.position(|idle| idle.line.id == line.id && idle.stint == stint)
    }
}

impl Purpose {
    fn of(cached: bool) -> Self {
        if cached { Self::Keep } else { Self::Close }
    }
}

/// Those who watch them are woken by that, and find nothing to take out of the cache.
fn close_idle(idle: &[Idle], why: impl Fn() -> Error) {
    idle.iter().for_each(|idle| idle.line.close(&why));
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pool({})", self.key.target)
    }
}
