//! `anypush send web`.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail};
use anypush::Backend;
use anypush::web::{Client, Error, Judgement, Message, Outcome, PushService, Reason};
use futures_util::stream::StreamExt;

use super::web_message::message;
use super::{Course, Remarks, drive};
use crate::args::Web;
use crate::devices::Intake;
use crate::exit::Exit;
use crate::interrupts::Interrupts;
use crate::output::{Output, WEB_DEVICES};
use crate::web::{Given, Prepared, entry, intake, sift};
use crate::{logs, runtime};

pub(crate) fn run(args: &Web) -> Result<Exit> {
    logs::start(args.common.verbose);
    // What can be wrong here is found before anything is connected.
    if args.endpoints.endpoint.is_some() {
        bail!("--endpoint has no meaning here: each subscription has its own");
    }
    let message = message(args)?;
    message.encode()?;
    let prepared = Prepared::new(args)?;
    let intake = intake(&args.devices)?;
    let interrupts = Interrupts::catch()?;
    runtime::run(args.common.backend(), |backend| {
        send(args, backend, prepared, message, intake, interrupts)
    })
}

async fn send(
    args: &Web,
    backend: Arc<dyn Backend>,
    prepared: Prepared,
    message: Message,
    intake: Intake<Given>,
    interrupts: Interrupts,
) -> Result<Exit> {
    let client = prepared.client(backend, args)?;
    let steering = intake.steering();
    let mut remarks = Remarks::new("push service");
    let outcomes = sift(intake, |subscriptions| {
        let outcomes = client.try_send_all(subscriptions, &message);
        outcomes.inspect(|outcome| {
            if let Ok((_, outcome)) = outcome {
                note(&mut remarks, outcome);
            }
        })
    });
    let service = "Web Push".to_owned();
    let mut output = Output::new(&args.common, service, WEB_DEVICES, steering.clone());
    let course = Course {
        interrupts: &interrupts,
        intake: steering,
        output: &mut output,
        // Some hosts answer nothing, and others have nothing to do with them.
        patience: None,
    };
    let done = drive(course, outcomes, entry, || connections(&client)).await;
    remarks.make();
    // Nobody waits for an answer any more.
    client.shutdown(Duration::ZERO).await;
    done
}

fn connections(client: &Client) -> u64 {
    client.session().stats().connected
}

fn note(remarks: &mut Remarks, outcome: &Outcome) {
    if let Err(error) = outcome {
        note_error(remarks, error);
    }
}

/// What is to be said of an error in the end.
fn note_error(remarks: &mut Remarks, error: &Error) {
    let Some(rejection) = error.rejection() else {
        return;
    };
    remarks.suspect(|| {
        let wrong = rejection.judgement == Some(Judgement::LikelyServiceFault);
        wrong.then(|| {
            let service = match rejection.service {
                PushService::Other => "a push service that is not known",
                known => known.name(),
            };
            format!(
                "{service} took nothing and knows none of its subscriptions: likely the fault is its own, so \
                 remove none of those that are told as not-found with retry-after, and send to them later"
            )
        })
    });
    // Not about one subscription, but about the sender.
    remarks.remark(|| {
        let general = matches!(rejection.reason, Reason::Unauthorized | Reason::Blocked);
        general.then(|| error.report())
    });
}
