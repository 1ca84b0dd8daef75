//! Counts instructions, and prints a table: each count beside the bare loop's, and beside the one
//! that was stored.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use bench_instructions::PUSHES;
use clap::Parser;
use harness::Machine;
use serde::{Deserialize, Serialize};

/// How much more than the stored count is too much: counts differ by less than a hundredth from
/// run to run.
const TOLERANCE: f64 = 1.05;

/// Counts the instructions of a push, by valgrind's callgrind and gungraun; fails when there are
/// more than were stored, by more than 5 %.
#[derive(Debug, Parser)]
#[command(name = "run --instructions")]
struct Args {
    /// Stores the counts, to be compared with from now on.
    #[arg(long)]
    save: bool,

    /// Prints the counts as JSON instead of a table.
    #[arg(long)]
    json: bool,
}

/// Counts, and what they depend on besides the code.
#[derive(Debug, Serialize, Deserialize)]
struct Counts {
    rustc: String,
    target: String,
    /// Instructions for one push, by what was counted.
    each: BTreeMap<String, f64>,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let stored = stored()?;
    let (order, counts) = count()?;
    let mut out = std::io::stdout();
    if args.json {
        writeln!(out, "{}", serde_json::to_string(&counts)?)?;
    } else {
        write!(out, "{}", table(&order, &counts, stored.as_ref()))?;
    }
    if args.save {
        let text = serde_json::to_string_pretty(&counts)? + "\n";
        return std::fs::write(file(), text).context("the counts can't be stored");
    }
    let Some(stored) = stored.filter(|stored| counts.is_comparable(stored)) else {
        return Ok(());
    };
    let more = counts.more_than(&stored);
    ensure!(
        more.is_empty(),
        "more instructions than were stored: {}; find out why, or store them by --save",
        more.join(", ")
    );
    Ok(())
}

fn file() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/baseline.json"))
}

fn stored() -> Result<Option<Counts>> {
    if !file().exists() {
        return Ok(None);
    }
    let text = std::fs::read_to_string(file())?;
    let counts = serde_json::from_str(&text);
    Ok(Some(counts.context("baseline.json is not readable")?))
}

/// What the runner says of one benchmark, as far as it matters here.
#[derive(Debug, Deserialize)]
struct Summary {
    function_name: String,
    id: Option<String>,
    profiles: Vec<serde_json::Value>,
}

impl Summary {
    fn name(&self) -> String {
        let of = self.id.as_deref().unwrap_or_default();
        format!("{} {of}", self.function_name).replace('_', " ")
    }

    fn instructions(&self) -> Option<f64> {
        let values = "/data/total/metrics/Ir/values/new";
        self.profiles.first()?.pointer(values)?.as_f64()
    }
}

/// Counts; names in the order of the benchmarks, and their counts.
fn count() -> Result<(Vec<String>, Counts)> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["bench", "--package", "bench-instructions"])
        .args(["--bench", "count", "--", "--output-format=json"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stderr(Stdio::inherit())
        .output()
        .context("cargo can't be started")?;
    if !output.status.success() {
        bail!("the benchmarks failed: {}", output.status);
    }
    let text = String::from_utf8(output.stdout)?;
    let (mut order, mut each) = (Vec::new(), BTreeMap::new());
    for line in text.lines().filter(|line| line.starts_with('{')) {
        let summary: Summary = serde_json::from_str(line)?;
        let name = summary.name();
        let instructions = summary
            .instructions()
            .with_context(|| format!("{name} has no count"))?;
        each.insert(name.clone(), (instructions / PUSHES as f64).round());
        order.push(name);
    }
    ensure!(!order.is_empty(), "nothing was counted");
    let counts = Counts {
        rustc: Machine::here().rustc.to_owned(),
        target: std::env::consts::ARCH.to_owned(),
        each,
    };
    Ok((order, counts))
}

impl Counts {
    /// Another compiler makes other instructions of the same code.
    fn is_comparable(&self, other: &Self) -> bool {
        (&self.rustc, &self.target) == (&other.rustc, &other.target)
    }

    fn more_than(&self, stored: &Self) -> Vec<String> {
        let counts = self.each.iter().filter_map(|(name, count)| {
            let before = *stored.each.get(name)?;
            (*count > before * TOLERANCE).then(|| format!("{name} ({before} → {count})"))
        });
        counts.collect()
    }

    /// The bare loop that does the same.
    fn yardstick(&self, name: &str) -> Option<f64> {
        let bare = name.replace("anypush send all", "h2");
        let bare = bare.replace("anypush send one", "h2 one");
        let bare = bare.replace("h2 gathered", "h2");
        let bare = bare.replace("anypush gateway", "bare gateway");
        let bare = bare.replace("anypush fcm", "h2 fcm");
        (bare.starts_with("h2") || bare.starts_with("bare"))
            .then(|| self.each.get(&bare).copied())?
    }
}

fn table(order: &[String], counts: &Counts, stored: Option<&Counts>) -> String {
    let Counts { rustc, target, .. } = counts;
    let mut text = format!("Instructions for one push; {rustc}, {target}.");
    if let Some(other) = stored.filter(|stored| !counts.is_comparable(stored)) {
        text += &format!(" Not compared: stored are those of {}.", other.rustc);
    }
    text += "\n\n| what | instructions | × bare | stored | change |\n|---|--:|--:|--:|--:|\n";
    let comparable = stored.filter(|stored| counts.is_comparable(stored));
    for name in order {
        let count = counts.each[name];
        let none = || "–".to_owned();
        let ratio = counts.yardstick(name);
        let ratio = ratio.map_or_else(none, |bare| format!("{:.3}", count / bare));
        let before = comparable.and_then(|stored| stored.each.get(name).copied());
        let change = before.map_or_else(none, |before| {
            format!("{:+.1} %", (count / before - 1.0) * 100.0)
        });
        let before = before.map_or_else(none, |before| format!("{before:.0}"));
        text += &format!("| {name} | {count:.0} | {ratio} | {before} | {change} |\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(rustc: &str, each: &[(&str, f64)]) -> Counts {
        let each = each
            .iter()
            .map(|(name, count)| ((*name).to_owned(), *count));
        Counts {
            rustc: rustc.to_owned(),
            target: "x86_64".to_owned(),
            each: each.collect(),
        }
    }

    #[test]
    fn more_by_more_than_a_twentieth_is_told() {
        let stored = counts("rustc 1", &[("a", 1000.0), ("b", 1000.0)]);
        let now = counts("rustc 1", &[("a", 1049.0), ("b", 1051.0), ("new", 9.0)]);
        assert_eq!(now.more_than(&stored), ["b (1000 → 1051)"]);
    }

    #[test]
    fn counts_of_another_compiler_are_not_compared() {
        let stored = counts("rustc 1", &[("a", 10.0)]);
        let now = counts("rustc 2", &[("a", 20.0)]);
        assert!(!now.is_comparable(&stored));
        let order = ["a".to_owned()];
        assert!(table(&order, &now, Some(&stored)).ends_with("| a | 20 | – | – | – |\n"));
    }

    #[test]
    fn a_push_is_set_beside_the_bare_loops() {
        let now = counts(
            "rustc 1",
            &[
                ("h2 of 109 bytes", 100.0),
                ("anypush send all of 109 bytes", 110.0),
                ("bare gateway of 109 bytes", 5.0),
                ("h2 fcm of 400 bytes", 90.0),
            ],
        );
        assert_eq!(now.yardstick("anypush send all of 109 bytes"), Some(100.0));
        assert_eq!(now.yardstick("anypush gateway of 109 bytes"), Some(5.0));
        assert_eq!(now.yardstick("anypush fcm of 400 bytes"), Some(90.0));
        assert_eq!(now.yardstick("encode notification alert"), None);
    }
}
