use serde::{Deserialize, Serialize};

use super::config::{config, plain};
use super::light::LightSettings;
use super::words::words;

/// Both notifications of Android, from the list of what they have in common.
macro_rules! android_notification {
    ($(#[$meta:meta])* $name:ident { $($own:tt)* }) => {
        config! {
            $(#[$meta])*
            pub struct $name {
                /// The title, in place of the message's.
                title: text,
                /// The text, in place of the message's.
                body: text,
                /// The icon: a drawable of the app. Defaults to the app's icon.
                icon: text,
                /// The icon's colour, as `#rrggbb`.
                color: text,
                /// The sound: `default`, or a file in the app's `res/raw`.
                sound: text,
                /// Takes the place of a notification with the same tag that is still shown.
                tag: text,
                /// The action of the intent that a tap sends.
                click_action ("clickAction"): text,
                /// The key of a localised text among the app's strings.
                body_loc_key ("bodyLocKey"): text,
                /// What replaces the placeholders of the localised text.
                body_loc_args ("bodyLocArgs"): texts,
                /// The key of a localised title among the app's strings.
                title_loc_key ("titleLocKey"): text,
                /// What replaces the placeholders of the localised title.
                title_loc_args ("titleLocArgs"): texts,
                /// The app's notification channel (Android 8 and later).
                channel_id ("channelId"): text,
                /// The text that accessibility services read.
                ticker: text,
                /// Whether it stays when it is tapped. Defaults to no.
                sticky: flag,
                /// When what it tells of happened; notifications are sorted by it.
                event_time ("eventTime"): time,
                /// Whether it stays on this device, off the user's watch for example.
                local_only ("localOnly"): flag,
                /// How much it stands out (Android 7.1 and earlier; later ones go by the channel).
                notification_priority ("notificationPriority"): one<NotificationPriority>,
                /// Whether the system's sound is played.
                default_sound ("defaultSound"): flag,
                /// Whether the system's vibration is used; beats `vibrate_timings`.
                default_vibrate_timings ("defaultVibrateTimings"): flag,
                /// Whether the system's light is used; `light_settings` beat it.
                default_light_settings ("defaultLightSettings"): flag,
                /// The vibration: how long to wait, to vibrate, to wait, and so on.
                vibrate_timings ("vibrateTimings"): durations,
                /// What a locked screen shows of it.
                visibility: one<Visibility>,
                /// The number of things it stands for, which some launchers show; 0 leaves the
                /// count to the launcher.
                notification_count ("notificationCount"): number,
                /// The light's colour and rhythm.
                light_settings ("lightSettings"): one<LightSettings>,
                /// The address of an image of up to 1 MB, in place of the message's.
                image: text,
                $($own)*
            }
        }

        impl $name {
            /// Nothing yet: what is not set is the message's, or the app's default.
            pub fn new() -> Self {
                Self::default()
            }
        }

        impl super::check::AndroidLook for $name {
            fn look(&self) -> super::check::Look<'_> {
                super::check::Look {
                    color: self.color.as_deref(),
                    body: (self.body_loc_key.as_deref(), &self.body_loc_args),
                    title: (self.title_loc_key.as_deref(), &self.title_loc_args),
                    event_time: self.event_time,
                    vibrate_timings: &self.vibrate_timings,
                    notification_count: self.notification_count,
                    light_settings: self.light_settings.as_ref(),
                }
            }
        }
    };
}

android_notification! {
    /// What an Android device shows.
    AndroidNotification {
        /// Whether the system may show it in the app's place before the app does.
        proxy: one<NotificationProxy>,
    }
}

android_notification! {
    /// What an Android device shows, of a message by intent.
    AndroidNotificationV2 {
        /// Its number on the device, by which it can be replaced.
        id: one<NotificationId>,
    }
}

/// The number of a notification on the device.
///
/// The service's preview has it as a number; some of its libraries write a text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged, expecting = "a notification's id must be a number or a text")]
#[non_exhaustive]
pub enum NotificationId {
    /// A number.
    Number(i32),
    /// A text.
    Text(String),
}

impl From<i32> for NotificationId {
    fn from(number: i32) -> Self {
        Self::Number(number)
    }
}

impl From<&str> for NotificationId {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

words! {
    /// How much a notification stands out on Android 7.1 and earlier.
    pub enum NotificationPriority {
        /// Not said: the same as `Default`.
        Unspecified = "PRIORITY_UNSPECIFIED",
        /// Only in the list, below the others.
        Min = "PRIORITY_MIN",
        /// Less than the usual.
        Low = "PRIORITY_LOW",
        /// The usual.
        Default = "PRIORITY_DEFAULT",
        /// More than the usual.
        High = "PRIORITY_HIGH",
        /// Wants the user's attention at once.
        Max = "PRIORITY_MAX",
    }
}

words! {
    /// What a locked screen shows of a notification.
    pub enum Visibility {
        /// Not said: the same as `Private`.
        Unspecified = "VISIBILITY_UNSPECIFIED",
        /// That it is there, and not what it says.
        Private = "PRIVATE",
        /// All of it.
        Public = "PUBLIC",
        /// Nothing.
        Secret = "SECRET",
    }
}

words! {
    /// Whether the system may show a notification in the app's place.
    pub enum NotificationProxy {
        /// Not said: the same as `IfPriorityLowered`.
        Unspecified = "PROXY_UNSPECIFIED",
        /// It may.
        Allow = "ALLOW",
        /// It may not.
        Deny = "DENY",
        /// When the message came with less priority than it was sent with.
        IfPriorityLowered = "IF_PRIORITY_LOWERED",
    }
}

plain!(AndroidNotification, AndroidNotificationV2, NotificationId);
