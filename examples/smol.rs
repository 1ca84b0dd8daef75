//! The same on smol: only the backend is another one.
//!
//! `cargo run --example smol --features smol`
//!
//! The simulator stands in for Apple here.

#![allow(clippy::print_stdout)]

use anypush::apns::{Client, Endpoint, Notification, ProviderToken};
use anypush::prelude::*;
use push_sim::Sim;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sim = Sim::builder().apns_any().start()?;
    let port = sim.apns_addr().ok_or("no APNs simulator")?.port();
    let key = std::fs::read(sim.dir().join("AuthKey.p8"))?;

    smol::block_on(async {
        let client = Client::builder(Session::new(anypush::SmolBackend::new()))
            .provider_token(ProviderToken::from_p8(key, "ABC123DEFG", "DEF123GHIJ")?)
            .topic("com.example.app")
            .endpoint(Endpoint::new("localhost", port))
            .roots(Roots::from_pem_file(sim.dir().join("ca.pem"))?)
            .build()?;

        let tokens = [
            "00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0",
            "b4ad28809a3420982341241421348097878e577c991de8f000fc13adff785122",
            "no token at all",
        ];
        let mut outcomes = client.send_all(tokens, &Notification::alert("Hello from smol"));
        while let Some((token, outcome)) = outcomes.next().await {
            match outcome {
                Ok(receipt) => println!("{token}: taken as {}", receipt.id),
                Err(error) => println!("{token}: {}: {error}", error.verdict().name()),
            }
        }
        Ok(())
    })
}
