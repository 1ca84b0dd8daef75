//! What the feedback service tells, told on: a table for people, lines of JSON for programs.

use std::io::{self, Stdout, Write};

use anypush::apns::gateway::Inactive;
use console::style;
use serde::Serialize;

use crate::output::{DEVICES, rfc3339};

/// More than this is written at once, though more may follow at once.
const FULL_BYTES: usize = 32 * 1024;

/// Rows, written as they come.
pub(super) struct Rows<W = Stdout> {
    out: W,
    people: bool,
    count: u64,
    unwritten: Vec<u8>,
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
            out,
            people,
            count: 0,
            unwritten: Vec::with_capacity(FULL_BYTES + 4096),
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
        if self.people {
            if self.count == 0 {
                let heading = format!("  {:<20}  device", "gone since");
                writeln!(self.unwritten, "{}", style(heading).dim())?;
            }
            let since = since.unwrap_or_default();
            writeln!(self.unwritten, "  {since:<20}  {device}")?;
        } else {
            let device = &device;
            serde_json::to_writer(&mut self.unwritten, &Line { device, since })?;
            self.unwritten.push(b'\n');
        }
        self.count += 1;
        match self.unwritten.len() < FULL_BYTES {
            true => Ok(()),
            false => self.flush(),
        }
    }

    /// What was told is to be seen now.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        if self.unwritten.is_empty() {
            return Ok(());
        }
        let written = self.out.write_all(&self.unwritten);
        self.unwritten.clear();
        written.and_then(|()| self.out.flush())
    }

    /// There are no more.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        if self.people {
            let total = DEVICES.count(self.count);
            writeln!(self.unwritten, "{}", style(total).dim())?;
        }
        self.flush()
    }
}
