use std::sync::Arc;
use std::time::{Duration, Instant};

use super::link::Link;
use crate::clock::later;

/// A connection, and what the set knows of it.
pub(super) struct Seat {
    pub(super) link: Arc<Link>,
    /// Places that are given away: streams under way, those included that nobody waits for any
    /// more, and such as are about to begin.
    pub(super) open: u32,
    /// Streams that nobody waits for any more. Below zero for a moment where one ends as it is
    /// given up.
    pub(super) abandoned: i32,
    pub(super) limit: u32,
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
    /// It has had a limit of zero for so long that nobody should wait for another.
    pub(super) shut: bool,
    /// A PING is under way, and no stream is given until it is answered.
    pub(super) probing: bool,
    /// The PING was answered just now: the next stream needs no other.
    pub(super) vouched: bool,
    pub(super) connected_at: Instant,
    /// When the last stream ended that somebody waited for.
    pub(super) idle_since: Instant,
    /// When the peer, idle, gave its last sign of life.
    pub(super) alive_at: Instant,
    /// Since when the janitor has seen it left, with nothing open.
    pub(super) over_since: Option<Instant>,
    /// How many answers had come when the janitor looked last, and when that was, while it is busy.
    pub(super) looked: Option<(u64, Instant)>,
    /// When it has reached the age at which another one takes over.
    pub(super) expires_at: Option<Instant>,
}

impl Seat {
    pub(super) fn has_room(&self) -> bool {
        !self.draining && !self.probing && self.open < self.limit
    }

    /// Whether only streams are left that nobody waits for. Without any `h2` closes by itself.
    pub(super) fn is_over(&self) -> bool {
        self.draining && self.abandoned > 0 && self.awaited() == 0
    }

    /// Streams that somebody waits for.
    pub(super) fn awaited(&self) -> u32 {
        self.open
            .saturating_sub(u32::try_from(self.abandoned).unwrap_or(0))
    }

    /// While streams are open: asks for a sign of life where no answer came since the last look. Tells
    /// when to look again.
    pub(super) fn watch_silence(&mut self, every: Duration, now: Instant) -> Option<Instant> {
        // One that takes no streams is watched too: nobody would notice its end otherwise.
        if self.open == 0 && (self.limit > 0 || self.draining) {
            self.looked = None;
            return None;
        }
        let every = every.max(Duration::from_secs(1));
        let answers = self.link.observed.answers();
        match self.looked {
            Some((_, at)) if now < later(at, every) => return Some(later(at, every)),
            Some((before, _)) if before == answers => self.link.ping(),
            _ => {}
        }
        self.looked = Some((answers, now));
        Some(later(now, every))
    }

    /// Where it was left and nothing is open: tells when it should have ended by itself.
    pub(super) fn ends_by(&mut self, patience: Duration, now: Instant) -> Option<Instant> {
        if !self.draining || self.open > 0 {
            self.over_since = None;
            return None;
        }
        Some(later(*self.over_since.get_or_insert(now), patience))
    }

    /// While no stream is open: asks for a sign of life at each interval. Tells when the next is due.
    pub(super) fn keep_alive(&mut self, every: Duration, now: Instant) -> Option<Instant> {
        if self.draining {
            return None;
        }
        let due = later(self.alive_at, every);
        if now < due {
            return Some(due);
        }
        if self.open == 0 && !self.probing {
            self.probing = true;
            self.link.ping();
        }
        Some(later(now, every))
    }

    /// Whether every stream that it takes is one that nobody waits for.
    pub(super) fn is_clogged(&self) -> bool {
        self.abandoned > 0 && self.awaited() == 0 && self.open >= self.limit
    }

    /// Whether it can be counted on for requests to come.
    pub(super) fn is_of_use(&self) -> bool {
        !self.draining && !self.hung && !self.shut
    }

    /// Whether the peer may still raise the limit, once it has taken a request (APNs starts each
    /// connection with one stream): until then another connection would gain nothing, and where the
    /// credential is refused it would only be one more.
    pub(super) fn may_grow(&self) -> bool {
        self.is_of_use() && !self.proven && self.limit <= 1
    }
}

/// Connections that take no more requests, to be told so outside the lock.
#[must_use]
pub(super) struct Left(Vec<(Arc<Link>, bool)>);

impl Left {
    /// From now on these connections take no more requests.
    pub(super) fn new(seats: &mut [Seat], which: impl Fn(&Seat) -> bool) -> Self {
        let left = seats.iter_mut().filter(|seat| which(seat)).map(|seat| {
            seat.draining = true;
            (seat.link.clone(), seat.is_over())
        });
        Self(left.collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Lets them end once the last request has; tells how many they are.
    pub(super) fn let_go(self) -> usize {
        for (link, over) in &self.0 {
            link.retire();
            if *over {
                link.close();
            }
        }
        self.0.len()
    }
}

pub(super) fn find<'a>(seats: &'a mut [Seat], link: &Arc<Link>) -> Option<&'a mut Seat> {
    seats.iter_mut().find(|seat| Arc::ptr_eq(&seat.link, link))
}
