//! What became of the devices, told to people or to programs.

mod entry;
mod failure;
mod human;
mod json;
mod pieces;
mod progress;
mod reasons;
mod tally;
mod words;

use std::io::{self, IsTerminal, Stdout};

pub(crate) use entry::{Entry, Reach, rfc3339, whole_seconds};
pub(crate) use failure::Failure;
pub(crate) use human::Human;
pub(crate) use json::JsonLines;
pub(crate) use pieces::Pieces;
pub(crate) use tally::{Summary, Tally, VERDICTS};
pub(crate) use words::{
    CHANNELS, DEVICES, FCM_DEVICES, GCM_DEVICES, Noun, WEB_DEVICES, WNS_CHANNELS, colour, grouped,
    shortened, visible,
};

use crate::args::{Common, OutputFormat};
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
    /// `service` says where it is sent, `noun` to what.
    pub(crate) fn new(common: &Common, service: String, noun: Noun, devices: Steering) -> Self {
        let title = format!("{service}, {}", common.backend());
        // Logs and a bar would overwrite one another.
        let bar = common.verbose == 0;
        match is_for_people(common.output) {
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
