//! A progress bar on standard error, where that is a terminal.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::{Noun, grouped};
use crate::devices::Steering;

/// How often it moves.
const FRAME: Duration = Duration::from_millis(100);

pub(crate) struct Progress {
    bar: ProgressBar,
    started: Instant,
    next: Instant,
}

impl Progress {
    pub(crate) fn new() -> Self {
        let bar = ProgressBar::no_length();
        bar.set_style(style(OPEN));
        let now = Instant::now();
        Self {
            bar,
            started: now,
            next: now,
        }
    }

    /// Shows how far it is, if it is time to.
    pub(crate) fn show(&mut self, done: u64, accepted: u64, noun: Noun, devices: &Steering) {
        let now = Instant::now();
        if now < self.next {
            return;
        }
        self.next = now + FRAME;
        if let Some(total) = devices.total() {
            if self.bar.length().is_none() {
                self.bar.set_style(style(BOUNDED));
            }
            self.bar.set_length(total.max(done));
        }
        let seconds = now.duration_since(self.started).as_secs_f64();
        let rate = if seconds > 0.0 {
            done as f64 / seconds
        } else {
            0.0
        };
        self.bar.set_message(format!(
            "{}, {} accepted, {} not, {}/s",
            noun.count(done),
            grouped(accepted),
            grouped(done - accepted),
            grouped(rate as u64)
        ));
        self.bar.set_position(done);
    }

    pub(crate) fn clear(self) {
        self.bar.finish_and_clear();
    }
}

const OPEN: &str = "{spinner:.green} {elapsed} {msg}";
const BOUNDED: &str = "{bar:30.green/dim} {percent:>3}% {msg}";

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("━╸─")
}
