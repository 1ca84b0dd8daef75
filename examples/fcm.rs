//! FCM HTTP v1 on tokio: a service account, one push, many devices, a topic.
//!
//! `cargo run --example fcm`
//!
//! The simulator stands in for Google here. For the real service read your own service account, and
//! leave out `endpoint` and `roots`. Against a simulator in a process of its own, which writes the
//! service account and its authority into a folder:
//!
//! ```text
//! anypush sim --dir /tmp/sim --fcm 127.0.0.1:8444 --control 127.0.0.1:8080
//! cargo run --example fcm -- https://localhost:8444 /tmp/sim
//! ```

#![allow(clippy::print_stdout)]

use std::path::PathBuf;

use anypush::fcm::{AndroidConfig, ApnsConfig, Aps, Client, Credentials, Message, Topic};
use anypush::prelude::*;
use push_sim::{Action, Answer, Fault, Service, Sim};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sim = Sim::builder().fcm_any().start()?;
    // One device has removed the app.
    let gone = Answer::new(404).reason("UNREGISTERED");
    sim.fault(Fault::new(Service::Fcm, Action::Answer(gone)).token("token-7"))?;
    let mut given = std::env::args().skip(1);
    let url = given.next().or_else(|| sim.fcm_url());
    let url = url.ok_or("no FCM simulator")?;
    let dir = given
        .next()
        .map_or_else(|| sim.dir().to_owned(), PathBuf::from);

    let credentials = Credentials::from_file(dir.join("service-account.json"))?;
    let client = Client::builder(Session::new(anypush::TokioBackend::new()?))
        .credentials(credentials)
        .endpoint(url)
        .roots(Roots::from_pem_file(dir.join("ca.pem"))?)
        .build()?;

    let goal = Message::with_notification("Goal", "1:0")
        .data("match", "4711")
        .android(AndroidConfig::new().collapse_key("score"))
        .apns(
            ApnsConfig::new()
                .collapse_id("score")
                .aps(Aps::new().sound("default")),
        );

    // One device. The target is apart from the message.
    match client.send("token-1", &goal).await {
        Ok(receipt) => println!("taken as {}", receipt.name),
        Err(error) => println!("{}: {}", error.verdict().name(), error.report()),
    }

    // Any number of devices, from an iterator or a stream; each comes back with its outcome.
    let tokens = (1..=1000).map(|number| (format!("token-{number}"), number));
    let mut outcomes = client.send_all(tokens, &goal);
    let mut taken = 0;
    while let Some(((token, number), outcome)) = outcomes.next().await {
        match outcome.verdict() {
            Verdict::Accepted => taken += 1,
            Verdict::RemoveToken { .. } => println!("{token}: remove it from row {number}"),
            Verdict::RetryAfter(wait) => println!("{token}: again in {wait:?}"),
            other => println!("{token}: {}: {outcome:?}", other.name()),
        }
    }
    println!("{taken} taken");

    // All who follow a topic.
    let receipt = client.send(Topic::new("football")?, &goal).await?;
    println!("taken as {}", receipt.name);
    Ok(())
}
