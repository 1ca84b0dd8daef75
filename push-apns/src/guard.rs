//! The environment guard of a bulk send: what is to be made of a `BadDeviceToken`.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::{Endpoint, Judgement, Outcome, Reason};

/// What the guard has to know of outcomes.
pub(crate) trait Judged {
    /// The service took the push.
    fn is_accepted(&self) -> bool;

    /// The service says that the token is none of this app's in this environment.
    fn is_bad_token(&self) -> bool;

    /// The same, with what was made of it.
    fn judged(self, judgement: &Arc<Judgement>) -> Self;
}

impl Judged for Outcome {
    fn is_accepted(&self) -> bool {
        self.is_ok()
    }

    fn is_bad_token(&self) -> bool {
        let rejection = self.as_ref().err().and_then(|error| error.rejection());
        rejection.is_some_and(|rejection| rejection.reason == Reason::BadDeviceToken)
    }

    fn judged(self, judgement: &Arc<Judgement>) -> Self {
        self.map_err(|error| error.judged(Judgement::clone(judgement)))
    }
}

/// So many rejections without an acceptance, and the environment is suspected.
pub(crate) const SUSPICIOUS: usize = 100;

/// Holds back what the service answered with `BadDeviceToken` until it is known what that means: a
/// dead token, or the wrong environment.
///
/// Pure: what goes in comes out, once, and in order but for what is held back. It holds less than
/// [`SUSPICIOUS`] items.
#[derive(Debug)]
pub(crate) struct Guard<D, O> {
    endpoint: Arc<Endpoint>,
    evidence: Evidence,
    /// Rejected, and not yet judged.
    held: VecDeque<(D, O)>,
    /// To be told, the first one first.
    ready: VecDeque<(D, O)>,
}

/// What the outcomes so far say of the environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Evidence {
    /// Nothing was accepted, and so many tokens were rejected, less than are suspicious.
    Open(usize),
    /// Something was accepted: the environment is right.
    Right,
    /// Nothing was accepted, and a suspicious number was rejected.
    Suspicious,
}

impl<D, O: Judged> Guard<D, O> {
    pub(crate) fn new(endpoint: Arc<Endpoint>) -> Self {
        Self {
            endpoint,
            evidence: Evidence::Open(0),
            held: VecDeque::new(),
            ready: VecDeque::new(),
        }
    }

    /// Takes an outcome in, and gives out one that is to be told now.
    pub(crate) fn pass(&mut self, (device, outcome): (D, O)) -> Option<(D, O)> {
        if outcome.is_accepted() {
            if self.evidence != Evidence::Right {
                self.evidence = Evidence::Right;
                self.judge(&Arc::new(Judgement::DeadToken));
            }
        } else if outcome.is_bad_token() {
            match &mut self.evidence {
                Evidence::Right => {
                    let dead = Arc::new(Judgement::DeadToken);
                    return Some((device, outcome.judged(&dead)));
                }
                Evidence::Suspicious => {
                    let outcome = outcome.judged(&self.wrong_environment());
                    return Some((device, outcome));
                }
                Evidence::Open(rejected) => {
                    *rejected += 1;
                    let enough = *rejected >= SUSPICIOUS;
                    self.held.push_back((device, outcome));
                    if enough {
                        self.evidence = Evidence::Suspicious;
                        self.suspect();
                    }
                    return self.next();
                }
            }
        }
        if self.ready.is_empty() {
            return Some((device, outcome));
        }
        self.ready.push_back((device, outcome));
        self.next()
    }

    /// The next one that is to be told.
    pub(crate) fn next(&mut self) -> Option<(D, O)> {
        self.ready.pop_front()
    }

    /// Judges what is held back with what is known: no acceptance is to come.
    pub(crate) fn suspect(&mut self) {
        self.judge(&self.wrong_environment());
    }

    /// Whether an acceptance would pass without changing anything.
    #[inline]
    pub(crate) fn is_at_rest(&self) -> bool {
        self.evidence == Evidence::Right && self.ready.is_empty()
    }

    /// Whether something waits for a judgement.
    pub(crate) fn holds_back(&self) -> bool {
        !self.held.is_empty()
    }

    /// How many items are in here.
    pub(crate) fn len(&self) -> usize {
        self.held.len() + self.ready.len()
    }

    fn judge(&mut self, judgement: &Arc<Judgement>) {
        let judged = self
            .held
            .drain(..)
            .map(|(device, outcome)| (device, outcome.judged(judgement)));
        self.ready.extend(judged);
    }

    fn wrong_environment(&self) -> Arc<Judgement> {
        Arc::new(Judgement::WrongEnvironment {
            endpoint: self.endpoint.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;
    use push_core::{Outcome as _, Verdict};

    use super::*;
    use crate::{ApnsId, Error, Receipt, Rejection};

    /// What comes of a push before the guard sees it.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Answer {
        Accepted,
        Bad,
        Gone,
        Busy,
        Lost,
        Malformed,
    }
    use Answer::{Accepted, Bad, Busy, Gone, Lost, Malformed};

    fn outcome(answer: Answer) -> Outcome {
        let rejected = |status, reason| {
            Err(Error::rejected(Rejection::new(status, reason)).sent_as(ApnsId::random(), 1))
        };
        let core = |kind| Err(push_core::Error::new(kind, "made by a test").into());
        match answer {
            Accepted => Ok(Receipt {
                id: ApnsId::random(),
                unique_id: None,
                attempts: 1,
            }),
            Bad => rejected(400, Reason::BadDeviceToken),
            Gone => rejected(410, Reason::Unregistered),
            Busy => rejected(503, Reason::ServiceUnavailable),
            Lost => core(push_core::ErrorKind::Lost),
            Malformed => Err("zz".parse::<crate::DeviceToken>().unwrap_err().into()),
        }
    }

    fn guard() -> Guard<usize, Outcome> {
        Guard::new(Arc::new(Endpoint::Sandbox))
    }

    /// The outcomes in the order in which they are told, by number and verdict; what comes at the
    /// end of the source last.
    fn told(answers: &[Answer]) -> Vec<(usize, Verdict)> {
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
        told.into_iter()
            .map(|(number, outcome)| (number, outcome.verdict()))
            .collect()
    }

    fn remove() -> Verdict {
        Verdict::remove_token(None)
    }

    const FIX: Verdict = Verdict::FixCredentials;

    #[test]
    fn an_acceptance_makes_dead_tokens_of_those_before_and_after_it() {
        let verdicts = told(&[Bad, Bad, Accepted, Bad, Accepted]);
        let expected = [
            remove(),
            remove(),
            Verdict::Accepted,
            remove(),
            Verdict::Accepted,
        ];
        assert_eq!(
            verdicts,
            expected.into_iter().enumerate().collect::<Vec<_>>()
        );
    }

    #[test]
    fn the_end_without_an_acceptance_is_the_wrong_environment() {
        assert_eq!(told(&[Bad]), [(0, FIX)]);
        let (number, first) = &told(&[Bad, Gone, Bad])[0];
        assert_eq!(
            (*number, first.name()),
            (1, "remove-token"),
            "a 410 waits for nothing"
        );
    }

    #[test]
    fn the_hundredth_is_the_wrong_environment_and_an_acceptance_clears_those_after_it() {
        let mut answers = vec![Bad; 100];
        let mut open = guard();
        for number in 0..99 {
            assert!(open.pass((number, outcome(Bad))).is_none(), "{number}");
        }
        assert!(open.pass((99, outcome(Bad))).is_some());
        answers.extend([Bad, Accepted, Bad]);
        let verdicts = told(&answers);
        assert!(verdicts[..101].iter().all(|(_, verdict)| *verdict == FIX));
        assert_eq!(verdicts[101..], [(101, Verdict::Accepted), (102, remove())]);
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

    #[test]
    fn the_error_says_which_endpoint_and_what_to_try() {
        let mut guard = guard();
        assert!(guard.pass((0, outcome(Bad))).is_none());
        guard.suspect();
        let error = guard.next().unwrap().1.unwrap_err();
        let text = error.to_string();
        for part in [
            "400",
            "BadDeviceToken",
            "likely the wrong environment",
            "sandbox",
            "production",
        ] {
            assert!(text.contains(part), "{text} lacks {part}");
        }
        assert_eq!(error.rejection().unwrap().verdict(), FIX);
        assert!(error.id().is_some(), "it was sent");
    }

    fn answers() -> impl Strategy<Value = Vec<Answer>> {
        let answer = prop_oneof![
            // Weighted so that many runs pass the hundred, and many don't.
            30 => Just(Bad),
            1 => Just(Accepted),
            1 => Just(Gone),
            1 => Just(Busy),
            1 => Just(Lost),
            1 => Just(Malformed),
        ];
        let rare = prop_oneof![200 => Just(Bad), 1 => Just(Accepted), 10 => Just(Lost)];
        prop_oneof![
            prop::collection::vec(answer, 0..300),
            prop::collection::vec(rare, 0..300),
        ]
    }

    proptest! {
        #[test]
        fn every_device_has_one_outcome_with_the_verdict_that_the_others_give_it(
            answers in answers(),
        ) {
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
            for (number, verdict) in &told {
                let expected = match answers[*number] {
                    Bad => match (first_accepted, hundredth) {
                        (None, _) => FIX,
                        // Suspected before it, and not cleared in time.
                        (Some(accepted), Some(hundredth))
                            if hundredth < accepted && *number < accepted => FIX,
                        (Some(_), _) => remove(),
                    },
                    other => outcome(other).verdict(),
                };
                prop_assert_eq!(verdict, &expected, "{}", number);
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
