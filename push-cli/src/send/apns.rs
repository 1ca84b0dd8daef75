//! `anypush send apns`.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::{Result, bail};
use anypush::apns::{EncodeContext, Error, Judgement, Notification, Outcome};
use anypush::{Backend, CertificateInfo};
use futures_util::stream::StreamExt;

use super::notification::notification;
use super::{Course, Remarks, drive, unanswered};
use crate::apns::{self, Identify, Prepared};
use crate::args::{Apns, Delivery};
use crate::devices::Intake;
use crate::exit::Exit;
use crate::interrupts::Interrupts;
use crate::lines::Line;
use crate::output::{DEVICES, Entry};
use crate::{logs, runtime};

pub(crate) fn run(args: &Apns) -> Result<Exit> {
    logs::start(args.common.verbose);
    // What can be wrong here is found before anything is connected.
    let delivery = &args.delivery;
    let payload = args.payload.as_ref();
    let said = notification(delivery.push_type, payload, &args.message, &args.devices)?;
    let notification = delivered(said, delivery);
    let many = args.devices.tokens.is_some() || args.devices.token.len() > 1;
    if many && args.delivery.apns_id.is_some() {
        bail!("--apns-id names one push: give it with one --token, and not with --tokens");
    }
    let prepared = Prepared::new(&args.credentials, &args.common)?;
    check(&prepared.identity, &notification)?;
    let intake = Intake::open(&args.devices)?;
    let interrupts = Interrupts::catch()?;
    runtime::run(args.common.backend(), |backend| {
        send(args, backend, prepared, notification, intake, interrupts)
    })
}

async fn send(
    args: &Apns,
    backend: Arc<dyn Backend>,
    prepared: Prepared,
    notification: Notification,
    intake: Intake,
    interrupts: Interrupts,
) -> Result<Exit> {
    let limits = &args.limits;
    let client = prepared.client(backend, &args.common, limits.connections.get(), |client| {
        client
            .endpoint(args.endpoint.clone())
            .in_flight(limits.in_flight.get() as usize)
    })?;
    let steering = intake.steering();

    if !apns::ready(&client, &interrupts, &args.endpoint, &args.common).await? {
        return Ok(Exit::Interrupted);
    }
    let mut remarks = Remarks::new("environment");
    let mut output = apns::output(&args.endpoint, &args.common, DEVICES, steering.clone());
    let course = Course {
        interrupts: &interrupts,
        intake: steering,
        output: &mut output,
        patience: Some(args.common.timeout),
    };
    let outcomes = client.try_send_all(intake, &notification);
    let outcomes = outcomes.inspect(|outcome| match outcome {
        Ok((_, Ok(_))) => remarks.accepted(),
        Ok((_, Err(error))) => remarks.suspect(|| wrong_environment(error)),
        Err(_) => {}
    });
    let connections = || client.session().stats().connected;
    let done = drive(course, outcomes, entry, connections).await;
    remarks.make();
    // Nobody waits for an answer any more.
    client.shutdown(Duration::ZERO).await;
    done
}

/// The headers.
fn delivered(mut said: Notification, delivery: &Delivery) -> Notification {
    if let Some(topic) = &delivery.topic {
        said = said.topic(topic);
    }
    if let Some(priority) = delivery.priority {
        said = said.priority(priority);
    }
    if let Some(until) = delivery.expiration {
        said = said.expiration(until.into());
    }
    if let Some(id) = &delivery.collapse_id {
        said = said.collapse_id(id);
    }
    if let Some(id) = delivery.apns_id {
        said = said.id(id);
    }
    said
}

/// All that is wrong with the notification, before any device is told so.
fn check(identity: &Identify, notification: &Notification) -> Result<()> {
    let topics = match identity {
        Identify::Token(_) => None,
        Identify::Certificate(identity) => {
            let leaf = identity.chain_der().first();
            let leaf = leaf.map_or(&[][..], Vec::as_slice);
            Some(CertificateInfo::from_der(leaf)?.topics)
        }
    };
    let topic = topics.as_ref().and_then(|topics| topics.first());
    let context = EncodeContext::new(SystemTime::now())
        .default_topic(topic.map(String::as_str))
        .certificate_auth(topics.is_some());
    notification.encode(&context)?;
    Ok(())
}

/// What is said of tokens that are likely another environment's.
fn wrong_environment(error: &Error) -> Option<String> {
    let judgement = error.rejection()?.judgement.as_ref()?;
    matches!(judgement, Judgement::WrongEnvironment { .. }).then(|| judgement.to_string())
}

fn entry<'e>(line: &'e Line, outcome: &'e Outcome) -> Entry<'e> {
    apns::entry(line.as_str(), outcome, |error| {
        unanswered(line, error.report())
    })
}
