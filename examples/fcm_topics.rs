//! The topics of FCM: many devices are subscribed at once, a condition is sent to, and one device's
//! topics are listed.
//!
//! `cargo run --example fcm_topics`
//!
//! The simulator stands in for Google here. Against one in a process of its own:
//!
//! ```text
//! anypush sim --dir /tmp/sim --fcm 127.0.0.1:8444 --control 127.0.0.1:8080
//! cargo run --example fcm_topics -- https://localhost:8444 /tmp/sim
//! ```

#![allow(clippy::print_stdout)]

use std::path::PathBuf;

use anypush::fcm::{Client, Condition, Credentials, Message, Topic};
use anypush::prelude::*;
use push_sim::Sim;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sim = Sim::builder().fcm_any().start()?;
    let mut given = std::env::args().skip(1);
    let url = given.next().or_else(|| sim.fcm_url());
    let url = url.ok_or("no FCM simulator")?;
    let dir = given
        .next()
        .map_or_else(|| sim.dir().to_owned(), PathBuf::from);

    let client = Client::builder(Session::new(anypush::TokioBackend::new()?))
        .credentials(Credentials::from_file(dir.join("service-account.json"))?)
        .endpoint(url)
        .roots(Roots::from_pem_file(dir.join("ca.pem"))?)
        .build()?;
    let topics = client.topics();
    let football = Topic::new("football")?;

    // The service knows one device per request: as many as the connections carry go out at once.
    let tokens = (1..=1000).map(|number| format!("token-{number}"));
    let mut outcomes = topics.subscribe_all(tokens, &football);
    let mut subscribed = 0;
    while let Some((token, outcome)) = outcomes.next().await {
        match outcome {
            Ok(_) => subscribed += 1,
            Err(error) => println!("{token}: {}: {error}", error.verdict().name()),
        }
    }
    println!("{subscribed} follow {football}");

    // Once more is no error.
    let again = topics.subscribe("token-1", &football).await?;
    println!("token-1 followed it before: {}", again.already);
    topics.subscribe("token-1", &Topic::new("weather")?).await?;
    for subscription in topics.list("token-1").await? {
        println!(
            "token-1 follows {} since {:?}",
            subscription.topic, subscription.since
        );
    }

    let who = Condition::new("'football' in topics && !('weather' in topics)")?;
    let receipt = client
        .send(who, &Message::with_notification("Goal", "1:0"))
        .await?;
    println!("taken as {}", receipt.name);

    topics.unsubscribe("token-1", &football).await?;
    let still = topics.get("token-1", &football).await?.is_some();
    println!("token-1 still follows {football}: {still}");
    Ok(())
}
