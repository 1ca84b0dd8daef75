//! The course of one run, the same for every service.

use std::future::poll_fn;
use std::io;
use std::task::Poll;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use anypush::Verdict;
use futures_util::stream::{Stream, StreamExt};

use crate::devices::Steering;
use crate::exit::{Exit, complain};
use crate::interrupts::Interrupts;
use crate::output::{Entry, Output, Reach, Summary, Tally};

/// What a run is given.
pub(crate) struct Course<'a> {
    pub(crate) interrupts: &'a Interrupts,
    pub(crate) intake: Steering,
    pub(crate) output: &'a mut Output,
    /// After so long without an answer, no device is taken any more. `None` where the devices are at many
    /// services, of which some may be silent.
    pub(crate) patience: Option<Duration>,
}

/// How a run ended.
#[derive(Debug, Default)]
struct Run {
    tally: Tally,
    /// Since when every device was unreached; `None` after an answer.
    unreached_since: Option<Instant>,
    /// Some device was answered, or may have been.
    reached: bool,
    /// Some device was not sent to, since there was no connection.
    unreached: bool,
    /// Why no more devices are taken, where the service is to blame.
    gave_up: Option<String>,
    /// Why no more devices are taken, where the credentials or the configuration are.
    misconfigured: Option<String>,
    interrupted: bool,
    unread: Option<io::Error>,
    unheard: Option<io::Error>,
}

/// Takes the outcomes, tells them, and tells in the end what there was.
///
/// An interrupt, a service that has fallen silent and an output that nobody reads end the intake;
/// the outcomes of the devices that were taken still come. A second interrupt ends it all.
pub(crate) async fn drive<D, O>(
    course: Course<'_>,
    outcomes: impl Stream<Item = io::Result<(D, O)>>,
    entry: impl for<'e> Fn(&'e D, &'e O) -> Entry<'e>,
    connections: impl FnOnce() -> u64,
) -> Result<Exit> {
    let Course {
        interrupts,
        intake,
        output,
        patience,
    } = course;
    let mut outcomes = std::pin::pin!(outcomes);
    let mut run = Run::default();
    let started = Instant::now();
    let mut seen = 0;
    loop {
        let next = poll_fn(|cx| {
            if interrupts.poll_beyond(seen, cx).is_ready() {
                return Poll::Ready(Event::Interrupt);
            }
            let polled = outcomes.poll_next_unpin(cx);
            if polled.is_pending() && run.unheard.is_none() {
                run.unheard = output.idle().err();
            }
            polled.map(Event::Outcome)
        });
        match next.await {
            Event::Interrupt => {
                seen = interrupts.count();
                run.interrupted = true;
                if seen > 1 {
                    complain(format_args!(
                        "interrupted twice: the summary lacks the devices that were under way"
                    ));
                    break;
                }
                intake.stop();
            }
            Event::Outcome(None) => break,
            Event::Outcome(Some(Err(error))) => run.unread = Some(error),
            Event::Outcome(Some(Ok((device, outcome)))) => {
                let entry = entry(&device, &outcome);
                run.note(&entry, patience);
                if run.unheard.is_none() {
                    run.unheard = output.outcome(&entry).err();
                }
            }
        }
        if run.gave_up.is_some() || run.misconfigured.is_some() || run.unheard.is_some() {
            intake.stop();
        }
    }
    let summary = Summary {
        tally: run.tally.clone(),
        took: started.elapsed(),
        connections: connections(),
    };
    if let Some(error) = run.unheard.take() {
        return Err(error).context(UNHEARD);
    }
    output.finish(&summary).context(UNHEARD)?;
    Ok(run.exit())
}

const UNHEARD: &str = "can't write the outcomes";

enum Event<T> {
    Interrupt,
    Outcome(Option<io::Result<T>>),
}

impl Run {
    fn note(&mut self, entry: &Entry<'_>, patience: Option<Duration>) {
        self.tally.count(&entry.verdict);
        // What may have been taken has reached the service.
        self.reached |= entry.status.is_some() || entry.verdict == Verdict::Unknown;
        match &entry.reach {
            _ if entry.status.is_some() => self.unreached_since = None,
            Reach::Reached if entry.verdict == Verdict::Unknown => self.unreached_since = None,
            Reach::Reached => {}
            Reach::Unreached => {
                self.unreached |= entry.verdict != Verdict::Unknown;
                let since = *self.unreached_since.get_or_insert_with(Instant::now);
                let exhausted = patience.filter(|patience| since.elapsed() > *patience);
                if let (None, Some(patience)) = (&self.gave_up, exhausted) {
                    let seconds = patience.as_secs_f64();
                    self.gave_up = Some(format!("the service gave no answer for {seconds} s"));
                }
            }
            Reach::Lost(why) => {
                self.gave_up.get_or_insert_with(|| why.clone());
            }
            Reach::Misconfigured(why) => {
                self.misconfigured.get_or_insert_with(|| why.clone());
            }
        }
    }

    /// Says what the summary does not, and chooses the status.
    fn exit(&self) -> Exit {
        if let Some(error) = &self.unread {
            complain(format_args!("can't read the devices to their end: {error}"));
        }
        if let Some(why) = &self.misconfigured {
            complain(format_args!("{why}; no more devices were taken"));
            return Exit::Usage;
        }
        if let Some(why) = &self.gave_up {
            complain(format_args!("{why}; no more devices were taken"));
            return Exit::Unreachable;
        }
        if self.unreached && !self.reached {
            complain(format_args!(
                "the service could not be reached or refused every request: nothing was taken"
            ));
            return Exit::Unreachable;
        }
        if self.interrupted {
            complain(format_args!("interrupted: no more devices were taken"));
            return Exit::Interrupted;
        }
        if self.unread.is_some() {
            return Exit::Usage;
        }
        if self.tally.accepted() == self.tally.devices() {
            return Exit::Success;
        }
        Exit::SomeNotAccepted
    }
}
