//! What a push says, read from a file or from standard input.

use std::fs;
use std::io::{self, Read};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::args::Source;

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
