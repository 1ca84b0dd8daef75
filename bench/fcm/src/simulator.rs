//! The simulator as the server: it looks at all of a message, remembers what it takes, obeys faults,
//! and does all else that tests want of it.

use std::io::BufRead;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use push_sim::{Service, ServiceStats, Sim, fcm};
use yardstick::fcm::access_token;

use crate::place::{Counts, Place};
use crate::server::SILENCE;

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

/// One that takes the contestants' access token.
pub(crate) fn start() -> Result<Sim> {
    let config = fcm::Config::default().access_token(access_token());
    Ok(Sim::builder().fcm_any().fcm_config(config).start()?)
}

pub(crate) fn place(sim: &Sim) -> Result<Place> {
    let address = sim.fcm_addr().context("the simulator has no address")?;
    Ok(Place {
        port: address.port(),
        dir: sim.dir().to_owned(),
    })
}

/// What it has counted, once every connection has ended.
fn idle(sim: &Sim) -> Result<ServiceStats> {
    let begin = Instant::now();
    loop {
        let stats = sim.stats().remove(&Service::Fcm);
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
        messages: stats.accepted + refused,
        refused,
        body_bytes: stats.bytes,
        connections: stats.connections,
        trouble: (refused > 0).then(|| format!("it refused some: {:?}", stats.rejected)),
    }
}
