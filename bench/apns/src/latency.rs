//! How long pushes take at half load: they are due at fixed points in time, whether or not those
//! before them were answered, and their time counts from when they were due.

use std::io::Write;
use std::pin::Pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use futures_util::FutureExt;
use futures_util::stream::{FuturesUnordered, Stream};
use harness::{Machine, Sample, Spread};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::args::Args;
use crate::load::Load;
use crate::simulator::{Manner, Simulator};

/// One contestant's in one round. Times are in µs.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Latency {
    /// Pushes per second at full speed.
    full: f64,
    /// Pushes per second while the time was taken: half of it.
    offered: f64,
    p50_us: f64,
    p99_us: f64,
    max_us: f64,
}

/// The part of a load that finds out about the full speed.
pub(crate) fn sprint(load: &Load) -> Load {
    Load {
        pushes: Some((load.pushes() / 5).max(1)),
        ..load.clone()
    }
}

/// Sends as many pushes as the load has, at half of the speed of a sprint. `start` makes the push
/// of a number.
pub(crate) async fn at_half_of<F>(
    sprint: Sample,
    load: &Load,
    mut start: impl FnMut(u64) -> Result<F>,
) -> Result<Latency>
where
    F: Future<Output = Result<()>>,
{
    let full = sprint.per_second();
    let offered = full / 2.0;
    let begin = Instant::now();
    let due = |number: u64| begin + Duration::from_secs_f64(number as f64 / offered);
    let mut next = 0;
    let mut times = Vec::with_capacity(usize::try_from(load.pushes())?);
    let mut under_way = FuturesUnordered::new();
    while (times.len() as u64) < load.pushes() {
        while next < load.pushes() && due(next) <= Instant::now() {
            let (push, due) = (start(next)?, due(next));
            under_way.push(push.map(move |outcome| outcome.map(|()| due.elapsed())));
            next += 1;
        }
        // Timers are too coarse for so many points in time: it looks again and again, and lets
        // the connection's task run in between.
        let mut failed = None;
        std::future::poll_fn(|cx| {
            while let Poll::Ready(Some(time)) = Pin::new(&mut under_way).poll_next(cx) {
                match time {
                    Ok(time) => times.push(time),
                    Err(error) => failed = Some(error),
                }
            }
            Poll::Ready(())
        })
        .await;
        if let Some(error) = failed {
            return Err(error);
        }
        yield_now().await;
    }
    times.sort_unstable();
    let at = |part: f64| {
        let place = (times.len() - 1) as f64 * part;
        times[place.round() as usize].as_secs_f64() * 1e6
    };
    Ok(Latency {
        full,
        offered,
        p50_us: at(0.5),
        p99_us: at(0.99),
        max_us: at(1.0),
    })
}

/// Lets the other tasks of the runtime run, whichever it is.
pub(crate) async fn yield_now() {
    let mut yielded = false;
    std::future::poll_fn(|cx| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Lets all contestants run, round after round, and prints how long their pushes took.
pub(crate) fn table(args: &Args) -> Result<()> {
    let who = args.contestants(|who| who.connects_to(args.load.connections));
    let mut simulator = Simulator::start(Manner::default())?;
    let mut results: Vec<_> = who.iter().map(|one| (one.name(), Vec::new())).collect();
    for round in 1..=args.rounds {
        for (name, rounds) in &mut results {
            let latency: Latency = simulator
                .with_child("latency", name, &args.load)
                .with_context(|| format!("{name}, round {round}"))?;
            let sent = args.load.warm_up() + sprint(&args.load).pushes() + args.load.pushes();
            simulator.check(sent)?;
            let p99 = latency.p99_us;
            writeln!(std::io::stderr(), "round {round}: {name}: p99 {p99:.0} µs")?;
            rounds.push(latency);
        }
    }
    print(args, &results)
}

fn print(args: &Args, results: &[(String, Vec<Latency>)]) -> Result<()> {
    let machine = Machine::here();
    let load = &args.load;
    let mut out = std::io::stdout();
    if args.json {
        let contestants: Vec<_> = results
            .iter()
            .map(|(name, rounds)| json!({"name": name, "rounds": rounds}))
            .collect();
        let document = json!({
            "machine": machine,
            "pushes": load.pushes(),
            "connections": load.connections,
            "payload_bytes": load.payload_bytes,
            "contestants": contestants,
        });
        return Ok(writeln!(out, "{document}")?);
    }
    writeln!(
        out,
        "{} pushes of {} bytes in each of {} rounds at half load, connections: {}; {machine}.\n\n\
         | contestant | pushes per second | p50 µs (min–max) | p99 µs (min–max) | longest µs |\n\
         |---|--:|--:|--:|--:|",
        load.pushes(),
        load.payload_bytes,
        args.rounds,
        load.connections,
    )?;
    for (name, rounds) in results {
        let spread = |of: fn(&Latency) -> f64| Spread::of(rounds.iter().map(of));
        let shown = (
            spread(|round| round.offered),
            spread(|round| round.p50_us),
            spread(|round| round.p99_us),
            spread(|round| round.max_us),
        );
        let (Some(offered), Some(p50), Some(p99), Some(longest)) = shown else {
            continue;
        };
        writeln!(
            out,
            "| {name} | {:.0} | {:.0} ({:.0}–{:.0}) | {:.0} ({:.0}–{:.0}) | {:.0} |",
            offered.median,
            p50.median,
            p50.min,
            p50.max,
            p99.median,
            p99.min,
            p99.max,
            longest.median,
        )?;
    }
    Ok(())
}
