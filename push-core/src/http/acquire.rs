use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::dial;
use super::link::Link;
use super::set::Set;
use super::streams::Ended;
use super::tally::Event;
use super::waiters::{Look, Served};
use crate::session::Watch;
use crate::{Error, ErrorKind, Result};

/// A place for one stream on a connection, kept for one request.
///
/// Once a request has begun on it, the place is free when the connection has seen the end of the
/// stream; this gives it back at the latest.
pub(crate) struct Slot {
    /// `None` once it is given back.
    on: Option<Carrier>,
    stream: Option<u32>,
}

/// A connection, and the set that it belongs to.
#[derive(Clone, Debug)]
pub(crate) struct Carrier {
    pub(crate) set: Arc<Set>,
    pub(crate) link: Arc<Link>,
}

impl Slot {
    pub(super) fn new(set: Arc<Set>, link: Arc<Link>) -> Self {
        Self {
            on: Some(Carrier { set, link }),
            stream: None,
        }
    }

    pub(crate) fn carrier(&self) -> Option<&Carrier> {
        self.on.as_ref()
    }

    /// A request has begun on this stream.
    pub(crate) fn begun(&mut self, stream: u32) {
        self.stream = Some(stream);
        // Another connection takes over before the ids run out.
        if let Some(Carrier { set, link }) = &self.on
            && stream / 2 + 1 >= set.shared.config.max_requests
        {
            set.retire(link);
        }
    }

    /// The peer answered on this stream.
    pub(crate) fn answered(&self, with: http::StatusCode) {
        if let Some(Carrier { set, link }) = &self.on
            && with.is_success()
            && link.is_first_success()
        {
            set.proven(link);
        }
    }

    /// Gives the place back, of an answer that is whole or of one that is broken off here; tells
    /// whose it was.
    pub(crate) fn give_back(mut self, whole: bool) -> Option<Carrier> {
        let carrier = self.on.take();
        if let Some(Carrier { set, link }) = &carrier {
            Self::release(set, link, self.stream, !whole);
        }
        carrier
    }

    /// Nobody waits for the stream any more: its place is kept until the stream ends. `None` when
    /// it has ended.
    pub(crate) fn forsake(mut self) -> Option<Arc<Link>> {
        let Carrier { set, link } = self.on.take()?;
        match self.stream {
            Some(stream) => set.forsake(&link, stream).then_some(link),
            None => {
                set.release(&link);
                None
            }
        }
    }

    fn release(set: &Arc<Set>, link: &Arc<Link>, stream: Option<u32>, reset: bool) {
        match stream {
            None => set.release(link),
            Some(stream) => {
                let ended = Ended { stream, reset };
                let freed = link.end_streams(&[ended]);
                if freed.streams > 0 {
                    set.freed(link, freed);
                }
            }
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(Carrier { set, link }) = &self.on {
            Self::release(set, link, self.stream, false);
        }
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Slot({:?})", self.on)
    }
}

/// The wait for a stream.
pub(crate) struct Acquire<'a> {
    set: &'a Arc<Set>,
    watch: &'a mut Watch,
    patient: bool,
    key: Option<usize>,
}

impl<'a> Acquire<'a> {
    pub(super) fn new(set: &'a Arc<Set>, watch: &'a mut Watch, patient: bool) -> Self {
        Self {
            set,
            watch,
            patient,
            key: None,
        }
    }

    fn slot(&self, link: Arc<Link>) -> Slot {
        Slot::new(self.set.clone(), link)
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
            && !self.patient
            && state.waiters.waiting() >= most
        {
            let depth = state.waiters.waiting();
            let message = format!(
                "the queue is full: {depth} requests wait for a stream already, and {most} may"
            );
            let error = Error::new(ErrorKind::QueueFull, message).with_queue_depth(depth);
            return Poll::Ready(Err(error));
        }
        self.key = Some(state.waiters.join(cx.waker().clone()));
        let dial = set.wants_dial(&mut state);
        let held_up = set.is_newly_held_up(&mut state);
        drop(state);
        set.tell_waiting();
        if dial {
            dial::start(set);
        }
        if held_up {
            set.shared.bell.ring();
        }
        Poll::Pending
    }

    fn served(&mut self, served: Served) -> Poll<Result<Slot>> {
        self.key = None;
        Poll::Ready(served.map(|link| self.slot(link)))
    }

    fn timed_out(&self) -> Error {
        self.set.tally.count(Event::TimedOut);
        let state = self.set.lock();
        let message = match (state.back_off.last_failure(), state.seats.is_empty()) {
            (Some(_), _) => {
                "not sent: the deadline passed while there was no connection to send it on"
            }
            (None, true) => "not sent: the deadline passed before there was a connection",
            (None, false) => "not sent: the deadline passed before a stream was free",
        };
        let error = Error::new(ErrorKind::Timeout, message);
        match state.back_off.last_failure() {
            Some(cause) => error.with_source(cause.clone()),
            None => error,
        }
    }
}

impl Future for Acquire<'_> {
    type Output = Result<Slot>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<Slot>> {
        let this = &mut *self;
        match this.key {
            None => {
                if let Poll::Ready(outcome) = this.begin(cx) {
                    return Poll::Ready(outcome);
                }
            }
            Some(key) => {
                let look = this.set.lock().waiters.look(key, cx.waker());
                match look {
                    Look::Served(served) => return this.served(served),
                    Look::Wait => {}
                    Look::Missed => this.set.serve(),
                }
            }
        }
        if this.watch.poll(cx).is_pending() {
            return Poll::Pending;
        }
        // The deadline has passed; what was served meanwhile is taken all the same.
        let served = this.key.and_then(|key| this.set.lock().waiters.leave(key));
        this.key = None;
        this.set.tell_waiting();
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
        self.set.tell_waiting();
        if let Some(Ok(link)) = served {
            drop(self.slot(link));
        }
    }
}
