//! The simulator as the server: it remembers what it takes, obeys faults, and does all else that tests
//! want of it, and is slower for that.

use std::io::BufRead;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use push_sim::{Service, ServiceStats, Sim};

use crate::server::{Counts, Place, SILENCE};

/// What a proof is refused as.
const PROOF: &str = "MissingToken";

/// Is the simulator, until the input ends; tells its counts for each line.
pub(crate) fn run() -> Result<()> {
    let sim = Sim::builder().apns_gateway_any().start()?;
    let address = sim.apns_gateway_addr().context("it has no address")?;
    crate::say(&Place {
        port: address.port(),
        dir: sim.dir().to_owned(),
    })?;
    for line in std::io::stdin().lock().lines() {
        line?;
        let stats = idle(&sim)?;
        sim.reset();
        crate::say(&counts(&stats))?;
    }
    Ok(())
}

/// What it has counted, once every connection has ended.
fn idle(sim: &Sim) -> Result<ServiceStats> {
    let begin = Instant::now();
    loop {
        let stats = sim.stats().remove(&Service::ApnsGateway);
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
    let mut rejected = stats.rejected.clone();
    let proofs = rejected.remove(PROOF).unwrap_or_default();
    Counts {
        notifications: stats.accepted,
        payload_bytes: stats.bytes,
        connections: stats.connections,
        proofs,
        trouble: (!rejected.is_empty()).then(|| format!("it refused some: {rejected:?}")),
    }
}
