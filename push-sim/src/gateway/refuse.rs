//! What happens when a notification is refused.

use std::time::Instant;

use super::frame::{self, Next};
use crate::fault::{Close, Farewell, Refusal};
use crate::ledger::Book;

/// How a connection is to go on, or to end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ending {
    Answer(Answer),
    Close(Close),
    /// Something that is no error response, then close_notify.
    Garbage,
    /// Stays open, and is not touched any more.
    Stall,
}

/// An error response, and what comes after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    octets: [u8; 6],
    length: usize,
    pub(super) split: bool,
    /// `None`: the connection stays open.
    pub(super) close: Option<Close>,
    pub(super) drain: bool,
}

impl Answer {
    /// The answer that names this identifier; without one nothing is said.
    pub(super) fn new(refusal: &Refusal, identifier: Option<u32>) -> Self {
        let identifier = refusal.identifier.or(identifier);
        let length = usize::from(refusal.bytes.unwrap_or(6)).min(6);
        let mut octets = [8, refusal.code, 0, 0, 0, 0];
        octets[2..].copy_from_slice(&identifier.unwrap_or(0).to_be_bytes());
        Self {
            octets,
            length: identifier.map_or(0, |_| length),
            split: refusal.split,
            close: refusal.close.unwrap_or(Farewell::Tls).close(),
            drain: refusal.drain,
        }
    }

    pub(super) fn octets(&self) -> &[u8] {
        &self.octets[..self.length]
    }
}

/// A connection on which everything that comes is thrown away.
#[derive(Debug, Default)]
pub(super) struct Doom {
    /// What is still to be said.
    answer: Option<Answer>,
    due: Option<Instant>,
    /// So many frames have to come before it is said.
    missing: Option<u64>,
    /// Where frames begin is not known any more.
    is_lost: bool,
}

impl Doom {
    /// The answer is said when it is due; `Err`: it is due at once.
    pub(super) fn of(answer: Answer, refusal: &Refusal, now: Instant) -> Result<Self, Ending> {
        let missing = refusal.discard.filter(|frames| *frames > 0);
        if missing.is_none() && (refusal.delay.is_none() || refusal.discard.is_some()) {
            return Err(Ending::Answer(answer));
        }
        Ok(Self {
            answer: Some(answer),
            due: refusal.delay.map(|delay| now + delay),
            missing,
            is_lost: false,
        })
    }

    /// Nothing is to be said any more.
    pub(super) fn silent(is_lost: bool) -> Self {
        Self {
            is_lost,
            ..Self::default()
        }
    }

    /// Throws away what has come, until the answer is due by it.
    pub(super) fn discard(&mut self, input: &mut &[u8], book: &mut Book) -> Option<Ending> {
        while !self.is_lost {
            match frame::next(input) {
                Next::Partial => return None,
                Next::Malformed(_) => self.is_lost = true,
                Next::Whole(_, length) => {
                    *input = &input[length..];
                    book.stats.discarded += 1;
                    if let Some(missing) = &mut self.missing {
                        *missing -= 1;
                        if *missing == 0 {
                            return self.say();
                        }
                    }
                }
            }
        }
        *input = &[];
        None
    }

    /// When the answer comes in any case.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.answer.as_ref().and(self.due)
    }

    /// The answer, if it was not said yet.
    pub(super) fn say(&mut self) -> Option<Ending> {
        self.missing = None;
        self.answer.take().map(Ending::Answer)
    }
}
