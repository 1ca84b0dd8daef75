//! This project's client, all its layers on: typed notification, provider token, deadlines,
//! resending, statistics.

use std::ops::Range;
use std::sync::Arc;

use anyhow::Result;
use anypush::apns::{Client, DeviceToken, Endpoint, Notification, ProviderToken};
use anypush::{
    AsyncStdRuntime, Backend, Compose, Openssl, Roots, Rustls, Session, SmolRuntime, TokioRuntime,
};
use futures_util::StreamExt;
use harness::{Sample, Stopwatch};
use smol::Executor;

use crate::load::{self, Load, TOPIC};
use crate::simulator::{KEY_ID, Place, TEAM_ID};

/// The runtimes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Runtime {
    Tokio,
    Smol,
    AsyncStd,
}

/// The TLS stacks.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Stack {
    Rustls,
    Openssl,
}

impl Stack {
    fn on(self, runtime: impl anypush::Runtime) -> Arc<dyn Backend> {
        match self {
            Self::Rustls => Arc::new(Compose::new(runtime, Rustls::new())),
            Self::Openssl => Arc::new(Compose::new(runtime, Openssl::new())),
        }
    }
}

/// Sends to devices that are parsed already, over one connection.
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

/// Runs it on one thread, tasks and all.
fn alone<T, F>(
    runtime: Runtime,
    stack: Stack,
    work: impl FnOnce(Arc<dyn Backend>) -> F,
) -> Result<T>
where
    T: Send + 'static,
    F: Future<Output = Result<T>> + Send + 'static,
{
    match runtime {
        Runtime::Tokio => super::on_tokio(async {
            let backend = stack.on(TokioRuntime::current()?);
            work(backend).await
        }),
        Runtime::Smol => {
            let executor = Arc::new(Executor::new());
            let backend = stack.on(SmolRuntime::with_executor(&executor));
            smol::block_on(executor.run(work(backend)))
        }
        // Its executor has threads of its own, one of them by `ASYNC_STD_THREAD_COUNT`: as a task
        // the work is on it too, and this thread only waits.
        Runtime::AsyncStd => {
            let backend = stack.on(AsyncStdRuntime::new());
            async_std::task::block_on(async_std::task::spawn(work(backend)))
        }
    }
}

async fn run(backend: Arc<dyn Backend>, place: &Place, load: &Load) -> Result<Sample> {
    let session = Session::builder(backend)
        .max_connections_per_destination(1)
        .build();
    let client = client(session, place, load)?;
    let notification = alert(load);
    let [before, timed] = load.devices();
    send(&client, tokens(before)?, &notification).await?;
    let devices = tokens(timed)?;
    let watch = Stopwatch::start();
    send(&client, devices, &notification).await?;
    Ok(watch.stop(load.pushes()))
}

async fn spread(backend: Arc<dyn Backend>, place: &Place, load: &Load) -> Result<()> {
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
