//! Lines that are written in large pieces, and at the latest when nothing more comes.

use std::fmt;
use std::io::{self, Write};

use serde::Serialize;

/// More than this is written at once, though more may follow at once.
const FULL_BYTES: usize = 32 * 1024;

pub(crate) struct Pieces<W> {
    pub(super) out: W,
    unwritten: Vec<u8>,
}

impl<W: Write> Pieces<W> {
    pub(crate) fn new(out: W) -> Self {
        Self {
            out,
            unwritten: Vec::with_capacity(FULL_BYTES + 4096),
        }
    }

    /// A line of JSON.
    pub(crate) fn json(&mut self, line: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.unwritten, line)?;
        self.ended()
    }

    /// A line for people.
    pub(crate) fn line(&mut self, line: fmt::Arguments<'_>) -> io::Result<()> {
        self.unwritten.write_fmt(line)?;
        self.ended()
    }

    fn ended(&mut self) -> io::Result<()> {
        self.unwritten.push(b'\n');
        match self.unwritten.len() < FULL_BYTES {
            true => Ok(()),
            false => self.flush(),
        }
    }

    /// What was told is to be seen now.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        if self.unwritten.is_empty() {
            return Ok(());
        }
        let written = self.out.write_all(&self.unwritten);
        self.unwritten.clear();
        written.and_then(|()| self.out.flush())
    }
}
