//! The guard of a bulk send: what is to be made of answers that may be about the send as a whole, and
//! not about the device.

use std::collections::VecDeque;

/// What a bulk send learns from one outcome is believed of others of the same group only: of those that
/// went to the same push service, say.
pub trait Grouped {
    /// The number of its group, from 0; one of [`MOST_GROUPS`] and above is taken as the last. Default: 0, for senders whose
    /// outcomes all speak for each other.
    fn group(&self) -> usize {
        0
    }
}

/// An error of a push that may say more about the send as a whole than about its device: that the
/// device is gone, say, when every device of a wrong account seems gone.
pub trait Judged: Grouped + Sized {
    /// What the send as a whole is suspected of.
    type Suspicion;

    /// Whether what it says can only be believed where other pushes of its group are accepted.
    fn is_suspect(&self) -> bool;

    /// The same error, where others were accepted: it is about this device alone.
    #[must_use]
    fn cleared(self) -> Self;

    /// The same error, where none of so many was accepted, this one included.
    #[must_use]
    fn suspected(self, of: &Self::Suspicion, rejected: usize) -> Self;
}

/// So many rejections without an acceptance, and the send as a whole, or its group, is suspected.
pub const SUSPICIOUS: usize = 100;

/// So many groups are told apart.
pub const MOST_GROUPS: usize = 16;

/// What became of a push to a device.
type Told<D, R, E> = (D, Result<R, E>);

/// Holds back suspect errors until it is known what they mean.
///
/// Pure: what goes in comes out, once, and in order but for what is held back. It holds less than
/// [`SUSPICIOUS`] items of each group.
#[derive(Debug)]
pub(super) struct Guard<D, R, E: Judged> {
    suspicion: E::Suspicion,
    /// By group.
    evidence: Vec<Evidence>,
    /// Rejected, and not yet judged.
    held: VecDeque<Told<D, R, E>>,
    /// To be told, the first one first.
    ready: VecDeque<Told<D, R, E>>,
}

/// What the outcomes so far say of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Evidence {
    /// Nothing was accepted, and so many were rejected, less than are suspicious.
    Open(usize),
    /// Something was accepted: the send is right.
    Right,
    /// Nothing was accepted, and a suspicious number was rejected.
    Suspicious(usize),
}

impl Evidence {
    /// How many were rejected while nothing was accepted.
    fn rejected(self) -> usize {
        match self {
            Self::Open(rejected) | Self::Suspicious(rejected) => rejected,
            Self::Right => 0,
        }
    }
}

fn group_of<D, R: Grouped, E: Judged>((_, outcome): &Told<D, R, E>) -> usize {
    let group = match outcome {
        Ok(receipt) => receipt.group(),
        Err(error) => error.group(),
    };
    group.min(MOST_GROUPS - 1)
}

impl<D, R: Grouped, E: Judged> Guard<D, R, E> {
    pub(super) fn new(suspicion: E::Suspicion) -> Self {
        Self {
            suspicion,
            evidence: vec![Evidence::Open(0)],
            held: VecDeque::new(),
            ready: VecDeque::new(),
        }
    }

    /// Takes an outcome in, and gives out one that is to be told now.
    pub(super) fn pass(&mut self, told: Told<D, R, E>) -> Option<Told<D, R, E>> {
        let group = group_of(&told);
        if group >= self.evidence.len() {
            self.evidence.resize(group + 1, Evidence::Open(0));
        }
        let evidence = &mut self.evidence[group];
        let told = match told {
            (device, Ok(receipt)) => {
                if *evidence != Evidence::Right {
                    *evidence = Evidence::Right;
                    self.judge(Some(group));
                }
                (device, Ok(receipt))
            }
            (device, Err(error)) if error.is_suspect() => match evidence {
                Evidence::Right => return Some((device, Err(error.cleared()))),
                Evidence::Suspicious(rejected) => {
                    *rejected += 1;
                    let error = error.suspected(&self.suspicion, *rejected);
                    return Some((device, Err(error)));
                }
                Evidence::Open(rejected) => {
                    *rejected += 1;
                    let rejected = *rejected;
                    self.held.push_back((device, Err(error)));
                    if rejected >= SUSPICIOUS {
                        self.evidence[group] = Evidence::Suspicious(rejected);
                        self.judge(Some(group));
                    }
                    return self.next();
                }
            },
            other => other,
        };
        if self.ready.is_empty() {
            return Some(told);
        }
        self.ready.push_back(told);
        self.next()
    }

    /// The next one that is to be told.
    pub(super) fn next(&mut self) -> Option<Told<D, R, E>> {
        self.ready.pop_front()
    }

    /// Judges all that is held back with what is known: no acceptance is to come.
    pub(super) fn suspect(&mut self) {
        self.judge(None);
    }

    /// Whether an acceptance would pass without changing anything, where there is one group.
    #[inline]
    pub(super) fn is_at_rest(&self) -> bool {
        self.evidence == [Evidence::Right] && self.ready.is_empty()
    }

    /// Whether something waits for a judgement.
    pub(super) fn holds_back(&self) -> bool {
        !self.held.is_empty()
    }

    /// How many items are in here.
    pub(super) fn len(&self) -> usize {
        self.held.len() + self.ready.len()
    }

    /// Judges what is held back of a group, or of all, by the evidence of its group.
    fn judge(&mut self, only: Option<usize>) {
        for told in std::mem::take(&mut self.held) {
            let group = group_of(&told);
            if only.is_some_and(|only| only != group) {
                self.held.push_back(told);
                continue;
            }
            let (device, outcome) = told;
            let outcome = outcome.map_err(|error| match self.evidence[group] {
                Evidence::Right => error.cleared(),
                evidence => error.suspected(&self.suspicion, evidence.rejected()),
            });
            self.ready.push_back((device, outcome));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    /// What comes of a push before the guard sees it.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Answer {
        Accepted,
        Bad,
        Busy,
        Lost,
    }
    use Answer::{Accepted, Bad, Busy, Lost};

    /// An error, and what was made of it.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Failed {
        Suspect,
        Other(Answer),
        Dead,
        /// With so many.
        Wrong(usize),
    }

    impl Grouped for () {}

    impl Grouped for Failed {}

    impl Judged for Failed {
        type Suspicion = ();

        fn is_suspect(&self) -> bool {
            *self == Self::Suspect
        }

        fn cleared(self) -> Self {
            Self::Dead
        }

        fn suspected(self, (): &(), rejected: usize) -> Self {
            Self::Wrong(rejected)
        }
    }

    type Outcome = Result<(), Failed>;

    fn outcome(answer: Answer) -> Outcome {
        match answer {
            Accepted => Ok(()),
            Bad => Err(Failed::Suspect),
            other => Err(Failed::Other(other)),
        }
    }

    fn guard() -> Guard<usize, (), Failed> {
        Guard::new(())
    }

    /// The outcomes in the order in which they are told; what comes at the end of the source last.
    fn told(answers: &[Answer]) -> Vec<(usize, Outcome)> {
        let mut guard = guard();
        let mut told = Vec::new();
        for (number, answer) in answers.iter().enumerate() {
            told.extend(guard.pass((number, outcome(*answer))));
            told.extend(std::iter::from_fn(|| guard.next()));
            assert!(guard.len() < SUSPICIOUS, "memory is bounded");
        }
        guard.suspect();
        told.extend(std::iter::from_fn(|| guard.next()));
        assert_eq!(guard.len(), 0);
        told
    }

    const DEAD: Outcome = Err(Failed::Dead);

    fn is_wrong(outcome: &Outcome) -> bool {
        matches!(outcome, Err(Failed::Wrong(_)))
    }

    #[test]
    fn an_acceptance_clears_those_before_and_after_it() {
        let outcomes = told(&[Bad, Bad, Accepted, Bad, Accepted]);
        let expected = [DEAD, DEAD, Ok(()), DEAD, Ok(())];
        assert_eq!(
            outcomes,
            expected.into_iter().enumerate().collect::<Vec<_>>()
        );
    }

    #[test]
    fn the_end_without_an_acceptance_is_a_suspicion_with_their_number() {
        assert_eq!(told(&[Bad]), [(0, Err(Failed::Wrong(1)))]);
        let outcomes = told(&[Bad, Busy, Bad]);
        assert_eq!(
            outcomes[0],
            (1, Err(Failed::Other(Busy))),
            "it waits for nothing"
        );
        assert_eq!(outcomes[2], (2, Err(Failed::Wrong(2))));
    }

    #[test]
    fn the_hundredth_is_suspicious_and_an_acceptance_clears_those_after_it() {
        let mut answers = vec![Bad; 100];
        let mut open = guard();
        for number in 0..99 {
            assert!(open.pass((number, outcome(Bad))).is_none(), "{number}");
        }
        assert!(open.pass((99, outcome(Bad))).is_some());
        answers.extend([Bad, Accepted, Bad]);
        let outcomes = told(&answers);
        assert!(outcomes[..101].iter().all(|(_, outcome)| is_wrong(outcome)));
        assert_eq!(outcomes[100].1, Err(Failed::Wrong(101)));
        assert_eq!(outcomes[101..], [(101, Ok(())), (102, DEAD)]);
    }

    #[test]
    fn what_was_judged_early_counts_on_and_is_not_told_again() {
        let mut guard = guard();
        for round in 0..2 {
            for number in 0..49 {
                assert!(guard.pass((round * 49 + number, outcome(Bad))).is_none());
            }
            guard.suspect();
            assert_eq!(std::iter::from_fn(|| guard.next()).count(), 49);
        }
        assert!(guard.pass((98, outcome(Bad))).is_none());
        assert!(guard.pass((99, outcome(Bad))).is_some(), "the hundredth");
    }

    /// Of one of two services.
    struct Of<T>(usize, T);

    impl<T> Grouped for Of<T> {
        fn group(&self) -> usize {
            self.0
        }
    }

    impl Judged for Of<Failed> {
        type Suspicion = ();

        fn is_suspect(&self) -> bool {
            self.1.is_suspect()
        }

        fn cleared(self) -> Self {
            Self(self.0, self.1.cleared())
        }

        fn suspected(self, (): &(), rejected: usize) -> Self {
            Self(self.0, self.1.suspected(&(), rejected))
        }
    }

    #[test]
    fn an_acceptance_speaks_for_its_own_group_only() {
        let mut guard = Guard::new(());
        let bad = |group, device| (device, Err(Of(group, Failed::Suspect)));
        assert!(guard.pass(bad(1, 0)).is_none());
        assert!(guard.pass(bad(2, 1)).is_none());
        assert!(guard.pass(bad(99, 2)).is_none(), "a number of any size");
        let cleared = guard.pass((3, Ok(Of(1, ()))));
        assert!(matches!(cleared, Some((0, Err(Of(1, Failed::Dead))))));
        assert!(matches!(guard.next(), Some((3, Ok(_)))));
        assert!(guard.next().is_none());
        assert!(matches!(
            guard.pass(bad(1, 4)),
            Some((4, Err(Of(1, Failed::Dead))))
        ));
        assert!(guard.pass(bad(2, 5)).is_none());
        guard.suspect();
        let rest: Vec<_> = std::iter::from_fn(|| guard.next())
            .map(|(device, outcome)| (device, outcome.map_err(|Of(_, error)| error).err()))
            .collect();
        let wrong = |number| Some(Failed::Wrong(number));
        assert_eq!(rest, [(1, wrong(2)), (2, wrong(1)), (5, wrong(2))]);
    }

    fn answers() -> impl Strategy<Value = Vec<Answer>> {
        let answer = prop_oneof![
            // Weighted so that many runs pass the hundred, and many don't.
            30 => Just(Bad),
            1 => Just(Accepted),
            1 => Just(Busy),
            1 => Just(Lost),
        ];
        let rare = prop_oneof![200 => Just(Bad), 1 => Just(Accepted), 10 => Just(Lost)];
        prop_oneof![
            prop::collection::vec(answer, 0..300),
            prop::collection::vec(rare, 0..300),
        ]
    }

    proptest! {
        #[test]
        fn every_device_has_one_outcome_that_the_others_decide(answers in answers()) {
            let told = told(&answers);
            let numbers: HashSet<usize> = told.iter().map(|(number, _)| *number).collect();
            prop_assert_eq!(told.len(), answers.len());
            prop_assert_eq!(numbers.len(), answers.len());

            let first_accepted = answers.iter().position(|answer| *answer == Accepted);
            let hundredth = answers
                .iter()
                .enumerate()
                .filter(|(_, answer)| **answer == Bad)
                .nth(SUSPICIOUS - 1)
                .map(|(number, _)| number);
            for (number, told) in &told {
                let wrong = match (first_accepted, hundredth) {
                    (None, _) => true,
                    // Suspected before it, and not cleared in time.
                    (Some(accepted), Some(hundredth)) => {
                        hundredth < accepted && *number < accepted
                    }
                    (Some(_), None) => false,
                };
                match answers[*number] {
                    Bad if wrong => prop_assert!(is_wrong(told), "{}", number),
                    Bad => prop_assert_eq!(told, &DEAD, "{}", number),
                    other => prop_assert_eq!(told, &outcome(other), "{}", number),
                }
            }
        }

        #[test]
        fn only_what_is_held_back_loses_its_place(answers in answers()) {
            let told = told(&answers);
            let others: Vec<usize> = told
                .iter()
                .map(|(number, _)| *number)
                .filter(|number| answers[*number] != Bad)
                .collect();
            prop_assert!(others.is_sorted());
            let bad: Vec<usize> = told
                .iter()
                .map(|(number, _)| *number)
                .filter(|number| answers[*number] == Bad)
                .collect();
            prop_assert!(bad.is_sorted());
        }
    }
}
