//! `anypush send fcm`.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use anypush::fcm::{Client, Error, Judgement, Outcome, Target, google_retry};
use anypush::{Backend, Verdict};
use futures_util::future::{Either, pending, select};
use futures_util::stream::{self, StreamExt};

use super::fcm_message::{Said, message};
use super::{Course, Remarks, drive, unanswered};
use crate::args::{Fcm, Targets};
use crate::devices::{Intake, Steering};
use crate::exit::Exit;
use crate::fcm::{Prepared, entry, intake, place, ready};
use crate::interrupts::Interrupts;
use crate::lines::Line;
use crate::output::{FCM_DEVICES, Noun, Output};
use crate::{logs, runtime};

pub(crate) fn run(args: &Fcm) -> Result<Exit> {
    logs::start(args.common.verbose);
    // What can be wrong here is found before anything is connected.
    let said = message(args)?;
    let topical = topical(&args.targets)?;
    let encoded = said.message.encode()?.validate_only(said.validate_only);
    if let Some((target, _)) = &topical {
        encoded.check(target)?;
    }
    let prepared = Prepared::new(&args.account, &args.common)?;
    let to = match topical {
        Some((target, noun)) => To::All(target, noun),
        None => To::Devices(intake(&args.targets.devices)?),
    };
    let interrupts = Interrupts::catch()?;
    runtime::run(args.common.backend(), |backend| {
        send(args, backend, prepared, said, to, interrupts)
    })
}

/// Where it goes.
enum To {
    Devices(Intake),
    /// All who follow a topic, or some topics.
    All(Target, Noun),
}

/// The topic or the condition, if one is given.
fn topical(targets: &Targets) -> Result<Option<(Target, Noun)>> {
    if let Some(name) = &targets.topic {
        return Ok(Some((Target::topic(name)?, FCM_DEVICES.topics())));
    }
    let condition = targets.condition.as_ref();
    let target = condition.map(Target::condition).transpose()?;
    Ok(target.map(|target| (target, FCM_DEVICES.conditions())))
}

/// The way in which a target is told.
fn told(target: &Target) -> Line {
    let text = match target {
        Target::Topic(topic) => format!("/topics/{}", topic.as_str()),
        other => other.as_str().to_owned(),
    };
    Line::Whole(text.into())
}

async fn send(
    args: &Fcm,
    backend: Arc<dyn Backend>,
    prepared: Prepared,
    said: Said,
    to: To,
    interrupts: Interrupts,
) -> Result<Exit> {
    let (account, common) = (&args.account, &args.common);
    let client = prepared.client(backend, account, common, &args.limits, |client| {
        let client = client.validate_only(said.validate_only);
        match args.retry {
            true => client.retry(google_retry()),
            false => client,
        }
    })?;
    if !ready(&client, &interrupts, account, common).await? {
        return Ok(Exit::Interrupted);
    }
    let message = &said.message;
    let (steering, noun, outcomes) = match to {
        To::Devices(intake) => {
            let steering = intake.steering();
            let outcomes = client.try_send_all(intake, message).boxed_local();
            (steering, FCM_DEVICES, outcomes)
        }
        To::All(target, noun) => {
            let sending = async {
                let line = told(&target);
                Ok((line, client.send(target, message).await))
            };
            let outcome = stream::once(sending).boxed_local();
            (Steering::of(1), noun, outcome)
        }
    };
    let mut remarks = Remarks::new("project");
    let outcomes = outcomes.inspect(|outcome| {
        if let Ok((_, outcome)) = outcome {
            note(&mut remarks, outcome);
        }
    });
    let service = format!("FCM {}", place(account));
    let mut output = Output::new(common, service, noun, steering.clone());
    let course = Course {
        interrupts: &interrupts,
        intake: steering,
        output: &mut output,
        patience: Some(common.timeout),
    };
    let connections = || client.session().stats().connected;
    let driven = drive(course, outcomes, told_entry, connections);
    let done = match args.retry {
        true => without_waits(driven, &client, &interrupts, common.timeout).await,
        false => driven.await,
    };
    remarks.make();
    // Nobody waits for an answer any more.
    client.shutdown(Duration::ZERO).await;
    done
}

/// Does it, but after an interrupt nothing waits to be sent again: it is told as it was answered.
pub(crate) async fn without_waits<T>(
    work: impl Future<Output = T>,
    client: &Client,
    interrupts: &Interrupts,
    patience: Duration,
) -> T {
    let end = async {
        interrupts.wait().await;
        client.shutdown(patience).await;
        pending::<Infallible>().await
    };
    match select(pin!(work), pin!(end)).await {
        Either::Left((done, _)) => done,
        Either::Right((never, _)) => match never {},
    }
}

fn told_entry<'e>(line: &'e Line, outcome: &'e Outcome) -> crate::output::Entry<'e> {
    entry(line.as_str(), outcome, |error| {
        unanswered(line, error.report())
    })
}

fn note(remarks: &mut Remarks, outcome: &Outcome) {
    match outcome {
        Ok(_) => remarks.accepted(),
        Err(error) => note_error(remarks, error),
    }
}

/// What is to be said of an error in the end.
pub(crate) fn note_error(remarks: &mut Remarks, error: &Error) {
    let Some(rejection) = error.rejection() else {
        return;
    };
    remarks.suspect(|| {
        let wrong = rejection.judgement == Some(Judgement::LikelyWrongProject);
        wrong.then(|| WRONG_PROJECT.to_owned())
    });
    // Not FCM's word on one device, but Google's on the account or the project.
    remarks.remark(|| {
        let general = rejection.reason.is_none() && error.verdict() == Verdict::FixCredentials;
        general.then(|| error.report())
    });
}

const WRONG_PROJECT: &str = "no token was taken, and all are said to be gone: likely they belong to another \
                             project, so check --service-account and --project before any is removed";
