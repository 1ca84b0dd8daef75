use std::io::Write;

use anyhow::{Context, Result, ensure};
use harness::{Machine, Sample, Standings, Work};
use serde_json::json;

use crate::args::Args;
use crate::simulator::{Manner, Simulator};

/// Lets all contestants run, round after round, and prints how they did.
pub(crate) fn table(args: &Args) -> Result<()> {
    let who = args.contestants(|who| who.connects_to(args.load.connections));
    let mut simulator = Simulator::start(Manner::default())?;
    let mut results: Vec<_> = who.iter().map(|one| (one.name(), Vec::new())).collect();
    for round in 1..=args.rounds {
        for (name, samples) in &mut results {
            let sample = run_one(&mut simulator, name, args)
                .with_context(|| format!("{name}, round {round}"))?;
            let cost = sample.cpu_us_each();
            writeln!(
                std::io::stderr(),
                "round {round}: {name}: {cost:.2} µs per push"
            )?;
            samples.push(sample);
        }
    }
    let work = Work {
        one: "push",
        many: "pushes",
        decimals: 2,
    };
    let yardsticks = ["h2", "h2-gathered", "anypush-tokio-rustls", "a2"];
    print(args, &Standings::new(work, results, &yardsticks))
}

fn run_one(simulator: &mut Simulator, name: &str, args: &Args) -> Result<Sample> {
    let sample: Sample = simulator.with_child("contestant", name, &args.load)?;
    let sent = args.load.warm_up() + args.load.pushes();
    let stats = simulator.check(sent)?;
    let bytes = sent * args.load.payload_bytes as u64;
    ensure!(
        stats.bytes == bytes,
        "its payloads were to be {bytes} bytes, not {}",
        stats.bytes
    );
    ensure!(
        stats.connections == args.load.connections as u64,
        "it was to use {} connections, not {}",
        args.load.connections,
        stats.connections
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
            "rounds": args.rounds,
            "pushes": load.pushes(),
            "in_flight": load.in_flight,
            "connections": load.connections,
            "payload_bytes": load.payload_bytes,
            "standings": standings,
        });
        return Ok(writeln!(out, "{document}")?);
    }
    writeln!(
        out,
        "{} pushes of {} bytes in each of {} rounds, {} in flight, connections: {}; {machine}.\n\n\
         {standings}",
        load.pushes(),
        load.payload_bytes,
        args.rounds,
        load.in_flight,
        load.connections,
    )?;
    Ok(())
}
