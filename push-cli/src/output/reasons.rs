//! Why devices were not accepted: counted, never kept one by one.

use std::collections::HashMap;
use std::fmt::Write as _;

use console::Term;

use super::words::{Noun, colour, grouped, heading, shortened};
use super::{Entry, Reach};

/// So many reasons are told apart, and so many of them are shown.
const MAX_REASONS: usize = 200;
const SHOWN_REASONS: usize = 12;

/// So wide is an example.
const EXAMPLE_CHARS: usize = 18;

/// What stands before a reason, and the room that it has at least.
const BEFORE_REASON_CHARS: usize = 52;
const MIN_REASON_CHARS: usize = 28;

/// The reasons, by verdict and text.
#[derive(Default)]
pub(super) struct Reasons(HashMap<(&'static str, String), Reason>);

/// Why so many devices were not accepted.
struct Reason {
    devices: u64,
    example: String,
}

impl Reasons {
    /// Counts a device that was not accepted.
    pub(super) fn note(&mut self, entry: &Entry<'_>) {
        let verdict = entry.verdict.name();
        let mut key = (verdict, reason(entry));
        if self.0.len() >= MAX_REASONS && !self.0.contains_key(&key) {
            key.1 = "other reasons".to_owned();
        }
        let noted = self.0.entry(key).or_insert_with(|| Reason {
            devices: 0,
            example: shortened(entry.device, EXAMPLE_CHARS),
        });
        noted.devices += 1;
    }

    /// The most frequent ones, or nothing where there are none.
    pub(super) fn table(&self, noun: Noun) -> String {
        if self.0.is_empty() {
            return String::new();
        }
        let columns = Term::stdout().size_checked().map(|(_, columns)| columns);
        let mut reasons: Vec<_> = self.0.iter().collect();
        reasons.sort_by(|(a, x), (b, y)| y.devices.cmp(&x.devices).then_with(|| a.cmp(b)));
        let mut text = heading(&format!(
            "  {:<15}  {:>11}  {:<EXAMPLE_CHARS$}  {}",
            "why not", noun.many, "such as", "reason"
        ));
        for ((verdict, reason), noted) in reasons.iter().take(SHOWN_REASONS) {
            let _ = writeln!(
                text,
                "  {}  {:>11}  {:<EXAMPLE_CHARS$}  {}",
                colour(verdict).apply_to(format!("{verdict:<15}")),
                grouped(noted.devices),
                noted.example,
                clipped(reason, columns),
            );
        }
        let rest = &reasons[reasons.len().min(SHOWN_REASONS)..];
        if !rest.is_empty() {
            let devices: u64 = rest.iter().map(|(_, noted)| noted.devices).sum();
            let more = format!("{} more reasons", rest.len());
            let _ = writeln!(text, "  {:<15}  {:>11}  {more}", "…", grouped(devices));
        }
        text.push('\n');
        text
    }
}

/// The reason, without what differs from device to device.
fn reason(entry: &Entry<'_>) -> String {
    let text = entry.reason.as_deref().unwrap_or("no reason was given");
    match entry.status {
        Some(status) => format!("{status} {text}"),
        None if entry.reach != Reach::Reached => text.to_owned(),
        None => without_quotes(text),
    }
}

/// What a message says before it goes into detail, and not what it quotes.
fn without_quotes(message: &str) -> String {
    let said: Vec<&str> = message.split('"').step_by(2).collect();
    let said = said.join("…");
    let end = said.find([':', ',']).unwrap_or(said.len());
    said[..end].trim().to_owned()
}

/// As much of a reason as a line has room for.
fn clipped(reason: &str, columns: Option<u16>) -> String {
    let Some(columns) = columns else {
        return reason.to_owned();
    };
    let room = usize::from(columns)
        .saturating_sub(BEFORE_REASON_CHARS)
        .max(MIN_REASON_CHARS);
    if reason.chars().count() <= room {
        return reason.to_owned();
    }
    reason.chars().take(room - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_that_differ_by_what_they_quote_are_one() {
        for (message, reason) in [
            (
                "the token is not hex: \"zz\" holds 'z' at 0",
                "the token is not hex",
            ),
            (
                "the token \"<01…\" is as logged, \"<0…>\": trim",
                "the token … is as logged",
            ),
            (
                "an odd number of digits, 63: some were lost",
                "an odd number of digits",
            ),
            ("no detail", "no detail"),
        ] {
            assert_eq!(without_quotes(message), reason);
        }
    }
}
