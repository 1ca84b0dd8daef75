use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

/// Checks that the text is one JSON object, without building it.
///
/// # Errors
/// What the parser found instead, and where.
pub(crate) fn check_object(json: &str) -> Result<(), serde_json::Error> {
    serde_json::from_str::<Object>(json).map(|Object| ())
}

struct Object;

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Object;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Object, A::Error> {
                while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Object)
            }
        }

        deserializer.deserialize_map(Members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_passes_and_nothing_else_does() {
        for json in ["{}", " {\"aps\" : {}}\n", r#"{"a":[1,{"b":null}]}"#] {
            assert!(check_object(json).is_ok(), "{json}");
        }
        for json in [
            "",
            "[]",
            "null",
            "\"aps\"",
            "{",
            "{}{}",
            "{'aps':1}",
            "{\"a\":1,}",
            "{\"a\":NaN}",
        ] {
            assert!(check_object(json).is_err(), "{json}");
        }
    }

    #[test]
    fn an_object_without_bottom_is_an_error_and_no_overflow() {
        assert!(check_object(&"{\"a\":".repeat(100_000)).is_err());
    }
}
