//! The peers, as their documentation says: a notification is built for each device and given to
//! the client, which makes JSON of it. They get an `apns-id` per push too, since ours sends one.

use std::ops::Range;

use anyhow::Result;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use harness::{Sample, Stopwatch};
use yardstick::{TOPIC, devices};

use crate::latency::{self, Latency};
use crate::load::Load;
use crate::simulator::{KEY_ID, Place, TEAM_ID};

/// What a2's builder puts around the text of an alert.
const A2_FRAME: &str = r#"{"aps":{"alert":"","mutable-content":0}}"#;
/// What apns-h2's does.
const APNS_H2_FRAME: &str = r#"{"aps":{"alert":{"body":""},"mutable-content":0}}"#;

pub(crate) async fn a2<T>(place: &Place, load: &Load, task: impl Task<T>) -> Result<T> {
    use a2::{Client, ClientConfig, DefaultNotificationBuilder, Endpoint, NotificationBuilder};
    use a2::{NotificationOptions, PushType};

    let key = place.provider_key()?;
    let config = ClientConfig::new(Endpoint::Production);
    let client = Client::token(key.as_slice(), KEY_ID, TEAM_ID, config)?;
    let alert = yardstick::alert(load.payload_bytes, A2_FRAME);
    let (client, alert) = (&client, alert.as_str());
    task.run(load, |token, number| async move {
        let id = devices::apns_id(number);
        let options = NotificationOptions {
            apns_id: Some(&id),
            apns_push_type: Some(PushType::Alert),
            apns_topic: Some(TOPIC),
            ..NotificationOptions::default()
        };
        let notification = DefaultNotificationBuilder::new().set_body(alert);
        client.send(notification.build(&token, options)).await?;
        Ok(())
    })
    .await
}

pub(crate) async fn apns_h2<T>(place: &Place, load: &Load, task: impl Task<T>) -> Result<T> {
    use apns_h2::{Client, ClientConfig, DefaultNotificationBuilder, Endpoint};
    use apns_h2::{NotificationBuilder, NotificationOptions, PushType};

    let key = place.provider_key()?;
    let config = ClientConfig::new(Endpoint::Production);
    let client = Client::token(key.as_slice(), KEY_ID, TEAM_ID, config)?;
    let alert = yardstick::alert(load.payload_bytes, APNS_H2_FRAME);
    let (client, alert) = (&client, alert.as_str());
    task.run(load, |token, number| async move {
        let id = devices::apns_id(number);
        let options = NotificationOptions {
            apns_id: Some(&id),
            apns_push_type: Some(PushType::Alert),
            apns_topic: Some(TOPIC),
            ..NotificationOptions::default()
        };
        let notification = DefaultNotificationBuilder::new().body(alert);
        client.send(notification.build(token, options)).await?;
        Ok(())
    })
    .await
}

/// What a peer is to do, once it can send.
pub(crate) trait Task<T> {
    /// `send` sends to the token of a number.
    async fn run<F>(self, load: &Load, send: impl Fn(String, u64) -> F) -> Result<T>
    where
        F: Future<Output = Result<()>>;
}

/// Sends at full speed.
pub(crate) struct Race;

impl Task<Sample> for Race {
    async fn run<F>(self, load: &Load, send: impl Fn(String, u64) -> F) -> Result<Sample>
    where
        F: Future<Output = Result<()>>,
    {
        warm_up(load, &send).await?;
        sprint(load, &send).await
    }
}

/// Sends at half of it.
pub(crate) struct Pace;

impl Task<Latency> for Pace {
    async fn run<F>(self, load: &Load, send: impl Fn(String, u64) -> F) -> Result<Latency>
    where
        F: Future<Output = Result<()>>,
    {
        warm_up(load, &send).await?;
        let full = sprint(&latency::sprint(load), &send).await?;
        let [_, timed] = load.devices();
        let tokens = tokens(timed);
        latency::at_half_of(full, load, |number| {
            let (token, number) = tokens[usize::try_from(number)?].clone();
            Ok(send(token, number))
        })
        .await
    }
}

/// One push alone, so that the others find a connection; then the others.
async fn warm_up<F: Future<Output = Result<()>>>(
    load: &Load,
    send: &impl Fn(String, u64) -> F,
) -> Result<()> {
    let [before, _] = load.devices();
    let first = before.start..before.end.min(1);
    let rest = first.end..before.end;
    for numbers in [first, rest] {
        fan_out(load, tokens(numbers), send).await?;
    }
    Ok(())
}

async fn sprint<F: Future<Output = Result<()>>>(
    load: &Load,
    send: &impl Fn(String, u64) -> F,
) -> Result<Sample> {
    let [_, timed] = load.devices();
    let tokens = tokens(timed);
    let watch = Stopwatch::start();
    fan_out(load, tokens, send).await?;
    Ok(watch.stop(load.pushes()))
}

fn tokens(numbers: Range<u64>) -> Vec<(String, u64)> {
    let token = |number| (devices::token_text(number), number);
    numbers.map(token).collect()
}

async fn fan_out<F: Future<Output = Result<()>>>(
    load: &Load,
    devices: Vec<(String, u64)>,
    send: impl Fn(String, u64) -> F,
) -> Result<()> {
    let mut under_way = FuturesUnordered::new();
    for (token, number) in devices {
        if under_way.len() >= load.in_flight
            && let Some(outcome) = under_way.next().await
        {
            outcome?;
        }
        under_way.push(send(token, number));
    }
    while let Some(outcome) = under_way.next().await {
        outcome?;
    }
    Ok(())
}
