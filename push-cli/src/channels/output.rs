//! What is told of channels: a table for people, lines of JSON for programs.

use std::fmt::Write as _;
use std::io::{self, Write};

use console::style;
use serde::Serialize;

use crate::output::{CHANNELS, Failure};

/// What there is to tell of one channel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Row {
    /// `None` where there is no channel, or none that is known.
    pub(super) channel: Option<String>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub(super) shown: Option<Shown>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) deleted: bool,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub(super) failure: Option<Failure>,
}

/// What the service knows of a channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Shown {
    pub(super) storage: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) push_type: Option<String>,
}

/// Rows, as they come or, for people, all at once.
pub(super) struct Table {
    people: bool,
    /// Told and counted, or, for people, kept.
    rows: Vec<Row>,
}

impl Table {
    pub(super) fn new(people: bool) -> Self {
        Self {
            people,
            rows: Vec::new(),
        }
    }

    pub(super) fn row(&mut self, row: Row) -> io::Result<()> {
        if self.people {
            self.rows.push(row);
            return Ok(());
        }
        let mut line = serde_json::to_vec(&row)?;
        line.push(b'\n');
        io::stdout().write_all(&line)
    }

    /// Tells what was kept.
    pub(super) fn finish(self) -> io::Result<()> {
        let mut out = io::stdout();
        if self.people {
            out.write_all(table(&self.rows).as_bytes())?;
        }
        out.flush()
    }
}

/// The columns that are not empty.
fn table(rows: &[Row]) -> String {
    let mut text = String::new();
    let told: Vec<_> = rows.iter().filter(|row| row.failure.is_none()).collect();
    let ids = told.iter().filter_map(|row| row.channel.as_deref());
    let wide = ids.map(str::len).max().unwrap_or(0).max("channel".len());
    let cells = |row: &Row| match (&row.shown, row.deleted) {
        (Some(shown), _) => format!(
            "{:<13}{}",
            shown.storage,
            shown.push_type.as_deref().unwrap_or_default()
        ),
        (None, true) => "deleted".to_owned(),
        (None, false) => String::new(),
    };
    let has_types = told.iter().any(|row| {
        row.shown
            .as_ref()
            .is_some_and(|shown| shown.push_type.is_some())
    });
    let heading = match told.iter().any(|row| row.shown.is_some()) {
        true if has_types => format!("{:<13}push type", "storage"),
        true => "storage".to_owned(),
        false => String::new(),
    };
    if !told.is_empty() {
        let heading = format!("  {:<wide$}  {heading}", "channel");
        let _ = writeln!(text, "{}", style(heading.trim_end()).dim());
    }
    for row in &told {
        let channel = row.channel.as_deref().unwrap_or("?");
        let line = format!("  {channel:<wide$}  {}", cells(row));
        let _ = writeln!(text, "{}", line.trim_end());
    }
    let total = CHANNELS.count(told.len() as u64);
    let _ = writeln!(text, "{}", style(total).dim());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(channel: &str) -> Row {
        Row {
            channel: Some(channel.to_owned()),
            ..Row::default()
        }
    }

    fn shown(push_type: Option<&str>) -> Option<Shown> {
        Some(Shown {
            storage: "most-recent".to_owned(),
            push_type: push_type.map(str::to_owned),
        })
    }

    #[test]
    fn a_line_has_the_members_that_there_are() {
        let json = |row: &Row| serde_json::to_string(row).unwrap();
        assert_eq!(json(&row("ab")), r#"{"channel":"ab"}"#);
        let deleted = Row {
            deleted: true,
            ..row("ab")
        };
        assert_eq!(json(&deleted), r#"{"channel":"ab","deleted":true}"#);
        let created = Row {
            shown: shown(None),
            ..row("ab")
        };
        assert_eq!(
            json(&created),
            r#"{"channel":"ab","storage":"most-recent"}"#
        );
        let failed = Row {
            failure: Some(Failure {
                verdict: "retry-after",
                status: Some(429),
                reason: "TooManyRequests".to_owned(),
                id: None,
                attempts: 1,
                detail: None,
                retry_after_s: Some(7),
            }),
            ..Row::default()
        };
        assert_eq!(
            json(&failed),
            "{\"channel\":null,\"verdict\":\"retry-after\",\"status\":429,\
             \"reason\":\"TooManyRequests\",\"id\":null,\"attempts\":1,\"retry_after_s\":7}"
        );
    }

    #[test]
    fn a_table_has_the_columns_that_are_not_empty() {
        console::set_colors_enabled(false);
        assert_eq!(table(&[]), "0 channels\n");
        assert_eq!(
            table(&[row("ab"), row("dHN0LXNyY2gtY2hubA==")]),
            "  channel\n  ab\n  dHN0LXNyY2gtY2hubA==\n2 channels\n"
        );
        let shown = Row {
            shown: shown(Some("LiveActivity")),
            ..row("ab")
        };
        assert_eq!(
            table(&[shown]),
            "  channel  storage      push type\n  ab       most-recent  LiveActivity\n1 channel\n"
        );
    }
}
