//! What was sent over one connection and has no verdict yet. Pure: no clock, no I/O.

use std::collections::VecDeque;

use super::Status;
use super::codec::ErrorResponse;

/// The identifier of the first notification of a connection. Not 0: that is what a real gateway
/// answered where it could read no identifier.
pub(super) const FIRST: u32 = 1;

/// The notifications of one connection whose fate is open, in the order of their identifiers, which
/// count up from one connection's first and wrap around.
#[derive(Debug)]
pub(super) struct Window<T> {
    entries: VecDeque<T>,
    /// The identifier of the first entry.
    base: u32,
    /// How many left it before they had a verdict.
    forgotten: u32,
    /// The identifier of the notification that asks for a proof; nothing comes after it.
    probe: Option<u32>,
    /// The entries are sent without their identifiers.
    is_anonymous: bool,
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// With the gateway's own word.
    Answered(ErrorResponse),
    /// With an end of file, an error, or patience that ran out.
    Unanswered,
    /// Its handshake was refused: what was written went nowhere.
    Refused,
}

/// What an ending means for each notification of its connection, which are in exactly one of these.
#[derive(Debug)]
pub(super) struct Settled<T> {
    /// Proven to be taken.
    pub(super) taken: VecDeque<T>,
    /// The one that the answer names, and its identifier.
    pub(super) named: Option<(T, u32, Status)>,
    /// Perhaps taken.
    pub(super) unknown: VecDeque<T>,
    /// Surely not taken, and of no fault of their own.
    pub(super) untouched: VecDeque<T>,
    /// The identifier of the first one that was taken, or is unknown.
    pub(super) first: u32,
    /// The gateway spoke of something that was sent: it reads, and knows what.
    pub(super) was_heard: bool,
}

impl<T> Window<T> {
    /// An empty one, in memory that was used before. Where the entries are sent without their
    /// identifiers, no answer can name one of them.
    pub(super) fn new(mut memory: VecDeque<T>, is_anonymous: bool) -> Self {
        memory.clear();
        Self {
            entries: memory,
            base: FIRST,
            forgotten: 0,
            probe: None,
            is_anonymous,
        }
    }

    #[cfg(test)]
    fn from(base: u32) -> Self {
        Self {
            base,
            ..Self::new(VecDeque::new(), false)
        }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether nothing was ever taken in.
    pub(super) fn is_unused(&self) -> bool {
        self.entries.is_empty() && self.forgotten == 0
    }

    /// The identifier that the next entry gets.
    pub(super) fn next(&self) -> u32 {
        // A window never comes near 2^32 entries.
        self.base.wrapping_add(self.entries.len() as u32)
    }

    /// Takes an entry in, which is sent under the [next](Self::next) identifier.
    pub(super) fn push(&mut self, entry: T) {
        debug_assert!(self.probe.is_none());
        self.entries.push_back(entry);
    }

    /// Gives out the oldest entry without a verdict, and its identifier.
    pub(super) fn forget(&mut self) -> Option<(T, u32)> {
        let entry = self.entries.pop_front()?;
        let identifier = self.base;
        self.base = self.base.wrapping_add(1);
        self.forgotten = self.forgotten.saturating_add(1);
        Some((entry, identifier))
    }

    /// Its memory, for another one.
    pub(super) fn into_memory(self) -> VecDeque<T> {
        self.entries
    }

    /// The [next](Self::next) identifier goes to the notification that asks for a proof.
    pub(super) fn ask(&mut self) -> u32 {
        let probe = self.next();
        self.probe = Some(probe);
        probe
    }

    /// The question did not go out: no answer is one to it.
    pub(super) fn unask(&mut self) {
        self.probe = None;
    }

    /// Whether a proof was asked for.
    pub(super) fn has_asked(&self) -> bool {
        self.probe.is_some()
    }

    /// What the ending of the connection means. The last `unwritten` entries were not handed to it
    /// whole.
    pub(super) fn settle(self, ending: Ending, unwritten: usize) -> Settled<T> {
        let written = self.entries.len().saturating_sub(unwritten);
        let (proven, named, was_heard) = match ending {
            Ending::Refused => (Some(0), None, false),
            Ending::Unanswered => (None, None, false),
            Ending::Answered(ErrorResponse {
                status, identifier, ..
            }) => {
                match self.find(identifier, status, written) {
                    // It names the last one that was taken.
                    Found::Entry(at) if status == Status::Shutdown => (Some(at + 1), None, true),
                    Found::Entry(at) => (Some(at), Some((status, identifier)), true),
                    Found::Forgotten => (Some(0), None, true),
                    Found::Start => (Some(0), None, false),
                    Found::Probe => (Some(written), None, true),
                    Found::Nowhere => (None, None, false),
                }
            }
        };
        let settled = self.split(proven, named, written);
        Settled {
            was_heard,
            ..settled
        }
    }

    fn find(&self, identifier: u32, status: Status, written: usize) -> Found {
        let asks = matches!(status, Status::MissingToken | Status::InvalidTokenSize);
        if self.is_anonymous {
            return match self.probe == Some(identifier) && asks {
                true => Found::Probe,
                false => Found::Nowhere,
            };
        }
        let at = identifier.wrapping_sub(self.base) as usize;
        // The gateway may name the one of which it has read a part.
        if at < self.entries.len() && at <= written && (at < written || status != Status::Shutdown)
        {
            return Found::Entry(at);
        }
        if self.probe == Some(identifier) {
            return Found::Probe;
        }
        let before = self.base.wrapping_sub(identifier);
        if (1..=self.forgotten).contains(&before) {
            return Found::Forgotten;
        }
        // No entry has it. Of a notification without a token a real gateway answered so; the entries
        // all have one, which may be of a length that the gateway does not like.
        if status == Status::MissingToken && identifier == 0 && self.probe.is_some() {
            return Found::Probe;
        }
        // Nothing was taken before it was to shut down.
        match status == Status::Shutdown && before == 1 {
            true => Found::Start,
            false => Found::Nowhere,
        }
    }

    /// The first `proven` ones were taken, the next one is what the answer names, and the rest was not
    /// looked at; without a proof nothing is known of what was written.
    fn split(
        self,
        proven: Option<usize>,
        named: Option<(Status, u32)>,
        written: usize,
    ) -> Settled<T> {
        let mut entries = self.entries;
        let mut untouched = entries.split_off(proven.unwrap_or(written));
        let named = named.and_then(|(status, identifier)| {
            let entry = untouched.pop_front()?;
            Some((entry, identifier, status))
        });
        let (taken, unknown) = match proven {
            Some(_) => (entries, VecDeque::new()),
            None => (VecDeque::new(), entries),
        };
        Settled {
            taken,
            named,
            unknown,
            untouched,
            first: self.base,
            was_heard: false,
        }
    }
}

/// What an answer's identifier stands for.
enum Found {
    /// The entry at this place.
    Entry(usize),
    /// The notification that asked for a proof: all before it was taken.
    Probe,
    /// One that has left the window: none of the entries was looked at.
    Forgotten,
    /// What is before the first one: nothing was looked at.
    Start,
    /// Nothing that was sent: it proves nothing.
    Nowhere,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn window(base: u32, entries: u32) -> Window<u32> {
        let mut window = Window::from(base);
        for entry in 0..entries {
            window.push(entry);
        }
        window
    }

    fn answer(status: Status, identifier: u32) -> Ending {
        Ending::Answered(ErrorResponse::new(status, identifier))
    }

    /// Taken, named, unknown, untouched.
    type Parts = (Vec<u32>, Option<u32>, Vec<u32>, Vec<u32>);

    fn parts(settled: Settled<u32>) -> Parts {
        (
            settled.taken.into(),
            settled.named.map(|(entry, ..)| entry),
            settled.unknown.into(),
            settled.untouched.into(),
        )
    }

    #[test]
    fn an_answer_proves_what_is_before_the_named_one_and_frees_what_is_behind() {
        let settled = window(1, 5).settle(answer(Status::InvalidToken, 3), 1);
        assert_eq!(settled.named, Some((2, 3, Status::InvalidToken)));
        assert_eq!(settled.first, 1);
        let settled = window(1, 5).settle(answer(Status::InvalidToken, 3), 1);
        assert_eq!(parts(settled), (vec![0, 1], Some(2), vec![], vec![3, 4]));
    }

    #[test]
    fn a_shutdown_names_the_last_one_that_was_taken() {
        let settled = window(1, 4).settle(answer(Status::Shutdown, 2), 0);
        assert_eq!(parts(settled), (vec![0, 1], None, vec![], vec![2, 3]));
        let none = window(1, 2).settle(answer(Status::Shutdown, 0), 0);
        assert_eq!(parts(none), (vec![], None, vec![], vec![0, 1]));
        let mut asked = window(1, 2);
        let probe = asked.ask();
        let all = asked.settle(answer(Status::Shutdown, probe), 0);
        assert_eq!(parts(all), (vec![0, 1], None, vec![], vec![]));
    }

    #[test]
    fn the_answer_to_the_question_proves_all() {
        for (status, identifier) in [
            (Status::MissingToken, 4),
            (Status::InvalidTokenSize, 4),
            (Status::InvalidToken, 4),
            (Status::MissingToken, 0),
        ] {
            let mut asked = window(1, 3);
            assert_eq!(asked.ask(), 4);
            let settled = asked.settle(answer(status, identifier), 0);
            assert_eq!(parts(settled), (vec![0, 1, 2], None, vec![], vec![]));
        }
    }

    #[test]
    fn an_answer_that_may_be_to_something_else_proves_nothing() {
        let mut asked = window(1, 3);
        asked.ask();
        let settled = asked.settle(answer(Status::InvalidTokenSize, 0), 0);
        assert_eq!(parts(settled), (vec![], None, vec![0, 1, 2], vec![]));
        for identifier in [0, 4] {
            let mut asked = window(1, 3);
            asked.ask();
            asked.unask();
            let settled = asked.settle(answer(Status::MissingToken, identifier), 0);
            assert_eq!(parts(settled), (vec![], None, vec![0, 1, 2], vec![]));
        }
    }

    #[test]
    fn an_answer_names_nothing_that_has_no_identifier() {
        for (status, identifier) in [
            (Status::InvalidToken, 2),
            (Status::InvalidTokenSize, 0),
            (Status::Shutdown, 2),
            (Status::InvalidToken, 4),
        ] {
            let mut window = Window::new((0..3).collect(), true);
            window.entries.extend(0..3);
            window.ask();
            let settled = window.settle(answer(status, identifier), 0);
            assert_eq!(parts(settled), (vec![], None, vec![0, 1, 2], vec![]));
        }
        let mut window = Window::new(VecDeque::new(), true);
        window.push(0);
        let probe = window.ask();
        let settled = window.settle(answer(Status::MissingToken, probe), 0);
        assert_eq!(parts(settled), (vec![0], None, vec![], vec![]));
    }

    #[test]
    fn without_a_word_what_was_written_is_unknown() {
        let settled = window(1, 5).settle(Ending::Unanswered, 2);
        assert_eq!(parts(settled), (vec![], None, vec![0, 1, 2], vec![3, 4]));
        let settled = window(1, 5).settle(Ending::Refused, 2);
        assert_eq!(parts(settled), (vec![], None, vec![], vec![0, 1, 2, 3, 4]));
    }

    #[test]
    fn an_identifier_that_was_never_sent_proves_nothing() {
        for identifier in [0, 6, 7, u32::MAX] {
            let settled = window(1, 5).settle(answer(Status::InvalidToken, identifier), 1);
            assert_eq!(parts(settled), (vec![], None, vec![0, 1, 2, 3], vec![4]));
        }
        // Nor does that of one of which no byte, or not the whole, can have arrived before it was taken.
        let settled = window(1, 5).settle(answer(Status::InvalidToken, 5), 2);
        assert_eq!(parts(settled), (vec![], None, vec![0, 1, 2], vec![3, 4]));
        let settled = window(1, 5).settle(answer(Status::Shutdown, 4), 2);
        assert_eq!(parts(settled), (vec![], None, vec![0, 1, 2], vec![3, 4]));
    }

    #[test]
    fn one_that_was_read_in_part_can_be_refused() {
        let settled = window(1, 5).settle(answer(Status::InvalidTokenSize, 4), 2);
        assert_eq!(parts(settled), (vec![0, 1, 2], Some(3), vec![], vec![4]));
    }

    #[test]
    fn an_answer_for_what_was_forgotten_frees_all() {
        let mut window = window(u32::MAX, 5);
        assert_eq!(window.forget(), Some((0, u32::MAX)));
        assert_eq!(window.forget(), Some((1, 0)));
        let settled = window.settle(answer(Status::InvalidToken, u32::MAX), 0);
        assert_eq!(parts(settled), (vec![], None, vec![], vec![2, 3, 4]));
    }

    #[test]
    fn identifiers_wrap_around() {
        let settled = window(u32::MAX - 1, 4).settle(answer(Status::InvalidToken, 0), 0);
        assert_eq!(parts(settled), (vec![0, 1], Some(2), vec![], vec![3]));
    }

    proptest! {
        #[test]
        fn every_entry_is_in_one_part(
            base: u32, entries in 0_u32..50, forget in 0_usize..10, unwritten in 0_usize..60,
            ask: bool, status: u8, near: bool, identifier: u32,
        ) {
            let mut window = window(base, entries);
            let forgotten = (0..forget).filter(|_| window.forget().is_some()).count();
            if ask {
                window.ask();
            }
            let identifier = match near {
                true => base.wrapping_add(identifier % 70).wrapping_sub(10),
                false => identifier,
            };
            let settled = window.settle(answer(Status::from(status), identifier), unwritten);
            let (taken, named, unknown, untouched) = parts(settled);
            prop_assert!(taken.is_empty() || unknown.is_empty());
            let all = taken.into_iter().chain(named).chain(unknown).chain(untouched);
            let expected: Vec<u32> = (0..entries).skip(forgotten).collect();
            prop_assert_eq!(all.collect::<Vec<_>>(), expected);
        }
    }
}
