//! Subscriptions on many hosts, all of which are this machine under another name.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use anypush::web::{Message, Subscription};
use anypush::{Compose, Rustls, Session};
use backends::on_tokio;
use clap::Args;
use futures_util::StreamExt;
use harness::{Child, Machine, Sample, Spread, Stopwatch};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::browsers::{browsers, endpoint};
use crate::load::Load;
use crate::loopback::{Loopback, host};
use crate::place::{Place, Server};

/// The host that never answers, where there is one.
const SILENT: u64 = 0;

/// How long a connection is kept without a push.
const IDLE: Duration = Duration::from_secs(10);

/// How long the last connection may take to be closed.
const PATIENCE: Duration = Duration::from_secs(60);

/// What of the measurement one process does.
#[derive(Debug, Clone, Args)]
pub(crate) struct Part {
    /// How many hosts there are.
    #[arg(long)]
    hosts: u64,
    /// One of them takes connections and never answers.
    #[arg(long)]
    silent: bool,
}

/// What one fan-out did.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Run {
    /// Up to the last outcome.
    whole: Sample,
    /// Up to the last outcome of a host that answers, in seconds.
    answered_s: f64,
    /// How many pushes were taken.
    taken: u64,
    /// What became of the others, by the kind of the error.
    not_taken: BTreeMap<String, u64>,
    /// The most connections that were open at a time; looked at with every 20th outcome.
    connections: usize,
    /// How long after the last outcome none was open any more, in seconds.
    closed_s: f64,
}

/// Does one fan-out, in this process.
pub(crate) fn measure(place: &Place, load: &Load, part: &Part) -> Result<Run> {
    on_tokio(run(place, load, part))
}

async fn run(place: &Place, load: &Load, part: &Part) -> Result<Run> {
    let silent = part.silent.then(|| host(SILENT));
    let runtime = Loopback::new(silent.clone())?;
    let session = Session::new(Arc::new(Compose::new(runtime, Rustls::new())));
    let client =
        crate::sending::client_with(session.clone(), place, |client| client.idle_timeout(IDLE))?;
    let subscriptions = subscriptions(place, load, part)?;
    let message = Message::text(load.text());

    let mut run = Run {
        whole: Stopwatch::start().stop(0),
        answered_s: 0.0,
        taken: 0,
        not_taken: BTreeMap::new(),
        connections: 0,
        closed_s: 0.0,
    };
    let (watch, start) = (Stopwatch::start(), Instant::now());
    let mut outcomes = client.send_all(subscriptions.into_iter(), &message);
    let mut count = 0;
    while let Some((subscription, outcome)) = outcomes.next().await {
        count += 1;
        let is_silent = silent.as_deref() == Some(subscription.endpoint().host());
        match outcome {
            Ok(_) => run.taken += 1,
            Err(error) if is_silent => {
                let kind = format!("{:?}", error.kind());
                *run.not_taken.entry(kind).or_default() += 1;
            }
            Err(error) => return Err(error.into()),
        }
        if !is_silent {
            run.answered_s = start.elapsed().as_secs_f64();
        }
        if count % 20 == 1 {
            run.connections = run.connections.max(session.stats().connections);
        }
    }
    run.whole = watch.stop(count);
    run.closed_s = closed(&session).await?.as_secs_f64();
    Ok(run)
}

/// Those of a host stand as far from each other as can be.
fn subscriptions(place: &Place, load: &Load, part: &Part) -> Result<Vec<Subscription>> {
    let keys = browsers(crate::browsers::ORIGIN, load.subscriptions)?;
    let subscription = |number: u64| {
        let origin = place.origin(&host(number % part.hosts));
        let keys = keys[(number % load.subscriptions) as usize].keys;
        Ok(Subscription::with_keys(&endpoint(&origin, number), keys)?)
    };
    (0..load.messages()).map(subscription).collect()
}

/// Waits until no connection is open, and tells for how long.
async fn closed(session: &Session) -> Result<Duration> {
    let start = Instant::now();
    while session.stats().connections > 0 {
        ensure!(
            start.elapsed() < PATIENCE,
            "idle connections are not closed: {:?}",
            session.stats()
        );
        let soon = Instant::now() + Duration::from_millis(20);
        session.backend().sleep_until(soon).await;
    }
    Ok(start.elapsed())
}

/// Does it round after round, without and with a host that never answers, and prints how it went.
pub(crate) fn table(args: &crate::args::Args) -> Result<()> {
    let load = Load {
        messages: Some(args.load.messages.unwrap_or(10_000)),
        ..args.load.clone()
    };
    let mut server = Server::start()?;
    let mut runs = [Vec::new(), Vec::new()];
    let mut out = std::io::stderr();
    for round in 1..=args.rounds {
        for (silent, runs) in [false, true].into_iter().zip(&mut runs) {
            let part = Part {
                hosts: args.host_count,
                silent,
            };
            let run = run_one(&mut server, &load, &part)?;
            let (seconds, connections) = (run.answered_s, run.connections);
            writeln!(
                out,
                "round {round}, silent host: {silent}: {seconds:.2} s, {connections} connections"
            )?;
            runs.push(run);
        }
    }
    print(args, &load, &runs)
}

fn run_one(server: &mut Server, load: &Load, part: &Part) -> Result<Run> {
    let silent = part.silent.then(|| "--silent".to_owned());
    let arguments = ["hosts".to_owned()]
        .into_iter()
        .chain(server.place.arguments())
        .chain(load.arguments())
        .chain(["--hosts".to_owned(), part.hosts.to_string()])
        .chain(silent);
    let mut child = Child::start(arguments, [])?;
    let run: Run = child.hear()?;
    child.end()?;
    let on_silent = match part.silent {
        true => (0..load.messages())
            .filter(|number| number % part.hosts == SILENT)
            .count() as u64,
        false => 0,
    };
    let expected = load.messages() - on_silent;
    ensure!(
        run.taken == expected && run.not_taken.values().sum::<u64>() == on_silent,
        "{expected} were to be taken and {on_silent} not: {run:?}"
    );
    let counts = server.check(expected)?;
    let answering = part.hosts - u64::from(part.silent);
    ensure!(
        counts.tokens == answering.min(expected),
        "{} VAPID tokens for {answering} hosts",
        counts.tokens
    );
    Ok(run)
}

fn print(args: &crate::args::Args, load: &Load, runs: &[Vec<Run>; 2]) -> Result<()> {
    let machine = Machine::here();
    let mut out = std::io::stdout();
    let [without, with] = runs;
    if args.json {
        let document = json!({
            "machine": machine,
            "messages": load.messages(),
            "hosts": args.host_count,
            "text_bytes": load.text_bytes,
            "without_silent_host": without,
            "with_silent_host": with,
        });
        return Ok(writeln!(out, "{document}")?);
    }
    writeln!(
        out,
        "{} subscriptions on {} hosts, in each of {} rounds; {machine}.\n\n\
         | | all hosts answer | one never answers |\n|---|--:|--:|",
        load.messages(),
        args.host_count,
        args.rounds,
    )?;
    let rows: [Row; 5] = [
        ("seconds to the last answer", 2, |run| run.answered_s),
        ("CPU µs per message", 0, |run| run.whole.cpu_us_each()),
        ("connections at most", 0, |run| run.connections as f64),
        ("seconds to the last outcome", 2, |run| {
            run.whole.wall_us / 1e6
        }),
        ("seconds until all were closed", 1, |run| run.closed_s),
    ];
    for (name, decimals, figure) in rows {
        let cell = |runs: &[Run]| {
            let spread = Spread::of(runs.iter().map(figure));
            spread.map_or_else(String::new, |Spread { median, min, max }| {
                format!("{median:.decimals$} ({min:.decimals$}–{max:.decimals$})")
            })
        };
        writeln!(out, "| {name} | {} | {} |", cell(without), cell(with))?;
    }
    let kinds = with.last().map(|run| &run.not_taken);
    writeln!(
        out,
        "\nTaken: all but those of the silent host, which failed as {:?}.",
        kinds.unwrap_or(&BTreeMap::new()),
    )?;
    Ok(())
}

/// A row's name, the decimals, and where its figure is.
type Row = (&'static str, usize, fn(&Run) -> f64);
