use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::notification::Notification;
use super::part::part;

part! {
    /// A message that says itself what is to be shown (Declarative Web Push): where the browser knows
    /// such messages it needs no service worker for it, and shows it though that one fails.
    ///
    /// Safari does from 18.4 on iOS and 18.5 on macOS. Every other browser gives it to the service worker
    /// as an ordinary push whose data are this JSON, so a page whose worker can show that reaches
    /// all of them.
    ///
    /// ```
    /// # use push_web::{Declarative, Message, Notification};
    /// let goal = Notification::new("Goal", "https://example.org/matches/4711").body("1:0");
    /// let message = Message::declarative(Declarative::new(goal).app_badge(1));
    /// # message.encode()?;
    /// # Ok::<_, push_web::Invalid>(())
    /// ```
    ///
    /// Sources: W3C, "Push API", section "Declarative push message"; WebKit, "Declarative Web Push".
    pub struct Declarative {
        required {
            /// By which browsers know it: 8030.
            web_push: Version,
            /// What is shown.
            pub notification: Notification,
        }
        /// Whether the service worker may change it in its push event before it is shown. Default: no.
        mutable: flag,
        /// The number on the app's icon; 0 takes it away.
        ///
        /// Drafts differ in where it stands: this is what WebKit's tests have. WebKit's own example has
        /// it in the notification, as a text; [`Declarative::app_badge_everywhere`] says it in both
        /// places.
        app_badge: count with "badge",
    }
}

impl Declarative {
    /// A message that shows a notification.
    pub fn new(notification: Notification) -> Self {
        Self {
            web_push: Version,
            notification,
            mutable: None,
            app_badge: None,
            extra: serde_json::Map::new(),
        }
    }

    /// The number on the app's icon, said here and in the notification too.
    pub fn app_badge_everywhere(mut self, badge: u64) -> Self {
        self.notification = self.notification.extra("app_badge", badge.to_string());
        self.app_badge(badge)
    }
}

impl From<Notification> for Declarative {
    fn from(notification: Notification) -> Self {
        Self::new(notification)
    }
}

/// The number by which browsers know a declarative message: 8030, after the RFC of Web Push.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Version;

impl Version {
    const NUMBER: u64 = 8030;
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(Self::NUMBER)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match serde_json::Number::deserialize(deserializer)?.as_f64() {
            Some(8030.0) => Ok(Self),
            _ => Err(D::Error::custom("web_push must be 8030")),
        }
    }
}

/// Reads a number, or a text of decimal digits: browsers take both.
fn badge<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "app_badge must be a number or a text of digits")]
    enum Badge {
        Number(u64),
        Text(String),
    }
    match Option::deserialize(deserializer)? {
        None => Ok(None),
        Some(Badge::Number(number)) => Ok(Some(number)),
        Some(Badge::Text(text)) => {
            let is_decimal = text.bytes().all(|byte| byte.is_ascii_digit());
            let number = text.parse().ok().filter(|_| is_decimal);
            let expected = || D::Error::custom("app_badge must be a number or a text of digits");
            number.map(Some).ok_or_else(expected)
        }
    }
}
