use std::io::BufRead;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::Args;
use harness::Child;
use push_sim::{Action, Fault, Service, ServiceStats, Sim};
use serde::{Deserialize, Serialize};

/// The identity that the simulator gives its provider key.
pub(crate) const KEY_ID: &str = "ABC123DEFG";
/// The team of that key.
pub(crate) const TEAM_ID: &str = "DEF123GHIJ";

/// Where a simulator is.
#[derive(Debug, Clone, Serialize, Deserialize, Args)]
pub(crate) struct Place {
    /// The port on localhost.
    #[arg(long)]
    pub(crate) port: u16,
    /// The folder with `ca.pem` and `AuthKey.p8`.
    #[arg(long)]
    pub(crate) dir: PathBuf,
}

impl Place {
    /// Of a simulator in this process.
    pub(crate) fn of(sim: &Sim) -> Result<Self> {
        let address = sim.apns_addr().context("the simulator has no address")?;
        Ok(Self {
            port: address.port(),
            dir: sim.dir().to_owned(),
        })
    }

    /// The root of the server's certificate.
    pub(crate) fn ca_pem(&self) -> Result<Vec<u8>> {
        self.read("ca.pem")
    }

    /// The key that provider tokens are signed with.
    pub(crate) fn provider_key(&self) -> Result<Vec<u8>> {
        self.read("AuthKey.p8")
    }

    fn read(&self, name: &str) -> Result<Vec<u8>> {
        let path = self.dir.join(name);
        std::fs::read(&path).with_context(|| format!("can't read {}", path.display()))
    }

    /// The arguments that say the same.
    pub(crate) fn arguments(&self) -> [String; 4] {
        let dir = self.dir.to_string_lossy().into_owned();
        ["--port".into(), self.port.to_string(), "--dir".into(), dir]
    }

    /// What the patched peers look for, and async-std.
    pub(crate) fn environment(&self) -> [(&'static str, String); 3] {
        let ca = self.dir.join("ca.pem").to_string_lossy().into_owned();
        let authority = format!("localhost:{}", self.port);
        [
            ("BENCH_APNS_AUTHORITY", authority),
            ("SSL_CERT_FILE", ca),
            (backends::ONE_THREAD.0, backends::ONE_THREAD.1.to_owned()),
        ]
    }
}

/// How a simulator behaves: as its defaults are, or otherwise.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Manner {
    /// How many streams a connection takes.
    #[arg(long)]
    pub(crate) streams: Option<u32>,
    /// It never answers.
    #[arg(long)]
    pub(crate) mute: bool,
}

impl Manner {
    /// The arguments that say the same.
    fn arguments(&self) -> impl Iterator<Item = String> {
        let streams = self.streams.map(|most| format!("--streams={most}"));
        let mute = self.mute.then(|| "--mute".to_owned());
        streams.into_iter().chain(mute)
    }
}

/// Is the simulator, until the input ends; tells its counters, and resets them, for each line.
pub(crate) fn run(manner: &Manner) -> Result<()> {
    let mut config = push_sim::apns::Config::default();
    if let Some(most) = manner.streams {
        config = config.max_streams(most);
    }
    let sim = Sim::builder().apns_any().apns_config(config).start()?;
    if manner.mute {
        sim.fault(Fault::new(Service::Apns, Action::DropAnswer))?;
    }
    crate::say(&Place::of(&sim)?)?;
    for line in std::io::stdin().lock().lines() {
        line?;
        let stats = sim.stats().remove(&Service::Apns);
        sim.reset();
        crate::say(&stats.unwrap_or_default())?;
    }
    Ok(())
}

/// The simulator, in a process of its own.
#[derive(Debug)]
pub(crate) struct Simulator {
    child: Child,
    pub(crate) place: Place,
}

impl Simulator {
    pub(crate) fn start(manner: Manner) -> Result<Self> {
        let role = std::iter::once("simulator".to_owned());
        let mut child = Child::start(role.chain(manner.arguments()), [])?;
        let place = child.hear()?;
        Ok(Self { child, place })
    }

    /// What it has counted since it was asked last.
    pub(crate) fn stats(&mut self) -> Result<ServiceStats> {
        self.child.tell("stats")?;
        self.child.hear()
    }

    /// Whether it has taken just so many pushes since it was asked last, and refused none.
    pub(crate) fn check(&mut self, sent: u64) -> Result<ServiceStats> {
        let stats = self.stats()?;
        ensure!(
            stats.accepted == sent && stats.rejected.is_empty(),
            "{sent} pushes were sent, but the simulator counts {stats:?}"
        );
        Ok(stats)
    }

    /// Runs this program as something else, for this simulator.
    pub(crate) fn with_child<T: serde::de::DeserializeOwned>(
        &self,
        role: &str,
        who: &str,
        load: &crate::load::Load,
    ) -> Result<T> {
        let arguments = [role.to_owned(), who.to_owned()]
            .into_iter()
            .chain(self.place.arguments())
            .chain(load.arguments());
        let mut child = Child::start(arguments, self.place.environment())?;
        let answer = child.hear()?;
        child.end()?;
        Ok(answer)
    }
}
