//! No async at all: the same client, with calls that wait.
//!
//! `cargo run --example blocking`
//!
//! The simulator stands in for Apple here.

#![allow(clippy::print_stdout)]

use std::time::Duration;

use anypush::apns::{Client, Endpoint, Notification, ProviderToken};
use anypush::blocking;
use anypush::prelude::*;
use push_sim::Sim;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sim = Sim::builder().apns_any().start()?;
    let port = sim.apns_addr().ok_or("no APNs simulator")?.port();
    let key = std::fs::read(sim.dir().join("AuthKey.p8"))?;

    // A backend that needs nobody's thread: it starts a runtime of its own.
    let session = Session::new(anypush::TokioBackend::start()?);
    let client = Client::builder(session)
        .provider_token(ProviderToken::from_p8(key, "ABC123DEFG", "DEF123GHIJ")?)
        .topic("com.example.app")
        .endpoint(Endpoint::new("localhost", port))
        .roots(Roots::from_pem_file(sim.dir().join("ca.pem"))?)
        .build()?;
    let client = blocking::apns::Client::from(client);

    let hello = Notification::alert("Hello").title("anypush");
    let token = "00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0";
    let receipt = client.send(token, &hello)?;
    println!("taken as {}", receipt.id);

    // Any number of devices: an iterator in, an iterator out.
    let tokens = (1..=1000).map(|number| format!("{number:064x}"));
    let (taken, failed): (Vec<_>, Vec<_>) = client
        .send_all(tokens, &hello)
        .partition(|(_, outcome)| outcome.is_ok());
    println!("{} taken, {} not", taken.len(), failed.len());
    client.shutdown(Duration::from_secs(5));
    Ok(())
}
