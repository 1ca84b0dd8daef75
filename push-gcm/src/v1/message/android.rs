use super::android_notification::{AndroidNotification, AndroidNotificationV2};
use super::config::{config, plain};
use super::notification::FcmOptions;
use super::words::words;

config! {
    /// What goes to Android devices only.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use push_gcm::v1::{AndroidConfig, AndroidPriority};
    /// let android = AndroidConfig::new()
    ///     .priority(AndroidPriority::High)
    ///     .ttl(Duration::from_secs(3600))
    ///     .collapse_key("score");
    /// assert_eq!(
    ///     serde_json::to_string(&android)?,
    ///     r#"{"collapse_key":"score","priority":"HIGH","ttl":"3600s"}"#
    /// );
    /// # Ok::<_, serde_json::Error>(())
    /// ```
    pub struct AndroidConfig {
        /// Of messages with the same key only the last one is delivered; at most 4 keys wait for
        /// one device.
        collapse_key ("collapseKey"): text,
        /// How soon the device gets it. Defaults to normal, and to high with a notification.
        priority: one<AndroidPriority>,
        /// How long it is kept for a device that can't be reached: up to 4 weeks, which is the
        /// default, in whole seconds. Zero means now or never.
        ttl: duration,
        /// The name of the only package that gets it.
        restricted_package_name ("restrictedPackageName"): text,
        /// The data, in place of the message's.
        data: data,
        /// The notification, which overrides the message's member by member.
        notification: one<AndroidNotification>,
        /// What the service is to do beside sending.
        fcm_options ("fcmOptions"): one<FcmOptions>,
        /// Whether the app gets it before the device is unlocked for the first time.
        direct_boot_ok ("directBootOk"): flag,
        /// Whether it may go through a network with little bandwidth.
        bandwidth_constrained_ok ("bandwidthConstrainedOk"): flag,
        /// Whether it may go through a restricted satellite network.
        restricted_satellite_ok ("restrictedSatelliteOk"): flag,
    }
}

impl AndroidConfig {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// At once, and the device wakes: short for [`AndroidPriority::High`].
    pub fn high_priority(self) -> Self {
        self.priority(AndroidPriority::High)
    }

    /// The label in Google's analytics.
    pub fn analytics_label(mut self, label: impl Into<String>) -> Self {
        let options = self.fcm_options.take().unwrap_or_default();
        self.fcm_options(options.analytics_label(label))
    }
}

words! {
    /// How soon an Android device gets a message.
    pub enum AndroidPriority {
        /// It may wait until the device wakes.
        Normal = "NORMAL",
        /// At once, and the device wakes.
        High = "HIGH",
    }
}

config! {
    /// What goes to Android devices only, by intent; a preview of the service, in place of
    /// [`AndroidConfig`].
    ///
    /// Made by [`AndroidConfigV2::remote_notification`] or [`AndroidConfigV2::background_sync`]:
    /// one of them has to be there, and it decides the urgency.
    ///
    /// Source: Firebase, "Migrate from FCM HTTP v1 API to AndroidConfigV2".
    pub struct AndroidConfigV2 {
        flatten
        /// What the message is; has to be there.
        kind ("super::android_kind"): Option<AndroidKind>,
        /// Of messages with the same key only the last one is delivered. Defaults to the name of
        /// the app's package.
        collapse_key ("collapseKey"): text,
        /// How long it is kept for a device that can't be reached: up to 4 weeks, which is the
        /// default, in whole seconds. Zero means now or never.
        ttl: duration,
        /// The name of the only package that gets it.
        restricted_package_name ("restrictedPackageName"): text,
        /// The data, in place of the message's.
        data: data,
        /// What the service is to do beside sending.
        fcm_options ("fcmOptions"): one<FcmOptions>,
        /// Whether the app gets it before the device is unlocked for the first time.
        direct_boot_ok ("directBootOk"): flag,
        /// Whether it may go through a network with little bandwidth.
        bandwidth_constrained_ok ("bandwidthConstrainedOk"): flag,
        /// Whether it may go through a restricted satellite network.
        restricted_satellite_ok ("restrictedSatelliteOk"): flag,
    }
}

impl AndroidConfigV2 {
    /// Urgent, and shown to the user.
    pub fn remote_notification(notification: impl Into<RemoteNotification>) -> Self {
        Self {
            kind: Some(AndroidKind::RemoteNotification(Box::new(
                notification.into(),
            ))),
            ..Self::default()
        }
    }

    /// Wakes the app in the background; may be delayed, and gathered with others.
    pub fn background_sync() -> Self {
        Self {
            kind: Some(AndroidKind::BackgroundSync(BackgroundSync::default())),
            ..Self::default()
        }
    }

    /// The label in Google's analytics.
    pub fn analytics_label(mut self, label: impl Into<String>) -> Self {
        let options = self.fcm_options.take().unwrap_or_default();
        self.fcm_options(options.analytics_label(label))
    }
}

/// What a message by intent is: one of these.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum AndroidKind {
    /// Urgent, and shown to the user.
    RemoteNotification(Box<RemoteNotification>),
    /// Not urgent; wakes the app in the background.
    BackgroundSync(BackgroundSync),
}

config! {
    /// A notification that is shown to the user at once.
    pub struct RemoteNotification {
        /// Whether the app may change the notification before it is shown.
        mutable_content ("mutableContent"): flag,
        /// The notification, which overrides the message's member by member.
        notification: one<AndroidNotificationV2>,
        /// Whether apps with older client libraries get it as data, without the notification.
        use_as_v1_data_message ("useAsV1DataMessage"): flag,
    }
}

impl RemoteNotification {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }
}

impl From<AndroidNotificationV2> for RemoteNotification {
    fn from(notification: AndroidNotificationV2) -> Self {
        Self::default().notification(notification)
    }
}

config! {
    /// Wakes the app in the background; the data say what for.
    pub struct BackgroundSync {
    }
}

plain!(
    AndroidConfig,
    AndroidConfigV2,
    RemoteNotification,
    BackgroundSync
);
