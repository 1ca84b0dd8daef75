//! This project's client, all its layers on: typed message, checked targets, access token, deadlines,
//! resending, statistics.

use std::sync::Arc;

use anyhow::{Result, ensure};
use anypush::fcm::{Client, Credentials, Device, Message};
use anypush::{Backend, Roots, Session};
use backends::{Runtime, Stack, alone};
use futures_util::StreamExt;
use harness::{Sample, Stopwatch};
use yardstick::devices;
use yardstick::fcm::{FRAME, TITLE, access_token, text};

use crate::load::Load;
use crate::place::{PROJECT, Place};

/// What this client calls itself.
pub(crate) fn agent() -> String {
    // All crates of the project have one version.
    "anypush/0.1.0".to_owned()
}

/// Sends to registrations whose tokens are at hand.
pub(crate) fn race(runtime: Runtime, stack: Stack, place: &Place, load: &Load) -> Result<Sample> {
    let (place, load) = (place.clone(), load.clone());
    alone(runtime, stack, |backend| async move {
        run(backend, &place, &load).await
    })
}

/// Sends to registrations that an iterator makes up as it goes, with the client's defaults.
pub(crate) fn fan_out(runtime: Runtime, stack: Stack, place: &Place, load: &Load) -> Result<()> {
    let (place, load) = (place.clone(), load.clone());
    alone(runtime, stack, |backend| async move {
        let client = client(Session::new(backend), &place, None)?;
        let [_, numbers] = load.devices();
        let devices = numbers.map(devices::registration);
        let refused = send(&client, devices, &message(&load)).await?;
        super::check_refused(&load, refused)
    })
}

async fn run(backend: Arc<dyn Backend>, place: &Place, load: &Load) -> Result<Sample> {
    let session = Session::builder(backend)
        .max_connections_per_destination(load.connections)
        .build();
    let client = client(session.clone(), place, Some(load.in_flight()))?;
    let message = message(load);
    // The lists stay the caller's, as the bare loop's do: giving them back is no part of a send.
    let [before, timed] = load
        .devices()
        .map(|numbers| super::registrations(numbers).leak());
    let refused = send(&client, before.iter(), &message).await?;
    let connections = session.stats().connections;
    ensure!(
        connections == load.connections || load.warm_up() == 0,
        "it has {connections} connections, not {}: give it a longer --warm-up",
        load.connections,
    );
    let watch = Stopwatch::start();
    let refused = refused + send(&client, timed.iter(), &message).await?;
    let sample = watch.stop(load.messages());
    super::check_refused(load, refused)?;
    Ok(sample)
}

fn client(session: Session, place: &Place, in_flight: Option<usize>) -> Result<Client> {
    let mut client = Client::builder(session)
        .endpoint(format!("https://{}", place.authority()))
        .roots(Roots::from_pem(place.ca_pem()?)?)
        .credentials(Credentials::access_token(access_token()))
        .project(PROJECT);
    if let Some(most) = in_flight {
        client = client.in_flight(most);
    }
    Ok(client.build()?)
}

fn message(load: &Load) -> Message {
    Message::with_notification(TITLE, text(load.body_bytes, FRAME.len()))
}

/// Tells how many were refused.
async fn send<I>(client: &Client, devices: I, message: &Message) -> Result<u64>
where
    I: IntoIterator,
    I::Item: Device + Send + 'static,
    I::IntoIter: Send + 'static,
{
    let mut refused = 0;
    let mut outcomes = client.send_all(devices.into_iter(), message);
    while let Some((_, outcome)) = outcomes.next().await {
        match outcome {
            Err(error) if error.rejection().is_some() => refused += 1,
            outcome => drop(outcome?),
        }
    }
    Ok(refused)
}
