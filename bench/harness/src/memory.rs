use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

/// What a process holds of the machine's memory, in KiB. Linux only.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Memory {
    /// Resident now.
    pub resident_kib: u64,
    /// The most that was ever resident.
    pub peak_kib: u64,
}

impl Memory {
    /// This process's, as `/proc/self/status` tells.
    ///
    /// # Errors
    /// There is no such file, or it is of another form.
    pub fn now() -> Result<Self> {
        let status = std::fs::read_to_string("/proc/self/status")
            .context("memory is measured on Linux only")?;
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let amount = line.and_then(|line| line.trim().strip_suffix(" kB"));
            amount
                .and_then(|text| text.trim().parse().ok())
                .with_context(|| format!("/proc/self/status has no {name}"))
        };
        Ok(Self {
            resident_kib: field("VmRSS:")?,
            peak_kib: field("VmHWM:")?,
        })
    }
}
