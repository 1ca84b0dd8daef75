//! Contestants in other languages, each by a script of its own in `python/` and `node/`; and how a
//! program is held to one core.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use harness::Child;

use super::Contestant;
use crate::load::Load;

/// A contestant's script.
#[derive(Debug, Clone, Copy)]
pub(super) struct Script {
    /// What names its interpreter, which has the contestant: `./run` says so.
    variable: &'static str,
    path: &'static str,
}

impl Script {
    pub(super) fn of(who: Contestant) -> Option<Self> {
        let (variable, path) = match who {
            Contestant::Pywebpush => ("BENCH_WEB_PYTHON", "python/with_pywebpush.py"),
            Contestant::NpmWebPush => ("BENCH_WEB_NODE", "node/with_web_push.mjs"),
            _ => return None,
        };
        Some(Self { variable, path })
    }

    pub(super) fn interpreter(self) -> Option<PathBuf> {
        std::env::var_os(self.variable)
            .map(PathBuf::from)
            .filter(|path| path.is_file())
    }

    pub(super) fn start(self, load: &Load) -> Result<Child> {
        let program = self
            .interpreter()
            .context("there is no interpreter with it")?;
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(self.path);
        let script = script.to_string_lossy().into_owned();
        pinned(&program, std::iter::once(script).chain(load.arguments()))
    }
}

/// Starts a program on the last of the cores that this process may use, by `taskset`; on any where
/// that is not installed.
pub(super) fn pinned(program: &Path, arguments: impl Iterator<Item = String>) -> Result<Child> {
    let taskset = Path::new("/usr/bin/taskset");
    match last_core().filter(|_| taskset.is_file()) {
        Some(core) => {
            let program = program.to_string_lossy().into_owned();
            let before = ["--cpu-list".to_owned(), core, program];
            Child::start_other(taskset, before.into_iter().chain(arguments), [])
        }
        None => Child::start_other(program, arguments, []),
    }
}

/// Of a list such as `0-3,8`.
fn last_core() -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let cores = status
        .lines()
        .find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?;
    let last = cores.trim().rsplit([',', '-']).next()?;
    Some(last.to_owned())
}
