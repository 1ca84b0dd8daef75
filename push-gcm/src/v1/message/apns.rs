use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::aps::Aps;
use super::config::{config, plain};

config! {
    /// What goes to Apple's devices only.
    ///
    /// ```
    /// # use push_gcm::v1::{ApnsConfig, Aps};
    /// let apns = ApnsConfig::new()
    ///     .priority(5)
    ///     .aps(Aps::new().content_available(true))
    ///     .custom("chat", 42);
    /// assert_eq!(
    ///     serde_json::to_string(&apns)?,
    ///     r#"{"headers":{"apns-priority":"5"},"payload":{"aps":{"content-available":1},"chat":42}}"#
    /// );
    /// # Ok::<_, serde_json::Error>(())
    /// ```
    pub struct ApnsConfig {
        /// Headers of Apple's service. Where they are absent, it keeps the notification for 30 days
        /// (`apns-expiration`), and its priority is 10 (`apns-priority`); a message of data only
        /// needs priority 5.
        headers: headers,
        /// The payload: `aps`, and the app's own keys beside it. Its title and text take the place
        /// of the message's.
        payload: object,
        /// What the service is to do beside sending.
        fcm_options ("fcmOptions"): one<ApnsOptions>,
        /// The token that starts or updates a Live Activity, which the payload's `aps` describes.
        live_activity_token ("liveActivityToken"): one<LiveActivityToken>,
    }
}

impl ApnsConfig {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The payload's `aps`.
    pub fn aps(self, aps: impl Into<Value>) -> Self {
        self.custom("aps", aps)
    }

    /// A key of the app's own, beside `aps`.
    pub fn custom(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.payload
            .get_or_insert_with(Map::new)
            .insert(key.into(), value.into());
        self
    }

    /// The header `apns-priority`: 10, 5 or 1.
    pub fn priority(self, priority: u8) -> Self {
        self.header("apns-priority", priority.to_string())
    }

    /// The header `apns-expiration`, in whole seconds: until when it is kept for a device that
    /// can't be reached. A time before 1970 is written as 0, which means one attempt.
    pub fn expiration(self, at: SystemTime) -> Self {
        let seconds = at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        self.header("apns-expiration", seconds.to_string())
    }

    /// The header `apns-collapse-id`, of up to 64 bytes: notifications with the same one are shown
    /// as one.
    pub fn collapse_id(self, id: impl Into<String>) -> Self {
        self.header("apns-collapse-id", id)
    }

    /// The header `apns-push-type`, such as `alert` or `background`.
    pub fn push_type(self, push_type: impl Into<String>) -> Self {
        self.header("apns-push-type", push_type)
    }

    /// The header `apns-topic`. Defaults to the app's bundle id.
    pub fn topic(self, topic: impl Into<String>) -> Self {
        self.header("apns-topic", topic)
    }

    /// The address of an image, in place of the message's.
    pub fn image(mut self, image: impl Into<String>) -> Self {
        let options = self.fcm_options.take().unwrap_or_default();
        self.fcm_options(options.image(image))
    }

    /// The label in Google's analytics.
    pub fn analytics_label(mut self, label: impl Into<String>) -> Self {
        let options = self.fcm_options.take().unwrap_or_default();
        self.fcm_options(options.analytics_label(label))
    }
}

impl From<Aps> for Value {
    fn from(aps: Aps) -> Self {
        // All of its keys are texts, so nothing can be in the way.
        serde_json::to_value(aps).unwrap_or_default()
    }
}

config! {
    /// What the service is to do for Apple's devices beside sending.
    pub struct ApnsOptions {
        /// The label in Google's analytics: at most 50 of `a-z A-Z 0-9 - _ . ~ %`.
        analytics_label ("analyticsLabel"): text,
        /// The address of an image, in place of the message's.
        image: text,
    }
}

impl ApnsOptions {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }
}

/// The token that starts or updates a Live Activity, in hexadecimal. `Debug` shows its first
/// characters only.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LiveActivityToken(String);

impl LiveActivityToken {
    /// The token, in full.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for LiveActivityToken {
    fn from(token: &str) -> Self {
        Self(token.to_owned())
    }
}

impl From<String> for LiveActivityToken {
    fn from(token: String) -> Self {
        Self(token)
    }
}

impl fmt::Debug for LiveActivityToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = (self.0.chars().take(16).count() / 2).min(8);
        let start: String = self.0.chars().take(shown).collect();
        write!(f, "LiveActivityToken({}…)", start.escape_debug())
    }
}

plain!(ApnsConfig, ApnsOptions, LiveActivityToken);
