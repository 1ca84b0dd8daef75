//! Where a push goes: one device, a topic, or a condition on topics.

mod condition;
mod device;
mod topic;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use self::condition::{Condition, InvalidCondition};
pub use self::device::Device;
pub use self::topic::{InvalidTopic, Topic};

/// The target of a push: one and only one.
///
/// A bare text is a registration token. As JSON it is an object with one member, as in a message:
/// `{"token":"…"}`. Tokens and installation ids are shortened in `Debug`, topics and conditions
/// are not.
///
/// ```
/// # use push_gcm::v1::Target;
/// let news = Target::topic("news")?;
/// assert_eq!(serde_json::to_string(&news)?, r#"{"topic":"news"}"#);
/// let phone = Target::from("bk3RNwTe3H0:CI2k_HHwgIpoDKCIZvvDMExUdFQ3P1");
/// assert_eq!(format!("{phone:?}"), r#"Token("bk3RNwTe…")"#);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Target {
    /// A Firebase installation id, which takes the place of the token in newer apps.
    Fid(String),
    /// A registration token, or the notification key of a device group.
    Token(String),
    /// All devices that follow a topic.
    Topic(Topic),
    /// All devices whose topics fulfil a condition.
    Condition(Condition),
}

impl Target {
    /// The longest token or installation id that is taken, in bytes; ours, since the service names
    /// none.
    pub const MAX_BYTES: usize = 4096;

    /// One device, by its registration token.
    pub fn token(token: impl Into<String>) -> Self {
        Self::Token(token.into())
    }

    /// One device, by its Firebase installation id.
    pub fn fid(fid: impl Into<String>) -> Self {
        Self::Fid(fid.into())
    }

    /// All devices that follow this topic, named with or without `/topics/` before it.
    ///
    /// # Errors
    /// When it is no topic's name.
    pub fn topic(name: impl AsRef<str>) -> Result<Self, InvalidTopic> {
        Topic::new(name).map(Self::Topic)
    }

    /// All devices whose topics fulfil this condition.
    ///
    /// # Errors
    /// When it is no condition; the error says where.
    pub fn condition(text: impl Into<String>) -> Result<Self, InvalidCondition> {
        Condition::new(text).map(Self::Condition)
    }

    /// The name of the message's field for it: `fid`, `token`, `topic` or `condition`.
    pub fn field(&self) -> &'static str {
        match self {
            Self::Fid(_) => "fid",
            Self::Token(_) => "token",
            Self::Topic(_) => "topic",
            Self::Condition(_) => "condition",
        }
    }

    /// The token, installation id, topic or condition, in full.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Fid(text) | Self::Token(text) => text,
            Self::Topic(topic) => topic.as_str(),
            Self::Condition(condition) => condition.as_str(),
        }
    }

    /// Whether it is one device, by token or installation id.
    pub fn is_device(&self) -> bool {
        matches!(self, Self::Fid(_) | Self::Token(_))
    }

    /// For logs: the first characters of a token or installation id, a topic or condition in full.
    pub fn shortened(&self) -> impl fmt::Display + '_ {
        Shortened(self)
    }

    /// Checks what can be known of a token or installation id without asking the service: that it
    /// is not empty, no longer than [`Target::MAX_BYTES`], and holds nothing that no id does.
    ///
    /// # Errors
    /// What is wrong with it; no more than eight of its characters are in the text.
    pub fn check(&self) -> Result<(), InvalidTarget> {
        let (Self::Fid(text) | Self::Token(text)) = self else {
            // Checked when they were made.
            return Ok(());
        };
        let bytes = text.as_bytes();
        // Looks at every byte, without a branch for each.
        let suspicious = bytes.iter().fold(false, |found, byte| {
            found | (*byte <= b' ') | (*byte >= 0x7f)
        });
        if bytes.is_empty() || suspicious || bytes.len() > Self::MAX_BYTES || text.starts_with('/')
        {
            self.look_closely(text)
        } else {
            Ok(())
        }
    }

    #[cold]
    fn look_closely(&self, text: &str) -> Result<(), InvalidTarget> {
        let what = match self {
            Self::Fid(_) => "installation id",
            _ => "token",
        };
        let start = || Shortened(self).to_string();
        Err(InvalidTarget(if text.is_empty() {
            Fault::Empty { what }
        } else if text.len() > Self::MAX_BYTES {
            Fault::TooLong {
                what,
                bytes: text.len(),
            }
        } else if text.trim().len() < text.len() {
            Fault::Untrimmed {
                what,
                start: start(),
            }
        } else if let Some(index) = text.chars().position(char::is_control) {
            Fault::Control {
                what,
                start: start(),
                index,
            }
        } else if text.starts_with("/topics/") {
            Fault::IsTopic {
                topic: text.chars().take(64).collect(),
            }
        } else {
            return Ok(());
        }))
    }
}

/// At most eight characters of an id, and never more than half of them.
struct Shortened<'a>(&'a Target);

impl fmt::Display for Shortened<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.as_str();
        if !self.0.is_device() {
            return f.write_str(text);
        }
        let shown = (text.chars().take(16).count() / 2).min(8);
        for character in text.chars().take(shown) {
            write!(f, "{}", character.escape_debug())?;
        }
        f.write_str("…")
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Fid(_) => "Fid",
            Self::Token(_) => "Token",
            Self::Topic(_) => "Topic",
            Self::Condition(_) => "Condition",
        };
        write!(f, "{name}(\"{}\")", Shortened(self))
    }
}

impl From<&str> for Target {
    /// A registration token.
    fn from(token: &str) -> Self {
        Self::token(token)
    }
}

impl From<String> for Target {
    /// A registration token.
    fn from(token: String) -> Self {
        Self::Token(token)
    }
}

impl From<Topic> for Target {
    fn from(topic: Topic) -> Self {
        Self::Topic(topic)
    }
}

impl From<Condition> for Target {
    fn from(condition: Condition) -> Self {
        Self::Condition(condition)
    }
}

/// The target can't be one; the message says why, and holds no more than eight characters of a
/// token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub struct InvalidTarget(Fault);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum Fault {
    #[error("the {what} is empty: give the one that the app got from Firebase")]
    Empty { what: &'static str },
    #[error("the {what} has {bytes} bytes: at most 4096 are taken")]
    TooLong { what: &'static str, bytes: usize },
    #[error("the {what} {start} has white space at its start or end: trim it")]
    Untrimmed { what: &'static str, start: String },
    #[error("the {what} {start} holds a control character at {index}: take it out")]
    Control {
        what: &'static str,
        start: String,
        index: usize,
    },
    #[error("the token {topic:?} is a topic: give it as Target::topic")]
    IsTopic { topic: String },
    #[error(transparent)]
    Topic(InvalidTopic),
    #[error(transparent)]
    Condition(InvalidCondition),
}

impl From<InvalidTopic> for InvalidTarget {
    fn from(invalid: InvalidTopic) -> Self {
        Self(Fault::Topic(invalid))
    }
}

impl From<InvalidCondition> for InvalidTarget {
    fn from(invalid: InvalidCondition) -> Self {
        Self(Fault::Condition(invalid))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TOKEN: &str = "bk3RNwTe3H0:CI2k_HHwgIpoDKCIZvvDMExUdFQ3P1";

    #[test]
    fn a_target_is_an_object_with_one_member() {
        for (target, json) in [
            (Target::from("t"), r#"{"token":"t"}"#),
            (Target::fid("f"), r#"{"fid":"f"}"#),
            (Target::topic("/topics/a").unwrap(), r#"{"topic":"a"}"#),
            (
                Target::condition("'a' in topics").unwrap(),
                r#"{"condition":"'a' in topics"}"#,
            ),
        ] {
            assert_eq!(serde_json::to_string(&target).unwrap(), json);
            assert_eq!(serde_json::from_str::<Target>(json).unwrap(), target);
            assert!(json.contains(target.field()) && json.contains(target.as_str()));
        }
        for json in [
            "{}",
            r#"{"token":"a","topic":"b"}"#,
            r#"{"device":"a"}"#,
            r#"{"topic":"a b"}"#,
            r#"{"condition":"a"}"#,
            r#"{"token":7}"#,
            r#""token""#,
        ] {
            assert!(serde_json::from_str::<Target>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn neither_debug_nor_an_error_holds_the_whole_token() {
        assert_eq!(
            format!("{:?}", Target::from(TOKEN)),
            r#"Token("bk3RNwTe…")"#
        );
        assert_eq!(format!("{:?}", Target::fid("ab")), r#"Fid("a…")"#);
        assert_eq!(
            format!("{:?}", Target::topic("news").unwrap()),
            r#"Topic("news")"#
        );
        for text in [format!("{TOKEN}\n"), format!("a\n{TOKEN}")] {
            let error = Target::from(text).check().unwrap_err();
            assert!(!format!("{error} {error:?}").contains(&TOKEN[..10]));
        }
    }

    #[test]
    fn what_can_be_no_token_is_said_with_what_to_do() {
        for (token, expected) in [
            (String::new(), "the token is empty"),
            ("a".repeat(4097), "has 4097 bytes"),
            (format!("{TOKEN}\r\n"), "trim it"),
            (format!(" {TOKEN}"), "trim it"),
            ("abc\u{0}def".to_owned(), "control character at 3"),
            ("/topics/news".to_owned(), "Target::topic"),
        ] {
            let error = Target::from(token).check().unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        let error = Target::fid("").check().unwrap_err().to_string();
        assert!(error.starts_with("the installation id is empty"), "{error}");
        for token in [TOKEN.to_owned(), "a".repeat(4096), "é".to_owned()] {
            assert_eq!(Target::from(token).check(), Ok(()));
        }
    }

    proptest! {
        #[test]
        fn no_text_panics_and_none_is_shown_whole(text in "\\PC{17,80}") {
            let target = Target::from(text.as_str());
            let _ = target.check();
            let shown = format!("{target:?}");
            prop_assert!(!shown.contains(&text));
        }
    }
}
