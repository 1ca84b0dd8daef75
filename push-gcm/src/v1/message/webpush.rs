use serde::{Deserialize, Serialize};

use super::config::{config, plain};
use super::words::words;

config! {
    /// What goes to browsers only.
    pub struct WebpushConfig {
        /// Headers of the Web Push protocol (RFC 8030): `TTL`, `Urgency`, `Topic`.
        headers: headers,
        /// The data, in place of the message's.
        data: data,
        /// The notification, in place of the message's.
        notification: one<WebNotification>,
        /// What the service is to do beside sending.
        fcm_options ("fcmOptions"): one<WebpushOptions>,
    }
}

impl WebpushConfig {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// How long it is kept for a browser that can't be reached, in whole seconds: the header `TTL`.
    pub fn ttl(self, ttl: std::time::Duration) -> Self {
        self.header("TTL", ttl.as_secs().to_string())
    }

    /// The header `Urgency`: `very-low`, `low`, `normal` or `high`.
    pub fn urgency(self, urgency: impl Into<String>) -> Self {
        self.header("Urgency", urgency)
    }

    /// The page that a click opens; HTTPS only.
    pub fn link(mut self, link: impl Into<String>) -> Self {
        let options = self.fcm_options.take().unwrap_or_default();
        self.fcm_options(options.link(link))
    }

    /// The label in Google's analytics.
    pub fn analytics_label(mut self, label: impl Into<String>) -> Self {
        let options = self.fcm_options.take().unwrap_or_default();
        self.fcm_options(options.analytics_label(label))
    }
}

config! {
    /// What the service is to do for browsers beside sending.
    pub struct WebpushOptions {
        /// The page that a click opens; HTTPS only.
        link: text,
        /// The label in Google's analytics: at most 50 of `a-z A-Z 0-9 - _ . ~ %`.
        analytics_label ("analyticsLabel"): text,
    }
}

impl WebpushOptions {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }
}

config! {
    /// What a browser shows: the options of the Web Notifications API, and any others.
    pub struct WebNotification {
        /// The title.
        title: text,
        /// The text.
        body: text,
        /// The address of the icon.
        icon: text,
        /// The address of an image.
        image: text,
        /// The address of an image for where there is little room.
        badge: text,
        /// Its buttons.
        actions: many<WebAction>,
        /// Whatever the page's service worker is to get with it.
        data: json,
        /// The direction of its texts.
        dir: one<TextDirection>,
        /// The language of its texts, as a tag such as `en-GB`.
        lang: text,
        /// Whether the user is alerted again when it takes the place of another.
        renotify: flag,
        /// Whether it stays until the user does something about it.
        require_interaction as "requireInteraction": flag,
        /// Whether it neither sounds nor vibrates.
        silent: flag,
        /// Takes the place of a notification with the same tag that is still shown.
        tag: text,
        /// When what it tells of happened, in milliseconds since 1970.
        timestamp: one<serde_json::Number>,
        /// The vibration, in milliseconds: how long to vibrate, to wait, and so on.
        vibrate: one<Vibration>,
    }
}

impl WebNotification {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a button.
    pub fn action(mut self, action: WebAction) -> Self {
        self.actions.push(action);
        self
    }
}

config! {
    /// A button of a notification.
    pub struct WebAction {
        /// The name by which the page's service worker knows it.
        action: text,
        /// Its label.
        title: text,
        /// The address of its icon.
        icon: text,
    }
}

impl WebAction {
    /// A button with a name for the service worker and a label for the user.
    pub fn new(action: impl Into<String>, title: impl Into<String>) -> Self {
        Self::default().action(action).title(title)
    }
}

words! {
    /// The direction of texts.
    pub enum TextDirection {
        /// As the language has it.
        Auto = "auto",
        /// From left to right.
        LeftToRight = "ltr",
        /// From right to left.
        RightToLeft = "rtl",
    }
}

/// A vibration, in milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "a vibration must be a number or a list of numbers"
)]
#[non_exhaustive]
pub enum Vibration {
    /// Once, for so long.
    Once(u32),
    /// How long to vibrate, to wait, and so on.
    Pattern(Vec<u32>),
}

impl From<u32> for Vibration {
    fn from(once: u32) -> Self {
        Self::Once(once)
    }
}

impl From<Vec<u32>> for Vibration {
    fn from(pattern: Vec<u32>) -> Self {
        Self::Pattern(pattern)
    }
}

impl<const N: usize> From<[u32; N]> for Vibration {
    fn from(pattern: [u32; N]) -> Self {
        Self::Pattern(pattern.to_vec())
    }
}

plain!(
    WebpushConfig,
    WebpushOptions,
    WebNotification,
    WebAction,
    Vibration,
    serde_json::Number,
);
