//! The connections of one key: who gets which stream, when another connection is dialled, and
//! when one is left.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use super::credential::Authorize;
use super::dial;
use super::frames::GoAway;
use super::link::Link;
use super::waiters::{Served, Waiters};
use crate::session::{Key, Shared, Watch};
use crate::{Certificate, Error, ErrorKind, Lock, Result};

pub(crate) struct Set {
    pub(crate) key: Key,
    pub(crate) certificate: Option<Arc<dyn Certificate>>,
    pub(crate) authorize: Option<Arc<dyn Authorize>>,
    pub(crate) shared: Arc<Shared>,
    /// Held over "look, else dial".
    pub(crate) dial_lock: Arc<dyn Lock>,
    state: Mutex<State>,
    ids: AtomicU64,
    /// How often requests were sent elsewhere.
    generation: AtomicU64,
}

#[derive(Default)]
struct State {
    seats: Vec<Seat>,
    waiters: Waiters,
    dialling: bool,
    /// Dials that failed, and connections that ended without one answer, since the last answer.
    failures: u32,
    /// No dial before this time: the back-off.
    not_before: Option<Instant>,
    /// Why the last connection did not come about or ended early, for those who wait in vain.
    last_failure: Option<Error>,
    closed: Option<Error>,
}

/// A connection, and what the set knows of it.
struct Seat {
    link: Arc<Link>,
    /// Streams in use, those included that nobody waits for any more.
    open: u32,
    abandoned: u32,
    limit: u32,
    answered: bool,
    /// An answer was a success.
    proven: bool,
    draining: bool,
    /// A PING is under way, and no stream is given until it is answered.
    probing: bool,
    /// The PING was answered just now: the next stream needs no other.
    vouched: bool,
    /// When the last stream ended.
    idle_since: Instant,
    /// When the peer, idle, gave its last sign of life.
    alive_at: Instant,
}

impl Seat {
    fn has_room(&self) -> bool {
        !self.draining && !self.probing && self.open < self.limit
    }

    /// Whether only streams are left that nobody waits for. Without any `h2` closes by itself.
    fn is_over(&self) -> bool {
        self.draining && self.abandoned > 0 && self.open == self.abandoned
    }

    /// Whether the peer may still raise the limit, once it has taken a request (APNs starts each
    /// connection with one stream): until then another connection would gain nothing, and where the
    /// credential is refused it would only be one more.
    fn may_grow(&self) -> bool {
        !self.draining && !self.proven && self.limit == 1
    }
}

/// How many streams one connection opens before another takes its place: far from where the ids
/// run out (2³⁰ per client, RFC 9113, section 5.1.1).
const MAX_STREAM_ID: u32 = 0x7000_0000;

impl Set {
    pub(crate) fn new(
        key: Key,
        certificate: Option<Arc<dyn Certificate>>,
        authorize: Option<Arc<dyn Authorize>>,
        shared: Arc<Shared>,
    ) -> Self {
        Self {
            key,
            certificate,
            authorize,
            dial_lock: shared.backend.create_lock(),
            shared,
            state: Mutex::default(),
            ids: AtomicU64::new(1),
            generation: AtomicU64::new(0),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn next_id(&self) -> u64 {
        self.ids.fetch_add(1, Ordering::Relaxed)
    }

    /// Waits for a stream on one of the connections.
    pub(crate) fn acquire<'a>(self: &'a Arc<Self>, watch: &'a mut Watch) -> Acquire<'a> {
        Acquire {
            set: self,
            watch,
            key: None,
        }
    }

    /// Whether a connection stands ready.
    pub(crate) fn is_connected(&self) -> bool {
        let now = self.shared.backend.now();
        let stale = self.shared.config.probe_after;
        let state = self.lock();
        state
            .seats
            .iter()
            .any(|seat| !seat.draining && !seat.probing && now < seat.alive_at + stale)
    }

    /// A new connection came about.
    pub(crate) fn connected(&self, link: Arc<Link>) {
        let now = self.shared.backend.now();
        let mut state = self.lock();
        let closed = state.closed.is_some();
        state.seats.push(Seat {
            limit: self.limit_of(&link),
            open: 0,
            abandoned: 0,
            answered: false,
            proven: false,
            draining: closed,
            probing: false,
            vouched: false,
            idle_since: now,
            alive_at: now,
            link: link.clone(),
        });
        drop(state);
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
        if let Err(error) = outcome {
            self.shared.counters.failed_dials.count();
            let error = self.back_off(&mut state, error);
            wakers = state.waiters.fail(&error);
        }
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
        self.serve();
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
        state.not_before = Some(self.shared.backend.now() + wait);
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

    /// Gives free streams to those who wait, and dials where there are none.
    pub(crate) fn serve(self: &Arc<Self>) {
        let mut wakers = Vec::new();
        let mut state = self.lock();
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
    fn take_stream(&self, state: &mut State) -> Option<Arc<Link>> {
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
        self.shared.backend.now() >= seat.alive_at + self.shared.config.probe_after
    }

    /// Whether to dial now; if so, the dial counts as begun.
    fn wants_dial(&self, state: &mut State) -> bool {
        let taking = state.seats.iter().filter(|seat| !seat.draining).count();
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
    fn release(self: &Arc<Self>, link: &Arc<Link>, end: End) {
        let mut state = self.lock();
        let state_ref = &mut *state;
        let Some(seat) = find(&mut state_ref.seats, link) else {
            return;
        };
        seat.open = seat.open.saturating_sub(1);
        if end != End::Unanswered {
            seat.answered = true;
            seat.proven |= end == End::Succeeded;
            if state_ref.failures != 0 {
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

    fn abandoned(&self, link: &Arc<Link>, more: bool) {
        let mut state = self.lock();
        let Some(seat) = find(&mut state.seats, link) else {
            return;
        };
        if !more {
            seat.abandoned = seat.abandoned.saturating_sub(1);
            return;
        }
        seat.abandoned += 1;
        let too_many = seat.abandoned as usize > self.shared.config.max_abandoned;
        if too_many && !seat.draining {
            tracing::debug!(link = link.id, "too many abandoned streams: left");
            seat.draining = true;
        }
        let over = seat.is_over();
        drop(state);
        if too_many {
            link.retire();
        }
        if over {
            link.close();
        }
    }

    /// Settings or a GOAWAY came.
    pub(crate) fn news(self: &Arc<Self>, link: &Arc<Link>) {
        let goaway = link.observed.goaway();
        if let Some(goaway) = &goaway {
            self.shared.counters.goaways.count();
            let GoAway {
                last_stream,
                code,
                text,
            } = goaway;
            tracing::debug!(link = link.id, last_stream, code, text, "GOAWAY");
        }
        let mut state = self.lock();
        if let Some(seat) = find(&mut state.seats, link) {
            seat.limit = self.limit_of(link);
            seat.draining |= goaway.is_some();
        }
        drop(state);
        if goaway.is_some() {
            link.retire();
        }
        self.serve();
    }

    /// The peer answered a PING.
    pub(crate) fn alive(self: &Arc<Self>, link: &Arc<Link>) {
        let mut state = self.lock();
        if let Some(seat) = find(&mut state.seats, link) {
            seat.vouched = std::mem::take(&mut seat.probing);
            seat.alive_at = self.shared.backend.now();
        }
        drop(state);
        self.serve();
    }

    /// A connection takes no more requests from now on, and ends when the last one has ended.
    pub(crate) fn retire(self: &Arc<Self>, link: &Arc<Link>) {
        let mut state = self.lock();
        if let Some(seat) = find(&mut state.seats, link) {
            seat.draining = true;
        }
        drop(state);
        link.retire();
        self.serve();
    }

    /// Ditto, all of them.
    pub(crate) fn retire_all(self: &Arc<Self>) {
        let mut state = self.lock();
        let links: Vec<_> = state
            .seats
            .iter_mut()
            .map(|seat| {
                seat.draining = true;
                seat.link.clone()
            })
            .collect();
        drop(state);
        links.iter().for_each(|link| link.retire());
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

    /// Why a connection is about to end.
    pub(crate) fn link_failed(&self, link: &Arc<Link>, error: Error) {
        tracing::debug!(link = link.id, error = %error.report(), "connection lost");
        let mut state = self.lock();
        if find(&mut state.seats, link).is_some_and(|seat| !seat.answered) {
            let error = link.observed.goaway().map_or(error, said_goodbye);
            self.back_off(&mut state, error);
        }
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

    /// Closes what has been idle for so long; tells how many.
    pub(crate) fn outdate(self: &Arc<Self>, age: Duration, now: Instant) -> usize {
        let mut links = Vec::new();
        let mut state = self.lock();
        for seat in &mut state.seats {
            if !seat.draining && seat.open == 0 && now >= seat.idle_since + age {
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
            if seat.open == 0 && !seat.probing && now >= seat.alive_at + interval {
                seat.probing = true;
                seat.link.ping();
            }
            let due = seat.alive_at + interval;
            let due = if due <= now { now + interval } else { due };
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

fn find<'a>(seats: &'a mut [Seat], link: &Arc<Link>) -> Option<&'a mut Seat> {
    seats.iter_mut().find(|seat| Arc::ptr_eq(&seat.link, link))
}

fn in_flight(state: &State) -> usize {
    let seats = state.seats.iter();
    seats
        .map(|seat| (seat.open - seat.abandoned) as usize)
        .sum()
}

fn said_goodbye(goaway: GoAway) -> Error {
    let message = format!(
        "the server closed the connection: {} (HTTP/2 error code {})",
        if goaway.text.is_empty() {
            "it gave no reason"
        } else {
            &goaway.text
        },
        goaway.code
    );
    Error::new(ErrorKind::Connect, message)
}

/// A stream of a connection, kept for one request.
pub(crate) struct Slot {
    set: Arc<Set>,
    link: Arc<Link>,
    end: End,
}

/// How a stream ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Unanswered,
    Answered,
    Succeeded,
}

impl Slot {
    pub(crate) fn link(&self) -> &Arc<Link> {
        &self.link
    }

    /// The peer answered on this stream.
    pub(crate) fn answered(&mut self, with: http::StatusCode) {
        self.end = if with.is_success() {
            End::Succeeded
        } else {
            End::Answered
        };
    }

    pub(crate) fn count_abandoned(&self) {
        self.set.abandoned(&self.link, true);
    }

    pub(crate) fn discount_abandoned(&self) {
        self.set.abandoned(&self.link, false);
    }

    /// This stream has the id of which it is time to change the connection.
    pub(crate) fn check_id(&self, stream: u32) {
        if stream >= MAX_STREAM_ID {
            self.set.retire(&self.link);
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.set.release(&self.link, self.end);
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Slot({:?})", self.link)
    }
}

/// The wait for a stream.
pub(crate) struct Acquire<'a> {
    set: &'a Arc<Set>,
    watch: &'a mut Watch,
    key: Option<usize>,
}

impl Acquire<'_> {
    fn slot(&self, link: Arc<Link>) -> Slot {
        Slot {
            set: self.set.clone(),
            link,
            end: End::Unanswered,
        }
    }

    /// Takes a stream, or joins the queue.
    fn begin(&mut self, cx: &Context<'_>) -> Poll<Result<Slot>> {
        let set = self.set;
        let mut state = set.lock();
        if let Some(error) = &state.closed {
            return Poll::Ready(Err(error.clone()));
        }
        if state.waiters.is_empty()
            && let Some(link) = set.take_stream(&mut state)
        {
            drop(state);
            return Poll::Ready(Ok(self.slot(link)));
        }
        if let Some(most) = set.shared.config.max_waiting
            && state.waiters.waiting() >= most
        {
            let message = format!("{most} requests wait for a connection already");
            return Poll::Ready(Err(Error::new(ErrorKind::QueueFull, message)));
        }
        self.key = Some(state.waiters.join(cx.waker().clone()));
        let dial = set.wants_dial(&mut state);
        drop(state);
        if dial {
            dial::start(set);
        }
        Poll::Pending
    }

    fn served(&mut self, served: Served) -> Poll<Result<Slot>> {
        self.key = None;
        Poll::Ready(served.map(|link| self.slot(link)))
    }

    fn timed_out(&self) -> Error {
        self.set.shared.counters.timed_out.count();
        let state = self.set.lock();
        let message = match (&state.last_failure, state.seats.is_empty()) {
            (Some(_), _) => "not sent: the deadline passed while no connection could be made",
            (None, true) => "not sent: the deadline passed before there was a connection",
            (None, false) => "not sent: the deadline passed before a stream was free",
        };
        let error = Error::new(ErrorKind::Timeout, message);
        match &state.last_failure {
            Some(cause) => error.with_source(cause.clone()),
            None => error,
        }
    }
}

impl Future for Acquire<'_> {
    type Output = Result<Slot>;

    fn poll(mut self: std::pin::Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<Slot>> {
        let this = &mut *self;
        match this.key {
            None => {
                if let Poll::Ready(outcome) = this.begin(cx) {
                    return Poll::Ready(outcome);
                }
            }
            Some(key) => {
                let served = this.set.lock().waiters.look(key, cx.waker());
                if let Some(served) = served {
                    return this.served(served);
                }
            }
        }
        if this
            .watch
            .poll(this.set.shared.backend.as_ref(), cx)
            .is_pending()
        {
            return Poll::Pending;
        }
        // The deadline has passed; what was served meanwhile is taken all the same.
        let served = this.key.and_then(|key| this.set.lock().waiters.leave(key));
        this.key = None;
        match served {
            Some(served) => this.served(served),
            None => Poll::Ready(Err(this.timed_out())),
        }
    }
}

impl Drop for Acquire<'_> {
    fn drop(&mut self) {
        let Some(key) = self.key.take() else { return };
        let served = self.set.lock().waiters.leave(key);
        if let Some(Ok(link)) = served {
            drop(self.slot(link));
        }
    }
}
