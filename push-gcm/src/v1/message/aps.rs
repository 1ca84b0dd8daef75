use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::config::{config, plain};

config! {
    /// The `aps` of the payload for Apple's devices. What it can hold beyond this, those of Live
    /// Activities among it, goes into `extra`.
    pub struct Aps {
        /// What is shown: a text, or more.
        alert: one<ApsAlert>,
        /// The number on the app's icon; 0 takes it away.
        badge: number,
        /// The sound: a file of the app, `default`, or a critical one.
        sound: one<ApsSound>,
        /// Wakes the app in the background.
        content_available as "content-available": one<Flag>,
        /// Lets the app's notification service extension change the notification.
        mutable_content as "mutable-content": one<Flag>,
        /// The category that the app registered, with its actions.
        category: text,
        /// Notifications of one thread are shown together.
        thread_id as "thread-id": text,
        /// How much it may interrupt: `passive`, `active`, `time-sensitive` or `critical`.
        interruption_level as "interruption-level": text,
        /// From 0 to 1: which notification stands out in a summary.
        relevance_score as "relevance-score": real,
    }
}

impl Aps {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }
}

/// What is shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged, expecting = "an alert must be a text or an object")]
#[non_exhaustive]
pub enum ApsAlert {
    /// A text by itself.
    Text(String),
    /// A text with a title and more.
    Fields(Box<ApsAlertFields>),
}

impl From<&str> for ApsAlert {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for ApsAlert {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<ApsAlertFields> for ApsAlert {
    fn from(fields: ApsAlertFields) -> Self {
        Self::Fields(Box::new(fields))
    }
}

config! {
    /// A text with a title and more.
    pub struct ApsAlertFields {
        /// The title.
        title: text,
        /// The line below the title.
        subtitle: text,
        /// The text.
        body: text,
        /// The key of a localised text among the app's strings.
        loc_key as "loc-key": text,
        /// What replaces the placeholders of the localised text.
        loc_args as "loc-args": texts,
        /// The key of a localised title among the app's strings.
        title_loc_key as "title-loc-key": text,
        /// What replaces the placeholders of the localised title.
        title_loc_args as "title-loc-args": texts,
        /// The key of a localised subtitle among the app's strings.
        subtitle_loc_key as "subtitle-loc-key": text,
        /// What replaces the placeholders of the localised subtitle.
        subtitle_loc_args as "subtitle-loc-args": texts,
        /// The key of a localised label of the action button (older systems).
        action_loc_key as "action-loc-key": text,
        /// The launch image that the app shows when it is opened by the alert.
        launch_image as "launch-image": text,
    }
}

impl ApsAlertFields {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }
}

/// The sound.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged, expecting = "a sound must be a text or an object")]
#[non_exhaustive]
pub enum ApsSound {
    /// A file of the app, or `default`.
    Name(String),
    /// A sound with a volume, which a critical alert plays although the device is muted.
    Critical(ApsCriticalSound),
}

impl From<&str> for ApsSound {
    fn from(name: &str) -> Self {
        Self::Name(name.to_owned())
    }
}

impl From<String> for ApsSound {
    fn from(name: String) -> Self {
        Self::Name(name)
    }
}

impl From<ApsCriticalSound> for ApsSound {
    fn from(sound: ApsCriticalSound) -> Self {
        Self::Critical(sound)
    }
}

config! {
    /// The sound of a critical alert, for which the app needs an entitlement from Apple.
    pub struct ApsCriticalSound {
        /// Plays although the device is muted.
        critical: one<Flag>,
        /// A file of the app, or `default`.
        name: text,
        /// From 0 to 1.
        volume: real,
    }
}

impl ApsCriticalSound {
    /// A critical sound.
    pub fn new(name: impl Into<String>, volume: f64) -> Self {
        Self::default().critical(true).name(name).volume(volume)
    }
}

/// A flag that Apple writes as 1; read as 1, 0, `true` or `false`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Flag(pub bool);

impl From<bool> for Flag {
    fn from(on: bool) -> Self {
        Self(on)
    }
}

impl Serialize for Flag {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(self.0.into())
    }
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "a flag must be 1, 0, true or false")]
        enum Read {
            Bool(bool),
            Number(u64),
        }

        Ok(Self(match Read::deserialize(deserializer)? {
            Read::Bool(on) => on,
            Read::Number(number) => number != 0,
        }))
    }
}

plain!(
    Aps,
    ApsAlert,
    ApsAlertFields,
    ApsSound,
    ApsCriticalSound,
    Flag
);
