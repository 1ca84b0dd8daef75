//! The peers in Python, each in its own way of use, by a script of its own in `python/`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use harness::Child;

use crate::load::Load;
use crate::server::Place;

/// An interpreter that has the peers, which `./run` makes and names in `BENCH_PYTHON`.
pub(crate) fn interpreter() -> Option<PathBuf> {
    std::env::var_os("BENCH_PYTHON")
        .map(PathBuf::from)
        .filter(|path| path.is_file())
}

/// Starts a script.
pub(crate) fn start(script: &str, place: &Place, load: &Load) -> Result<Child> {
    let python = interpreter().context("there is no Python with the peers")?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("python")
        .join(script);
    let arguments = std::iter::once(script.to_string_lossy().into_owned())
        .chain(place.arguments())
        .chain(load.arguments());
    Child::start_other(&python, arguments, [])
}
