//! APNs over HTTP/2: what a push costs in this client, in a bare loop on the `h2` crate, and in
//! its peers; how long one takes; what connections cost; and how much memory pushes take.

mod args;
mod contestants;
mod latency;
mod load;
mod memory;
mod race;
mod simulator;
mod storm;
mod waiting;

use std::io::Write;

use anyhow::Result;
use clap::Parser;

use args::{Args, Part, Role};

fn main() -> Result<()> {
    let args = Args::parse();
    match &args.role {
        Some(Role::Simulator(manner)) => simulator::run(manner),
        Some(Role::Contestant(Part { who, place, load })) => say(&who.run(place, load)?),
        Some(Role::Latency(Part { who, place, load })) => say(&who.latency(place, load)?),
        Some(Role::Storm(Part { who, place, load })) => say(&who.storm(place, load)?),
        Some(Role::Memory(Part { who, place, load })) => say(&memory::measure(*who, place, load)?),
        Some(Role::Waiting(Part { who, place, load })) => say(&who.wait(place, load)?),
        None if args.latency => latency::table(&args),
        None if args.storm => storm::table(&args),
        None if args.memory => memory::table(&args),
        None if args.waiting => waiting::table(&args),
        None => race::table(&args),
    }
}

/// Prints a line of JSON.
fn say(answer: &impl serde::Serialize) -> Result<()> {
    let line = serde_json::to_string(answer)?;
    Ok(writeln!(std::io::stdout(), "{line}")?)
}
