use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How soon the device gets the notification: the header `apns-priority`.
///
/// Left out, the service takes 10. Source: Apple, "Sending notification requests to APNs".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
pub enum Priority {
    /// 10: at once.
    Immediate,
    /// 5: with regard to the device's battery; may be delayed and grouped.
    Conserve,
    /// 1: the device's battery comes before all else, and the device is not woken.
    Lowest,
}

impl Priority {
    /// The header's value: 10, 5 or 1.
    pub const fn as_u8(self) -> u8 {
        match self {
            Self::Immediate => 10,
            Self::Conserve => 5,
            Self::Lowest => 1,
        }
    }

    /// The header's value as text: `10`, `5` or `1`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Immediate => "10",
            Self::Conserve => "5",
            Self::Lowest => "1",
        }
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<Priority> for u8 {
    fn from(priority: Priority) -> Self {
        priority.as_u8()
    }
}

impl TryFrom<u8> for Priority {
    type Error = InvalidPriority;

    fn try_from(number: u8) -> Result<Self, InvalidPriority> {
        match number {
            10 => Ok(Self::Immediate),
            5 => Ok(Self::Conserve),
            1 => Ok(Self::Lowest),
            _ => Err(InvalidPriority {
                given: number.to_string(),
            }),
        }
    }
}

impl FromStr for Priority {
    type Err = InvalidPriority;

    fn from_str(text: &str) -> Result<Self, InvalidPriority> {
        match text {
            "10" => Ok(Self::Immediate),
            "5" => Ok(Self::Conserve),
            "1" => Ok(Self::Lowest),
            _ => Err(InvalidPriority {
                given: text.chars().take(32).collect(),
            }),
        }
    }
}

/// The number is not a priority of APNs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no priority {given:?}: give 10 (at once), 5 (sparing the battery) or 1 (lowest)")]
pub struct InvalidPriority {
    given: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_priority_is_read_from_its_number_and_its_text() {
        for priority in [Priority::Immediate, Priority::Conserve, Priority::Lowest] {
            assert_eq!(Priority::try_from(priority.as_u8()), Ok(priority));
            assert_eq!(priority.to_string().parse(), Ok(priority));
            let json = serde_json::to_string(&priority).unwrap();
            assert_eq!(json, priority.as_str());
            assert_eq!(serde_json::from_str::<Priority>(&json).unwrap(), priority);
        }
    }

    #[test]
    fn another_number_is_refused_with_the_numbers_that_there_are() {
        let message = Priority::try_from(7).unwrap_err().to_string();
        for expected in ["\"7\"", "10", "5", "1"] {
            assert!(message.contains(expected), "{message}");
        }
        assert!("05".parse::<Priority>().is_err());
    }
}
