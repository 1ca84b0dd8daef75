//! What a push says, the same for every target.

mod android;
mod android_kind;
mod android_notification;
mod apns;
mod aps;
mod check;
mod config;
mod encode;
mod light;
mod notification;
mod problem;
mod size;
mod webpush;
mod wire;
mod words;

pub use self::android::{
    AndroidConfig, AndroidConfigV2, AndroidKind, AndroidPriority, BackgroundSync,
    RemoteNotification,
};
pub use self::android_notification::{
    AndroidNotification, AndroidNotificationV2, NotificationId, NotificationPriority,
    NotificationProxy, Visibility,
};
pub use self::apns::{ApnsConfig, ApnsOptions, LiveActivityToken};
pub use self::aps::{Aps, ApsAlert, ApsAlertFields, ApsCriticalSound, ApsSound, Flag};
use self::config::config;
pub use self::encode::Encoded;
pub use self::light::{Color, LightSettings};
pub use self::notification::{FcmOptions, Notification};
pub use self::problem::{Fault, Invalid, Problem};
pub use self::webpush::{
    TextDirection, Vibration, WebAction, WebNotification, WebpushConfig, WebpushOptions,
};
pub(crate) use self::wire::read_duration;

/// The most bytes of a message to a device, and to a topic or condition.
///
/// Source: Firebase, "ErrorCode", INVALID_ARGUMENT.
pub(crate) const MAX_DEVICE_BYTES: usize = 4096;
pub(crate) const MAX_TOPIC_BYTES: usize = 2048;

config! {
    /// A message: what is shown, the data for the app, and what differs from platform to platform.
    /// Where it goes is not part of it.
    ///
    /// It is built by methods, none of which fail but [`Message::data_from`]: all that is wrong is
    /// said at once when it is encoded or sent, before any I/O. As JSON it is the service's own
    /// `Message`, without target; names are written with underscores, and read in camel case too.
    /// What the service adds later can be given in `extra`, which every part of it has.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use push_gcm::v1::{AndroidConfig, Message};
    /// let goal = Message::with_notification("Goal", "1:0")
    ///     .data("match", "4711")
    ///     .android(AndroidConfig::new().ttl(Duration::from_secs(90 * 60)).collapse_key("score"));
    /// let queued = serde_json::to_string(&goal)?;
    /// assert_eq!(serde_json::from_str::<Message>(&queued)?, goal);
    /// # Ok::<_, serde_json::Error>(())
    /// ```
    pub struct Message {
        /// What the app gets: texts by their keys. `from`, `message_type`, `gcm`, and keys that
        /// begin with `google` or `gcm.` are the service's own. (`notification` is on none of its
        /// lists, and so is taken.)
        data: data,
        /// What every platform shows.
        notification: one<Notification>,
        /// What goes to Android devices only.
        android: one<AndroidConfig>,
        /// What goes to Android devices only, by intent; a preview of the service, in place of
        /// `android`.
        android_v2 ("androidV2"): one<AndroidConfigV2>,
        /// What goes to browsers only.
        webpush: one<WebpushConfig>,
        /// What goes to Apple's devices only.
        apns: one<ApnsConfig>,
        /// What the service is to do beside sending.
        fcm_options ("fcmOptions"): one<FcmOptions>,
    }
}

impl Message {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A message that shows a title and a text.
    pub fn with_notification(title: impl Into<String>, body: impl Into<String>) -> Self {
        Self::new().notification(Notification::new(title, body))
    }

    /// A message of data only, for the app to act on.
    pub fn with_data<K: Into<String>, V: Into<String>>(
        pairs: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let pairs = pairs.into_iter();
        Self {
            data: pairs
                .map(|(key, value)| (key.into(), value.into()))
                .collect(),
            ..Self::default()
        }
    }

    /// The notification's title.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        let notification = self.notification.take().unwrap_or_default();
        self.notification(notification.title(title))
    }

    /// The notification's text.
    pub fn body(mut self, body: impl Into<String>) -> Self {
        let notification = self.notification.take().unwrap_or_default();
        self.notification(notification.body(body))
    }

    /// The address of the notification's image.
    pub fn image(mut self, image: impl Into<String>) -> Self {
        let notification = self.notification.take().unwrap_or_default();
        self.notification(notification.image(image))
    }

    /// The label in Google's analytics.
    pub fn analytics_label(mut self, label: impl Into<String>) -> Self {
        let options = self.fcm_options.take().unwrap_or_default();
        self.fcm_options(options.analytics_label(label))
    }
}

impl From<Notification> for Message {
    fn from(notification: Notification) -> Self {
        Self::new().notification(notification)
    }
}
