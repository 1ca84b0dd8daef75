//! What became of the devices of one service, on every backend.

use std::time::Duration;

use crate::args::BackendName;
use crate::output::{Tally, grouped};

/// One service, sent to on each backend.
pub(super) struct Played {
    pub(super) title: &'static str,
    /// What there is to say of it, where everything went wrong that can.
    pub(super) notes: &'static str,
    pub(super) rows: Vec<Row>,
}

/// The same on one backend.
pub(super) struct Row {
    pub(super) backend: BackendName,
    /// How many the simulator took.
    pub(super) taken: u64,
    /// How many its feedback service told of, where there is one.
    pub(super) feedback: Option<u64>,
    pub(super) tally: Tally,
    /// From the first device to the last answer.
    pub(super) took: Duration,
}

impl Played {
    /// What most backends came to.
    pub(super) fn usual(&self) -> Option<&Row> {
        let agreeing = |row: &Row| self.rows.iter().filter(|other| other.agrees(row)).count();
        // Of several that are the most, the first.
        self.rows.iter().rev().max_by_key(|row| agreeing(row))
    }

    /// The backends that came to something else.
    pub(super) fn others(&self) -> impl Iterator<Item = &Row> {
        let usual = self.usual();
        let differs = move |row: &&Row| usual.is_some_and(|usual| !usual.agrees(row));
        self.rows.iter().filter(differs)
    }

    /// The pushes per second of the slowest and of the fastest backend.
    pub(super) fn pace(&self) -> Option<(u64, u64)> {
        let paces = || self.rows.iter().map(Row::per_second);
        paces().min().zip(paces().max())
    }

    /// What should not be, a sentence for each backend where it is.
    pub(super) fn faults(&self) -> Vec<String> {
        let told = |row: &Row| match row.feedback {
            Some(feedback) => format!("told {} by the feedback service", grouped(feedback)),
            None => "see its row".to_owned(),
        };
        let title = self.title;
        let others = self.others().map(|row| {
            let (backend, told) = (row.backend, told(row));
            format!("{title}: {backend} came to another end than most backends did: {told}")
        });
        let untrue = self.rows.iter().filter(|row| row.claimed() != row.taken);
        let untrue = untrue.map(|row| {
            let (backend, taken) = (row.backend, grouped(row.taken));
            let claimed = grouped(row.claimed());
            format!(
                "{title}: on {backend} the simulator took {taken}, and by the outcomes it was {claimed}"
            )
        });
        others.chain(untrue).collect()
    }
}

impl Row {
    /// Whether both came to the same, however long it took.
    fn agrees(&self, other: &Self) -> bool {
        self.tally == other.tally && self.feedback == other.feedback
    }

    pub(super) fn per_second(&self) -> u64 {
        let seconds = self.took.as_secs_f64();
        match seconds > 0.0 {
            true => (self.tally.devices() as f64 / seconds) as u64,
            false => 0,
        }
    }

    /// How many the simulator must have taken, by the outcomes: it takes what it keeps its answer of.
    fn claimed(&self) -> u64 {
        const TAKEN: [&str; 3] = ["accepted", "replace-token", "unknown"];
        let counts = self.tally.counts();
        let taken = counts.filter(|(verdict, _)| TAKEN.contains(verdict));
        taken.map(|(_, count)| count).sum()
    }
}

#[cfg(test)]
mod tests {
    use anypush::Verdict;

    use super::*;

    fn played(counts: [(u64, u64); 6]) -> Played {
        let rows = BackendName::all().zip(counts);
        let rows = rows.map(|(backend, (accepted, millis))| {
            let mut tally = Tally::default();
            (0..accepted).for_each(|_| tally.count(&Verdict::Accepted));
            Row {
                backend,
                taken: accepted,
                feedback: None,
                tally,
                took: Duration::from_millis(millis),
            }
        });
        Played {
            title: "apns",
            notes: "",
            rows: rows.collect(),
        }
    }

    #[test]
    fn a_backend_that_differs_is_told_apart_from_what_most_came_to() {
        let mut played = played([
            (9, 1000),
            (8, 500),
            (9, 900),
            (9, 2000),
            (9, 800),
            (9, 1000),
        ]);
        assert_eq!(played.usual().unwrap().tally.accepted(), 9);
        let others: Vec<String> = played.others().map(|row| row.backend.to_string()).collect();
        assert_eq!(others, ["tokio, openssl"]);
        assert_eq!(played.pace(), Some((4, 16)));
        assert_eq!(played.faults().len(), 1, "{:?}", played.faults());

        played.rows.swap(0, 1);
        assert_eq!(played.usual().unwrap().tally.accepted(), 9);
        played.rows[3].taken = 10;
        let faults = played.faults();
        assert!(
            faults[0].contains("tokio, openssl") && faults[1].contains("took 10"),
            "{faults:?}"
        );
    }

    #[test]
    fn where_all_agree_there_is_no_fault() {
        let played = played([(3, 1); 6]);
        assert_eq!(played.others().count(), 0);
        assert!(played.faults().is_empty());
    }
}
