//! The JSON of a message of Google's services, which says whom it is for elsewhere.

use anyhow::{Result, bail, ensure};
use serde_json::{Map, Value};

use crate::args::{Devices, Source};
use crate::files::{ensure_apart, read_json};

/// Reads the object. `devices` can be on standard input, too.
pub(super) fn object(source: &Source, devices: &Devices) -> Result<Map<String, Value>> {
    ensure_apart(source, devices)?;
    match read_json(source, "the payload")? {
        Value::Object(object) => Ok(object),
        _ => bail!("the payload is no JSON object: give the message, as {{\"data\":{{…}}}}"),
    }
}

/// None of these stands in it.
pub(super) fn ensure_untargeted(message: &Map<String, Value>, targets: &[&str]) -> Result<()> {
    let found = targets.iter().find(|name| message.contains_key(**name));
    if let Some(name) = found {
        bail!(
            "the payload says whom it is for ({name:?}): take that out, and give --token, --tokens, \
             --topic or --condition"
        );
    }
    Ok(())
}

/// A key that is given twice would lose one of its values.
pub(super) fn ensure_once(option: &str, pairs: &[(String, String)]) -> Result<()> {
    for (at, (key, _)) in pairs.iter().enumerate() {
        ensure!(
            !pairs[..at].iter().any(|(before, _)| before == key),
            "{option} {key}=… is given twice: leave one out"
        );
    }
    Ok(())
}
