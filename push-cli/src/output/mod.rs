//! What became of the devices, told to people or to programs.

mod entry;
mod human;
mod json;
mod progress;
mod reasons;
mod tally;
mod words;

use std::io::{self, IsTerminal, Stdout};

pub(crate) use entry::{Entry, Reach, rfc3339, whole_seconds};
pub(crate) use human::Human;
pub(crate) use json::JsonLines;
pub(crate) use tally::{Summary, Tally, VERDICTS};
pub(crate) use words::{CHANNELS, DEVICES, Noun, grouped};

use crate::args::OutputFormat;
use crate::devices::Steering;

/// Where outcomes go.
pub(crate) enum Output {
    Human(Box<Human<Stdout>>),
    Json(JsonLines<Stdout>),
}

/// What was asked for; else whether a terminal shows it.
pub(crate) fn is_for_people(format: Option<OutputFormat>) -> bool {
    match format {
        Some(format) => format == OutputFormat::Human,
        None => io::stdout().is_terminal(),
    }
}

impl Output {
    /// In the form that was asked for; else for people on a terminal, and for programs elsewhere.
    ///
    /// `title` says what is sent where, `noun` to what; the progress bar is left out where logs are shown.
    pub(crate) fn new(
        format: Option<OutputFormat>,
        title: String,
        noun: Noun,
        devices: Steering,
        bar: bool,
    ) -> Self {
        match is_for_people(format) {
            true => Self::Human(Box::new(Human::new(
                io::stdout(),
                title,
                noun,
                devices,
                bar,
            ))),
            false => Self::Json(JsonLines::new(io::stdout())),
        }
    }

    /// One device is done.
    pub(crate) fn outcome(&mut self, entry: &Entry<'_>) -> io::Result<()> {
        match self {
            Self::Human(human) => {
                human.outcome(entry);
                Ok(())
            }
            Self::Json(json) => json.outcome(entry),
        }
    }

    /// For the moment nothing more is done: what was told is to be seen now.
    pub(crate) fn idle(&mut self) -> io::Result<()> {
        match self {
            Self::Human(_) => Ok(()),
            Self::Json(json) => json.flush(),
        }
    }

    /// All is done.
    pub(crate) fn finish(&mut self, summary: &Summary) -> io::Result<()> {
        match self {
            Self::Human(human) => human.finish(summary),
            Self::Json(json) => json.finish(summary),
        }
    }
}
