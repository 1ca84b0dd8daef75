//! `anypush send gcm`.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use anypush::fan_out::{Guarded, Held, TryFanOut, TryGuarded};
use anypush::gcm::{Client, Error, Judgement, Message, Outcome};
use anypush::{Backend, Verdict};
use futures_util::future::FutureExt;
use futures_util::stream::{self, Stream, StreamExt};

use super::gcm_message::message;
use super::{Course, Remarks, drive, unanswered};
use crate::args::{Gcm, ServiceUrl};
use crate::devices::{Intake, Steering};
use crate::exit::Exit;
use crate::gcm::{GONE, Prepared, entry, ready, url};
use crate::interrupts::Interrupts;
use crate::lines::Line;
use crate::output::{GCM_DEVICES, Output};
use crate::{logs, runtime};

pub(crate) fn run(args: &Gcm) -> Result<Exit> {
    logs::start(args.common.verbose);
    // What can be wrong here is found before anything is connected.
    let message = message(args)?;
    match args.plain {
        // Any id will do: none is checked here.
        true => drop(message.encode_plain("id")?),
        false => drop(message.encode()?),
    }
    let to = match (&args.topic, &args.condition) {
        (Some(name), _) => To::Topic(name.strip_prefix(TOPICS).unwrap_or(name)),
        (None, Some(condition)) => To::Condition(condition),
        (None, None) => To::Devices,
    };
    if let To::Topic(name) = to {
        // The names are those of FCM.
        anypush::fcm::Topic::new(name).context("--topic")?;
    }
    let prepared = Prepared::new(args)?;
    let intake = match to {
        To::Devices => Some(Intake::open(&args.devices)?),
        _ => None,
    };
    let interrupts = Interrupts::catch()?;
    runtime::run(args.common.backend(), |backend| {
        send(args, backend, prepared, message, (to, intake), interrupts)
    })
}

/// What stands before a topic's name in a request.
const TOPICS: &str = "/topics/";

/// Where it goes.
#[derive(Clone, Copy)]
enum To<'a> {
    Devices,
    Topic(&'a str),
    Condition(&'a str),
}

async fn send(
    args: &Gcm,
    backend: Arc<dyn Backend>,
    prepared: Prepared,
    message: Message,
    (to, intake): (To<'_>, Option<Intake>),
    interrupts: Interrupts,
) -> Result<Exit> {
    let client = prepared.client(backend, args)?;
    if !ready(&client, &interrupts, args).await? {
        return Ok(Exit::Interrupted);
    }
    let steering = match &intake {
        Some(intake) => intake.steering(),
        None => Steering::of(1),
    };
    let (noun, outcomes) = match (to, intake) {
        (To::Topic(name), _) => {
            let outcome = once(format!("{TOPICS}{name}"), client.send_topic(name, &message));
            (GCM_DEVICES.topics(), outcome.boxed_local())
        }
        (To::Condition(text), _) => {
            let outcome = once(text.to_owned(), client.send_condition(text, &message));
            (GCM_DEVICES.conditions(), outcome.boxed_local())
        }
        (To::Devices, None) => (GCM_DEVICES, stream::empty().boxed_local()),
        (To::Devices, Some(intake)) if args.plain => {
            let outcomes = one_by_one(&client, intake, message.clone(), args);
            (GCM_DEVICES, outcomes.boxed_local())
        }
        (To::Devices, Some(intake)) => {
            let outcomes = client.try_send_all(intake, &message);
            (GCM_DEVICES, outcomes.boxed_local())
        }
    };
    let mut remarks = Remarks::new("project");
    let outcomes = outcomes.inspect(|outcome| match outcome {
        Ok((_, Ok(_))) => remarks.accepted(),
        Ok((_, Err(error))) => note(&mut remarks, error, args),
        Err(_) => {}
    });
    let service = format!("GCM {}", url(&args.endpoint));
    let mut output = Output::new(&args.common, service, noun, steering.clone());
    let course = Course {
        interrupts: &interrupts,
        intake: steering,
        output: &mut output,
        patience: Some(args.common.timeout),
    };
    let connections = || client.session().stats().connected;
    let done = drive(
        course,
        outcomes,
        |line, outcome| {
            entry(line.as_str(), outcome, |error| {
                unanswered(line, error.report())
            })
        },
        connections,
    )
    .await;
    remarks.make();
    // Nobody waits for an answer any more.
    client.shutdown(Duration::ZERO).await;
    done
}

/// One send that is about more than one device.
fn once(
    told: String,
    sending: impl Future<Output = Outcome>,
) -> impl Stream<Item = io::Result<(Line, Outcome)>> {
    stream::once(async move { Ok((Line::Whole(told.into()), sending.await)) })
}

/// A request for each device, in plain text, and behind the guard as all are.
fn one_by_one(
    client: &Client,
    intake: Intake,
    message: Message,
    args: &Gcm,
) -> impl Stream<Item = io::Result<(Line, Outcome)>> + use<> {
    let limits = &args.limits;
    // A server that speaks no more than this may speak HTTP/1.1 only: a request per connection.
    let most = (limits.in_flight.get() as usize).min(limits.connections.get());
    let held = Held::default();
    let backend = client.session().backend().clone();
    let (own, message) = (client.clone(), Arc::new(message));
    let begin = move |line: Line| {
        let (client, message) = (own.clone(), message.clone());
        async move {
            let outcome = client.send_plain(&line, &message).await;
            (line, outcome)
        }
        .boxed()
    };
    let room = {
        let held = held.clone();
        move || held.leaves_of(most)
    };
    let requests = TryFanOut::new(intake, room, begin);
    TryGuarded::new(Guarded::new(
        requests,
        held,
        (),
        backend,
        args.common.timeout,
    ))
}

fn note(remarks: &mut Remarks, error: &Error, args: &Gcm) {
    let Some(rejection) = error.rejection() else {
        return;
    };
    remarks.suspect(|| {
        let wrong = rejection.judgement == Some(Judgement::LikelyWrongProject);
        wrong.then(|| WRONG_PROJECT.to_owned())
    });
    // About the request, and not about one device of it.
    remarks.remark(|| {
        let general = rejection.status != 200 && error.verdict() == Verdict::FixCredentials;
        general.then(|| match args.endpoint {
            ServiceUrl::Production => format!("{}; {GONE}", error.report()),
            ServiceUrl::Url(_) => error.report(),
        })
    });
}

const WRONG_PROJECT: &str = "no id was taken, and all are said to be gone: likely they belong to another project \
                             or service, so check the API key and --endpoint before any is removed";
