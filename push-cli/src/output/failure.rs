//! Why something was not done, in the terms of a push that was not taken.

use serde::Serialize;

use super::Entry;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Failure {
    pub(crate) verdict: &'static str,
    pub(crate) status: Option<u16>,
    pub(crate) reason: String,
    pub(crate) id: Option<String>,
    pub(crate) attempts: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) detail: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) retry_after_s: Option<u64>,
}

impl Failure {
    pub(crate) fn of(entry: &Entry<'_>) -> Self {
        Self {
            verdict: entry.verdict.name(),
            status: entry.status,
            reason: entry.reason.as_deref().unwrap_or_default().to_owned(),
            id: entry.id.clone(),
            attempts: entry.attempts,
            detail: entry.detail.as_deref().map(str::to_owned),
            retry_after_s: entry.retry_after_secs(),
        }
    }

    /// In a few words.
    pub(crate) fn summary(&self) -> String {
        match self.status {
            Some(status) => format!("{status} {}", self.reason),
            None => self.reason.clone(),
        }
    }
}
