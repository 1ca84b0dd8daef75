use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use harness::Child;
use serde::{Deserialize, Serialize};

/// Where the simulator is.
#[derive(Debug, Clone, Serialize, Deserialize, Args)]
pub(crate) struct Place {
    /// The port on loopback.
    #[arg(long)]
    pub(crate) port: u16,
    /// The folder with `ca.pem` and `vapid.pem`.
    #[arg(long)]
    pub(crate) dir: PathBuf,
}

impl Place {
    /// The root of the simulator's certificate.
    pub(crate) fn ca_pem(&self) -> Result<Vec<u8>> {
        self.read("ca.pem")
    }

    /// The key of whom sends.
    pub(crate) fn vapid_pem(&self) -> Result<Vec<u8>> {
        self.read("vapid.pem")
    }

    /// The push service at this name of it.
    pub(crate) fn origin(&self, host: &str) -> String {
        format!("https://{host}:{}", self.port)
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
}

/// What has come.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counts {
    /// Messages that were taken.
    pub(crate) accepted: u64,
    /// The length of their bodies.
    pub(crate) body_bytes: u64,
    /// Connections.
    pub(crate) connections: u64,
    /// VAPID tokens, each counted once.
    pub(crate) tokens: u64,
    /// What was wrong, if anything was.
    pub(crate) trouble: Option<String>,
}

/// The simulator, in a process of its own.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    pub(crate) place: Place,
}

impl Server {
    pub(crate) fn start() -> Result<Self> {
        let mut child = Child::start(["simulator".to_owned()], [])?;
        let place = child.hear()?;
        Ok(Self { child, place })
    }

    /// What has come since it was asked last, which has to be just as much as was to be sent.
    pub(crate) fn check(&mut self, messages: u64) -> Result<Counts> {
        self.child.tell("counts")?;
        let counts: Counts = self.child.hear()?;
        if let Some(trouble) = &counts.trouble {
            bail!("the simulator complains: {trouble}");
        }
        ensure!(
            counts.accepted == messages,
            "{messages} messages were to be sent, but the simulator counts {counts:?}",
        );
        Ok(counts)
    }
}
