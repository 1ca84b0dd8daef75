//! The simulator as the push service, in a process of its own: it verifies the senders' tokens and
//! stores what it takes. It decrypts nothing, since the browsers' keys were not made there.

use std::io::BufRead;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use push_sim::{Service, ServiceStats, Sim};

use crate::place::{Counts, Place};

/// How long connections may take to end.
const SILENCE: Duration = Duration::from_secs(30);

/// Is the simulator, until the input ends; tells its counts for each line.
pub(crate) fn run() -> Result<()> {
    let sim = start()?;
    crate::say(&place(&sim)?)?;
    for line in std::io::stdin().lock().lines() {
        line?;
        let stats = idle(&sim)?;
        sim.reset();
        crate::say(&counts(&stats))?;
    }
    Ok(())
}

/// Starts it in this process.
pub(crate) fn start() -> Result<Sim> {
    Ok(Sim::builder().web_any().start()?)
}

/// Where it is.
pub(crate) fn place(sim: &Sim) -> Result<Place> {
    let address = sim.web_addr().context("the simulator has no address")?;
    Ok(Place {
        port: address.port(),
        dir: sim.dir().to_owned(),
    })
}

/// What it has counted, once every connection has ended.
fn idle(sim: &Sim) -> Result<ServiceStats> {
    let begin = Instant::now();
    loop {
        let stats = sim.stats().remove(&Service::Web);
        let stats = stats.unwrap_or_default();
        if stats.open == 0 {
            return Ok(stats);
        }
        ensure!(
            begin.elapsed() < SILENCE,
            "connections never end: {stats:?}"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn counts(stats: &ServiceStats) -> Counts {
    let refused: u64 = stats.rejected.values().sum();
    Counts {
        accepted: stats.accepted,
        body_bytes: stats.bytes,
        connections: stats.connections,
        tokens: stats.vapid_tokens,
        trouble: (refused > 0).then(|| format!("it refused some: {:?}", stats.rejected)),
    }
}
