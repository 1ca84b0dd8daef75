//! `anypush topics fcm list`.

use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use anyhow::{Context, Result};
use anypush::fcm::{Client, Error, Subscription};
use anypush::{Backend, Verdict};
use futures_util::stream::{Stream, StreamExt};

use super::output::Rows;
use crate::args::TopicsOf;
use crate::devices::Intake;
use crate::exit::{Exit, Unreachable, complain};
use crate::fcm::{Prepared, failed, intake, ready};
use crate::interrupts::Interrupts;
use crate::lines::Line;
use crate::output::{Failure, Reach, is_for_people, shortened};
use crate::send::unanswered;
use crate::{logs, runtime};

/// So many devices are asked about at a time, in their order.
const AT_A_TIME: usize = 32;

/// So much of a device is shown where something is wrong with it.
const SHOWN_CHARS: usize = 24;

pub(super) fn run(of: &TopicsOf) -> Result<Exit> {
    logs::start(of.common.verbose);
    let prepared = Prepared::new(&of.account, &of.common)?;
    let intake = intake(&of.devices)?;
    let interrupts = Interrupts::catch()?;
    runtime::run(of.common.backend(), |backend| {
        ask(of, backend, prepared, intake, interrupts)
    })
}

async fn ask(
    of: &TopicsOf,
    backend: Arc<dyn Backend>,
    prepared: Prepared,
    intake: Intake,
    interrupts: Interrupts,
) -> Result<Exit> {
    let client = prepared.client(backend, &of.account, &of.common, &of.limits, |client| {
        client
    })?;
    if !ready(&client, &interrupts, &of.account, &of.common).await? {
        return Ok(Exit::Interrupted);
    }
    let at_a_time = AT_A_TIME.min(of.limits.in_flight.get() as usize);
    let mut listing = Listing::new(is_for_people(of.common.output));
    let done = listing
        .tell(listed(&client, intake, at_a_time), &interrupts)
        .await;
    client.shutdown(Duration::ZERO).await;
    done?;
    listing.finish()
}

type Outcome = std::result::Result<Vec<Subscription>, Error>;

/// What each device follows.
fn listed(
    client: &Client,
    intake: Intake,
    at_a_time: usize,
) -> impl Stream<Item = io::Result<(Line, Outcome)>> {
    let topics = client.topics();
    let ask = move |line: io::Result<Line>| {
        let topics = topics.clone();
        async move {
            let line = line?;
            let followed = topics.list(&line).await;
            Ok((line, followed))
        }
    };
    intake.map(ask).buffered(at_a_time)
}

/// What was told so far, and how it ended.
struct Listing {
    rows: Rows,
    answered: bool,
    failed: bool,
    /// Why the service was not reached.
    unreached: Option<String>,
    unread: Option<io::Error>,
    interrupted: bool,
}

enum Event {
    Interrupt,
    Next(Option<io::Result<(Line, Outcome)>>),
}

impl Listing {
    fn new(people: bool) -> Self {
        Self {
            rows: Rows::new(people),
            answered: false,
            failed: false,
            unreached: None,
            unread: None,
            interrupted: false,
        }
    }

    /// Tells what comes as it comes.
    async fn tell(
        &mut self,
        listed: impl Stream<Item = io::Result<(Line, Outcome)>>,
        interrupts: &Interrupts,
    ) -> Result<()> {
        let mut listed = std::pin::pin!(listed);
        loop {
            let next = poll_fn(|cx| {
                if interrupts.poll_beyond(0, cx).is_ready() {
                    return Poll::Ready(Ok(Event::Interrupt));
                }
                match listed.poll_next_unpin(cx) {
                    Poll::Ready(next) => Poll::Ready(Ok(Event::Next(next))),
                    // It may take long until more comes.
                    Poll::Pending => match self.rows.flush() {
                        Ok(()) => Poll::Pending,
                        Err(error) => Poll::Ready(Err(error)),
                    },
                }
            });
            match next.await.context(UNHEARD)? {
                Event::Interrupt => {
                    self.interrupted = true;
                    return Ok(());
                }
                Event::Next(None) => return Ok(()),
                Event::Next(Some(Err(error))) => self.unread = Some(error),
                Event::Next(Some(Ok((line, outcome)))) => {
                    self.device(&line, &outcome)?;
                    if self.unreached.is_some() {
                        // Those that are asked about meanwhile fare no better.
                        return Ok(());
                    }
                }
            }
        }
    }

    fn device(&mut self, line: &Line, outcome: &Outcome) -> Result<()> {
        let error = match outcome {
            Ok(topics) => {
                self.answered = true;
                let rows = &mut self.rows;
                return topics
                    .iter()
                    .try_for_each(|topic| rows.topic(line.as_str(), topic))
                    .context(UNHEARD);
            }
            Err(error) => error,
        };
        self.failed = true;
        let entry = failed(line.as_str(), error, |error| {
            unanswered(line, error.report())
        });
        let failure = Failure::of(&entry);
        match &entry.reach {
            Reach::Reached => {
                self.answered |= entry.status.is_some();
                let device = shortened(line.as_str(), SHOWN_CHARS);
                let advice = advice(&entry.verdict);
                complain(format_args!("{device}: {}{advice}", failure.summary()));
            }
            Reach::Unreached => self.unreached = Some(error.report()),
            Reach::Lost(why) | Reach::Misconfigured(why) => self.unreached = Some(why.clone()),
        }
        self.rows.failed(line.as_str(), &failure).context(UNHEARD)
    }

    fn finish(mut self) -> Result<Exit> {
        self.rows.finish().context(UNHEARD)?;
        if let Some(error) = &self.unread {
            complain(format_args!("can't read the devices to their end: {error}"));
        }
        if self.interrupted {
            complain(format_args!(
                "interrupted: no more devices were asked about"
            ));
            return Ok(Exit::Interrupted);
        }
        Ok(match self.unreached {
            Some(why) => return Err(Unreachable(why).into()),
            None if self.unread.is_some() => Exit::Usage,
            None if self.failed => Exit::SomeNotAccepted,
            None => Exit::Success,
        })
    }
}

const UNHEARD: &str = "can't write the output";

/// What to do about it.
fn advice(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::RemoveToken { .. } => ": the app is gone from the device: delete the token",
        Verdict::FixCredentials => ": correct --service-account or --project",
        Verdict::RetryAfter(_) => ": ask again later",
        _ => "",
    }
}
