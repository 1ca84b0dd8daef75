//! `anypush send wns`.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use anypush::Backend;
use anypush::wns::{Error, Judgement, Notification, Outcome, Reason};
use futures_util::stream::StreamExt;

use super::wns_message::notification;
use super::{Course, Remarks, drive};
use crate::args::Wns;
use crate::devices::Intake;
use crate::exit::Exit;
use crate::interrupts::Interrupts;
use crate::output::{Output, WNS_CHANNELS};
use crate::wns::{Prepared, entry, ready};
use crate::{logs, runtime};

pub(crate) fn run(args: &Wns) -> Result<Exit> {
    logs::start(args.common.verbose);
    // What can be wrong here is found before anything is connected.
    let notification = notification(args)?;
    notification.encode()?;
    let prepared = Prepared::new(args)?;
    let intake = Intake::open(&args.devices)?;
    let interrupts = Interrupts::catch()?;
    runtime::run(args.common.backend(), |backend| {
        send(args, backend, prepared, notification, intake, interrupts)
    })
}

async fn send(
    args: &Wns,
    backend: Arc<dyn Backend>,
    prepared: Prepared,
    notification: Notification,
    intake: Intake,
    interrupts: Interrupts,
) -> Result<Exit> {
    let client = prepared.client(backend, args)?;
    if !ready(&client, &interrupts, args).await? {
        return Ok(Exit::Interrupted);
    }
    let steering = intake.steering();
    let mut remarks = Remarks::new("credentials");
    let outcomes = client.try_send_all(intake, &notification);
    let outcomes = outcomes.inspect(|outcome| {
        if let Ok((_, outcome)) = outcome {
            note(&mut remarks, outcome);
        }
    });
    let service = "WNS".to_owned();
    let mut output = Output::new(&args.common, service, WNS_CHANNELS, steering.clone());
    let course = Course {
        interrupts: &interrupts,
        intake: steering,
        output: &mut output,
        patience: Some(args.common.timeout),
    };
    let connections = || client.session().stats().connected;
    let done = drive(course, outcomes, entry, connections).await;
    remarks.make();
    // Nobody waits for an answer any more.
    client.shutdown(Duration::ZERO).await;
    done
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
        wrong.then(|| SERVICE_FAULT.to_owned())
    });
    // Not about one channel, but about the sender.
    remarks.remark(|| {
        let general = matches!(
            rejection.reason,
            Reason::Unauthorized | Reason::OtherApp | Reason::NotAllowedApp | Reason::DomainBlocked
        );
        general.then(|| error.report())
    });
}

const SERVICE_FAULT: &str = "WNS took nothing and knows none of its channels: likely the fault is its own, so \
                             remove none of those that are told as channel-not-found with retry-after, and \
                             send to them later";
