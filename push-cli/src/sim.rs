//! `anypush sim`: the simulators, until they are interrupted.

use std::io::{self, Write};

use anyhow::Result;

use crate::args::Sim;
use crate::exit::Exit;
use crate::interrupts::Interrupts;
use crate::logs;

pub(crate) fn run(args: &Sim) -> Result<Exit> {
    logs::start(args.verbose);
    let interrupts = Interrupts::catch()?;
    let mut builder = push_sim::Sim::builder()
        .dir(&args.dir)
        .control(args.control);
    if let Some(address) = args.apns {
        builder = builder.apns(address);
    }
    let sim = builder.start()?;
    let mut lines = String::new();
    for (service, address) in sim.addresses() {
        lines.push_str(&format!(
            "{{\"service\":\"{service}\",\"addr\":\"{address}\"}}\n"
        ));
    }
    io::stdout().write_all(lines.as_bytes())?;
    io::stdout().flush()?;
    smol::block_on(interrupts.wait());
    sim.shutdown();
    Ok(Exit::Success)
}
