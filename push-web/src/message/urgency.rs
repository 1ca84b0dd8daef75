use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How urgent a message is: it may wait while the device saves power (RFC 8030, section 5.3).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Urgency {
    /// Until the device is on power and Wi-Fi: advertisements.
    VeryLow,
    /// Until it is on power or Wi-Fi: updates of topics.
    Low,
    /// Until its battery is no longer low: messages of a chat, reminders. The default.
    #[default]
    Normal,
    /// It does not wait: incoming calls, alerts.
    High,
}

impl Urgency {
    /// All of them, the least urgent one first.
    pub const ALL: &'static [Self] = &[Self::VeryLow, Self::Low, Self::Normal, Self::High];

    /// As the header has it: `very-low`, `low`, `normal`, `high`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::VeryLow => "very-low",
            Self::Low => "low",
            Self::Normal => "normal",
            Self::High => "high",
        }
    }
}

impl fmt::Display for Urgency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The text is no urgency.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the urgency is {given:?}: give very-low, low, normal or high")]
pub struct InvalidUrgency {
    given: String,
}

impl FromStr for Urgency {
    type Err = InvalidUrgency;

    fn from_str(text: &str) -> Result<Self, InvalidUrgency> {
        let found = Self::ALL.iter().find(|urgency| urgency.as_str() == text);
        found.copied().ok_or_else(|| InvalidUrgency {
            given: super::problem::shortened(text),
        })
    }
}
