//! This project's client, all its layers on: typed notification, provider token, deadlines,
//! resending, statistics.

use std::ops::Range;
use std::sync::Arc;

use anyhow::Result;
use anypush::apns::{Client, DeviceToken, Endpoint, Notification, ProviderToken};
use anypush::session::SessionBuilder;
use anypush::{Backend, Roots, Session, SmolBackend, SmolRuntime, TokioBackend};
use futures_util::StreamExt;
use harness::{Sample, Stopwatch};
use smol::Executor;

use crate::load::{self, Load, TOPIC};
use crate::simulator::{KEY_ID, Place, TEAM_ID};

pub(crate) fn on_tokio(place: &Place, load: &Load) -> Result<Sample> {
    super::on_tokio(async { run(Session::builder(TokioBackend::new()?), place, load).await })
}

pub(crate) fn on_smol(place: &Place, load: &Load) -> Result<Sample> {
    alone_on_smol(|backend| run(Session::builder(backend), place, load))
}

/// Sends to devices that an iterator makes up as it goes, with the client's defaults.
pub(crate) fn fan_out_on_tokio(place: &Place, load: &Load) -> Result<()> {
    super::on_tokio(async { fan_out(TokioBackend::new()?, place, load).await })
}

/// Ditto, on smol.
pub(crate) fn fan_out_on_smol(place: &Place, load: &Load) -> Result<()> {
    alone_on_smol(|backend| fan_out(backend, place, load))
}

/// Runs it on smol, on this thread alone.
fn alone_on_smol<T, F: Future<Output = Result<T>>>(
    work: impl FnOnce(SmolBackend) -> F,
) -> Result<T> {
    let executor = Arc::new(Executor::new());
    let backend = SmolBackend::on(SmolRuntime::with_executor(&executor));
    smol::block_on(executor.run(work(backend)))
}

async fn run(session: SessionBuilder, place: &Place, load: &Load) -> Result<Sample> {
    let session = session.max_connections_per_destination(1).build();
    let client = client(session, place, load)?;
    let notification = alert(load);
    let [before, timed] = load.devices();
    send(&client, tokens(before)?, &notification).await?;
    let devices = tokens(timed)?;
    let watch = Stopwatch::start();
    send(&client, devices, &notification).await?;
    Ok(watch.stop(load.pushes()))
}

async fn fan_out(backend: impl Backend, place: &Place, load: &Load) -> Result<()> {
    let client = client(Session::new(backend), place, load)?;
    let [_, numbers] = load.devices();
    let devices = numbers.filter_map(|number| DeviceToken::from_bytes(&load::device(number)).ok());
    send(&client, devices, &alert(load)).await
}

fn client(session: Session, place: &Place, load: &Load) -> Result<Client> {
    let key = ProviderToken::from_p8(place.provider_key()?, KEY_ID, TEAM_ID)?;
    let client = Client::builder(session)
        .endpoint(Endpoint::new("localhost", place.port))
        .roots(Roots::from_pem(place.ca_pem()?)?)
        .provider_token(key)
        .topic(TOPIC)
        .in_flight(load.in_flight);
    Ok(client.build()?)
}

fn alert(load: &Load) -> Notification {
    Notification::alert(load.alert(r#"{"aps":{"alert":""}}"#))
}

fn tokens(numbers: Range<u64>) -> Result<Vec<DeviceToken>> {
    let parse = |number| Ok(DeviceToken::from_bytes(&load::device(number))?);
    numbers.map(parse).collect()
}

async fn send<I>(client: &Client, devices: I, notification: &Notification) -> Result<()>
where
    I: IntoIterator<Item = DeviceToken>,
    I::IntoIter: Send + 'static,
{
    let mut outcomes = client.send_all(devices.into_iter(), notification);
    while let Some((_, outcome)) = outcomes.next().await {
        outcome?;
    }
    Ok(())
}
