//! What is read whole before anything is sent: what a push says, and secrets.

use std::env;
use std::fs;
use std::io::{self, Read};

use anyhow::{Context, Result, anyhow, ensure};
use serde_json::Value;

use crate::args::{Devices, Source};

/// Far more than any push type allows, and little enough to be read whole.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// Reads it whole. `what` names it where that fails.
pub(crate) fn read(source: &Source, what: &str) -> Result<Vec<u8>> {
    let mut content = Vec::new();
    match source {
        Source::Stdin => io::stdin().take(MAX_FILE_BYTES).read_to_end(&mut content),
        Source::File(path) => fs::File::open(path)
            .with_context(|| format!("can't read {}", path.display()))?
            .take(MAX_FILE_BYTES)
            .read_to_end(&mut content),
    }
    .with_context(|| format!("can't read {what}"))?;
    Ok(content)
}

/// Reads a JSON value.
pub(crate) fn read_json(source: &Source, what: &str) -> Result<Value> {
    let content = read(source, what)?;
    serde_json::from_slice(&content).with_context(|| format!("{what} is not JSON"))
}

/// Both can be on standard input, but not at a time.
pub(crate) fn ensure_apart(payload: &Source, devices: &Devices) -> Result<()> {
    ensure!(
        *payload != Source::Stdin || devices.tokens != Some(Source::Stdin),
        "standard input can't give both devices and payload: name a file for one of them"
    );
    Ok(())
}

/// A secret from the environment: arguments are for everybody to see. `option` names the variable,
/// and `what` says what is to be in it.
pub(crate) fn secret_of(option: &str, variable: &str, what: &str) -> Result<String> {
    env::var(variable).map_err(|error| match error {
        env::VarError::NotPresent => {
            anyhow!("{option} {variable}: no such variable: set it to {what}")
        }
        env::VarError::NotUnicode(_) => anyhow!("{option} {variable}: it is not UTF-8"),
    })
}
