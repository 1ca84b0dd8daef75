//! JSON that keeps its order, and keys that come twice: errors name the place of an entry.

use std::fmt;

use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::fcm) enum Json {
    Null,
    Bool(bool),
    Number(serde_json::Number),
    Text(String),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
}

impl Json {
    /// Reads a whole document.
    ///
    /// # Errors
    /// As Google's front end puts it.
    pub(in crate::fcm) fn parse(text: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(text).map_err(|error| {
            let shown = String::from_utf8_lossy(text);
            let line = shown.lines().nth(error.line().saturating_sub(1));
            let line: String = line.unwrap_or_default().chars().take(80).collect();
            let place = error.column().saturating_sub(1).min(79);
            let what = if error.is_eof() {
                "Unexpected end of string."
            } else {
                "Unexpected token."
            };
            format!(
                "Invalid JSON payload received. {what}\n{line}\n{:>place$}^",
                ""
            )
        })
    }

    /// The last value of this field, in snake_case or in lowerCamelCase; null is no value.
    pub(in crate::fcm) fn field(&self, name: &str) -> Option<&Self> {
        let mut found = self.entries().iter().rev();
        let value = found.find(|(key, _)| is_name_of(name, key))?;
        (value.1 != Self::Null).then_some(&value.1)
    }

    /// The field of a field.
    pub(in crate::fcm) fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |value, name| value.field(name))
    }

    /// None if it is no object.
    pub(in crate::fcm) fn entries(&self) -> &[(String, Self)] {
        match self {
            Self::Object(entries) => entries,
            _ => &[],
        }
    }

    pub(in crate::fcm) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// How many bytes there are in all keys and values, without what JSON needs around them.
    pub(in crate::fcm) fn content_bytes(&self) -> usize {
        match self {
            Self::Null => 0,
            Self::Bool(true) => 4,
            Self::Bool(false) => 5,
            Self::Number(number) => number.to_string().len(),
            Self::Text(text) => text.len(),
            Self::List(list) => list.iter().map(Self::content_bytes).sum(),
            Self::Object(entries) => entries
                .iter()
                .map(|(key, value)| key.len() + value.content_bytes())
                .sum(),
        }
    }
}

/// Whether a key is this name, or the same in lowerCamelCase.
pub(super) fn is_name_of(name: &str, key: &str) -> bool {
    if name == key {
        return true;
    }
    let mut key = key.bytes();
    let mut starts_word = false;
    for octet in name.bytes() {
        if octet == b'_' {
            starts_word = true;
            continue;
        }
        let expected = if starts_word {
            octet.to_ascii_uppercase()
        } else {
            octet
        };
        starts_word = false;
        if key.next() != Some(expected) {
            return false;
        }
    }
    key.next().is_none()
}

/// As JSON, on one line.
impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = |text: &str| serde_json::to_string(text).unwrap_or_default();
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(on) => write!(f, "{on}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(&quoted(text)),
            Self::List(list) => {
                f.write_str("[")?;
                for (at, value) in list.iter().enumerate() {
                    let comma = if at == 0 { "" } else { "," };
                    write!(f, "{comma}{value}")?;
                }
                f.write_str("]")
            }
            Self::Object(entries) => {
                f.write_str("{")?;
                for (at, (key, value)) in entries.iter().enumerate() {
                    let comma = if at == 0 { "" } else { "," };
                    write!(f, "{comma}{}:{value}", quoted(key))?;
                }
                f.write_str("}")
            }
        }
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyJson)
    }
}

struct AnyJson;

impl<'de> Visitor<'de> for AnyJson {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, on: bool) -> Result<Json, E> {
        Ok(Json::Bool(on))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Json, E> {
        Ok(Json::Number(number.into()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Json, E> {
        Ok(Json::Number(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Json, E> {
        Ok(serde_json::Number::from_f64(number).map_or(Json::Null, Json::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Json, E> {
        Ok(Json::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json, A::Error> {
        let mut list = Vec::new();
        while let Some(value) = seq.next_element()? {
            list.push(value);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Json::Object(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_keeps_its_order_and_what_comes_twice() {
        let text = r#"{"b":1,"a":[true,null,"ä\n"],"b":{"x":-2.5}}"#;
        let value = Json::parse(text.as_bytes()).unwrap();
        assert_eq!(value.to_string(), text);
        assert_eq!(value.field("b"), value.at(&["b"]));
        assert_eq!(value.at(&["b", "x"]).unwrap().to_string(), "-2.5");
        assert_eq!(value.at(&["a", "x"]), None);
    }

    #[test]
    fn a_field_is_found_in_either_case() {
        let value = Json::parse(br#"{"apnsPriority":1,"time_to_live":null,"x_y":3}"#).unwrap();
        assert!(value.field("apns_priority").is_some());
        assert!(value.field("x_y").is_some());
        assert!(value.field("time_to_live").is_none());
        assert!(!is_name_of("x_y", "x_Y") && !is_name_of("x_y", "xYz") && !is_name_of("x_y", "x"));
    }

    #[test]
    fn what_is_no_json_is_shown_where_it_goes_wrong() {
        assert_eq!(
            Json::parse(b"{\"message\": {tok").unwrap_err(),
            "Invalid JSON payload received. Unexpected token.\n{\"message\": {tok\n             ^"
        );
        let cut = Json::parse(b"{\"a\":").unwrap_err();
        assert!(cut.starts_with("Invalid JSON payload received. Unexpected end of string.\n"));
        assert!(Json::parse("[".repeat(4000).as_bytes()).is_err());
        assert!(Json::parse(b"\xff").is_err());
    }
}
