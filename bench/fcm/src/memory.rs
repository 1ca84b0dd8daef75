use std::io::Write;

use anyhow::{Context, Result, bail, ensure};
use harness::{Machine, Memory};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::args::Args;
use crate::contestants::{Contestant, anypush};
use crate::load::Load;
use crate::place::{Place, Server};

/// What a fan-out did to the memory of its process.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Growth {
    /// Before the client was made.
    pub(crate) start: Memory,
    /// After the last outcome.
    pub(crate) end: Memory,
}

impl Growth {
    fn peak_mib(&self) -> f64 {
        mib(self.end.peak_kib.saturating_sub(self.start.resident_kib))
    }
}

fn mib(kib: u64) -> f64 {
    kib as f64 / 1024.0
}

/// Does one fan-out, with the client's defaults.
pub(crate) fn measure(who: Contestant, place: &Place, load: &Load) -> Result<Growth> {
    let start = Memory::now()?;
    let Some((runtime, stack)) = who.backend() else {
        bail!("it does not send from an iterator");
    };
    anypush::fan_out(runtime, stack, place, load)?;
    let end = Memory::now()?;
    Ok(Growth { start, end })
}

/// Does a fan-out on each backend, and prints what it took.
pub(crate) fn table(args: &Args) -> Result<()> {
    let load = Load {
        messages: Some(args.load.messages.unwrap_or(1_000_000)),
        warm_up: Some(0),
        ..args.load.clone()
    };
    let who = args.contestants(|who| who.backend().is_some());
    ensure!(!who.is_empty(), "there is nobody to run");
    let mut server = Server::start(args.simulator, &load)?;
    let mut results = Vec::new();
    for who in who {
        let name = who.name();
        let mut measure = || {
            let mut child = who.start("memory", &server.place, &load)?;
            let growth: Growth = child.hear()?;
            child.end()?;
            Ok::<_, anyhow::Error>((growth, server.check(&load)?.connections))
        };
        let (growth, connections) = measure().with_context(|| name.clone())?;
        results.push((name, growth, connections));
    }
    print(args, &load, &results)
}

fn print(args: &Args, load: &Load, results: &[(String, Growth, u64)]) -> Result<()> {
    let machine = Machine::here();
    let mut out = std::io::stdout();
    if args.json {
        let contestants: Vec<_> = results
            .iter()
            .map(|(name, growth, connections)| {
                json!({"name": name, "growth": growth, "connections": connections})
            })
            .collect();
        let document = json!({
            "machine": machine,
            "messages": load.messages(),
            "body_bytes": load.body_bytes,
            "refuse": load.refuse,
            "contestants": contestants,
        });
        return Ok(writeln!(out, "{document}")?);
    }
    writeln!(
        out,
        "{} messages in bodies of {} bytes from an iterator{}; {machine}.\n\n\
         | contestant | MiB at the start | peak above it | connections |\n|---|--:|--:|--:|",
        load.messages(),
        load.body_bytes,
        load.refusals(),
    )?;
    for (name, growth, connections) in results {
        let (start, peak) = (mib(growth.start.resident_kib), growth.peak_mib());
        writeln!(out, "| {name} | {start:.1} | {peak:.1} | {connections} |")?;
    }
    Ok(())
}
