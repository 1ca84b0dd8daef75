//! `anypush send gateway`.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::Result;
use anypush::apns::gateway::{Error, Outcome};
use anypush::apns::{GatewayContext, Judgement, Notification};
use anypush::{Backend, ErrorKind, ResendUnknown, RetryPolicy};
use futures_util::stream::StreamExt;

use super::notification::notification;
use super::{Course, WRONG_BEFORE_RIGHT, drive, unanswered};
use crate::args::Gateway;
use crate::devices::Intake;
use crate::exit::{Exit, complain};
use crate::gateway::{self, Prepared, reach_legacy};
use crate::interrupts::Interrupts;
use crate::output::{DEVICES, Output};
use crate::{logs, runtime};

/// The first pause before a notification is sent again that the gateway failed at, at most.
const RETRY_AFTER: Duration = Duration::from_secs(1);

pub(crate) fn run(args: &Gateway) -> Result<Exit> {
    logs::start(args.common.verbose);
    // What can be wrong here is found before anything is connected.
    let notification = delivered(args)?;
    let prepared = Prepared::new(&args.certificate, &args.endpoint, &args.common)?;
    let intake = Intake::open(&args.devices)?;
    let interrupts = Interrupts::catch()?;
    runtime::run(args.common.backend(), |backend| {
        send(args, backend, prepared, notification, intake, interrupts)
    })
}

/// The notification, with nothing wrong with it.
fn delivered(args: &Gateway) -> Result<Notification> {
    let delivery = &args.delivery;
    let payload = args.payload.as_ref();
    let mut said = notification(delivery.push_type, payload, &args.message, &args.devices)?;
    if let Some(priority) = delivery.priority {
        said = said.priority(priority);
    }
    if let Some(until) = delivery.expiration {
        said = said.expiration(until.into());
    }
    let context = GatewayContext::new(SystemTime::now())
        .command(delivery.frame)
        .payload_limit(delivery.payload_limit.map(usize::from));
    said.encode_for_gateway(&context)?;
    Ok(said)
}

async fn send(
    args: &Gateway,
    backend: Arc<dyn Backend>,
    prepared: Prepared,
    notification: Notification,
    intake: Intake,
    interrupts: Interrupts,
) -> Result<Exit> {
    let connections = args.connections.get();
    let client = prepared.client(
        backend,
        &args.common,
        |session| session.max_connections_per_destination(connections),
        |client| {
            let proof = &args.proof;
            let client = client
                .endpoint(args.endpoint.clone())
                .command(args.delivery.frame)
                .payload_limit(args.delivery.payload_limit.map(usize::from))
                .batch(args.batch.get())
                .window(args.in_flight.get())
                .max_connections(connections)
                .confirm(!proof.no_confirm)
                .confirm_after(Some(proof.confirm_after))
                .retry(retries(proof.retries.unwrap_or_default()))
                .resend_unknown(match proof.resend_unknown {
                    Some(times) => ResendUnknown::Times(times.get()),
                    None => ResendUnknown::Never,
                });
            match proof.tail {
                Some(tail) => client.tail(tail),
                None => client,
            }
        },
    )?;
    let steering = intake.steering();
    let endpoint = &args.endpoint;
    let server = format!("{}:{}", endpoint.gateway_host(), endpoint.gateway_port());
    let at = (endpoint, server);
    if reach_legacy(client.ready(), &interrupts, at, &args.common)
        .await?
        .is_none()
    {
        complain(format_args!("interrupted: nothing was sent"));
        return Ok(Exit::Interrupted);
    }
    let title = format!("APNs binary gateway {endpoint}, {}", args.common.backend());
    // Logs and a bar would overwrite one another.
    let bar = args.common.verbose == 0;
    let mut output = Output::new(args.common.output, title, DEVICES, steering.clone(), bar);
    let course = Course {
        interrupts: &interrupts,
        intake: steering,
        output: &mut output,
        patience: args.common.timeout,
    };
    let mut remarks = Remarks::default();
    let outcomes = client.try_send_all(intake, &notification);
    let outcomes = outcomes.inspect(|outcome| {
        if let Ok((_, outcome)) = outcome {
            remarks.note(outcome);
        }
    });
    let asked = !args.proof.no_confirm;
    let connections = || client.session().stats().connected;
    let done = drive(
        course,
        outcomes,
        |line, outcome| {
            gateway::entry(line.as_str(), outcome, asked, |error| {
                unanswered(line, error.report())
            })
        },
        connections,
    )
    .await;
    remarks.make();
    // Nobody waits for a word any more.
    client.shutdown(Duration::ZERO).await;
    done
}

fn retries(times: u8) -> RetryPolicy {
    match times {
        0 => RetryPolicy::none(),
        _ => RetryPolicy::exponential(RETRY_AFTER).attempts(u32::from(times) + 1),
    }
}

/// What is to be said in the end that is true of many devices.
#[derive(Default)]
struct Remarks {
    accepted: bool,
    /// The tokens are likely another environment's.
    suspicion: Option<String>,
    /// One notification ended the send.
    ended: Option<String>,
}

impl Remarks {
    fn note(&mut self, outcome: &Outcome) {
        match outcome {
            Ok(_) => self.accepted = true,
            Err(error) if error.kind() == ErrorKind::Ended && self.ended.is_none() => {
                self.ended = Some(error.report());
            }
            Err(error) if self.suspicion.is_none() => self.suspicion = wrong_environment(error),
            Err(_) => {}
        }
    }

    fn make(self) {
        if let Some(why) = self.ended {
            complain(format_args!("some were {why}"));
        }
        match self.suspicion {
            Some(_) if self.accepted => complain(format_args!("{WRONG_BEFORE_RIGHT}")),
            Some(suspicion) => complain(format_args!("{suspicion}")),
            None => {}
        }
    }
}

/// What is said of tokens that are likely another environment's.
fn wrong_environment(error: &Error) -> Option<String> {
    let judgement = error.judgement()?;
    matches!(judgement, Judgement::WrongEnvironment { .. }).then(|| judgement.to_string())
}
