use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{FuturesUnordered, Stream};
use h2::{Ping, PingPong};
use tokio_util::compat::Compat;

use super::flight::Abandoned;
use super::link::{Link, lock};
use super::set::Set;
use super::streams::Ended;
use super::tally::{Event, Tally};
use super::wire::Wire;
use crate::clock::later;
use crate::session::{Permit, Shared, Watch};
use crate::{Error, ErrorKind};

pub(crate) type H2Connection = h2::client::Connection<Compat<Wire>, Bytes>;

/// How long a connection whose limit of streams is zero keeps requests that it has not written.
const STUCK: Duration = Duration::from_secs(1);

/// Drives one connection until it ends; a task of its own.
pub(crate) struct Driver {
    link: Arc<Link>,
    set: Weak<Set>,
    shared: Arc<Shared>,
    tally: Arc<Tally>,
    connection: Option<H2Connection>,
    permit: Option<Permit>,
    ping: Option<PingPong>,
    /// The deadline of the ping that is under way.
    pong_due: Option<PongDue>,
    abandoned: FuturesUnordered<Abandoned>,
    /// Filled and emptied at each poll.
    ended: Vec<Ended>,
    /// When requests that wait for a limit above zero have waited for long enough.
    stuck_at: Option<Watch>,
}

impl Driver {
    pub(crate) fn new(
        link: Arc<Link>,
        set: &Arc<Set>,
        mut connection: H2Connection,
        permit: Permit,
    ) -> Self {
        link.wire.drain_by_hand();
        Self {
            link,
            set: Arc::downgrade(set),
            shared: set.shared.clone(),
            tally: set.tally.clone(),
            ping: connection.ping_pong(),
            connection: Some(connection),
            permit: Some(permit),
            pong_due: None,
            abandoned: FuturesUnordered::new(),
            ended: Vec::new(),
            stuck_at: None,
        }
    }

    fn poll_ping(&mut self, cx: &mut Context<'_>) -> Poll<Error> {
        let Some(ping) = &mut self.ping else {
            return Poll::Pending;
        };
        if self.pong_due.is_none()
            && self.link.orders.ping.swap(false, Ordering::AcqRel)
            && ping.send_ping(Ping::opaque()).is_ok()
        {
            self.pong_due = Some(PongDue::new(&self.shared, &self.link));
        }
        let Some(due) = &mut self.pong_due else {
            return Poll::Pending;
        };
        if ping.poll_pong(cx).is_ready() {
            self.pong_due = None;
            if let Some(set) = self.set.upgrade() {
                set.alive(&self.link);
            }
            return Poll::Pending;
        }
        while due.watch.poll(cx).is_ready() {
            // An answer is a sign of life too; chatter is none.
            if self.link.observed.answers() == due.answers {
                return Poll::Ready(Error::new(
                    ErrorKind::Connect,
                    "the connection is dead: a PING was not answered in time",
                ));
            }
            *due = PongDue::new(&self.shared, &self.link);
        }
        Poll::Pending
    }

    fn poll_abandoned(&mut self, cx: &mut Context<'_>) {
        if let Some(abandoned) = lock(&self.link.orders.abandoned).as_mut() {
            self.abandoned.extend(abandoned.drain(..));
        }
        while let Poll::Ready(Some(())) = Pin::new(&mut self.abandoned).poll_next(cx) {}
    }

    fn tell_news(&mut self) {
        if !self.link.observed.take_news() {
            return;
        }
        let Some(set) = self.set.upgrade() else {
            return;
        };
        set.news(&self.link);
        if self.link.observed.max_streams() > 0 {
            self.stuck_at = None;
        } else if self.stuck_at.is_none() {
            let at = later(self.shared.backend.now(), STUCK);
            self.stuck_at = Some(self.shared.watch(at));
        }
    }

    /// Gives back the places of the streams that ended, whoever still has to fetch their answers.
    fn tell_ended(&mut self) {
        self.link.wire.take_ended(&mut self.ended);
        if self.ended.is_empty() {
            return;
        }
        let freed = self.link.end_streams(&self.ended);
        self.ended.clear();
        if freed.streams > 0
            && let Some(set) = self.set.upgrade()
        {
            set.freed(&self.link, freed);
        }
    }

    /// Ready when the peer takes no streams any more and has answered what it took, while others
    /// stand in `h2` that were never written: they may go elsewhere.
    fn poll_stuck(&mut self, cx: &Context<'_>) -> Poll<Error> {
        let Some(stuck_at) = &mut self.stuck_at else {
            return Poll::Pending;
        };
        ready!(stuck_at.poll(cx));
        if self.link.has_only_unwritten() {
            let message = "the server takes no more streams on this connection";
            return Poll::Ready(Error::new(ErrorKind::Refused, message));
        }
        // Those who wait need not wait for this one.
        if let Some(set) = self.set.upgrade() {
            set.shut(&self.link);
        }
        // What is under way still has to be answered: looked at again as it is.
        Poll::Pending
    }

    /// `Ready` once the connection has ended, with why, unless it ended in order.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<Option<Error>> {
        if let Poll::Ready(dead) = self.poll_ping(cx) {
            return Poll::Ready(Some(dead));
        }
        let polled = self.poll_connection(cx);
        if let Poll::Ready(end) = polled {
            return Poll::Ready(end.err().map(Set::lost_connection));
        }
        match self.link.wire.poll_drain(cx) {
            Poll::Ready(Err(error)) => {
                // What the peer said before it broke off may still be there to be read.
                let _ = self.poll_connection(cx);
                let broke = Error::new(ErrorKind::Connect, "the connection broke");
                Poll::Ready(Some(broke.with_source(error)))
            }
            _ => {
                // Streams that were broken off from this side end as that is written.
                self.tell_ended();
                self.poll_stuck(cx).map(Some)
            }
        }
    }

    fn poll_connection(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), h2::Error>> {
        let polled = match &mut self.connection {
            Some(connection) => Pin::new(connection).poll(cx),
            None => Poll::Ready(Ok(())),
        };
        self.tell_news();
        self.tell_ended();
        self.poll_abandoned(cx);
        polled
    }
}

/// By when a PING is to be answered.
struct PongDue {
    watch: Watch,
    /// How many answers had come when the wait began.
    answers: u64,
}

impl PongDue {
    fn new(shared: &Shared, link: &Link) -> Self {
        let due = later(shared.backend.now(), shared.config.ping_timeout);
        Self {
            watch: shared.watch(due),
            answers: link.observed.answers(),
        }
    }
}

impl Future for Driver {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        this.link.orders.waker.register(cx.waker());
        if this.link.orders.close.load(Ordering::Acquire) {
            return Poll::Ready(());
        }
        let Poll::Ready(why) = this.poll_end(cx) else {
            return Poll::Pending;
        };
        if let Some(set) = this.set.upgrade() {
            set.failed(&this.link, why);
        }
        Poll::Ready(())
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // First the connection, which ends its streams; then their places are given back.
        self.link.retire();
        self.connection = None;
        self.link.wire.release();
        self.abandoned.clear();
        let left = lock(&self.link.orders.abandoned).take();
        drop(left);
        self.permit = None;
        self.tally.count(Event::Disconnected);
        if let Some(set) = self.set.upgrade() {
            set.ended(&self.link);
        }
    }
}
