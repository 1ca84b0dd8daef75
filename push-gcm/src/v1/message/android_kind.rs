//! The one member of two that says what a message by intent is, among the members around it.

use serde::de::{self, Deserialize, Deserializer};
use serde::ser::{SerializeMap, Serializer};

use super::android::{AndroidKind, BackgroundSync, RemoteNotification};

pub(super) fn serialize<S: Serializer>(
    kind: &Option<AndroidKind>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(None)?;
    match kind {
        Some(AndroidKind::RemoteNotification(notification)) => {
            map.serialize_entry("remote_notification", notification)?;
        }
        Some(AndroidKind::BackgroundSync(sync)) => map.serialize_entry("background_sync", sync)?,
        None => {}
    }
    map.end()
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<AndroidKind>, D::Error> {
    #[derive(serde::Deserialize)]
    struct Members {
        #[serde(default, alias = "remoteNotification")]
        remote_notification: Option<Box<RemoteNotification>>,
        #[serde(default, alias = "backgroundSync")]
        background_sync: Option<BackgroundSync>,
    }

    let members = Members::deserialize(deserializer)?;
    match (members.remote_notification, members.background_sync) {
        (Some(_), Some(_)) => Err(de::Error::custom(
            "give either remote_notification or background_sync, not both",
        )),
        (Some(notification), None) => Ok(Some(AndroidKind::RemoteNotification(notification))),
        (None, Some(sync)) => Ok(Some(AndroidKind::BackgroundSync(sync))),
        (None, None) => Ok(None),
    }
}
