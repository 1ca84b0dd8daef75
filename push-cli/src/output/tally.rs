//! Counts of verdicts.

use std::time::Duration;

use anypush::Verdict;

/// The names of the verdicts, in the order in which they are told.
pub(crate) const VERDICTS: [&str; 7] = [
    "accepted",
    "replace-token",
    "remove-token",
    "retry-after",
    "unknown",
    "fix-credentials",
    "fix-message",
];

/// How many devices got which verdict.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally([u64; VERDICTS.len()]);

impl Tally {
    pub(crate) fn count(&mut self, verdict: &Verdict) {
        let name = verdict.name();
        if let Some(at) = VERDICTS.iter().position(|known| *known == name) {
            self.0[at] += 1;
        }
    }

    /// Every verdict and its count.
    pub(crate) fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> {
        VERDICTS.into_iter().zip(self.0)
    }

    pub(crate) fn devices(&self) -> u64 {
        self.0.iter().sum()
    }

    pub(crate) fn accepted(&self) -> u64 {
        self.0[0]
    }
}

/// A run as a whole.
#[derive(Clone, Debug)]
pub(crate) struct Summary {
    pub(crate) tally: Tally,
    /// From the first connection's readiness to the last outcome.
    pub(crate) took: Duration,
    /// Connections that came about.
    pub(crate) connections: u64,
}

impl Summary {
    pub(crate) fn per_second(&self) -> f64 {
        let seconds = self.took.as_secs_f64();
        match seconds > 0.0 {
            true => self.tally.devices() as f64 / seconds,
            false => 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verdict_is_counted_under_its_name() {
        let verdicts = [
            Verdict::Accepted,
            Verdict::ReplaceToken(String::new()),
            Verdict::remove_token(None),
            Verdict::RetryAfter(Duration::ZERO),
            Verdict::Unknown,
            Verdict::FixCredentials,
            Verdict::FixMessage,
        ];
        let mut tally = Tally::default();
        for verdict in &verdicts {
            tally.count(verdict);
        }
        assert!(tally.counts().all(|(_, count)| count == 1), "{tally:?}");
        assert_eq!(tally.devices(), 7);
    }
}
