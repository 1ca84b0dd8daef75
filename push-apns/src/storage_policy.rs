use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What a channel keeps for devices that can't be reached: its `message-storage-policy`.
///
/// It is chosen when the channel is created, and stays. Source: Apple, "Sending channel management
/// requests to APNs".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "u32", from = "u32")]
#[non_exhaustive]
pub enum StoragePolicy {
    /// 0: nothing. Such a channel takes only broadcasts with one attempt,
    /// [`Expiration::Once`](crate::Expiration::Once), and refuses every other.
    None,
    /// 1: the latest broadcast, until it expires.
    MostRecent,
    /// Another number, which the service gives a meaning that is not known here.
    Other(u32),
}

impl StoragePolicy {
    /// The number that the service has for it.
    pub const fn as_u32(self) -> u32 {
        match self {
            Self::None => 0,
            Self::MostRecent => 1,
            Self::Other(number) => number,
        }
    }
}

impl From<StoragePolicy> for u32 {
    fn from(policy: StoragePolicy) -> Self {
        policy.as_u32()
    }
}

impl From<u32> for StoragePolicy {
    fn from(number: u32) -> Self {
        match number {
            0 => Self::None,
            1 => Self::MostRecent,
            other => Self::Other(other),
        }
    }
}

impl fmt::Display for StoragePolicy {
    /// `none`, `most-recent`, or the number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::MostRecent => f.write_str("most-recent"),
            Self::Other(number) => number.fmt(f),
        }
    }
}

impl FromStr for StoragePolicy {
    type Err = InvalidStoragePolicy;

    /// Reads `none`, `most-recent`, or a number.
    fn from_str(text: &str) -> Result<Self, InvalidStoragePolicy> {
        match text {
            "none" => Ok(Self::None),
            "most-recent" => Ok(Self::MostRecent),
            _ => text
                .parse()
                .map(u32::into)
                .map_err(|_| InvalidStoragePolicy {
                    given: text.chars().take(32).collect(),
                }),
        }
    }
}

/// The text is not a storage policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no storage policy {given:?}: give none (0) or most-recent (1)")]
pub struct InvalidStoragePolicy {
    given: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_read_from_its_name_and_its_number() {
        for (policy, number) in [
            (StoragePolicy::None, "0"),
            (StoragePolicy::MostRecent, "1"),
            (StoragePolicy::Other(7), "7"),
        ] {
            assert_eq!(policy.to_string().parse(), Ok(policy));
            assert_eq!(number.parse(), Ok(policy));
            assert_eq!(serde_json::to_string(&policy).unwrap(), number);
            assert_eq!(
                serde_json::from_str::<StoragePolicy>(number).unwrap(),
                policy
            );
        }
        let message = "some".parse::<StoragePolicy>().unwrap_err().to_string();
        assert!(
            message.contains("\"some\"") && message.contains("none"),
            "{message}"
        );
    }
}
