//! This project's client, all its layers on: typed notification, provider token, deadlines,
//! resending, statistics.

use std::ops::Range;
use std::sync::Arc;

use anyhow::{Result, ensure};
use anypush::apns::{Client, DeviceToken, Endpoint, Notification, ProviderToken};
use anypush::{Backend, Roots, Session};
use backends::{Runtime, Stack, alone};
use futures_util::future::try_join_all;
use futures_util::{FutureExt, StreamExt};
use harness::{Memory, Sample, Stopwatch};
use yardstick::{FRAME, TOPIC, devices};

use crate::latency::{self, Latency};
use crate::load::Load;
use crate::simulator::{KEY_ID, Place, TEAM_ID};
use crate::waiting::Held;

/// Sends to devices that are parsed already.
pub(crate) fn race(runtime: Runtime, stack: Stack, place: &Place, load: &Load) -> Result<Sample> {
    let (place, load) = (place.clone(), load.clone());
    alone(runtime, stack, |backend| async move {
        run(backend, &place, &load).await
    })
}

/// Sends to devices that an iterator makes up as it goes, with the client's defaults.
pub(crate) fn fan_out(runtime: Runtime, stack: Stack, place: &Place, load: &Load) -> Result<()> {
    let (place, load) = (place.clone(), load.clone());
    alone(runtime, stack, |backend| async move {
        spread(backend, &place, &load).await
    })
}

/// Sends pushes one by one, at half of the speed of a fan-out.
pub(crate) fn pace(runtime: Runtime, stack: Stack, place: &Place, load: &Load) -> Result<Latency> {
    let (place, load) = (place.clone(), load.clone());
    alone(runtime, stack, |backend| async move {
        paced(backend, &place, &load).await
    })
}

/// Makes connections at once.
pub(crate) fn storm(runtime: Runtime, stack: Stack, place: &Place, load: &Load) -> Result<Sample> {
    let (place, load) = (place.clone(), load.clone());
    alone(runtime, stack, |backend| async move {
        connect(backend, &place, &load).await
    })
}

/// Sends to a server that does not answer.
pub(crate) fn wait(runtime: Runtime, stack: Stack, place: &Place, load: &Load) -> Result<Held> {
    let (place, load) = (place.clone(), load.clone());
    alone(runtime, stack, |backend| async move {
        hold(backend, &place, &load).await
    })
}

async fn run(backend: Arc<dyn Backend>, place: &Place, load: &Load) -> Result<Sample> {
    let client = warm(backend, place, load).await?;
    sprint(&client, load).await
}

async fn paced(backend: Arc<dyn Backend>, place: &Place, load: &Load) -> Result<Latency> {
    let client = warm(backend, place, load).await?;
    let full = sprint(&client, &latency::sprint(load)).await?;
    let (notification, [_, timed]) = (alert(load), load.devices());
    let devices = tokens(timed)?;
    latency::at_half_of(full, load, |number| {
        let push = client.send(&devices[usize::try_from(number)?], &notification);
        Ok(push.map(|outcome| Ok(outcome.map(drop)?)))
    })
    .await
}

async fn connect(backend: Arc<dyn Backend>, place: &Place, load: &Load) -> Result<Sample> {
    let session = Session::builder(backend)
        .max_connections(load.connections)
        .build();
    // Those of one client are made one after the other, as they are needed: so many teams.
    let team = |number| format!("TEAM{number:06}");
    let client = |number| client_of(session.clone(), place, load, &team(number));
    let clients: Vec<_> = (0..load.connections).map(client).collect::<Result<_>>()?;
    let watch = Stopwatch::start();
    try_join_all(clients.iter().map(Client::ready)).await?;
    Ok(watch.stop(load.connections as u64))
}

async fn hold(backend: Arc<dyn Backend>, place: &Place, load: &Load) -> Result<Held> {
    let session = Session::builder(backend)
        .max_connections_per_destination(1)
        .max_streams_per_connection(u32::MAX)
        .max_waiting(None)
        .build();
    let client = client(session.clone(), place, load)?;
    client.ready().await?;
    let (notification, [_, numbers]) = (alert(load), load.devices());
    let devices = tokens(numbers)?;
    let start = Memory::now()?;
    // Combined and not awaited: that would be a future of twice the size.
    let send = |device| {
        client
            .send(device, &notification)
            .map(|outcome| Ok(outcome.map(drop)?))
    };
    let pushes = super::poll_each(devices.iter().map(|device| Ok(send(device)))).await?;
    let end = Memory::now()?;
    let stats = session.stats();
    ensure!(
        stats.waiting + stats.in_flight == pushes.len(),
        "all {} pushes were to wait: {stats:?}",
        pushes.len(),
    );
    Ok(Held {
        start,
        end,
        pushes: pushes.len() as u64,
    })
}

/// Connected as often as it was asked for, and practised.
async fn warm(backend: Arc<dyn Backend>, place: &Place, load: &Load) -> Result<Client> {
    let mut session = Session::builder(backend).max_connections_per_destination(load.connections);
    if load.connections > 1 {
        // Another connection is made when those that there are take no more.
        let share = load.in_flight.div_ceil(load.connections);
        session = session.max_streams_per_connection(u32::try_from(share)?);
    }
    let session = session.build();
    let client = client(session.clone(), place, load)?;
    let [before, _] = load.devices();
    send(&client, tokens(before)?, &alert(load)).await?;
    let connections = session.stats().connections;
    ensure!(
        connections == load.connections || load.warm_up() == 0,
        "it has {connections} connections, not {}: give it a longer --warm-up",
        load.connections,
    );
    Ok(client)
}

async fn sprint(client: &Client, load: &Load) -> Result<Sample> {
    let (notification, [_, timed]) = (alert(load), load.devices());
    let devices = tokens(timed)?;
    let watch = Stopwatch::start();
    send(client, devices, &notification).await?;
    Ok(watch.stop(load.pushes()))
}

async fn spread(backend: Arc<dyn Backend>, place: &Place, load: &Load) -> Result<()> {
    let client = client(Session::new(backend), place, load)?;
    let [_, numbers] = load.devices();
    let devices =
        numbers.filter_map(|number| DeviceToken::from_bytes(&devices::token(number)).ok());
    send(&client, devices, &alert(load)).await
}

fn client(session: Session, place: &Place, load: &Load) -> Result<Client> {
    client_of(session, place, load, TEAM_ID)
}

fn client_of(session: Session, place: &Place, load: &Load, team: &str) -> Result<Client> {
    let key = ProviderToken::from_p8(place.provider_key()?, KEY_ID, team)?;
    let client = Client::builder(session)
        .endpoint(Endpoint::new("localhost", place.port))
        .roots(Roots::from_pem(place.ca_pem()?)?)
        .provider_token(key)
        .topic(TOPIC)
        .in_flight(load.in_flight);
    Ok(client.build()?)
}

fn alert(load: &Load) -> Notification {
    Notification::alert(yardstick::alert(load.payload_bytes, FRAME))
}

fn tokens(numbers: Range<u64>) -> Result<Vec<DeviceToken>> {
    let parse = |number| Ok(DeviceToken::from_bytes(&devices::token(number))?);
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
