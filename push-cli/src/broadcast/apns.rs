//! `anypush broadcast apns`.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use anypush::apns::{ChannelId, InvalidChannelId, Notification, Outcome};
use anypush::{Backend, Verdict};
use futures_util::stream::StreamExt;

use super::activity::notification;
use crate::apns::{self, Prepared, report};
use crate::args::{BroadcastApns, Devices};
use crate::devices::Intake;
use crate::exit::Exit;
use crate::interrupts::Interrupts;
use crate::lines::Line;
use crate::output::{CHANNELS, Entry, Reach};
use crate::send::{Course, drive};
use crate::{logs, runtime};

/// So many channels are told at a time. One connection carries them all.
const AT_A_TIME: usize = 100;
const CONNECTIONS: usize = 1;

pub(crate) fn run(args: &BroadcastApns) -> Result<Exit> {
    logs::start(args.common.verbose);
    // What can be wrong here is found before anything is connected.
    let notification = notification(args)?;
    ensure!(
        args.channels.len() == 1 || args.delivery.request_id.is_none(),
        "--request-id names one request: give it with one --channel"
    );
    let prepared = Prepared::new(&args.credentials, &args.common)?;
    let intake = Intake::open(&Devices {
        token: args.channels.clone(),
        tokens: None,
    })?;
    let interrupts = Interrupts::catch()?;
    runtime::run(args.common.backend(), |backend| {
        broadcast(args, backend, prepared, notification, intake, interrupts)
    })
}

async fn broadcast(
    args: &BroadcastApns,
    backend: Arc<dyn Backend>,
    prepared: Prepared,
    notification: Notification,
    intake: Intake,
    interrupts: Interrupts,
) -> Result<Exit> {
    let client = prepared.client(backend, &args.common, CONNECTIONS, |client| {
        client.endpoint(args.endpoint.clone())
    })?;
    client.check_broadcast(&notification).map_err(report)?;
    let steering = intake.steering();

    if !apns::ready(&client, &interrupts, &args.endpoint, &args.common).await? {
        return Ok(Exit::Interrupted);
    }
    let mut output = apns::output(&args.endpoint, &args.common, CHANNELS, steering.clone());
    let course = Course {
        interrupts: &interrupts,
        intake: steering,
        output: &mut output,
        patience: Some(args.common.timeout),
    };
    let told = |line| async {
        let line: Line = line?;
        let told = match line.as_str().parse::<ChannelId>() {
            Ok(channel) => Told::Sent(client.broadcast(&channel, &notification).await),
            Err(invalid) => Told::Invalid(invalid),
        };
        Ok((line, told))
    };
    let outcomes = intake.map(told).buffer_unordered(AT_A_TIME);
    let connections = || client.session().stats().connected;
    let done = drive(course, outcomes, entry, connections).await;
    // Nobody waits for an answer any more.
    client.shutdown(Duration::ZERO).await;
    done
}

/// What became of one channel.
enum Told {
    Sent(Outcome),
    /// It can't be a channel, and the service was not asked.
    Invalid(InvalidChannelId),
}

fn entry<'e>(line: &'e Line, told: &'e Told) -> Entry<'e> {
    match told {
        Told::Sent(outcome) => apns::entry(line.as_str(), outcome, |error| error.report()),
        Told::Invalid(invalid) => Entry {
            device: line.as_str(),
            verdict: Verdict::FixMessage,
            status: None,
            reason: Some(Cow::Owned(invalid.to_string())),
            detail: None,
            id: None,
            attempts: 0,
            reach: Reach::Reached,
        },
    }
}
