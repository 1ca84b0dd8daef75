//! The table in the end.

use std::io::{self, Write};
use std::time::Duration;

use console::{Style, style};

use crate::args::BackendName;
use crate::output::{Tally, VERDICTS, grouped};

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

impl Row {
    fn per_second(&self) -> u64 {
        let seconds = self.took.as_secs_f64();
        match seconds > 0.0 {
            true => (self.tally.devices() as f64 / seconds) as u64,
            false => 0,
        }
    }

    /// The cells, in the order of the columns.
    fn cells(&self, verdicts: &[&str]) -> Vec<String> {
        let mut cells = vec![
            self.backend.runtime.as_str().to_owned(),
            self.backend.tls.as_str().to_owned(),
        ];
        let shown = self
            .tally
            .counts()
            .filter(|(name, _)| verdicts.contains(name));
        cells.extend(shown.map(|(_, count)| grouped(count)));
        cells.push(grouped(self.per_second()));
        cells
    }
}

/// How many columns hold text; the others hold numbers.
const TEXTS: usize = 2;

/// What one service made of it.
pub(super) struct Table<'a> {
    pub(super) title: &'a str,
    /// What there is to say of it, where everything went wrong that can.
    pub(super) notes: &'a str,
    pub(super) rows: &'a [Row],
}

impl Table<'_> {
    /// `complete` says whether everything went wrong that can.
    pub(super) fn print(&self, complete: bool) -> io::Result<()> {
        let text = format!("{}\n{}\n", self.body(), style(self.legend(complete)).dim());
        io::stdout().write_all(text.as_bytes())?;
        io::stdout().flush()
    }

    fn legend(&self, complete: bool) -> String {
        let mut legend = match complete {
            true => format!("{}\n", self.notes),
            false => String::new(),
        };
        let taken = self.rows.iter().map(|row| row.taken);
        legend.push_str(&format!("Taken by each simulator: {}.", each(taken)));
        let told: Vec<u64> = self.rows.iter().filter_map(|row| row.feedback).collect();
        if !told.is_empty() {
            let told = each(told.into_iter());
            legend.push_str(&format!(" Told by each feedback service: {told}."));
        }
        legend
    }

    fn body(&self) -> String {
        let Self { title, rows, .. } = self;
        // What no service has is left out.
        let occurs = |name: &&str| {
            let mut counts = rows.iter().flat_map(|row| row.tally.counts());
            counts.any(|(verdict, count)| verdict == *name && count > 0)
        };
        let verdicts: Vec<&str> = VERDICTS.into_iter().filter(occurs).collect();
        let mut headings = vec!["runtime", "tls"];
        headings.extend(&verdicts);
        headings.push("per second");
        // On two lines, so that the table fits a terminal.
        let (upper, lower): (Vec<&str>, Vec<&str>) = headings.into_iter().map(two_lines).unzip();
        let cells: Vec<Vec<String>> = rows.iter().map(|row| row.cells(&verdicts)).collect();

        let width = |column: usize| {
            let cells = cells.iter().filter_map(|row| row.get(column));
            let widest = cells.map(|cell| cell.chars().count()).max();
            let heading = upper[column].len().max(lower[column].len());
            widest.unwrap_or(0).max(heading)
        };
        let widths: Vec<usize> = (0..upper.len()).map(width).collect();
        let devices = rows.first().map_or(0, |row| row.tally.devices());
        let mut text = format!("\n  {title}, {} on each backend\n\n", counted(devices));
        for headings in [&upper, &lower] {
            let dim = headings
                .iter()
                .map(|heading| (*heading, Style::new().dim()));
            text.push_str(&line(dim, &widths));
        }
        for row in &cells {
            let styled = row.iter().enumerate().map(|(column, cell)| {
                let accepted = TEXTS;
                let style = match column == accepted {
                    true => Style::new().green(),
                    false => Style::new(),
                };
                (cell.as_str(), style)
            });
            text.push_str(&line(styled, &widths));
        }
        text
    }
}

/// Numbers that should be the same.
fn each(numbers: impl Iterator<Item = u64>) -> String {
    let mut numbers: Vec<String> = numbers.map(grouped).collect();
    numbers.dedup();
    numbers.join(", ")
}

fn counted(devices: u64) -> String {
    match devices {
        1 => "1 device".to_owned(),
        _ => format!("{} devices", grouped(devices)),
    }
}

/// A heading of two words as its two lines; one of one word stands below.
fn two_lines(heading: &str) -> (&str, &str) {
    match heading.find(['-', ' ']) {
        Some(at) => (heading[..=at].trim_end(), &heading[at + 1..]),
        None => ("", heading),
    }
}

fn line<'a>(cells: impl Iterator<Item = (&'a str, Style)>, widths: &[usize]) -> String {
    let mut text = String::from(" ");
    for (column, ((cell, style), width)) in cells.zip(widths).enumerate() {
        let cell = match column < TEXTS {
            true => format!("{cell:<width$}"),
            false => format!("{cell:>width$}"),
        };
        text.push_str(&format!(" {}", style.apply_to(cell)));
    }
    format!("{}\n", text.trim_end())
}
