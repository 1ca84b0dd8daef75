//! Only a [`Runtime`] of one's own: sockets, tasks and time. TLS is anypush's, by [`Compose`],
//! which also filters and races addresses, goes through proxies and keeps the time limit.
//!
//! `cargo run --example custom_runtime`
//!
//! The environment is that of the example `custom_backend`, plain threads; here it takes a third of
//! the code. `tests/custom_runtime.rs` runs the conformance suite over it. The simulator stands in
//! for Apple here.

#![allow(clippy::print_stdout)]

#[path = "../custom_backend/threads/mod.rs"]
mod threads;
mod threads_runtime;

use anypush::apns::{Client, Endpoint, Notification, ProviderToken};
use anypush::prelude::*;
use anypush::{Compose, Rustls};
use push_sim::Sim;
use threads::{Executor, block_on};
use threads_runtime::ThreadsRuntime;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sim = Sim::builder().apns_any().start()?;
    let port = sim.apns_addr().ok_or("no APNs simulator")?.port();
    let key = std::fs::read(sim.dir().join("AuthKey.p8"))?;

    let executor = Executor::start(1)?;
    let backend = Compose::new(ThreadsRuntime::new(&executor)?, Rustls::new());
    let client = Client::builder(Session::new(backend))
        .provider_token(ProviderToken::from_p8(key, "ABC123DEFG", "DEF123GHIJ")?)
        .topic("com.example.app")
        .endpoint(Endpoint::new("localhost", port))
        .roots(Roots::from_pem_file(sim.dir().join("ca.pem"))?)
        .build()?;

    let hello = Notification::alert("Hello from a runtime of one's own");
    let tokens = (1..=3).map(|number| format!("{number:064x}"));
    let mut outcomes = client.send_all(tokens, &hello);
    while let Some((token, outcome)) = block_on(outcomes.next()) {
        match outcome {
            Ok(receipt) => println!("{token}: taken as {}", receipt.id),
            Err(error) => println!("{token}: {}: {error}", error.verdict().name()),
        }
    }
    Ok(())
}
