//! How much memory pushes take that wait: for a stream, or on one for their answer.

use std::io::Write;

use anyhow::{Context, Result};
use harness::{Machine, Memory};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::args::Args;
use crate::contestants::Contestant;
use crate::load::Load;
use crate::simulator::{Manner, Simulator};

/// What the waiting pushes of one process took.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Held {
    /// Connected, with the devices at hand.
    pub(crate) start: Memory,
    /// With all pushes waiting.
    pub(crate) end: Memory,
    /// How many wait.
    pub(crate) pushes: u64,
}

impl Held {
    fn bytes_each(&self) -> f64 {
        let kib = self
            .end
            .resident_kib
            .saturating_sub(self.start.resident_kib);
        kib as f64 * 1024.0 / self.pushes as f64
    }
}

/// How many streams of a connection the simulator holds open, and a bit less.
const MOST_STREAMS: u32 = 8000;

/// Prints what a waiting push takes, in the queue and on a connection.
pub(crate) fn table(args: &Args) -> Result<()> {
    let load = Load {
        pushes: Some(args.load.pushes.unwrap_or(100_000)),
        warm_up: Some(0),
        ..args.load.clone()
    };
    let queued = measure(args, &load, 1, |who| who.backend().is_some())?;
    let load = Load {
        pushes: Some(load.pushes().min(MOST_STREAMS.into())),
        ..load
    };
    let in_flight = measure(args, &load, MOST_STREAMS, Contestant::waits)?;
    print(args, &queued, &in_flight)
}

fn measure(
    args: &Args,
    load: &Load,
    streams: u32,
    can: impl Fn(Contestant) -> bool,
) -> Result<Vec<(String, Held)>> {
    let mut results = Vec::new();
    for who in args.contestants(can) {
        let name = who.name();
        // One for each: it holds what it did not answer.
        let simulator = Simulator::start(Manner {
            streams: Some(streams),
            mute: true,
        })?;
        let held = simulator
            .with_child("waiting", &name, load)
            .with_context(|| name.clone())?;
        results.push((name, held));
    }
    Ok(results)
}

fn print(args: &Args, queued: &[(String, Held)], in_flight: &[(String, Held)]) -> Result<()> {
    let machine = Machine::here();
    let payload_bytes = args.load.payload_bytes;
    let mut out = std::io::stdout();
    if args.json {
        let document = json!({
            "machine": machine,
            "payload_bytes": payload_bytes,
            "queued": queued,
            "in_flight": in_flight,
        });
        return Ok(writeln!(out, "{document}")?);
    }
    let many = |of: &[(String, Held)]| of.first().map_or(0, |(_, held)| held.pushes);
    writeln!(
        out,
        "Pushes of {payload_bytes} bytes: {} that wait for a stream, {} that wait for their \
         answer; {machine}.\n\n\
         | contestant | bytes for each in the queue | bytes for each on the connection |\n\
         |---|--:|--:|",
        many(queued),
        many(in_flight),
    )?;
    for (name, held) in in_flight {
        let queued = queued.iter().find(|(other, _)| other == name);
        let queued = queued.map(|(_, held)| format!("{:.0}", held.bytes_each()));
        let queued = queued.as_deref().unwrap_or("–");
        writeln!(out, "| {name} | {queued} | {:.0} |", held.bytes_each())?;
    }
    Ok(())
}
