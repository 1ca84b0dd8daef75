use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::priority::Priority;

/// What a notification is for: the header `apns-push-type`.
///
/// It decides the topic's suffix, the size limit and the priorities allowed. Required by watchOS 6
/// and recommended from iOS 13, so it is always sent. Source: Apple, "Sending notification requests
/// to APNs".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum PushType {
    /// Something the user sees or hears: an alert, a badge or a sound.
    Alert,
    /// Wakes the app and shows nothing; priority 5 only.
    Background,
    /// Asks for the device's location; token authentication only.
    Location,
    /// An incoming call; payloads up to 5,120 bytes.
    Voip,
    /// Updates a complication of a watchOS app.
    Complication,
    /// Tells a File Provider extension that files changed.
    FileProvider,
    /// Wakes a managed device to ask its device management server.
    Mdm,
    /// Starts, updates or ends a Live Activity.
    LiveActivity,
    /// Starts or stops a Push to Talk transmission; priority 10, expiration 0.
    PushToTalk,
    /// Reloads WidgetKit timelines.
    Widgets,
    /// Reloads controls.
    Controls,
}

impl PushType {
    /// Every push type, in the order of Apple's table.
    pub const ALL: [Self; 11] = [
        Self::Alert,
        Self::Background,
        Self::Location,
        Self::Voip,
        Self::Complication,
        Self::FileProvider,
        Self::Mdm,
        Self::LiveActivity,
        Self::PushToTalk,
        Self::Widgets,
        Self::Controls,
    ];

    /// The header's value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Alert => "alert",
            Self::Background => "background",
            Self::Location => "location",
            Self::Voip => "voip",
            Self::Complication => "complication",
            Self::FileProvider => "fileprovider",
            Self::Mdm => "mdm",
            Self::LiveActivity => "liveactivity",
            Self::PushToTalk => "pushtotalk",
            Self::Widgets => "widgets",
            Self::Controls => "controls",
        }
    }

    /// What follows the bundle ID in the topic; empty where the bundle ID is the topic.
    ///
    /// Empty for [`PushType::Mdm`] too, whose topic is the UID attribute of the certificate's
    /// subject.
    pub const fn topic_suffix(self) -> &'static str {
        match self {
            Self::Alert | Self::Background | Self::Mdm => "",
            Self::Location => ".location-query",
            Self::Voip => ".voip",
            Self::Complication => ".complication",
            Self::FileProvider => ".pushkit.fileprovider",
            Self::LiveActivity => ".push-type.liveactivity",
            Self::PushToTalk => ".voip-ptt",
            Self::Widgets => ".push-type.widgets",
            Self::Controls => ".push-type.controls",
        }
    }

    /// The largest payload that the service takes, in bytes: 4,096, and 5,120 for
    /// [`PushType::Voip`].
    pub const fn max_payload_bytes(self) -> usize {
        match self {
            Self::Voip => 5120,
            _ => 4096,
        }
    }

    /// The topic for an app: the bundle ID and the suffix, which is not doubled where it is there
    /// already.
    ///
    /// A bundle ID that ends like the suffix itself is to be given with it.
    pub fn topic(self, bundle_id: &str) -> String {
        let suffix = self.topic_suffix();
        let mut topic = String::with_capacity(bundle_id.len() + suffix.len());
        topic.push_str(bundle_id);
        if !bundle_id.ends_with(suffix) {
            topic.push_str(suffix);
        }
        topic
    }

    /// The priorities that the service takes for this push type.
    ///
    /// Apple's pages restrict background (5), Live Activities (5 or 10) and Push to Talk (10). They
    /// name 10 and 5 as the usual ones of alerts, and allow 1 without naming a push type, so that 1
    /// is allowed for the rest.
    pub const fn priorities(self) -> &'static [Priority] {
        match self {
            Self::Background => &[Priority::Conserve],
            Self::LiveActivity => &[Priority::Immediate, Priority::Conserve],
            Self::PushToTalk => &[Priority::Immediate],
            _ => &[Priority::Immediate, Priority::Conserve, Priority::Lowest],
        }
    }
}

impl fmt::Display for PushType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for PushType {
    type Err = InvalidPushType;

    fn from_str(text: &str) -> Result<Self, InvalidPushType> {
        Self::ALL
            .into_iter()
            .find(|push_type| push_type.as_str() == text)
            .ok_or_else(|| InvalidPushType {
                given: text.chars().take(32).collect(),
            })
    }
}

/// The text is not the name of a push type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no push type {given:?}: give one of alert, background, location, voip, complication, \
     fileprovider, mdm, liveactivity, pushtotalk, widgets, controls"
)]
pub struct InvalidPushType {
    given: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_push_type_is_read_from_its_name() {
        for push_type in PushType::ALL {
            assert_eq!(push_type.as_str().parse(), Ok(push_type));
            let json = serde_json::to_string(&push_type).unwrap();
            assert_eq!(json, format!("{:?}", push_type.as_str()));
            assert_eq!(serde_json::from_str::<PushType>(&json).unwrap(), push_type);
        }
    }

    #[test]
    fn an_unknown_name_is_answered_with_all_that_there_are() {
        let message = "silent".parse::<PushType>().unwrap_err().to_string();
        assert!(message.contains("\"silent\""), "{message}");
        for push_type in PushType::ALL {
            assert!(
                message.contains(push_type.as_str()),
                "{message} lacks {push_type}"
            );
        }
    }

    #[test]
    fn a_suffix_is_appended_once() {
        assert_eq!(PushType::Alert.topic("com.example.app"), "com.example.app");
        assert_eq!(
            PushType::Voip.topic("com.example.app"),
            "com.example.app.voip"
        );
        assert_eq!(
            PushType::Voip.topic("com.example.app.voip"),
            "com.example.app.voip"
        );
        assert_eq!(
            PushType::PushToTalk.topic("com.example.app"),
            "com.example.app.voip-ptt"
        );
        assert_eq!(
            PushType::LiveActivity.topic("com.example.app"),
            "com.example.app.push-type.liveactivity"
        );
    }

    #[test]
    fn only_voip_takes_more_than_4096_bytes() {
        for push_type in PushType::ALL {
            let limit = if push_type == PushType::Voip {
                5120
            } else {
                4096
            };
            assert_eq!(push_type.max_payload_bytes(), limit);
        }
    }
}
