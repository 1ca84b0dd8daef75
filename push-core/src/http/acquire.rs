use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::dial;
use super::link::Link;
use super::set::Set;
use super::waiters::Served;
use crate::session::Watch;
use crate::{Error, ErrorKind, Result};

/// The stream id at which another connection takes over: far from where the ids run out (RFC 9113,
/// section 5.1.1).
const MAX_STREAM_ID: u32 = 0x7000_0000;

/// A stream of a connection, kept for one request.
pub(crate) struct Slot {
    /// `None` once it is given back.
    on: Option<Carrier>,
    end: End,
}

/// A connection, and the set that it belongs to.
#[derive(Debug)]
pub(crate) struct Carrier {
    pub(crate) set: Arc<Set>,
    pub(crate) link: Arc<Link>,
}

/// How a stream ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Unanswered,
    Answered,
    Succeeded,
}

impl Slot {
    pub(super) fn new(set: Arc<Set>, link: Arc<Link>) -> Self {
        Self {
            on: Some(Carrier { set, link }),
            end: End::Unanswered,
        }
    }

    pub(crate) fn carrier(&self) -> Option<&Carrier> {
        self.on.as_ref()
    }

    /// The peer answered on this stream.
    pub(crate) fn answered(&mut self, with: http::StatusCode) {
        self.end = if with.is_success() {
            End::Succeeded
        } else {
            End::Answered
        };
    }

    /// Gives the stream back; tells whose it was.
    pub(crate) fn give_back(mut self) -> Option<Carrier> {
        let carrier = self.on.take();
        if let Some(Carrier { set, link }) = &carrier {
            set.release(link, self.end);
        }
        carrier
    }

    pub(crate) fn count_abandoned(&self, more: bool) {
        if let Some(Carrier { set, link }) = &self.on {
            set.abandoned(link, more);
        }
    }

    /// This stream has the id at which it is time to change the connection.
    pub(crate) fn check_id(&self, stream: u32) {
        if let Some(Carrier { set, link }) = &self.on
            && stream >= MAX_STREAM_ID
        {
            set.retire(link);
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(Carrier { set, link }) = &self.on {
            set.release(link, self.end);
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
    key: Option<usize>,
}

impl<'a> Acquire<'a> {
    pub(super) fn new(set: &'a Arc<Set>, watch: &'a mut Watch) -> Self {
        Self {
            set,
            watch,
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

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<Slot>> {
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
        if this.watch.poll(cx).is_pending() {
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
