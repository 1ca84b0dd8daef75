//! The open streams of one connection, and what became of the others.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::wire::Ended;

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
