//! What many connections cost that are made at once.

use std::io::Write;

use anyhow::{Context, Result, ensure};
use harness::{Machine, Sample, Standings, Work};
use serde_json::json;

use crate::args::Args;
use crate::load::Load;
use crate::simulator::{Manner, Simulator};

/// Lets all contestants connect, round after round, and prints what it took.
pub(crate) fn table(args: &Args) -> Result<()> {
    let connections = match args.load.connections {
        1 => 100,
        other => other,
    };
    let load = Load {
        connections,
        ..args.load.clone()
    };
    let who = args.contestants(|who| who.storms());
    let mut simulator = Simulator::start(Manner::default())?;
    let mut results: Vec<_> = who.iter().map(|one| (one.name(), Vec::new())).collect();
    for round in 1..=args.rounds {
        for (name, samples) in &mut results {
            let sample: Sample = simulator
                .with_child("storm", name, &load)
                .with_context(|| format!("{name}, round {round}"))?;
            let made = simulator.stats()?.connections;
            ensure!(
                made == connections as u64,
                "{name} was to make {connections} connections, not {made}"
            );
            let cost = sample.cpu_us_each();
            writeln!(
                std::io::stderr(),
                "round {round}: {name}: {cost:.0} µs each"
            )?;
            samples.push(sample);
        }
    }
    let work = Work {
        one: "connection",
        many: "connections",
        decimals: 2,
    };
    let standings = Standings::new(work, results, &["h2", "anypush-tokio-rustls"]);
    let machine = Machine::here();
    let mut out = std::io::stdout();
    if args.json {
        let document = json!({
            "machine": machine,
            "rounds": args.rounds,
            "connections": connections,
            "standings": standings,
        });
        return Ok(writeln!(out, "{document}")?);
    }
    writeln!(
        out,
        "{connections} connections at once in each of {} rounds; {machine}.\n\n{standings}",
        args.rounds,
    )?;
    Ok(())
}
