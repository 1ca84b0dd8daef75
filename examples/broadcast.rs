//! One push to everybody who follows a match: a channel is created, a Live Activity is updated and
//! ended through it, and it is deleted.
//!
//! `cargo run --example broadcast`
//!
//! The simulator stands in for Apple here. For the real service read your own key, and leave out
//! `endpoint` and `roots`; the app needs the broadcast capability.

#![allow(clippy::print_stdout)]

use std::time::{Duration, SystemTime};

use anypush::apns::{
    Client, Endpoint, Expiration, Notification, Priority, ProviderToken, StoragePolicy,
};
use anypush::prelude::*;
use push_sim::Sim;
use serde_json::json;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sim = Sim::builder().apns_any().start()?;
    let port = sim.apns_addr().ok_or("no APNs simulator")?.port();

    let key = std::fs::read(sim.dir().join("AuthKey.p8"))?;
    let session = Session::new(anypush::TokioBackend::new()?);
    let client = Client::builder(session)
        .provider_token(ProviderToken::from_p8(key, "ABC123DEFG", "DEF123GHIJ")?)
        .topic("com.example.app")
        .endpoint(Endpoint::new("localhost", port))
        .roots(Roots::from_pem_file(sim.dir().join("ca.pem"))?)
        .build()?;

    // Keep the id: devices follow the channel by it, from the app or by a push that starts the
    // activity with `input_push_channel(&channel)`.
    let channels = client.channels();
    let channel = channels.create(StoragePolicy::MostRecent).await?;
    let shown = channels.show(&channel).await?;
    println!("channel {channel} stores {}", shown.storage_policy);

    let minute = Duration::from_secs(60);
    let goal = Notification::live_activity_update(SystemTime::now(), json!({"score": "1:0"}))
        .priority(Priority::Immediate)
        .expiration(Expiration::In(10 * minute));
    let end = Notification::live_activity_end(SystemTime::now())
        .content_state(json!({"score": "1:0"}))
        .priority(Priority::Immediate)
        .expiration(Expiration::In(10 * minute));
    for (what, notification) in [("the goal", goal), ("the end", end)] {
        match client.broadcast(&channel, &notification).await {
            Ok(receipt) => println!("{what} is taken as {}", receipt.id),
            Err(error) => println!("{what}: {}: {}", error.verdict().name(), error.report()),
        }
    }

    // An app may have 10,000 channels, and they stay until they are deleted.
    channels.delete(&channel).await?;
    println!("{} channels are left", channels.list().await?.len());
    Ok(())
}
