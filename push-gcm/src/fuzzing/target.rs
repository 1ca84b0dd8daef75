use std::collections::BTreeSet;
use std::fmt::{Debug, Display};

use super::is_one_line;
use crate::v1::{Condition, Target, Topic};

/// Tokens, topics and conditions: what can be one is taken and kept as it is, what can't is not;
/// no token is shown whole.
pub fn fcm_target(input: &[u8]) {
    if let Ok(target) = serde_json::from_slice::<Target>(input) {
        is_kept_in_json(&target);
    }
    let text = String::from_utf8_lossy(input);
    topic(&text);
    condition(&text);
    device(&text, "Token", Target::token(&*text));
    device(&text, "Fid", Target::fid(&*text));
}

fn topic(text: &str) {
    let name = text.strip_prefix("/topics/").unwrap_or(text);
    let fits = (1..=900).contains(&name.len()) && name.bytes().all(is_of_topic);
    let read = Topic::new(text);
    assert_eq!(read.is_ok(), fits, "{text:?}");
    match read {
        Ok(topic) => {
            assert_eq!(topic.as_str(), name);
            is_kept_in_json(&topic);
            is_kept_in_json(&Target::from(topic));
        }
        Err(error) => is_said_shortly(&error),
    }
}

fn condition(text: &str) {
    let read = Condition::new(text);
    assert_eq!(read.is_ok(), is_condition(text), "{text:?}");
    match read {
        Ok(condition) => {
            assert_eq!(condition.as_str(), text);
            is_kept_in_json(&condition);
            is_kept_in_json(&Target::from(condition));
        }
        Err(error) => is_said_shortly(&error),
    }
}

fn device(text: &str, kind: &str, target: Target) {
    let is_topic = text.starts_with("/topics/");
    let fits = (1..=4096).contains(&text.len())
        && text.trim() == text
        && !text.chars().any(char::is_control)
        && !is_topic;
    let checked = target.check();
    assert_eq!(checked.is_ok(), fits, "{text:?}");
    let shown = (text.chars().count() / 2).min(8);
    let shown = text.chars().take(shown).flat_map(char::escape_debug);
    let shown: String = shown.collect();
    let debug = format!("{target:?}");
    assert_eq!(debug, format!("{kind}(\"{shown}…\")"));
    if let Err(error) = checked {
        is_said_shortly(&error);
        // A topic is no secret, and long texts are told by their length alone.
        let says_more = error.to_string().contains('…') && !is_topic;
        if says_more {
            assert!(
                error.to_string().contains(&format!(" {shown}… ")),
                "{error}"
            );
        }
    }
    is_kept_in_json(&target);
}

fn is_of_topic(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.~%".contains(&byte)
}

/// Whether it is a condition, found by reduction: what is said of topics is one as soon as it comes
/// down to a single one.
fn is_condition(text: &str) -> bool {
    const TOPIC: char = 'T';
    let Some(signs) = signs(text) else {
        return false;
    };
    let mut stack: Vec<char> = Vec::new();
    for sign in signs {
        stack.push(sign);
        loop {
            let kept = match stack.as_slice() {
                [.., '(', TOPIC, ')'] | [.., TOPIC, '&' | '|', TOPIC] => stack.len() - 3,
                [.., '!', TOPIC] => stack.len() - 2,
                _ => break,
            };
            stack.truncate(kept);
            stack.push(TOPIC);
        }
    }
    text.len() <= Condition::MAX_BYTES && stack == [TOPIC]
}

/// Topics as `T`, the rest as it is; `None` where something else stands between them, or they are
/// too many.
fn signs(text: &str) -> Option<Vec<char>> {
    let mut signs = Vec::new();
    let mut names = BTreeSet::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        rest = match first {
            ' ' | '\t' | '\r' | '\n' => &rest[1..],
            '(' | ')' | '!' => {
                signs.push(first);
                &rest[1..]
            }
            '&' | '|' => {
                signs.push(first);
                rest[1..].strip_prefix(first)?
            }
            '\'' | '"' => {
                let (name, behind) = rest[1..].split_once(first)?;
                let fits = (1..=900).contains(&name.len()) && name.bytes().all(is_of_topic);
                names.insert(fits.then_some(name)?);
                signs.push('T');
                word(word(behind, "in")?, "topics")?
            }
            _ => return None,
        };
    }
    (names.len() <= 5).then_some(signs)
}

/// What comes behind a word in either case.
fn word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let text = text.trim_start_matches([' ', '\t', '\r', '\n']);
    let head = text.get(..word.len())?;
    let behind = &text[word.len()..];
    let goes_on = behind.starts_with(|it: char| it.is_alphanumeric() || it == '_');
    (head.eq_ignore_ascii_case(word) && !goes_on).then_some(behind)
}

fn is_kept_in_json<T>(value: &T)
where
    T: serde::Serialize + for<'a> serde::Deserialize<'a> + PartialEq + Debug,
{
    let json = serde_json::to_string(value).expect("text is JSON");
    let back = serde_json::from_str::<T>(&json);
    assert_eq!(back.as_ref().ok(), Some(value));
}

fn is_said_shortly(error: &impl Display) {
    let text = error.to_string();
    // A character that can't be shown takes ten in its place.
    assert!(is_one_line(&text) && text.chars().count() < 1000, "{text}");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    #[test]
    fn the_second_reader_of_conditions_tells_them_apart() {
        for text in [
            "'a' in topics",
            "!!('a' in topics || \"b\"in topics)&&'c' IN topics",
        ] {
            assert!(super::is_condition(text), "{text}");
        }
        for text in [
            "",
            "'a' in topics &&",
            "('a' in topics",
            "'a' in topics 'b' in topics",
            "()",
        ] {
            assert!(!super::is_condition(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_made_of_the_signs_of_conditions_is_judged_alike(
            pieces in prop::collection::vec(
                prop::sample::select(vec![
                    "'a' in topics", "\"b\" in topics", "'", "(", ")", "!", "&&", "||", "&", " ",
                    "in", "topics", "\n", "é", "'c'in\ttopics",
                ]),
                0..12,
            ),
        ) {
            super::fcm_target(pieces.concat().as_bytes());
        }
    }
}
