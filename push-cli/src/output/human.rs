//! A few devices line by line, many as a table, and a progress bar in between.

use std::fmt::Write as _;
use std::io::{self, Write};

use console::style;

use super::progress::Progress;
use super::reasons::Reasons;
use super::words::{
    Noun, colour, counted, grouped, heading, seconds, shortened, visible, what_to_do,
};
use super::{Entry, Summary, Tally};
use crate::devices::Steering;

/// So many devices are told line by line.
const FEW: usize = 10;

/// A device on a line of its own is shortened beyond this: the longest host of a push service and the end of
/// an endpoint there have fewer.
const WHOLE_CHARS: usize = 48;

pub(crate) struct Human<W> {
    out: W,
    title: String,
    noun: Noun,
    /// The first outcomes, each as its line.
    few: Vec<String>,
    tally: Tally,
    reasons: Reasons,
    progress: Option<Progress>,
    devices: Steering,
}

impl<W: Write> Human<W> {
    pub(crate) fn new(out: W, title: String, noun: Noun, devices: Steering, bar: bool) -> Self {
        Self {
            out,
            title,
            noun,
            few: Vec::with_capacity(FEW),
            tally: Tally::default(),
            reasons: Reasons::default(),
            progress: bar.then(Progress::new),
            devices,
        }
    }

    pub(crate) fn outcome(&mut self, entry: &Entry<'_>) {
        self.tally.count(&entry.verdict);
        if self.few.len() < FEW {
            self.few.push(line(entry, self.noun));
        }
        if !entry.is_accepted() {
            self.reasons.note(entry);
        }
        if let Some(progress) = &mut self.progress {
            let done = self.tally.devices();
            if done > FEW as u64 {
                progress.show(done, self.tally.accepted(), self.noun, &self.devices);
            }
        }
    }

    pub(crate) fn finish(&mut self, summary: &Summary) -> io::Result<()> {
        if let Some(progress) = self.progress.take() {
            progress.clear();
        }
        let mut text = String::new();
        if summary.tally.devices() > self.few.len() as u64 {
            let _ = writeln!(text, "{}\n", style(&self.title).bold());
            text.push_str(&verdicts(&summary.tally, self.noun));
            text.push_str(&self.reasons.table(self.noun));
        } else {
            for line in &self.few {
                text.push_str(line);
            }
        }
        let _ = writeln!(text, "{}", style(total(summary, self.noun)).dim());
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }
}

/// The verdicts that occurred, and what to do about each.
fn verdicts(tally: &Tally, noun: Noun) -> String {
    let devices = tally.devices().max(1);
    let mut text = heading(&format!(
        "  {:<15}  {:>11}  {:>7}  {}",
        "verdict", noun.many, "share", "what to do"
    ));
    for (verdict, count) in tally.counts() {
        if count == 0 && verdict != "accepted" {
            continue;
        }
        let _ = writeln!(
            text,
            "  {}  {:>11}  {:>6.2}%  {}",
            colour(verdict).apply_to(format!("{verdict:<15}")),
            grouped(count),
            count as f64 * 100.0 / devices as f64,
            what_to_do(verdict, noun),
        );
    }
    text.push('\n');
    text
}

fn total(summary: &Summary, noun: Noun) -> String {
    let devices = summary.tally.devices();
    let mut text = format!("{} in {}", noun.count(devices), seconds(summary.took));
    if devices > FEW as u64 {
        let _ = write!(
            text,
            ", {} per second",
            grouped(summary.per_second() as u64)
        );
    }
    let _ = write!(
        text,
        ", {}",
        counted(summary.connections, "connection", "connections")
    );
    text
}

/// One device on one line, or two where there is something to say.
fn line(entry: &Entry<'_>, noun: Noun) -> String {
    let verdict = entry.verdict.name();
    let mark = if entry.is_accepted() { "✓" } else { "✗" };
    let mut text = format!(
        "{} {}",
        colour(verdict).apply_to(format!("{mark} {verdict:<15}")),
        shortened(entry.device, WHOLE_CHARS)
    );
    if entry.is_accepted() {
        if let Some(id) = &entry.id {
            let _ = write!(text, "  {}", style(format!("id {id}")).dim());
        }
        if let Some(detail) = &entry.detail {
            let _ = write!(text, "  {}", style(visible(detail)).dim());
        }
        text.push('\n');
        return text;
    }
    let mut why = match (entry.status, &entry.reason) {
        (Some(status), Some(reason)) => format!("{status} {reason}"),
        (Some(status), None) => status.to_string(),
        (None, Some(reason)) => reason.to_string(),
        (None, None) => String::new(),
    };
    if let Some(detail) = &entry.detail {
        let _ = write!(why, ": {}", visible(detail).trim_end_matches('.'));
    }
    if let Some(token) = entry.new_token() {
        let _ = write!(why, ", by now {}", shortened(token, WHOLE_CHARS));
    }
    if let Some(since) = entry.since() {
        let _ = write!(why, ", since {since}");
    }
    if let Some(seconds) = entry.retry_after_secs() {
        let _ = match seconds {
            0 => write!(why, ", again at once"),
            _ => write!(why, ", again in {seconds} s"),
        };
    }
    let _ = writeln!(
        text,
        "  {why}\n  {}",
        style(what_to_do(verdict, noun)).dim()
    );
    text
}
