use std::io::Write;

use anyhow::{Context, Result, ensure};
use harness::{Machine, Sample, Standings, Work};
use serde_json::json;

use crate::args::{Args, name, named};
use crate::contestants::Contestant;
use crate::place::Server;

const WORK: Work = Work {
    one: "message",
    many: "messages",
    decimals: 2,
};

/// Lets all contestants make messages, round after round, and prints how they did.
pub(crate) fn making(args: &Args) -> Result<()> {
    let who = named(&args.only, Contestant::is_there);
    let results = rounds(args, &who, name, |who| {
        let mut child = who.start(&args.load)?;
        let sample = child.hear()?;
        child.end()?;
        Ok(sample)
    })?;
    let yardsticks = ["bare", "bare-signed", "anypush", "web-push-signed"];
    print(args, "made", &Standings::new(WORK, results, &yardsticks))
}

/// Lets all senders send, round after round, and prints how they did.
pub(crate) fn sending(args: &Args) -> Result<()> {
    let who = named(&args.senders, |_| true);
    let mut server = Server::start()?;
    let load = &args.load;
    let results = rounds(args, &who, name, |who| {
        let mut child = who.start("sender", &server.place, load)?;
        let sample = child.hear()?;
        child.end()?;
        if who.backend().is_some() {
            let counts = server.check(load.warm_up() + load.messages())?;
            ensure!(counts.tokens == 1, "{} VAPID tokens", counts.tokens);
        }
        Ok(sample)
    })?;
    let yardsticks = ["bare", "anypush-tokio-rustls"];
    print(args, "sent", &Standings::new(WORK, results, &yardsticks))
}

fn rounds<T: Copy>(
    args: &Args,
    who: &[T],
    name: impl Fn(&T) -> String,
    mut run: impl FnMut(T) -> Result<Sample>,
) -> Result<Vec<(String, Vec<Sample>)>> {
    ensure!(!who.is_empty(), "there is nobody to run");
    let mut results: Vec<_> = who.iter().map(|one| (name(one), Vec::new())).collect();
    for round in 1..=args.rounds {
        for (one, (name, samples)) in who.iter().zip(&mut results) {
            let sample = run(*one).with_context(|| format!("{name}, round {round}"))?;
            let cost = sample.cpu_us_each();
            writeln!(
                std::io::stderr(),
                "round {round}: {name}: {cost:.2} µs per message"
            )?;
            samples.push(sample);
        }
    }
    Ok(results)
}

fn print(args: &Args, what: &str, standings: &Standings) -> Result<()> {
    let machine = Machine::here();
    let load = &args.load;
    let mut out = std::io::stdout();
    if args.json {
        let document = json!({
            "machine": machine,
            "what": what,
            "rounds": args.rounds,
            "messages": load.messages(),
            "subscriptions": load.subscriptions,
            "text_bytes": load.text_bytes,
            "standings": standings,
        });
        return Ok(writeln!(out, "{document}")?);
    }
    writeln!(
        out,
        "{} messages of {} bytes {what} in each of {} rounds, for {} subscriptions on one origin; \
         {machine}.\n\n{standings}",
        load.messages(),
        load.text_bytes,
        args.rounds,
        load.subscriptions,
    )?;
    Ok(())
}
