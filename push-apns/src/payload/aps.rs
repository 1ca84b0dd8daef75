use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::alert::Alert;
use super::flag;
use super::live_activity::LiveActivity;
use super::sound::Sound;

/// The keys that the system reads. `None` leaves a key out; 0 and an empty text stay.
///
/// Source: Apple, "Generating a remote notification".
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Aps {
    /// What the user reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert: Option<Alert>,
    /// The number on the app's icon; 0 takes it away, `None` leaves it as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub badge: Option<u32>,
    /// The sound; not for Live Activities, whose sound stands in the alert.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sound: Option<Sound>,
    /// Notifications of one thread are shown together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<String>,
    /// The category that the app registered, with its actions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Wakes the app in the background; written as 1, or left out.
    #[serde(default, with = "flag", skip_serializing_if = "flag::is_off")]
    pub content_available: bool,
    /// Lets the app's notification service extension change the notification; written as 1, or left
    /// out.
    #[serde(default, with = "flag", skip_serializing_if = "flag::is_off")]
    pub mutable_content: bool,
    /// The window that is brought forward.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_content_id: Option<String>,
    /// How much the notification may interrupt. `None` leaves it to the system, which takes
    /// `active`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interruption_level: Option<InterruptionLevel>,
    /// From 0 to 1: which notification stands out in a summary. Any number for a Live Activity, of
    /// which the one with the highest is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relevance_score: Option<f64>,
    /// What the system compares with the current Focus.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter_criteria: Option<String>,
    /// Widgets or controls are to be reloaded; written as `true`, or left out.
    #[serde(
        default,
        deserialize_with = "flag::deserialize",
        skip_serializing_if = "flag::is_off"
    )]
    pub content_changed: bool,
    /// What replaces the placeholders in the URL of a website (Safari).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url_args: Option<Vec<String>>,
    /// The keys of Live Activities, which stand among the others.
    #[serde(flatten)]
    pub live_activity: LiveActivity,
    /// Keys that have no field here; the app's own ones belong beside `aps`.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Aps {
    /// The keys that have fields, and so can't be extra ones.
    pub(crate) const KEYS: [&'static str; 22] = [
        "alert",
        "badge",
        "sound",
        "thread-id",
        "category",
        "content-available",
        "mutable-content",
        "target-content-id",
        "interruption-level",
        "relevance-score",
        "filter-criteria",
        "content-changed",
        "url-args",
        "timestamp",
        "event",
        "content-state",
        "stale-date",
        "dismissal-date",
        "attributes-type",
        "attributes",
        "input-push-token",
        "input-push-channel",
    ];
}

/// How much a notification may interrupt the user.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InterruptionLevel {
    /// Goes into the list; no light, no sound.
    Passive,
    /// Shown at once; lights the screen, may play a sound.
    Active,
    /// As `Active`, and breaks through a Focus; needs a capability of the app.
    TimeSensitive,
    /// As `TimeSensitive`, and sounds although the device is muted; needs an entitlement from
    /// Apple.
    Critical,
    /// A level that has no name here.
    Other(Box<str>),
}

impl InterruptionLevel {
    /// The level as the payload has it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Passive => "passive",
            Self::Active => "active",
            Self::TimeSensitive => "time-sensitive",
            Self::Critical => "critical",
            Self::Other(level) => level,
        }
    }
}

impl From<&str> for InterruptionLevel {
    fn from(level: &str) -> Self {
        match level {
            "passive" => Self::Passive,
            "active" => Self::Active,
            "time-sensitive" => Self::TimeSensitive,
            "critical" => Self::Critical,
            _ => Self::Other(level.into()),
        }
    }
}

impl Serialize for InterruptionLevel {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for InterruptionLevel {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|level| Self::from(level.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_documented_key_has_a_field_and_none_is_lost() {
        let given = json!({
            "alert": "Hello", "badge": 0, "sound": "", "thread-id": "t", "category": "c",
            "content-available": 1, "mutable-content": 1, "target-content-id": "w",
            "interruption-level": "time-sensitive", "relevance-score": 0.5, "filter-criteria": "f",
            "content-changed": true, "url-args": [], "timestamp": 1, "event": "update",
            "content-state": null, "stale-date": 2, "dismissal-date": 3, "attributes-type": "A",
            "attributes": {}, "input-push-token": 1, "input-push-channel": "ch",
        });
        let aps: Aps = serde_json::from_value(given.clone()).unwrap();
        assert!(aps.extra.is_empty(), "{:?}", aps.extra);
        assert_eq!(serde_json::to_value(&aps).unwrap(), given);
        let mut keys = Aps::KEYS.to_vec();
        keys.sort_unstable();
        assert_eq!(given.as_object().unwrap().keys().collect::<Vec<_>>(), keys);
    }

    #[test]
    fn an_unknown_key_is_kept() {
        let given = json!({"alert": "Hello", "to-be-invented": {"a": [1]}});
        let aps: Aps = serde_json::from_value(given.clone()).unwrap();
        assert_eq!(aps.extra.len(), 1);
        assert_eq!(serde_json::to_value(&aps).unwrap(), given);
    }

    #[test]
    fn flags_are_read_as_numbers_and_as_truth_values_and_written_as_apple_does() {
        for (given, written) in [
            ("1", r#""content-available":1"#),
            ("true", r#""content-available":1"#),
            ("0", ""),
        ] {
            let aps: Aps =
                serde_json::from_str(&format!("{{\"content-available\":{given}}}")).unwrap();
            assert_eq!(
                serde_json::to_string(&aps).unwrap(),
                format!("{{{written}}}")
            );
        }
        assert!(serde_json::from_str::<Aps>(r#"{"content-available":"1"}"#).is_err());
    }
}
