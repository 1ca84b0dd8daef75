use std::sync::Arc;
use std::time::Instant;

use super::link::Link;

/// A connection, and what the set knows of it.
pub(super) struct Seat {
    pub(super) link: Arc<Link>,
    /// Streams in use, those included that nobody waits for any more.
    pub(super) open: u32,
    pub(super) abandoned: u32,
    pub(super) limit: u32,
    pub(super) answered: bool,
    /// An answer was a success.
    pub(super) proven: bool,
    pub(super) draining: bool,
    /// Its GOAWAY was counted.
    pub(super) dismissed: bool,
    /// It counts against the back-off already that it came to nothing.
    pub(super) failed: bool,
    /// All its streams wait for answers that nobody waits for any more, and it answered a PING
    /// meanwhile: it is alive, but of no use.
    pub(super) hung: bool,
    /// A PING is under way, and no stream is given until it is answered.
    pub(super) probing: bool,
    /// The PING was answered just now: the next stream needs no other.
    pub(super) vouched: bool,
    pub(super) connected_at: Instant,
    /// When the last stream ended.
    pub(super) idle_since: Instant,
    /// When the peer, idle, gave its last sign of life.
    pub(super) alive_at: Instant,
}

impl Seat {
    pub(super) fn has_room(&self) -> bool {
        !self.draining && !self.probing && self.open < self.limit
    }

    /// Whether only streams are left that nobody waits for. Without any `h2` closes by itself.
    pub(super) fn is_over(&self) -> bool {
        self.draining && self.abandoned > 0 && self.open == self.abandoned
    }

    /// Whether every stream that it takes is one that nobody waits for.
    pub(super) fn is_clogged(&self) -> bool {
        self.abandoned > 0 && self.open == self.abandoned && self.open >= self.limit
    }

    /// Whether it can be counted on for requests to come.
    pub(super) fn is_of_use(&self) -> bool {
        !self.draining && !self.hung
    }

    /// Whether the peer may still raise the limit, once it has taken a request (APNs starts each
    /// connection with one stream): until then another connection would gain nothing, and where the
    /// credential is refused it would only be one more.
    pub(super) fn may_grow(&self) -> bool {
        self.is_of_use() && !self.proven && self.limit <= 1
    }
}

pub(super) fn find<'a>(seats: &'a mut [Seat], link: &Arc<Link>) -> Option<&'a mut Seat> {
    seats.iter_mut().find(|seat| Arc::ptr_eq(&seat.link, link))
}
