//! FCM HTTP v1: what a message costs in this client, in a bare loop on the `h2` crate, and in its
//! peers; and how much memory a fan-out takes.

mod answers;
mod args;
mod contestants;
mod http2;
mod load;
mod memory;
mod place;
mod race;
mod server;
mod simulator;

use std::io::Write;

use anyhow::Result;
use clap::Parser;

use args::{Args, Part, Role};

fn main() -> Result<()> {
    let args = Args::parse();
    match &args.role {
        Some(Role::Server(manner)) => server::run(manner),
        Some(Role::Simulator) => simulator::run(),
        Some(Role::Contestant(Part { who, place, load })) => say(&who.run(place, load)?),
        Some(Role::Memory(Part { who, place, load })) => say(&memory::measure(*who, place, load)?),
        None if args.memory => memory::table(&args),
        None => race::table(&args),
    }
}

/// Prints a line of JSON.
fn say(answer: &impl serde::Serialize) -> Result<()> {
    let line = serde_json::to_string(answer)?;
    Ok(writeln!(std::io::stdout(), "{line}")?)
}
