use std::io::Write;

use anyhow::{Context, Result, ensure};
use harness::{Machine, Memory};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::args::{Args, name, named};
use crate::load::Load;
use crate::place::{Place, Server};
use crate::sending::{Sender, fan_out};

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
pub(crate) fn measure(who: Sender, place: &Place, load: &Load) -> Result<Growth> {
    let start = Memory::now()?;
    fan_out(who, place, load)?;
    let end = Memory::now()?;
    Ok(Growth { start, end })
}

/// Does a fan-out on each backend, and prints what it took.
pub(crate) fn table(args: &Args) -> Result<()> {
    let load = Load {
        messages: Some(args.load.messages.unwrap_or(1_000_000)),
        ..args.load.clone()
    };
    let who = named(&args.senders, |who| who.backend().is_some());
    ensure!(!who.is_empty(), "there is nobody to run");
    let mut server = Server::start()?;
    let mut results = Vec::new();
    for who in who {
        let name = name(&who);
        let mut measure = || {
            let mut child = who.start("memory", &server.place, &load)?;
            let growth: Growth = child.hear()?;
            child.end()?;
            Ok::<_, anyhow::Error>((growth, server.check(load.messages())?.connections))
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
        let senders: Vec<_> = results
            .iter()
            .map(|(name, growth, connections)| {
                json!({"name": name, "growth": growth, "connections": connections})
            })
            .collect();
        let document = json!({
            "machine": machine,
            "messages": load.messages(),
            "text_bytes": load.text_bytes,
            "senders": senders,
        });
        return Ok(writeln!(out, "{document}")?);
    }
    writeln!(
        out,
        "{} messages of {} bytes for as many subscriptions from an iterator; {machine}.\n\n\
         | sender | MiB at the start | peak above it | connections |\n|---|--:|--:|--:|",
        load.messages(),
        load.text_bytes,
    )?;
    for (name, growth, connections) in results {
        let (start, peak) = (mib(growth.start.resident_kib), growth.peak_mib());
        writeln!(out, "| {name} | {start:.1} | {peak:.1} | {connections} |")?;
    }
    Ok(())
}
