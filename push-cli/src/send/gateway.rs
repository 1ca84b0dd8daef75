//! `anypush send gateway`.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::Result;
use anypush::apns::gateway::Error;
use anypush::apns::{GatewayContext, Judgement, Notification};
use anypush::{Backend, ErrorKind, ResendUnknown, RetryPolicy};
use futures_util::stream::StreamExt;

use super::notification::notification;
use super::{Course, Remarks, drive, unanswered};
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
    let client = prepared.client(backend, &args.common, connections, |client| {
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
    })?;
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
    let service = format!("APNs binary gateway {endpoint}");
    let mut output = Output::new(&args.common, service, DEVICES, steering.clone());
    let course = Course {
        interrupts: &interrupts,
        intake: steering,
        output: &mut output,
        patience: Some(args.common.timeout),
    };
    let mut remarks = Remarks::new("environment");
    let outcomes = client.try_send_all(intake, &notification);
    let outcomes = outcomes.inspect(|outcome| match outcome {
        Ok((_, Ok(_))) => remarks.accepted(),
        // One notification ended the send.
        Ok((_, Err(error))) if error.kind() == ErrorKind::Ended => {
            remarks.remark(|| Some(format!("some were {}", error.report())));
        }
        Ok((_, Err(error))) => remarks.suspect(|| wrong_environment(error)),
        Err(_) => {}
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

/// What is said of tokens that are likely another environment's.
fn wrong_environment(error: &Error) -> Option<String> {
    let judgement = error.judgement()?;
    matches!(judgement, Judgement::WrongEnvironment { .. }).then(|| judgement.to_string())
}
