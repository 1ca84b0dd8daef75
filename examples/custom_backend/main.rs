//! A backend of one's own, whole: blocking sockets of `std::net` on threads, rustls, and a mini
//! executor. So this is also how to use anypush in a program without any async runtime;
//! `anypush::blocking` does what the calls of `block_on` do here.
//!
//! `cargo run --example custom_backend --no-default-features --features apns`
//!
//! `threads/` is the environment (executor, timer, sockets), `std_backend/` makes a [`Backend`] of
//! it. `tests/custom_backend.rs` runs the conformance suite over both. The simulator stands in for
//! Apple here; it brings a runtime of its own, on a thread of its own.
//!
//! [`Backend`]: anypush::Backend

#![allow(clippy::print_stdout)]

mod std_backend;
mod threads;

use std::time::Duration;

use anypush::apns::{Client, Endpoint, Notification, ProviderToken};
use anypush::prelude::*;
use push_sim::{Action, Answer, Fault, Service, Sim};
use std_backend::StdBackend;
use threads::{Executor, block_on};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let gone = "b4ad28809a3420982341241421348097878e577c991de8f000fc13adff785122";
    let sim = Sim::builder().apns_any().start()?;
    let port = sim.apns_addr().ok_or("no APNs simulator")?.port();
    let answer = Answer::new(410).reason("Unregistered");
    sim.fault(Fault::new(Service::Apns, Action::Answer(answer)).token(gone))?;

    // One thread is enough for the tasks of a session; they never block.
    let executor = Executor::start(1)?;
    let key = std::fs::read(sim.dir().join("AuthKey.p8"))?;
    let client = Client::builder(Session::new(StdBackend::new(&executor)?))
        .provider_token(ProviderToken::from_p8(key, "ABC123DEFG", "DEF123GHIJ")?)
        .topic("com.example.app")
        .endpoint(Endpoint::new("localhost", port))
        .roots(Roots::from_pem_file(sim.dir().join("ca.pem"))?)
        .build()?;

    // One device: the thread waits for the answer.
    let token = "00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0";
    let hello = Notification::alert("Hello from plain threads");
    let receipt = block_on(client.send(token, &hello))?;
    println!("{token}: taken as {}", receipt.id);

    // Many devices: the thread takes the outcomes as they come.
    let mut outcomes = client.send_all([token, gone], &hello);
    while let Some((token, outcome)) = block_on(outcomes.next()) {
        match outcome {
            Ok(receipt) => println!("{token}: taken as {}", receipt.id),
            Err(error) => println!("{token}: {}: {error}", error.verdict().name()),
        }
    }

    let shutdown = block_on(client.shutdown(Duration::from_secs(5)));
    println!("{} unanswered", shutdown.unanswered);
    // Last: what it still runs is dropped with it.
    drop(executor);
    Ok(())
}
