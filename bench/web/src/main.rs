//! Web Push: what a message costs in this client, as bare cryptographic operations, and in its peers;
//! what it costs to send it; subscriptions on many hosts; and how much memory a fan-out takes.

mod args;
mod browsers;
mod contestants;
mod hosts;
mod load;
mod loopback;
mod memory;
mod place;
mod race;
mod sending;
mod simulator;

use std::io::Write;

use anyhow::Result;
use clap::Parser;

use args::{Args, Role};

fn main() -> Result<()> {
    let args = Args::parse();
    match &args.role {
        Some(Role::Simulator) => simulator::run(),
        Some(Role::Contestant { who, load }) => say(&who.run(load)?),
        Some(Role::Sender { who, place, load }) => say(&who.run(place, load)?),
        Some(Role::Memory { who, place, load }) => say(&memory::measure(*who, place, load)?),
        Some(Role::Hosts { place, load, part }) => say(&hosts::measure(place, load, part)?),
        None if args.memory => memory::table(&args),
        None if args.hosts => hosts::table(&args),
        None if args.send => race::sending(&args),
        None => race::making(&args),
    }
}

/// Prints a line of JSON.
fn say(answer: &impl serde::Serialize) -> Result<()> {
    let line = serde_json::to_string(answer)?;
    Ok(writeln!(std::io::stdout(), "{line}")?)
}
