//! Targets that are no devices.

use std::borrow::Cow;

use super::Problem;
use super::registration_id::check;

/// A target that is no list of devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum To<'a> {
    /// A topic, with or without `/topics/`.
    Topic(&'a str),
    /// Who listens to some topics and not to others.
    Condition(&'a str),
    /// The notification key of a device group.
    Group(&'a str),
}

const PREFIX: &str = "/topics/";

impl To<'_> {
    /// Name and value of the target in a request.
    pub(super) fn parameter(&self) -> (&'static str, Cow<'_, str>) {
        match self {
            Self::Topic(topic) => ("to", format!("{PREFIX}{}", bare(topic)).into()),
            Self::Condition(condition) => ("condition", (*condition).into()),
            Self::Group(key) => ("to", (*key).into()),
        }
    }

    /// What is wrong with it. What a condition may say is the service's affair: over the years it
    /// took more and more operators.
    pub(super) fn problem(&self) -> Option<Problem> {
        match self {
            Self::Topic(topic) => (!is_topic(bare(topic))).then(|| Problem::Topic {
                topic: shortened(topic),
            }),
            Self::Condition(condition) => {
                let is_one = condition.to_ascii_lowercase().contains("in topics")
                    && !condition.contains(char::is_control);
                (!is_one).then(|| Problem::Condition {
                    condition: shortened(condition),
                })
            }
            Self::Group(key) => check(key).err().map(|invalid| Problem::Group {
                reason: invalid.to_string(),
            }),
        }
    }
}

fn bare(topic: &str) -> &str {
    topic.strip_prefix(PREFIX).unwrap_or(topic)
}

/// The form that Google's pages give: `[a-zA-Z0-9-_.~%]+`.
fn is_topic(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~' | b'%')
        })
}

fn shortened(text: &str) -> String {
    text.chars().take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_named_with_its_prefix_or_without() {
        for given in ["news", "/topics/news"] {
            let to = To::Topic(given);
            assert_eq!(to.problem(), None);
            assert_eq!(to.parameter(), ("to", "/topics/news".into()));
        }
        for bad in ["", "/topics/", "a b", "a/b", "/topics//topics/a", "ü"] {
            assert!(To::Topic(bad).problem().is_some(), "{bad:?}");
        }
    }

    #[test]
    fn a_condition_goes_out_as_it_is() {
        let condition = "'a' in topics && !('b' in topics || 'c' in topics)";
        let to = To::Condition(condition);
        assert_eq!(to.problem(), None);
        assert_eq!(to.parameter(), ("condition", condition.into()));
        assert_eq!(To::Condition("'a' IN TOPICS").problem(), None);
        for bad in ["", "news", "'a' in topics\n"] {
            assert!(To::Condition(bad).problem().is_some(), "{bad:?}");
        }
    }

    #[test]
    fn a_group_is_a_key_like_that_of_a_device() {
        assert_eq!(To::Group("key").parameter(), ("to", "key".into()));
        assert!(To::Group("").problem().is_some());
        assert!(To::Group("/topics/news").problem().is_some());
    }
}
