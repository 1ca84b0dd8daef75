//! anypush inside a program that runs on async-std already: on its executor, beside the program's
//! own work.
//!
//! `cargo run --example embed_async_std --features async-std`
//!
//! async-std is discontinued (RUSTSEC-2025-0052): this is for programs that are still on it. The
//! simulator stands in for Apple here.

#![allow(clippy::print_stdout)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anypush::AsyncStdBackend;
use anypush::apns::{Client, Endpoint, Notification, ProviderToken};
use anypush::prelude::*;
use async_std::task;
use push_sim::Sim;

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let sim = Sim::builder().apns_any().start()?;
    // The tasks of anypush run on async-std's global executor, which the program uses too.
    let session = Session::new(AsyncStdBackend::new());

    task::block_on(async {
        // The program's own work goes on while pushes are under way.
        let turns = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&turns);
        let own_work = task::spawn(async move {
            loop {
                task::sleep(Duration::from_millis(1)).await;
                counted.fetch_add(1, Ordering::Relaxed);
            }
        });
        let outcome = task::spawn(push(session, sim)).await;
        own_work.cancel().await;
        let turns = turns.load(Ordering::Relaxed);
        println!("the program's own work took {turns} turns meanwhile");
        outcome
    })
}

async fn push(session: Session, sim: Sim) -> Result<(), Failure> {
    let port = sim.apns_addr().ok_or("no APNs simulator")?.port();
    let key = std::fs::read(sim.dir().join("AuthKey.p8"))?;
    let client = Client::builder(session)
        .provider_token(ProviderToken::from_p8(key, "ABC123DEFG", "DEF123GHIJ")?)
        .topic("com.example.app")
        .endpoint(Endpoint::new("localhost", port))
        .roots(Roots::from_pem_file(sim.dir().join("ca.pem"))?)
        .build()?;

    let hello = Notification::alert("Hello from async-std");
    let tokens = (1..=500).map(|number| format!("{number:064x}"));
    let mut outcomes = client.send_all(tokens, &hello);
    let mut taken = 0;
    while let Some((token, outcome)) = outcomes.next().await {
        match outcome {
            Ok(_) => taken += 1,
            Err(error) => println!("{token}: {}: {error}", error.verdict().name()),
        }
    }
    println!("{taken} pushes taken");
    client.shutdown(Duration::from_secs(5)).await;
    Ok(())
}
