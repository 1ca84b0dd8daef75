//! `anypush feedback`.

mod output;

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use anyhow::{Context, Result};
use anypush::Backend;
use anypush::apns::gateway::{self, Error, Inactive};
use futures_util::stream::StreamExt;

use crate::args::Feedback;
use crate::exit::{Exit, Unreachable, complain};
use crate::gateway::{Prepared, loss, reach_legacy};
use crate::interrupts::Interrupts;
use crate::output::{DEVICES, is_for_people};
use crate::{logs, runtime};
use output::Rows;

/// One connection tells it all.
const CONNECTIONS: usize = 1;

pub(crate) fn run(args: &Feedback) -> Result<Exit> {
    logs::start(args.common.verbose);
    let prepared = Prepared::new(&args.certificate, &args.endpoint, &args.common)?;
    let interrupts = Interrupts::catch()?;
    runtime::run(args.common.backend(), |backend| {
        ask(args, backend, prepared, interrupts)
    })
}

async fn ask(
    args: &Feedback,
    backend: Arc<dyn Backend>,
    prepared: Prepared,
    interrupts: Interrupts,
) -> Result<Exit> {
    let client = prepared.client(backend, &args.common, CONNECTIONS, |client| {
        client.feedback_endpoint(args.endpoint.clone())
    })?;
    let endpoint = &args.endpoint;
    let server = format!("{}:{}", endpoint.feedback_host(), endpoint.feedback_port());
    let at = (endpoint, server);
    let feedback = reach_legacy(client.feedback(), &interrupts, at, &args.common).await?;
    let Some(feedback) = feedback else {
        complain(format_args!("interrupted: nothing was read"));
        return Ok(Exit::Interrupted);
    };
    let mut rows = Rows::new(is_for_people(args.common.output));
    let done = tell(feedback, &mut rows, &interrupts).await;
    client.shutdown(Duration::ZERO).await;
    done
}

/// Why it ended.
enum End {
    Whole,
    Broken(Error),
    Interrupted,
}

/// Tells what is read as it is read, and how it ended.
async fn tell(
    mut feedback: gateway::Feedback,
    rows: &mut Rows,
    interrupts: &Interrupts,
) -> Result<Exit> {
    let end = loop {
        let next = poll_fn(|cx| {
            if interrupts.poll_beyond(0, cx).is_ready() {
                return Poll::Ready(Ok(Event::Interrupt));
            }
            match feedback.poll_next_unpin(cx) {
                Poll::Ready(next) => Poll::Ready(Ok(Event::Next(next))),
                // It may take long until more comes.
                Poll::Pending => match rows.flush() {
                    Ok(()) => Poll::Pending,
                    Err(error) => Poll::Ready(Err(error)),
                },
            }
        });
        match next.await.context(UNHEARD)? {
            Event::Interrupt => break End::Interrupted,
            Event::Next(None) => break End::Whole,
            Event::Next(Some(Err(error))) => break End::Broken(error),
            Event::Next(Some(Ok(inactive))) => rows.row(&inactive).context(UNHEARD)?,
        }
    };
    let read = rows.count();
    if let End::Broken(error) = &end
        && read == 0
        && let Some(loss) = loss(error)
    {
        // It never came to telling anything.
        return Err(Unreachable(loss).into());
    }
    rows.finish().context(UNHEARD)?;
    Ok(match end {
        End::Whole => Exit::Success,
        End::Broken(error) => {
            complain(format_args!(
                "{}; what came before is told, {LOST}",
                error.report()
            ));
            Exit::SomeNotAccepted
        }
        End::Interrupted => {
            complain(format_args!(
                "interrupted after {}, {LOST}",
                DEVICES.count(read)
            ));
            Exit::Interrupted
        }
    })
}

enum Event {
    Interrupt,
    Next(Option<Result<Inactive, Error>>),
}

const UNHEARD: &str = "can't write what was read";

const LOST: &str = "and the rest is likely lost: the service forgets what it has written";
