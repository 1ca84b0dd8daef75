use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::topic::{Topic, is_topic_character};

/// A condition on the topics that a device follows, such as
/// `'news' in topics && ('sport' in topics || !('uk' in topics))`.
///
/// Names in quotes, at most five different ones; `&&`, `||`, `!` and parentheses. What stands in
/// parentheses is looked at first, the rest from left to right: `&&` does not bind more than `||`.
/// It is sent as it was given. Cloning copies a pointer.
///
/// Source: Firebase, "Send messages to topics".
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Condition(Arc<str>);

impl Condition {
    /// The most topics that one condition can name.
    pub const MAX_TOPICS: usize = 5;

    /// The longest condition that is taken, in bytes: five names of the longest, and room for what
    /// stands between them.
    pub const MAX_BYTES: usize = 8192;

    /// The condition that this text says.
    ///
    /// # Errors
    /// When it says none: where it goes wrong, what is there, and what was expected.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidCondition> {
        let text = text.into();
        if text.len() > Self::MAX_BYTES {
            return Err(InvalidCondition(Fault::TooLong { bytes: text.len() }));
        }
        Reader::new(&text).condition()?;
        Ok(Self(text.into()))
    }

    /// The condition as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Reads from left to right and remembers how many parentheses are open; there is no recursion.
struct Reader<'a> {
    text: &'a str,
    /// What is still to be read.
    rest: &'a str,
    topics: BTreeSet<&'a str>,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text,
            rest: text,
            topics: BTreeSet::new(),
        }
    }

    fn condition(mut self) -> Result<(), InvalidCondition> {
        let mut open = 0_usize;
        loop {
            // What can be said something about.
            loop {
                if self.takes("(") {
                    open += 1;
                } else if !self.takes("!") {
                    break;
                }
            }
            self.topic()?;
            while open > 0 && self.takes(")") {
                open -= 1;
            }
            self.skip_spaces();
            if self.rest.is_empty() && open == 0 {
                return Ok(());
            }
            if !self.takes("&&") && !self.takes("||") {
                return Err(self.wrong(match open {
                    0 => "&&, || or the end",
                    _ => "&&, || or a closing parenthesis",
                }));
            }
        }
    }

    /// `'name' in topics`
    fn topic(&mut self) -> Result<(), InvalidCondition> {
        let quote = if self.takes("'") {
            '\''
        } else if self.takes("\"") {
            '"'
        } else {
            return Err(self.wrong("a topic's name in quotes, ! or an opening parenthesis"));
        };
        let end = self
            .rest
            .find(|character| !is_topic_character(character))
            .unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        if name.is_empty() {
            return Err(self.wrong("a topic's name"));
        }
        if name.len() > Topic::MAX_BYTES {
            return Err(self.wrong("a topic's name of at most 900 characters"));
        }
        self.rest = rest;
        let Some(rest) = rest.strip_prefix(quote) else {
            return Err(self
                .wrong("the quote that ends the topic's name (of a-z, A-Z, 0-9, -, _, ., ~, %)"));
        };
        self.rest = rest;
        self.topics.insert(name);
        if self.topics.len() > Condition::MAX_TOPICS {
            return Err(InvalidCondition(Fault::TooManyTopics));
        }
        if self.word("in") && self.word("topics") {
            return Ok(());
        }
        Err(self.wrong("in topics"))
    }

    fn skip_spaces(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\r', '\n']);
    }

    fn takes(&mut self, sign: &str) -> bool {
        self.skip_spaces();
        match self.rest.strip_prefix(sign) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// A word in either case, as the service reads it.
    fn word(&mut self, word: &str) -> bool {
        self.skip_spaces();
        let Some((head, rest)) = self.rest.split_at_checked(word.len()) else {
            return false;
        };
        let ends = !rest.starts_with(|next: char| next.is_alphanumeric() || next == '_');
        let is_it = head.eq_ignore_ascii_case(word) && ends;
        if is_it {
            self.rest = rest;
        }
        is_it
    }

    fn wrong(&self, expected: &'static str) -> InvalidCondition {
        let read = self.text.len() - self.rest.len();
        let at = self.text.get(..read).unwrap_or_default().chars().count();
        let found: String = self.rest.chars().take(12).collect();
        InvalidCondition(Fault::Syntax {
            at,
            found: match found.is_empty() {
                true => "its end".to_owned(),
                false => format!("{found:?}"),
            },
            expected,
        })
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Condition({:?})", &*self.0)
    }
}

impl AsRef<str> for Condition {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl FromStr for Condition {
    type Err = InvalidCondition;

    fn from_str(text: &str) -> Result<Self, InvalidCondition> {
        Self::new(text)
    }
}

impl TryFrom<&str> for Condition {
    type Error = InvalidCondition;

    fn try_from(text: &str) -> Result<Self, InvalidCondition> {
        Self::new(text)
    }
}

impl TryFrom<String> for Condition {
    type Error = InvalidCondition;

    fn try_from(text: String) -> Result<Self, InvalidCondition> {
        Self::new(text)
    }
}

impl Serialize for Condition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Condition {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// The text is not a condition; the message says where it goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub struct InvalidCondition(Fault);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum Fault {
    #[error("the condition goes wrong at character {at}: found {found}, expected {expected}")]
    Syntax {
        at: usize,
        found: String,
        expected: &'static str,
    },
    #[error("the condition names more than 5 topics: send to fewer, or more than once")]
    TooManyTopics,
    #[error("the condition has {bytes} bytes: at most 8192 are taken")]
    TooLong { bytes: usize },
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_the_service_documents_is_a_condition() {
        for text in [
            "'a' in topics",
            "'TopicA' in topics && ('TopicB' in topics || 'TopicC' in topics)",
            "!('a' in topics)",
            "!'a' in topics",
            "!!('a' in topics)",
            "((('a' in topics)))",
            "  'a'in topics&&\t'b' IN Topics  ",
            "\"a\" in topics || 'b' in topics",
            "'a' in topics && 'b' in topics || 'c' in topics && 'd' in topics && 'e' in topics",
            "'a' in topics && ('b' in topics || ('a' in topics && !('c' in topics))) \
             || 'd' in topics || ('e' in topics && 'a' in topics)",
            "'%20-_.~' in topics",
        ] {
            assert_eq!(Condition::new(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn the_error_says_where_it_goes_wrong_and_what_was_expected() {
        for (text, expected) in [
            (
                "",
                "at character 0: found its end, expected a topic's name in quotes",
            ),
            ("a in topics", "at character 0: found \"a in topics\""),
            ("'a'", "at character 3: found its end, expected in topics"),
            (
                "'a' in topic",
                "at character 7: found \"topic\", expected in topics",
            ),
            ("'a' in topicsandmore", "at character 7"),
            ("'a' intopics", "at character 4"),
            (
                "'a in topics",
                "at character 2: found \" in topics\", expected the quote",
            ),
            ("'a\" in topics", "expected the quote"),
            (
                "'' in topics",
                "at character 1: found \"' in topics\", expected a topic's name",
            ),
            ("'/topics/a' in topics", "at character 1"),
            ("'é' in topics", "expected a topic's name"),
            (
                "'a' in topics &",
                "at character 14: found \"&\", expected &&, || or the end",
            ),
            ("'a' in topics &&", "at character 16: found its end"),
            ("'a' in topics and 'b' in topics", "found \"and 'b' in t\""),
            ("'a' in topics 'b' in topics", "at character 14"),
            (
                "('a' in topics",
                "found its end, expected &&, || or a closing parenthesis",
            ),
            ("'a' in topics)", "at character 13: found \")\""),
            ("()", "found \")\""),
            ("|| 'a' in topics", "at character 0"),
            ("'a' in topics ! 'b' in topics", "at character 14"),
        ] {
            let error = Condition::new(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{text:?}: {error}");
        }
    }

    #[test]
    fn five_topics_are_taken_and_six_are_not() {
        let of = |names: &[&str]| {
            let topics: Vec<_> = names
                .iter()
                .map(|name| format!("'{name}' in topics"))
                .collect();
            Condition::new(topics.join(" || "))
        };
        assert!(of(&["a", "b", "c", "d", "e"]).is_ok());
        assert!(of(&["a", "b", "c", "d", "e", "a", "b"]).is_ok());
        let error = of(&["a", "b", "c", "d", "e", "f"]).unwrap_err().to_string();
        assert!(error.contains("more than 5 topics"), "{error}");
    }

    #[test]
    fn a_long_or_deep_one_is_no_overflow() {
        assert!(Condition::new("(".repeat(8192)).is_err());
        let deep = format!("{}'a' in topics{}", "(".repeat(4000), ")".repeat(4000));
        assert!(Condition::new(deep).is_ok());
        assert!(Condition::new("!".repeat(100_000)).is_err());
        let long = format!("'{}' in topics", "a".repeat(901));
        assert!(Condition::new(long).is_err());
    }

    fn expression() -> impl Strategy<Value = String> {
        let topic = "'[a-e]' in topics".prop_map(|topic| topic);
        topic.prop_recursive(4, 12, 3, |inner| {
            prop_oneof![
                inner.clone().prop_map(|inner| format!("({inner})")),
                inner.clone().prop_map(|inner| format!("!({inner})")),
                (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} && {b}")),
                (inner.clone(), inner).prop_map(|(a, b)| format!("{a}||{b}")),
            ]
        })
    }

    proptest! {
        #[test]
        fn every_expression_of_the_grammar_is_taken_and_none_of_its_beginnings_unfinished(
            text in expression(),
        ) {
            let is_taken = |text: String| Condition::new(text).is_ok();
            let unfinished = [format!("{text} &&"), format!("({text}"), format!("{text})")];
            prop_assert!(!unfinished.into_iter().any(is_taken), "{}", text);
            prop_assert!(is_taken(text));
        }

        #[test]
        fn no_text_panics(text in "[\\PC'\"&|!() a-e]{0,60}") {
            let _ = Condition::new(text);
        }
    }
}
