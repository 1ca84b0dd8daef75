use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::part::part;

part! {
    /// What a declarative message shows: the options of the Web Notifications API, with an address that
    /// a click opens.
    pub struct Notification {
        required {
            /// The title.
            pub title: String,
            /// The address that a click opens.
            pub navigate: String,
        }
        /// The direction of its texts.
        dir: one<TextDirection>,
        /// The language of its texts, as a tag such as `en-GB`.
        lang: text,
        /// The text.
        body: text,
        /// Takes the place of a notification with the same tag that is still shown.
        tag: text,
        /// The address of an image.
        image: text,
        /// The address of the icon.
        icon: text,
        /// The address of an image for where there is little room.
        badge: text,
        /// The vibration, in milliseconds: how long to vibrate, to wait, and so on.
        vibrate: many<u32> with "one_or_many",
        /// When what it tells of happened, in milliseconds since 1970.
        timestamp: one<serde_json::Number>,
        /// Whether the user is alerted again when it takes the place of another.
        renotify: flag,
        /// Whether it neither sounds nor vibrates.
        silent: flag,
        /// Whether it stays until the user does something about it.
        require_interaction as "requireInteraction": flag,
        /// Whatever the page is to get with it.
        data: json,
        /// Its buttons.
        actions: many<Action>,
    }
}

impl Notification {
    /// A notification with a title, and the address that a click opens.
    pub fn new(title: impl Into<String>, navigate: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            navigate: navigate.into(),
            dir: None,
            lang: None,
            body: None,
            tag: None,
            image: None,
            icon: None,
            badge: None,
            vibrate: Vec::new(),
            timestamp: None,
            renotify: None,
            silent: None,
            require_interaction: None,
            data: None,
            actions: Vec::new(),
            extra: serde_json::Map::new(),
        }
    }

    /// Adds a button.
    pub fn action(mut self, action: Action) -> Self {
        self.actions.push(action);
        self
    }
}

part! {
    /// A button of a notification.
    pub struct Action {
        required {
            /// The name by which the page's service worker knows it.
            pub action: String,
            /// Its label.
            pub title: String,
        }
        /// The address that a click on it opens, in place of the notification's.
        navigate: text,
        /// The address of its icon.
        icon: text,
    }
}

impl Action {
    /// A button with a name for the service worker and a label for the user.
    pub fn new(action: impl Into<String>, title: impl Into<String>) -> Self {
        Self {
            action: action.into(),
            title: title.into(),
            navigate: None,
            icon: None,
            extra: serde_json::Map::new(),
        }
    }
}

/// The direction of texts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TextDirection {
    /// As the language has it.
    Auto,
    /// From left to right.
    LeftToRight,
    /// From right to left.
    RightToLeft,
    /// A word that has no name here.
    Other(Box<str>),
}

impl TextDirection {
    /// The word as the message has it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Auto => "auto",
            Self::LeftToRight => "ltr",
            Self::RightToLeft => "rtl",
            Self::Other(word) => word,
        }
    }
}

impl From<&str> for TextDirection {
    fn from(word: &str) -> Self {
        match word {
            "auto" => Self::Auto,
            "ltr" => Self::LeftToRight,
            "rtl" => Self::RightToLeft,
            other => Self::Other(other.into()),
        }
    }
}

impl fmt::Display for TextDirection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for TextDirection {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for TextDirection {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|word| Self::from(word.as_str()))
    }
}

/// Reads a vibration: a number for one, or a list.
fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u32>, D::Error> {
    #[derive(Deserialize)]
    #[serde(
        untagged,
        expecting = "a vibration must be a number or a list of numbers"
    )]
    enum Vibration {
        Once(u32),
        Pattern(Vec<u32>),
    }
    Ok(match Option::deserialize(deserializer)? {
        Some(Vibration::Once(once)) => vec![once],
        Some(Vibration::Pattern(pattern)) => pattern,
        None => Vec::new(),
    })
}
