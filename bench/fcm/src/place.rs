use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use harness::Child;
use serde::{Deserialize, Serialize};

use crate::load::Load;

/// The project of the service account that lies in the folder.
pub(crate) const PROJECT: &str = "anypush-sim";

/// Where a server is.
#[derive(Debug, Clone, Serialize, Deserialize, Args)]
pub(crate) struct Place {
    /// The port on localhost.
    #[arg(long)]
    pub(crate) port: u16,
    /// The folder with `ca.pem` and `service-account.json`.
    #[arg(long)]
    pub(crate) dir: PathBuf,
}

impl Place {
    /// The root of the server's certificate.
    pub(crate) fn ca_pem(&self) -> Result<Vec<u8>> {
        self.read("ca.pem")
    }

    pub(crate) fn authority(&self) -> String {
        format!("localhost:{}", self.port)
    }

    /// The path of the service account.
    pub(crate) fn service_account(&self) -> String {
        let path = self.dir.join("service-account.json");
        path.to_string_lossy().into_owned()
    }

    pub(crate) fn read(&self, name: &str) -> Result<Vec<u8>> {
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
        [
            ("BENCH_FCM_AUTHORITY", self.authority()),
            ("SSL_CERT_FILE", ca),
            (backends::ONE_THREAD.0, backends::ONE_THREAD.1.to_owned()),
        ]
    }
}

/// What has come.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counts {
    /// Messages, refused ones too.
    pub(crate) messages: u64,
    /// Those that were refused.
    pub(crate) refused: u64,
    /// The length of the messages' bodies; the simulator counts those that it takes.
    pub(crate) body_bytes: u64,
    /// Connections.
    pub(crate) connections: u64,
    /// What was wrong, if anything was.
    pub(crate) trouble: Option<String>,
}

/// The server, in a process of its own.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    pub(crate) place: Place,
}

impl Server {
    /// With the simulator instead of the server.
    pub(crate) fn start(simulator: bool, load: &Load) -> Result<Self> {
        let role = if simulator { "simulator" } else { "server" };
        let refuse = load.refuse.map(|every| format!("--refuse={every}"));
        let mut child = Child::start(std::iter::once(role.to_owned()).chain(refuse), [])?;
        let place = child.hear()?;
        Ok(Self { child, place })
    }

    /// What has come since it was asked last, which has to be just as much as was to be sent.
    pub(crate) fn check(&mut self, load: &Load) -> Result<Counts> {
        self.child.tell("counts")?;
        let counts: Counts = self.child.hear()?;
        if let Some(trouble) = &counts.trouble {
            bail!("the server complains: {trouble}");
        }
        ensure!(
            (counts.messages, counts.refused) == (load.sent(), load.refused()),
            "{} messages were to be sent and {} refused, but the server counts {counts:?}",
            load.sent(),
            load.refused(),
        );
        Ok(counts)
    }
}
