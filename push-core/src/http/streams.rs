//! The open streams of one connection, and what became of the others.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};

/// A stream that takes no place on its connection any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) stream: u32,
    /// Broken off by either side, rather than answered to the end.
    pub(crate) reset: bool,
}

/// Follows streams to their ends as the frames of a connection tell them. A stream has ended when it
/// was broken off, or when both sides are done: a peer may answer before it has the whole request,
/// and until that is written the stream takes a place.
#[derive(Debug, Default)]
pub(crate) struct Endings {
    /// Requests that were begun and are not written to the end, mostly in this order.
    begun: VecDeque<u32>,
    /// Those among them that are answered to the end.
    answered: Vec<u32>,
    ended: Vec<Ended>,
}

impl Endings {
    /// The HEADERS of a request were written.
    pub(crate) fn begun(&mut self, stream: u32) {
        self.begun.push_back(stream);
    }

    /// The last frame of a request was written.
    pub(crate) fn written(&mut self, stream: u32) {
        if self.forget(stream) {
            self.end(stream, false);
        }
    }

    /// The last frame of an answer was read.
    pub(crate) fn answered(&mut self, stream: u32) {
        if self.begun.contains(&stream) {
            self.answered.push(stream);
        } else {
            self.end(stream, false);
        }
    }

    pub(crate) fn reset(&mut self, stream: u32) {
        self.forget(stream);
        self.end(stream, true);
    }

    /// Moves the streams that have ended to the end of the list.
    pub(crate) fn take(&mut self, into: &mut Vec<Ended>) {
        into.append(&mut self.ended);
    }

    fn end(&mut self, stream: u32, reset: bool) {
        self.ended.push(Ended { stream, reset });
    }

    /// Takes a request out of those that are begun; tells whether it was answered already.
    fn forget(&mut self, stream: u32) -> bool {
        if self.begun.front() == Some(&stream) {
            self.begun.pop_front();
        } else if let Some(at) = self.begun.iter().position(|begun| *begun == stream) {
            self.begun.remove(at);
        }
        let at = self
            .answered
            .iter()
            .position(|answered| *answered == stream);
        at.map(|at| self.answered.swap_remove(at)).is_some()
    }
}

/// The streams that take a place on a connection: from the moment they are handed to `h2` until
/// the connection has seen their end, whoever still holds their answers.
///
/// So an answer that nobody fetches holds up no other request.
#[derive(Debug, Default)]
pub(crate) struct Streams {
    open: HashMap<u32, Who, BuildHasherDefault<ById>>,
    /// How many were ever opened.
    sent: u64,
}

/// Who waits for a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Caller,
    /// Nobody: its deadline passed, or it was dropped.
    Nobody,
}

/// What a look at the ended streams gave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Freed {
    pub(crate) streams: u32,
    /// Those among them that nobody waited for.
    pub(crate) abandoned: u32,
    /// Those among them that were broken off by either side.
    pub(crate) resets: u32,
}

impl Streams {
    pub(crate) fn open(&mut self, stream: u32) {
        self.open.insert(stream, Who::Caller);
        self.sent += 1;
    }

    /// Nobody waits for this one any more; `false` when it has ended already.
    pub(crate) fn abandon(&mut self, stream: u32) -> bool {
        let who = self.open.get_mut(&stream);
        who.map(|who| *who = Who::Nobody).is_some()
    }

    pub(crate) fn end(&mut self, ended: &[Ended]) -> Freed {
        let mut freed = Freed::default();
        for Ended { stream, reset } in ended {
            if let Some(who) = self.open.remove(stream) {
                freed.streams += 1;
                freed.abandoned += u32::from(who == Who::Nobody);
                freed.resets += u32::from(*reset);
            }
        }
        freed
    }

    pub(crate) fn sent(&self) -> u64 {
        self.sent
    }

    /// Whether somebody waits for streams, and all of those lie above this one.
    pub(crate) fn are_all_above(&self, written: u32) -> bool {
        let awaited = self.open.iter().filter(|(_, who)| **who == Who::Caller);
        let lowest = awaited.map(|(stream, _)| *stream).min();
        lowest.is_some_and(|lowest| lowest > written)
    }
}

/// Stream ids count up by twos: a multiplication spreads them well enough.
#[derive(Debug, Default)]
struct ById(u64);

impl Hasher for ById {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u32(u32::from(*byte));
        }
    }

    fn write_u32(&mut self, id: u32) {
        self.0 = (self.0 ^ u64::from(id)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn answered(stream: u32) -> Ended {
        Ended {
            stream,
            reset: false,
        }
    }

    #[test]
    fn a_stream_is_freed_once_however_often_its_end_is_seen() {
        let mut streams = Streams::default();
        for stream in [1, 3, 5] {
            streams.open(stream);
        }
        assert!(streams.abandon(3));
        let reset = Ended {
            stream: 5,
            reset: true,
        };
        let all = [answered(1), answered(1), answered(3), reset, answered(7)];
        let freed = Freed {
            streams: 3,
            abandoned: 1,
            resets: 1,
        };
        assert_eq!(streams.end(&all), freed);
        assert_eq!(streams.end(&all), Freed::default());
        assert!(!streams.abandon(3), "it has ended");
        assert_eq!(streams.sent(), 3);
    }

    #[test]
    fn a_stream_ends_when_both_sides_are_done_or_one_breaks_it_off() {
        let mut endings = Endings::default();
        let mut ended = Vec::new();
        for stream in [1, 3, 5, 7] {
            endings.begun(stream);
        }
        endings.written(3);
        endings.answered(1);
        endings.take(&mut ended);
        assert_eq!(ended, [], "the one is not answered, the other not written");
        endings.written(1);
        endings.answered(3);
        endings.reset(5);
        endings.written(7);
        endings.answered(7);
        endings.take(&mut ended);
        let reset = Ended {
            stream: 5,
            reset: true,
        };
        assert_eq!(ended, [answered(1), answered(3), reset, answered(7)]);
        assert!(endings.begun.is_empty() && endings.answered.is_empty());
    }

    #[test]
    fn streams_that_were_never_written_are_told_from_those_that_were() {
        let mut streams = Streams::default();
        assert!(!streams.are_all_above(0), "there is none");
        streams.open(3);
        streams.open(5);
        assert!(streams.are_all_above(1));
        assert!(!streams.are_all_above(3));
        assert!(streams.abandon(3));
        assert!(streams.are_all_above(3), "nobody waits for the one below");
    }
}
