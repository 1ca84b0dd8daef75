use std::io::Write;

use anyhow::{Context, Result, ensure};
use harness::{Machine, Sample, Standings, Work};
use serde_json::json;

use crate::args::Args;
use crate::contestants::Contestant;
use crate::server::Gateway;

/// Lets all contestants run, round after round, and prints how they did.
pub(crate) fn table(args: &Args) -> Result<()> {
    let who = args.contestants(Contestant::is_here);
    for absent in args.contestants(|who| !who.is_here()) {
        let name = absent.name();
        let why = "BENCH_PYTHON names no Python that has it; ./run makes one where it can";
        writeln!(std::io::stderr(), "{name} is left out: {why}")?;
    }
    ensure!(!who.is_empty(), "there is nobody to run");
    let mut gateway = Gateway::start(args.simulator)?;
    let mut results: Vec<_> = who.iter().map(|one| (one.name(), Vec::new())).collect();
    for round in 1..=args.rounds {
        for (one, (name, samples)) in who.iter().zip(&mut results) {
            let sample = run_one(&mut gateway, *one, args)
                .with_context(|| format!("{name}, round {round}"))?;
            let cost = sample.cpu_us_each();
            writeln!(
                std::io::stderr(),
                "round {round}: {name}: {cost:.3} µs per notification"
            )?;
            samples.push(sample);
        }
    }
    let work = Work {
        one: "notification",
        many: "notifications",
        decimals: 3,
    };
    let yardsticks = ["bare", "anypush-tokio-rustls", "pushjack"];
    print(args, &Standings::new(work, results, &yardsticks))
}

fn run_one(gateway: &mut Gateway, who: Contestant, args: &Args) -> Result<Sample> {
    let load = who.load(&args.load);
    let mut child = who.start("contestant", &gateway.place, &load)?;
    let sample = child.hear()?;
    child.end()?;
    gateway.check(&load)?;
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
            "notifications": load.notifications(),
            "payload_bytes": load.payload_bytes,
            "standings": standings,
        });
        return Ok(writeln!(out, "{document}")?);
    }
    writeln!(
        out,
        "{} notifications of {} bytes in each of {} rounds; {machine}.\n\n{standings}",
        load.notifications(),
        load.payload_bytes,
        args.rounds,
    )?;
    Ok(())
}
