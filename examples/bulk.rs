//! A million devices from an iterator: memory does not grow with their number, and every device
//! has exactly one outcome.
//!
//! `cargo run --release --example bulk -- 1000000`
//!
//! The simulator stands in for Apple here.

#![allow(clippy::print_stdout)]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anypush::apns::{Client, DeviceToken, Endpoint, Notification, ProviderToken};
use anypush::prelude::*;
use push_sim::{Action, Answer, Fault, Service, Sim};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let devices: u64 = match std::env::args().nth(1) {
        Some(number) => number.parse()?,
        None => 1_000_000,
    };
    let sim = Sim::builder().apns_any().start()?;
    let port = sim.apns_addr().ok_or("no APNs simulator")?.port();
    // One device has removed the app.
    let gone = Answer::new(410).reason("Unregistered");
    sim.fault(Fault::new(Service::Apns, Action::Answer(gone)).token(format!("{:064x}", 7)))?;

    let key = std::fs::read(sim.dir().join("AuthKey.p8"))?;
    let client = Client::builder(Session::new(anypush::TokioBackend::new()?))
        .provider_token(ProviderToken::from_p8(key, "ABC123DEFG", "DEF123GHIJ")?)
        .topic("com.example.app")
        .endpoint(Endpoint::new("localhost", port))
        .roots(Roots::from_pem_file(sim.dir().join("ca.pem"))?)
        .timeout(Duration::from_secs(60))
        .in_flight(900)
        .build()?;

    // Any iterator or stream will do: a file, a query, a channel. Here the row's number travels
    // with its token, and comes back with the outcome.
    let rows = (0..devices).map(|row| {
        let mut bytes = [0; 32];
        bytes[24..].copy_from_slice(&row.to_be_bytes());
        (DeviceToken::from_bytes(&bytes), row)
    });
    let rows = rows.filter_map(|(token, row)| Some((token.ok()?, row)));

    let begun = Instant::now();
    let hello = Notification::alert("Hello, everybody").collapse_id("greeting");
    let mut outcomes = client.send_all(rows, &hello);
    let mut verdicts: BTreeMap<&str, u64> = BTreeMap::new();
    while let Some(((_token, row), outcome)) = outcomes.next().await {
        let verdict = outcome.verdict();
        *verdicts.entry(verdict.name()).or_default() += 1;
        match verdict {
            Verdict::Accepted => {}
            Verdict::RemoveToken { .. } => println!("row {row}: remove its token"),
            Verdict::RetryAfter(wait) => println!("row {row}: again in {wait:?}"),
            other => println!("row {row}: {}", other.name()),
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    println!(
        "{verdicts:?} in {seconds:.1} s, {:.0} per second",
        devices as f64 / seconds
    );
    Ok(())
}
