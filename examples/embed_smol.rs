//! anypush inside a program that runs its own smol executor: all tasks on the one thread that drives
//! it, beside the program's own work. (smol adds a thread that watches sockets and one that resolves
//! names.)
//!
//! `cargo run --example embed_smol --features smol`
//!
//! The simulator stands in for Apple here; it has a thread of its own.

#![allow(clippy::print_stdout)]

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anypush::apns::{Client, Endpoint, Notification, ProviderToken};
use anypush::prelude::*;
use anypush::{SmolBackend, SmolRuntime};
use push_sim::Sim;
use smol::{Executor, Timer};

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let sim = Sim::builder().apns_any().start()?;

    // The program's executor: nobody polls it but `run` below, on this thread.
    let executor = Arc::new(Executor::new());
    // Held weakly: when the program drops its executor, the tasks of anypush go with it.
    let runtime = SmolRuntime::with_executor(&executor);
    let session = Session::new(SmolBackend::on(runtime));

    smol::block_on(executor.run(async {
        // The program's own work goes on while pushes are under way.
        let pushes = executor.spawn(push(session, sim));
        let mut turns = 0;
        while !pushes.is_finished() {
            Timer::after(Duration::from_millis(1)).await;
            turns += 1;
        }
        println!("the program's own work took {turns} turns meanwhile, on the same thread");
        pushes.await
    }))
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

    let hello = Notification::alert("Hello from one thread");
    let tokens = (1..=500).map(|number| format!("{number:064x}"));
    let mut outcomes = client.send_all(tokens, &hello);
    let mut taken = 0;
    while let Some((token, outcome)) = outcomes.next().await {
        match outcome {
            Ok(_) => taken += 1,
            Err(error) => println!("{token}: {}: {error}", error.verdict().name()),
        }
    }
    println!("{taken} pushes taken, on {:?}", thread::current().id());
    client.shutdown(Duration::from_secs(5)).await;
    Ok(())
}
