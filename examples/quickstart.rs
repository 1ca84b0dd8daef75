//! One push to one device, with a provider token, on tokio.
//!
//! `cargo run --example quickstart`
//!
//! The simulator stands in for Apple here. For the real service read your own key, and leave out
//! `endpoint` and `roots`.

#![allow(clippy::print_stdout)]

use anypush::apns::{Client, Endpoint, Notification, ProviderToken};
use anypush::prelude::*;
use push_sim::Sim;

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

    let hello = Notification::alert("Hello").title("anypush").badge(1);
    let token = "00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0";
    match client.send(token, &hello).await {
        Ok(receipt) => println!("taken as {}", receipt.id),
        Err(error) => println!("{}: {}", error.verdict().name(), error.report()),
    }
    Ok(())
}
