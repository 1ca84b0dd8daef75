//! The tables of the page.

use std::fmt;
use std::time::Duration;

use anypush::Verdict;

/// What one service says, and the verdicts.
pub struct Section {
    /// The service's column in the first table.
    pub name: &'static str,
    title: &'static str,
    /// What stands before its table.
    before: &'static str,
    rows: Vec<Row>,
}

struct Row {
    answer: String,
    verdict: Verdict,
    /// What counts beside the answer's own `Retry-After`.
    remark: &'static str,
}

impl Section {
    pub fn new(name: &'static str, title: &'static str, before: &'static str) -> Self {
        Self {
            name,
            title,
            before,
            rows: Vec::new(),
        }
    }

    /// Adds an answer.
    pub fn add(&mut self, answer: impl Into<String>, verdict: Verdict) {
        self.push(answer.into(), verdict, "");
    }

    /// Adds an answer, read without and with a `Retry-After` of [`WAIT`].
    pub fn add_both(&mut self, answer: impl Into<String>, without: Verdict, with: &Verdict) {
        let remark = match (&without, with) {
            (Verdict::RetryAfter(_), Verdict::RetryAfter(WAIT)) => "",
            (Verdict::RetryAfter(_), _) => ", whatever `Retry-After` says",
            (without, with) => {
                assert_eq!(name(without), name(with), "a wait changes no other verdict");
                ""
            }
        };
        self.push(answer.into(), without, remark);
    }

    fn push(&mut self, answer: String, verdict: Verdict, remark: &'static str) {
        let known = self.rows.iter().any(|row| row.answer == answer);
        assert!(!known, "{}: {answer} stands twice", self.name);
        self.rows.push(Row {
            answer,
            verdict,
            remark,
        });
    }

    /// The verdict on an answer of the table.
    pub fn verdict(&self, answer: &str) -> &Verdict {
        let row = self.rows.iter().find(|row| row.answer == answer);
        let row = row.unwrap_or_else(|| panic!("{} has no answer {answer}", self.name));
        &row.verdict
    }
}

/// A wait that no table has by itself, in seconds and as it is read.
pub const WAIT_SECS: &str = "7";
pub const WAIT: Duration = Duration::from_secs(7);

/// The verdict's name as it stands in programs.
pub fn name(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Accepted => "Accepted",
        Verdict::ReplaceToken(_) => "ReplaceToken",
        Verdict::RemoveToken { .. } => "RemoveToken",
        Verdict::RetryAfter(_) => "RetryAfter",
        Verdict::Unknown => "Unknown",
        Verdict::FixCredentials => "FixCredentials",
        Verdict::FixMessage => "FixMessage",
        other => panic!("{other:?} has no place on the page"),
    }
}

/// The name, with the time of a wait.
pub fn told(verdict: &Verdict) -> String {
    match verdict {
        Verdict::RetryAfter(wait) => format!("`RetryAfter` {}", time(*wait)),
        verdict => format!("`{}`", name(verdict)),
    }
}

pub fn time(wait: Duration) -> String {
    match wait.as_secs() {
        0 => "at once".to_owned(),
        secs if secs % 3600 == 0 => format!("{} h", secs / 3600),
        secs if secs % 60 == 0 && secs > 60 => format!("{} min", secs / 60),
        secs => format!("{secs} s"),
    }
}

/// The order of the rows.
fn rank(verdict: &Verdict) -> (usize, Duration) {
    let order = [
        "Accepted",
        "ReplaceToken",
        "RemoveToken",
        "RetryAfter",
        "Unknown",
        "FixCredentials",
        "FixMessage",
    ];
    let wait = match verdict {
        Verdict::RetryAfter(wait) => *wait,
        _ => Duration::ZERO,
    };
    let place = order.iter().position(|known| *known == name(verdict));
    (place.unwrap(), wait)
}

impl fmt::Display for Section {
    /// A row for each verdict, and in it the answers in the order in which they were added.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "## {}\n\n{}\n", self.title, self.before)?;
        writeln!(f, "| verdict | answers |\n|---|---|")?;
        let mut rows: Vec<&Row> = self.rows.iter().collect();
        rows.sort_by_key(|row| (rank(&row.verdict), row.remark));
        for same in rows.chunk_by(|one, other| {
            (rank(&one.verdict), one.remark) == (rank(&other.verdict), other.remark)
        }) {
            let answers: Vec<_> = same.iter().map(|row| row.answer.as_str()).collect();
            let Row {
                verdict, remark, ..
            } = same[0];
            writeln!(f, "| {}{remark} | {} |", told(verdict), answers.join("; "))?;
        }
        Ok(())
    }
}
