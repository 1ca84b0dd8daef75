//! What the feedback service tells, told on: a table for people, lines of JSON for programs.

use std::io::{self, Stdout, Write};

use anypush::apns::gateway::Inactive;
use console::style;
use serde::Serialize;

use crate::output::{DEVICES, Pieces, rfc3339};

/// Rows, written as they come.
pub(super) struct Rows<W = Stdout> {
    out: Pieces<W>,
    people: bool,
    count: u64,
}

#[derive(Serialize)]
struct Line<'a> {
    device: &'a str,
    since: Option<&'a str>,
}

impl Rows {
    pub(super) fn new(people: bool) -> Self {
        Self::on(io::stdout(), people)
    }
}

impl<W: Write> Rows<W> {
    fn on(out: W, people: bool) -> Self {
        Self {
            out: Pieces::new(out),
            people,
            count: 0,
        }
    }

    /// How many there were.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    pub(super) fn row(&mut self, inactive: &Inactive) -> io::Result<()> {
        let device = inactive.token.to_string();
        let since = rfc3339(inactive.since);
        let since = since.as_deref();
        self.count += 1;
        if !self.people {
            let device = &device;
            return self.out.json(&Line { device, since });
        }
        if self.count == 1 {
            let heading = format!("  {:<20}  device", "gone since");
            self.out.line(format_args!("{}", style(heading).dim()))?;
        }
        let since = since.unwrap_or_default();
        self.out.line(format_args!("  {since:<20}  {device}"))
    }

    /// What was told is to be seen now.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// There are no more.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        if self.people {
            let total = DEVICES.count(self.count);
            self.out.line(format_args!("{}", style(total).dim()))?;
        }
        self.flush()
    }
}
