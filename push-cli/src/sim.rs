//! `anypush sim`: the simulators, until they are interrupted.

use std::io::{self, Write};

use anyhow::Result;
use push_sim::{feedback, gateway};

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
    if let Some(address) = args.apns_gateway {
        let mut config = gateway::Config::default();
        config.require_certificate = args.require_client_certificate;
        config.count_tokens = args.count_tokens;
        builder = builder.apns_gateway(address).apns_gateway_config(config);
    }
    if let Some(address) = args.apns_feedback {
        let mut config = feedback::Config::default();
        config.require_certificate = args.require_client_certificate;
        builder = builder.apns_feedback(address).apns_feedback_config(config);
    }
    if let Some(address) = args.fcm {
        builder = builder.fcm(address);
    }
    if let Some(address) = args.gcm {
        builder = builder.gcm(address);
    }
    if let Some(address) = args.wns {
        builder = builder.wns(address);
    }
    if let Some(address) = args.web {
        builder = builder.web(address);
    }
    if args.count_tokens {
        builder = builder.count_tokens();
    }
    let sim = builder.start()?;
    let mut lines = String::new();
    for (service, address) in sim.addresses() {
        let plain = match sim.is_plain(service) {
            true => ",\"plain\":true",
            false => "",
        };
        lines.push_str(&format!(
            "{{\"service\":\"{service}\",\"addr\":\"{address}\"{plain}}}\n"
        ));
    }
    io::stdout().write_all(lines.as_bytes())?;
    io::stdout().flush()?;
    smol::block_on(interrupts.wait());
    sim.shutdown();
    Ok(Exit::Success)
}
