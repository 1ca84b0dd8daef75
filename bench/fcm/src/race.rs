use std::io::Write;

use anyhow::{Context, Result, ensure};
use harness::{Machine, Sample, Standings, Work};
use serde_json::json;

use crate::args::Args;
use crate::contestants::Contestant;
use crate::place::Server;

/// Lets all contestants run, round after round, and prints how they did.
pub(crate) fn table(args: &Args) -> Result<()> {
    let who = args.contestants(|who| {
        who.connects_to(args.load.connections) && (!args.simulator || who.suits_the_simulator())
    });
    ensure!(!who.is_empty(), "there is nobody to run");
    let mut server = Server::start(args.simulator, &args.load)?;
    let mut results: Vec<_> = who.iter().map(|one| (one.name(), Vec::new())).collect();
    for round in 1..=args.rounds {
        for (one, (name, samples)) in who.iter().zip(&mut results) {
            let sample = run_one(&mut server, *one, args)
                .with_context(|| format!("{name}, round {round}"))?;
            let cost = sample.cpu_us_each();
            writeln!(
                std::io::stderr(),
                "round {round}: {name}: {cost:.2} µs per message"
            )?;
            samples.push(sample);
        }
    }
    let work = Work {
        one: "message",
        many: "messages",
        decimals: 2,
    };
    let yardsticks = ["h2", "h2-gathered", "anypush-tokio-rustls", "firebae-cm"];
    print(args, &Standings::new(work, results, &yardsticks))
}

fn run_one(server: &mut Server, who: Contestant, args: &Args) -> Result<Sample> {
    let load = who.load(&args.load);
    let mut child = who.start("contestant", &server.place, &load)?;
    let sample = child.hear()?;
    child.end()?;
    let counts = server.check(&load)?;
    let bytes = load.sent() * load.body_bytes as u64;
    ensure!(
        counts.body_bytes == bytes,
        "its bodies were to be {bytes} bytes, not {}",
        counts.body_bytes
    );
    let connections = who.connections(&load);
    ensure!(
        connections.is_none_or(|connections| connections == counts.connections),
        "it was to use {connections:?} connections, not {}",
        counts.connections
    );
    Ok(sample)
}

fn print(args: &Args, standings: &Standings) -> Result<()> {
    let machine = Machine::here();
    let load = &args.load;
    let mut out = std::io::stdout();
    if args.json {
        let document = json!({
            "machine": machine,
            "simulator": args.simulator,
            "rounds": args.rounds,
            "messages": load.messages(),
            "in_flight": load.in_flight(),
            "connections": load.connections,
            "body_bytes": load.body_bytes,
            "refuse": load.refuse,
            "standings": standings,
        });
        return Ok(writeln!(out, "{document}")?);
    }
    writeln!(
        out,
        "{} messages in bodies of {} bytes in each of {} rounds, {} in flight, connections: {}{}; \
         {machine}.\n\n{standings}",
        load.messages(),
        load.body_bytes,
        args.rounds,
        load.in_flight(),
        load.connections,
        load.refusals(),
    )?;
    Ok(())
}
