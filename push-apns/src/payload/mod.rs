//! What a notification says: the JSON dictionary of the request's body.
//!
//! Source of the keys: Apple, "Generating a remote notification" and "Starting and updating Live
//! Activities with ActivityKit push notifications". Every type here reads what it writes, and keeps
//! keys that it does not know. They need a self-describing format, such as JSON.

mod alert;
mod aps;
mod flag;
mod live_activity;
mod raw;
mod sound;

use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};

pub use self::alert::{Alert, AlertFields, Text};
pub use self::aps::{Aps, InterruptionLevel};
pub use self::live_activity::{Event, LiveActivity, Timestamp};
pub(crate) use self::raw::check_object;
pub use self::sound::{CriticalSound, Sound};

/// The payload of a notification: Apple's keys under `aps`, the app's own beside it.
///
/// Written as compact JSON. `{"aps":{}}` is a payload.
///
/// ```
/// # use push_apns::{Alert, Payload};
/// let mut payload = Payload::default();
/// payload.aps.alert = Some(Alert::from("Hello"));
/// payload.aps.badge = Some(0);
/// assert_eq!(serde_json::to_string(&payload)?, r#"{"aps":{"alert":"Hello","badge":0}}"#);
/// # Ok::<_, serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Payload {
    /// What the system reads.
    #[serde(default)]
    pub aps: Aps,
    /// The push magic of a managed device, which stands beside `aps`; an empty `aps` is then left
    /// out.
    ///
    /// Source: Apple, "Implementing device management".
    #[serde(default)]
    pub mdm: Option<String>,
    /// What the app reads: any keys but `aps` and `mdm`.
    #[serde(flatten)]
    pub custom: Map<String, Value>,
}

impl Payload {
    /// The keys that can't be custom ones.
    pub(crate) const KEYS: [&'static str; 2] = ["aps", "mdm"];
}

impl Serialize for Payload {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if self.mdm.is_none() || self.aps != Aps::default() {
            map.serialize_entry("aps", &self.aps)?;
        }
        if let Some(mdm) = &self.mdm {
            map.serialize_entry("mdm", mdm)?;
        }
        for (key, value) in &self.custom {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}
