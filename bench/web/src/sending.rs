//! Who sends, over one origin, from one thread.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use anypush::web::{Client, ClientBuilder, Device, EndpointPolicy, Message, Vapid, VapidKey};
use anypush::{Backend, Egress, Roots, Session};
use backends::{Runtime, Stack, alone};
use clap::ValueEnum;
use futures_util::StreamExt;
use harness::{Child, Sample, Stopwatch};

use crate::args::name;
use crate::browsers::{Browser, browsers};
use crate::contestants::{Contestant, SUBJECT};
use crate::load::Load;
use crate::place::Place;

/// The name by which the simulator is reached, where there is but one.
const HOST: &str = "localhost";

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Sender {
    /// The bare operations, which send nothing: the yardstick.
    Bare,
    // This client, on each of its backends.
    AnypushTokioRustls,
    AnypushTokioOpenssl,
    AnypushSmolRustls,
    AnypushSmolOpenssl,
    AnypushAsyncStdRustls,
    AnypushAsyncStdOpenssl,
}

impl Sender {
    /// The backend, where it is this client.
    pub(crate) fn backend(self) -> Option<(Runtime, Stack)> {
        match self {
            Self::AnypushTokioRustls => Some((Runtime::Tokio, Stack::Rustls)),
            Self::AnypushTokioOpenssl => Some((Runtime::Tokio, Stack::Openssl)),
            Self::AnypushSmolRustls => Some((Runtime::Smol, Stack::Rustls)),
            Self::AnypushSmolOpenssl => Some((Runtime::Smol, Stack::Openssl)),
            Self::AnypushAsyncStdRustls => Some((Runtime::AsyncStd, Stack::Rustls)),
            Self::AnypushAsyncStdOpenssl => Some((Runtime::AsyncStd, Stack::Openssl)),
            Self::Bare => None,
        }
    }

    /// Starts it in a process of its own, which answers in this role.
    pub(crate) fn start(self, role: &str, place: &Place, load: &Load) -> Result<Child> {
        let arguments = [role.to_owned(), name(&self)]
            .into_iter()
            .chain(place.arguments())
            .chain(load.arguments());
        let (variable, value) = backends::ONE_THREAD;
        Child::start(arguments, [(variable, value.to_owned())])
    }

    /// Takes part, in this process.
    pub(crate) fn run(self, place: &Place, load: &Load) -> Result<Sample> {
        let Some((runtime, stack)) = self.backend() else {
            return Contestant::Bare.run(load);
        };
        let (place, load) = (place.clone(), load.clone());
        alone(runtime, stack, |backend| async move {
            run(backend, &place, &load).await
        })
    }
}

async fn run(backend: Arc<dyn Backend>, place: &Place, load: &Load) -> Result<Sample> {
    let browsers = browsers(&place.origin(HOST), load.subscriptions)?;
    let client = client(Session::new(backend), place)?;
    let message = Message::text(load.text());
    send(&client, in_turn(&browsers, load.warm_up()), &message).await?;
    let watch = Stopwatch::start();
    send(&client, in_turn(&browsers, load.messages()), &message).await?;
    Ok(watch.stop(load.messages()))
}

/// A client of the simulator, with its defaults.
fn client(session: Session, place: &Place) -> Result<Client> {
    client_with(session, place, |client| client)
}

/// A client of the simulator.
pub(crate) fn client_with(
    session: Session,
    place: &Place,
    change: impl FnOnce(ClientBuilder) -> ClientBuilder,
) -> Result<Client> {
    let vapid = Vapid::new(VapidKey::from_pem(place.vapid_pem()?)?).subject(SUBJECT);
    let client = Client::builder(session)
        .vapid(vapid)
        .endpoints(EndpointPolicy::private())
        .egress(Egress::any())
        .roots(Roots::from_pem(place.ca_pem()?)?);
    Ok(change(client).build()?)
}

/// So many subscriptions, those of the browsers in turn.
fn in_turn(
    browsers: &[Browser],
    count: u64,
) -> impl Iterator<Item = anypush::web::Subscription> + Send + use<> {
    let subscriptions: Vec<_> = browsers
        .iter()
        .map(|browser| browser.subscription.clone())
        .collect();
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    subscriptions.into_iter().cycle().take(count)
}

/// Sends, and wants every push taken.
async fn send<I>(client: &Client, devices: I, message: &Message) -> Result<u64>
where
    I: Iterator + Send + 'static,
    I::Item: Device + Send + 'static,
{
    let mut taken = 0;
    let mut outcomes = client.send_all(devices, message);
    while let Some((_, outcome)) = outcomes.next().await {
        outcome.context("a push was not taken")?;
        taken += 1;
    }
    ensure!(taken > 0, "nothing was sent");
    Ok(taken)
}

/// Sends to subscriptions that an iterator makes up as it goes, with the client's defaults.
pub(crate) fn fan_out(who: Sender, place: &Place, load: &Load) -> Result<()> {
    let (runtime, stack) = who.backend().context("it does not send")?;
    let (place, load) = (place.clone(), load.clone());
    alone(runtime, stack, |backend| async move {
        let client = client(Session::new(backend), &place)?;
        let origin = place.origin(HOST);
        let keys: Vec<_> = browsers(&origin, load.subscriptions)?
            .iter()
            .map(|browser| browser.keys)
            .collect();
        let subscriptions = (0..load.messages()).map(move |number| {
            let place = (number % keys.len() as u64) as usize;
            let endpoint = crate::browsers::endpoint(&origin, number);
            anypush::web::Subscription::with_keys(&endpoint, keys[place])
        });
        // What is no subscription would end it, and be missed in the count.
        let subscriptions = subscriptions.map_while(Result::ok);
        let taken = send(&client, subscriptions, &Message::text(load.text())).await?;
        ensure!(
            taken == load.messages(),
            "{taken} of {} taken",
            load.messages()
        );
        Ok(())
    })
}
