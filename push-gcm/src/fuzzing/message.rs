use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use super::is_one_line;
use crate::v1::{Condition, Message, Target, Topic};

const TARGETS: [&str; 4] = ["fid", "token", "topic", "condition"];

/// A message that was stored, to a target of any text: it is read again as it was written, and
/// refused with all that is wrong, or becomes a request with this one target and nothing else
/// changed.
///
/// The first byte says what kind of target it is and whether the message is only to be validated,
/// the second how long the target's text is; then come the text and the message.
pub fn fcm_message(input: &[u8]) {
    let [flags, length, rest @ ..] = input else {
        return;
    };
    let (text, json) = rest.split_at(rest.len().min(usize::from(*length)));
    let Ok(message) = serde_json::from_slice::<Message>(json) else {
        return;
    };
    let target = target(*flags, &String::from_utf8_lossy(text));
    let validate_only = flags & 4 != 0;

    let written = serde_json::to_value(&message);
    if let Ok(written) = &written {
        let again = serde_json::from_value::<Message>(written.clone());
        assert_eq!(again.ok().as_ref(), Some(&message), "read again");
    }
    let encoded = message.encode();
    let checked = message.check(&target);
    let encoded = match encoded {
        Ok(encoded) => encoded.validate_only(validate_only),
        Err(invalid) => {
            assert!(!invalid.problems().is_empty());
            assert!(is_one_line(&invalid.to_string()), "{invalid}");
            // A time can be one that can't be written, which a check does not try.
            assert!(checked.is_err() || written.is_err(), "{invalid}");
            return;
        }
    };
    let written = written.expect("what is encoded can be written");
    let fits = encoded.check(&target);
    assert_eq!(
        checked.is_ok(),
        fits.is_ok() && target.check().is_ok(),
        "{checked:?}, {fits:?}"
    );
    let limit_bytes = if target.is_device() { 4096 } else { 2048 };
    assert_eq!(fits.is_ok(), encoded.payload_bytes() <= limit_bytes);

    let body = encoded.body(&target);
    // Deeper than a reader goes, for what stands around the message.
    if depth(&written) > 120 {
        return;
    }
    let Names(outer) = serde_json::from_slice(&body).expect("the body is an object");
    assert_eq!(outer.contains(&"validate_only".to_owned()), validate_only);
    assert_eq!(outer.len(), 1 + usize::from(validate_only));
    let mut body: Value = serde_json::from_slice(&body).expect("the body is JSON");
    if validate_only {
        assert_eq!(body["validate_only"], true);
    }
    let mut sent = body["message"].take();
    let members = sent.as_object_mut().expect("the message is an object");
    let given: Vec<_> = TARGETS
        .into_iter()
        .filter_map(|name| Some((name, members.remove(name)?)))
        .collect();
    let expected = Value::from(target.as_str());
    assert_eq!(given, [(target.field(), expected)], "one target");
    assert_eq!(sent, written);
    is_said_once(&encoded.body(&target), members_of(&written) + 1);
}

fn target(flags: u8, text: &str) -> Target {
    match flags & 3 {
        0 => Target::token(text),
        1 => Target::fid(text),
        2 => Topic::new(text).map_or_else(|_| Target::token(text), Target::Topic),
        _ => Condition::new(text).map_or_else(|_| Target::token(text), Target::Condition),
    }
}

/// No member of the message is there twice, of which readers take one or the other.
fn is_said_once(body: &[u8], members: usize) {
    struct Body(usize);

    impl<'de> Deserialize<'de> for Body {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            #[derive(serde::Deserialize)]
            struct Outer {
                message: Names,
            }
            Outer::deserialize(deserializer).map(|outer| Self(outer.message.0.len()))
        }
    }

    let Body(count) = serde_json::from_slice(body).expect("the body has a message");
    assert_eq!(count, members);
}

fn members_of(object: &Value) -> usize {
    object.as_object().map_or(0, serde_json::Map::len)
}

/// The names of an object's members, each as often as it is there.
struct Names(Vec<String>);

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;

        impl<'de> Visitor<'de> for All {
            type Value = Names;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Names, A::Error> {
                let mut names = Vec::new();
                while let Some((name, IgnoredAny)) = map.next_entry()? {
                    names.push(name);
                }
                Ok(Names(names))
            }
        }

        deserializer.deserialize_map(All)
    }
}

fn depth(json: &Value) -> usize {
    let inner = match json {
        Value::Array(items) => items.iter().map(depth).max(),
        Value::Object(members) => members.values().map(depth).max(),
        _ => return 0,
    };
    1 + inner.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_text_of_a_target_breaks_out_of_its_place(
            flags: u8, text in "[\"\\\\,:{}a-z\u{0}-\u{1f}é]{0,40}",
        ) {
            let json = r#"{"data":{"k":"v"},"notification":{"title":"t"}}"#;
            let length = u8::try_from(text.len()).unwrap();
            let input = [&[flags, length][..], text.as_bytes(), json.as_bytes()].concat();
            super::fcm_message(&input);
        }
    }
}
