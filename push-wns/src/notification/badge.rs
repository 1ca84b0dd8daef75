use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::problem::shortened;
use super::words::words;
use super::xml::{Tag, Value, Xml};

/// What stands on an app's tile and on its place in the taskbar: a number or a glyph.
///
/// ```
/// use push_wns::{Badge, Glyph, Notification};
///
/// let unread = Notification::badge(Badge::number(7)).encode()?;
/// assert_eq!(unread.body(), r#"<badge value="7"/>"#);
/// assert_eq!("newMessage".parse::<Badge>()?, Badge::glyph(Glyph::NewMessage));
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
///
/// As JSON it is a number, or the name of a glyph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Badge {
    /// A number; 0 clears the badge, and what is above 99 is shown as `99+`.
    Number(u32),
    /// A glyph.
    Glyph(Glyph),
}

impl Badge {
    /// A number. 0 clears the badge, and what is above 99 is shown as `99+`.
    pub fn number(number: u32) -> Self {
        Self::Number(number)
    }

    /// A glyph.
    pub fn glyph(glyph: Glyph) -> Self {
        Self::Glyph(glyph)
    }

    /// No badge any more.
    pub fn clear() -> Self {
        Self::Number(0)
    }

    pub(super) fn xml(&self) -> Vec<u8> {
        Xml::document(|xml| xml.empty(Tag::new("badge").attribute("value", self)))
    }
}

impl Value for Badge {
    fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Number(number) => number.to_string().into(),
            Self::Glyph(glyph) => glyph.as_str().into(),
        }
    }
}

impl fmt::Display for Badge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text())
    }
}

impl From<Glyph> for Badge {
    fn from(glyph: Glyph) -> Self {
        Self::Glyph(glyph)
    }
}

/// The text is no badge.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the badge is {given:?}: give a number, or {}", Glyph::ALL.iter().map(|glyph| glyph.as_str()).collect::<Vec<_>>().join(", "))]
pub struct InvalidBadge {
    given: String,
}

impl FromStr for Badge {
    type Err = InvalidBadge;

    /// Reads a number, or the name of a glyph; the case counts.
    fn from_str(text: &str) -> Result<Self, InvalidBadge> {
        let given = || InvalidBadge {
            given: shortened(text),
        };
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return text.parse().map(Self::Number).map_err(|_| given());
        }
        text.parse().map(Self::Glyph).map_err(|_| given())
    }
}

impl Serialize for Badge {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Number(number) => serializer.serialize_u32(*number),
            Self::Glyph(glyph) => glyph.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Badge {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(
            untagged,
            expecting = "a badge must be a number or the name of a glyph"
        )]
        enum Read {
            Number(u32),
            Text(String),
        }
        match Read::deserialize(deserializer)? {
            Read::Number(number) => Ok(Self::Number(number)),
            Read::Text(text) => text.parse().map_err(serde::de::Error::custom),
        }
    }
}

words! {
    /// A picture on a badge.
    pub enum Glyph ("glyph") {
        /// No badge.
        None = "none",
        /// Something goes on.
        Activity = "activity",
        /// An alarm.
        Alarm = "alarm",
        /// An alert.
        Alert = "alert",
        /// Something wants attention.
        Attention = "attention",
        /// The user is available.
        Available = "available",
        /// The user is away.
        Away = "away",
        /// The user is busy.
        Busy = "busy",
        /// An error.
        Error = "error",
        /// A new message.
        NewMessage = "newMessage",
        /// Playing is paused.
        Paused = "paused",
        /// Something is played.
        Playing = "playing",
        /// The user is not available.
        Unavailable = "unavailable",
    }
}
