//! APNs over HTTP/2: what a push costs in this client, in a bare loop on the `h2` crate, and in
//! its peers; and how much memory a fan-out takes.

mod args;
mod contestants;
mod load;
mod memory;
mod race;
mod simulator;

use std::io::Write;

use anyhow::Result;
use clap::Parser;

use args::{Args, Role};

fn main() -> Result<()> {
    let args = Args::parse();
    match &args.role {
        Some(Role::Simulator) => simulator::run(),
        Some(Role::Contestant { who, place, load }) => say(&who.run(place, load)?),
        Some(Role::Memory { who, place, load }) => say(&memory::measure(*who, place, load)?),
        None if args.memory => memory::table(&args),
        None => race::table(&args),
    }
}

/// Prints a line of JSON.
fn say(answer: &impl serde::Serialize) -> Result<()> {
    let line = serde_json::to_string(answer)?;
    Ok(writeln!(std::io::stdout(), "{line}")?)
}
