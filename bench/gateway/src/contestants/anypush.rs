//! This project's client, all its layers on: typed notification, tracking, resending, and a proof
//! of what was taken.

use std::ops::Range;
use std::sync::Arc;

use anyhow::Result;
use anypush::apns::gateway::Client;
use anypush::apns::{Device, DeviceToken, Endpoint, Expiration, Notification, Priority};
use anypush::{Backend, Identity, Roots, Session};
use backends::{Runtime, Stack, alone};
use futures_util::StreamExt;
use harness::{Sample, Stopwatch};
use yardstick::{FRAME, devices};

use crate::load::Load;
use crate::server::Place;

/// Sends to devices that are parsed already.
pub(crate) fn race(runtime: Runtime, stack: Stack, place: &Place, load: &Load) -> Result<Sample> {
    let (place, load) = (place.clone(), load.clone());
    alone(runtime, stack, |backend| async move {
        let client = client(backend, &place)?;
        let notification = alert(&load);
        let [before, timed] = load.devices();
        // The list stays the caller's, as the bare loop's does: giving it back is no part of a send.
        let [before, timed] = [tokens(before)?.leak(), tokens(timed)?.leak()];
        send(&client, before.iter(), &notification).await?;
        let watch = Stopwatch::start();
        send(&client, timed.iter(), &notification).await?;
        Ok(watch.stop(load.notifications()))
    })
}

/// Sends to devices that an iterator makes up as it goes.
pub(crate) fn fan_out(runtime: Runtime, stack: Stack, place: &Place, load: &Load) -> Result<()> {
    let (place, load) = (place.clone(), load.clone());
    alone(runtime, stack, |backend| async move {
        let client = client(backend, &place)?;
        let [_, numbers] = load.devices();
        let devices =
            numbers.filter_map(|number| DeviceToken::from_bytes(&devices::token(number)).ok());
        send(&client, devices, &alert(&load)).await
    })
}

/// With its defaults.
fn client(backend: Arc<dyn Backend>, place: &Place) -> Result<Client> {
    let client = Client::builder(Session::new(backend))
        .endpoint(Endpoint::new("localhost", place.port))
        .roots(Roots::from_pem(place.ca_pem()?)?)
        .certificate(Identity::from_pem(place.client_pem()?)?);
    Ok(client.build()?)
}

fn alert(load: &Load) -> Notification {
    Notification::alert(yardstick::alert(load.payload_bytes, FRAME))
        .expiration(Expiration::In(Expiration::MAX))
        .priority(Priority::Immediate)
}

fn tokens(numbers: Range<u64>) -> Result<Vec<DeviceToken>> {
    let parse = |number| Ok(DeviceToken::from_bytes(&devices::token(number))?);
    numbers.map(parse).collect()
}

async fn send<I>(client: &Client, devices: I, notification: &Notification) -> Result<()>
where
    I: IntoIterator,
    I::Item: Device + Send + 'static,
    I::IntoIter: Send + 'static,
{
    let mut outcomes = client.send_all(devices.into_iter(), notification);
    while let Some((_, outcome)) = outcomes.next().await {
        outcome?;
    }
    Ok(())
}
