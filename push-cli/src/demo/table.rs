//! The table in the end: a row for each service.

use console::{Style, style};

use super::played::{Played, Row};
use crate::output::{Tally, VERDICTS, colour, grouped};

/// What all services made of it.
pub(super) struct Table<'a> {
    pub(super) played: &'a [Played],
    /// A row for each backend of each service, not only where they differ.
    pub(super) by_backend: bool,
}

/// A line of cells: what it is about, numbers, and how fast it was.
type Cells = Vec<(String, Style)>;

impl Table<'_> {
    /// Headings and rows, with the end of each line.
    pub(super) fn lines(&self) -> String {
        let headings = ["service", "devices"].into_iter().chain(VERDICTS);
        let headings = headings.chain(["per second"]);
        // On two lines, so that the table fits a terminal.
        let (upper, lower): (Cells, Cells) = headings
            .map(two_lines)
            .map(|(upper, lower)| (dim(upper), dim(lower)))
            .unzip();
        let mut lines = vec![upper, lower];
        for played in self.played {
            lines.extend(self.service(played));
        }
        let width = |column: usize| {
            let cells = lines.iter().filter_map(|cells| cells.get(column));
            cells.map(|(cell, _)| cell.chars().count()).max()
        };
        let widths: Vec<usize> = (0..).map_while(width).collect();
        lines.iter().map(|cells| line(cells, &widths)).collect()
    }

    /// What became of it by and large, and on each backend that is to be told apart.
    fn service(&self, played: &Played) -> Vec<Cells> {
        if self.by_backend {
            let title = vec![(played.title.to_owned(), Style::new().bold())];
            let rows = played.rows.iter().map(backend);
            return [title].into_iter().chain(rows).collect();
        }
        let Some(usual) = played.usual() else {
            return Vec::new();
        };
        let mut cells = vec![(played.title.to_owned(), Style::new().bold())];
        cells.extend(numbers(&usual.tally));
        cells.push((range(played.pace()), Style::new()));
        let others = played.others().map(backend);
        [cells].into_iter().chain(others).collect()
    }
}

/// One backend.
fn backend(row: &Row) -> Cells {
    let mut cells = vec![(format!("  {}", row.backend), Style::new())];
    cells.extend(numbers(&row.tally));
    cells.push((grouped(row.per_second()), Style::new()));
    cells
}

fn numbers(tally: &Tally) -> impl Iterator<Item = (String, Style)> {
    let devices = (grouped(tally.devices()), Style::new());
    let counts = tally.counts().map(|(verdict, count)| {
        let style = match count {
            0 => Style::new().dim(),
            _ => colour(verdict),
        };
        (grouped(count), style)
    });
    [devices].into_iter().chain(counts)
}

/// Slowest and fastest; no more of them than another run would show, too.
fn range(pace: Option<(u64, u64)>) -> String {
    let Some((slowest, fastest)) = pace else {
        return String::new();
    };
    let (slowest, fastest) = (rounded(slowest), rounded(fastest));
    match slowest == fastest {
        true => grouped(fastest),
        false => format!("{}–{}", grouped(slowest), grouped(fastest)),
    }
}

/// Two digits, and zeros.
fn rounded(number: u64) -> u64 {
    let digits = number.checked_ilog10().unwrap_or(0) + 1;
    let unit = 10_u64.pow(digits.saturating_sub(2));
    number.saturating_add(unit / 2) / unit * unit
}

fn dim(text: &str) -> (String, Style) {
    (text.to_owned(), Style::new().dim())
}

/// A heading of two words as its two lines; one of one word stands below.
fn two_lines(heading: &str) -> (&str, &str) {
    match heading.find(['-', ' ']) {
        Some(at) => (heading[..=at].trim_end(), &heading[at + 1..]),
        None => ("", heading),
    }
}

fn line(cells: &[(String, Style)], widths: &[usize]) -> String {
    let mut text = String::from(" ");
    for (column, ((cell, style), width)) in cells.iter().zip(widths).enumerate() {
        let cell = match column {
            0 => format!("{cell:<width$}"),
            _ => format!("{cell:>width$}"),
        };
        text.push_str(&format!(" {}", style.apply_to(cell)));
    }
    format!("{}\n", text.trim_end())
}

/// What it was, above it.
pub(super) fn title(devices: u64, backends: usize) -> String {
    let devices = match devices {
        1 => "1 device".to_owned(),
        _ => format!("{} devices", grouped(devices)),
    };
    let text = format!("  {devices} of each service, on each of {backends} backends");
    format!("\n{}\n\n", style(text).bold())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use anypush::Verdict;

    use super::*;
    use crate::args::BackendName;

    fn row(backend: BackendName, accepted: u64) -> Row {
        let mut tally = Tally::default();
        (0..accepted).for_each(|_| tally.count(&Verdict::Accepted));
        Row {
            backend,
            taken: accepted,
            feedback: None,
            tally,
            took: Duration::from_millis(100 + accepted),
        }
    }

    fn lines(by_backend: bool) -> Vec<String> {
        let accepted = [1000, 1000, 999, 1000, 1000, 1000];
        let rows = BackendName::all().zip(accepted);
        let played = [Played {
            title: "apns gateway",
            notes: "",
            rows: rows
                .map(|(backend, accepted)| row(backend, accepted))
                .collect(),
        }];
        let table = Table {
            played: &played,
            by_backend,
        };
        table.lines().lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_service_is_one_row_and_a_backend_that_differs_another() {
        let lines = lines(false);
        assert_eq!(lines.len(), 4, "{lines:#?}");
        assert!(lines[2].starts_with("  apns gateway "), "{lines:#?}");
        assert!(lines[2].contains(" 1,000 "), "{lines:#?}");
        assert!(lines[2].ends_with(" 910"), "{lines:#?}");
        assert!(lines[3].starts_with("    smol, rustls "), "{lines:#?}");
        assert!(lines[3].contains(" 999 "), "{lines:#?}");
    }

    #[test]
    fn every_backend_can_have_its_row() {
        let lines = lines(true);
        assert_eq!(lines.len(), 9, "{lines:#?}");
        assert_eq!(lines[2], "  apns gateway");
        assert!(lines[8].starts_with("    async-std, openssl "));
    }

    #[test]
    fn a_pace_is_told_by_two_digits() {
        let shown = [0, 7, 99, 101, 994, 996, 38_412, 764_292].map(rounded);
        assert_eq!(shown, [0, 7, 99, 100, 990, 1000, 38_000, 760_000]);
        assert_eq!(range(Some((38_412, 51_007))), "38,000–51,000");
        assert_eq!(range(Some((38_412, 38_007))), "38,000");
    }
}
