use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::flag;

/// The sound that goes with an alert.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged, expecting = "a sound must be a name or an object")]
#[non_exhaustive]
pub enum Sound {
    /// A sound file of the app; `default` is the system's sound.
    Name(String),
    /// A sound with a volume, which a critical alert plays although the device is muted.
    Critical(CriticalSound),
}

impl From<&str> for Sound {
    fn from(name: &str) -> Self {
        Self::Name(name.to_owned())
    }
}

impl From<String> for Sound {
    fn from(name: String) -> Self {
        Self::Name(name)
    }
}

impl From<CriticalSound> for Sound {
    fn from(sound: CriticalSound) -> Self {
        Self::Critical(sound)
    }
}

/// The sound of a critical alert, for which the app needs an entitlement from Apple.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CriticalSound {
    /// Plays although the device is muted; written as 1, or left out. [`CriticalSound::new`] turns
    /// it on.
    #[serde(default, with = "flag", skip_serializing_if = "flag::is_off")]
    pub critical: bool,
    /// A sound file of the app; `default` is the system's sound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// From 0 (silent) to 1 (full volume). `None` leaves it to the system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub volume: Option<f64>,
    /// Keys that have no field here.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl CriticalSound {
    /// The keys that have fields, and so can't be extra ones.
    pub(crate) const KEYS: [&'static str; 3] = ["critical", "name", "volume"];

    /// A critical sound of this name and volume (0 to 1).
    pub fn new(name: impl Into<String>, volume: f64) -> Self {
        Self {
            critical: true,
            name: Some(name.into()),
            volume: Some(volume),
            extra: Map::new(),
        }
    }
}
