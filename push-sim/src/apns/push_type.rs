//! Push types and their rules.

use super::Reason;

/// A push type of `apns-push-type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PushType {
    Alert,
    Background,
    Location,
    Voip,
    Complication,
    FileProvider,
    Mdm,
    LiveActivity,
    PushToTalk,
    Widgets,
    Controls,
}

const NORMAL_BYTES: u64 = 4096;
const VOIP_BYTES: u64 = 5120;

/// What ends a topic that is not for plain notifications.
const SUFFIXES: [&str; 8] = [
    ".location-query",
    ".voip",
    ".complication",
    ".pushkit.fileprovider",
    ".push-type.liveactivity",
    ".voip-ptt",
    ".push-type.widgets",
    ".push-type.controls",
];

impl PushType {
    pub(super) fn parse(name: &[u8]) -> Option<Self> {
        Some(match name {
            b"alert" => Self::Alert,
            b"background" => Self::Background,
            b"location" => Self::Location,
            b"voip" => Self::Voip,
            b"complication" => Self::Complication,
            b"fileprovider" => Self::FileProvider,
            b"mdm" => Self::Mdm,
            b"liveactivity" => Self::LiveActivity,
            b"pushtotalk" => Self::PushToTalk,
            b"widgets" => Self::Widgets,
            b"controls" => Self::Controls,
            _ => return None,
        })
    }

    fn suffix(self) -> Option<&'static str> {
        Some(match self {
            Self::Location => ".location-query",
            Self::Voip => ".voip",
            Self::Complication => ".complication",
            Self::FileProvider => ".pushkit.fileprovider",
            Self::LiveActivity => ".push-type.liveactivity",
            Self::PushToTalk => ".voip-ptt",
            Self::Widgets => ".push-type.widgets",
            Self::Controls => ".push-type.controls",
            Self::Alert | Self::Background | Self::Mdm => return None,
        })
    }

    pub(super) fn check_topic(self, topic: &str) -> Result<(), Reason> {
        let fits = match self.suffix() {
            Some(suffix) => topic.strip_suffix(suffix).is_some_and(|id| !id.is_empty()),
            None if self == Self::Mdm => true,
            None => !has_suffix(topic),
        };
        if fits { Ok(()) } else { Err(Reason::BadTopic) }
    }

    pub(super) fn check_priority(self, priority: u8) -> Result<(), Reason> {
        let fits = match self {
            Self::Background => priority != 10,
            Self::LiveActivity => priority != 1,
            Self::PushToTalk => priority == 10,
            _ => true,
        };
        if fits {
            Ok(())
        } else {
            Err(Reason::BadPriority)
        }
    }

    pub(super) fn check_expiration(self, seconds: u64) -> Result<(), Reason> {
        if self == Self::PushToTalk && seconds != 0 {
            return Err(Reason::BadExpirationDate);
        }
        Ok(())
    }
}

/// The topic is not for plain notifications.
pub(super) fn has_suffix(topic: &str) -> bool {
    SUFFIXES.iter().any(|suffix| topic.ends_with(suffix))
}

/// The limit of a payload in bytes. Clients of before iOS 13 name no push type;
/// their VoIP pushes are known by the topic.
pub(super) fn payload_limit(push_type: Option<PushType>, topic: &str) -> u64 {
    match push_type {
        Some(PushType::Voip) => VOIP_BYTES,
        None if topic.ends_with(".voip") => VOIP_BYTES,
        _ => NORMAL_BYTES,
    }
}
