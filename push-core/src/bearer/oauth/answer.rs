//! The token in an answer.

use std::fmt;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::bearer::AccessToken;
use crate::{Error, ErrorKind, Result};

/// The JSON object that a token server answered with.
pub struct TokenAnswer<'a> {
    fields: Map<String, Value>,
    /// For errors.
    server: &'a str,
}

impl<'a> TokenAnswer<'a> {
    /// Reads the body of an answer of this server.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when it is no JSON object.
    pub fn read(body: &[u8], server: &'a str) -> Result<Self> {
        if let Ok(Value::Object(fields)) = serde_json::from_slice(body) {
            return Ok(Self { fields, server });
        }
        let came = match body.trim_ascii_start() {
            [] => "nothing",
            [b'<', ..] => "an HTML page",
            _ => "something else",
        };
        let message = format!(
            "{server} answered with {came}: expected a JSON object with a token; is this the right URL?"
        );
        Err(Error::new(ErrorKind::Config, message))
    }

    /// The token in `{access_token, expires_in, token_type}` (RFC 6749, section 5.1).
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when there is none, or one of another type than Bearer.
    pub fn token(&self) -> Result<AccessToken> {
        let token = self.token_in("access_token")?;
        // Not everybody says it; and whoever does may mean another kind, which has to be used otherwise.
        if let Some(kind) = self.text("token_type")
            && !kind.eq_ignore_ascii_case("bearer")
        {
            let (server, kind) = (self.server, word(kind));
            let message = format!("{server} gave a token of type {kind:?}: expected Bearer");
            return Err(Error::new(ErrorKind::Config, message));
        }
        let lifetime = lifetime(self.fields.get("expires_in"));
        Ok(AccessToken::new(token, lifetime))
    }

    /// The text of a field that holds a token.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when there is no such text; it names the fields that are there.
    pub fn token_in(&self, field: &str) -> Result<&str> {
        self.text(field).ok_or_else(|| {
            let names = self.fields.keys().take(10).map(|name| word(name));
            let names = names.collect::<Vec<_>>().join(", ");
            let server = self.server;
            let message = format!(
                "{server} gave no access token, but the fields [{names}]; is this the right URL?"
            );
            Error::new(ErrorKind::Config, message)
        })
    }

    /// The text of a field, unless it is empty.
    pub fn text(&self, field: &str) -> Option<&str> {
        let text = self.fields.get(field)?.as_str()?;
        (!text.is_empty()).then_some(text)
    }
}

impl fmt::Debug for TokenAnswer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenAnswer")
            .field("server", &self.server)
            .finish_non_exhaustive()
    }
}

/// A name of the server's, for errors: what is no short word could be anything, what was sent to it
/// too.
fn word(name: &str) -> &str {
    let is_of_word = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    match name.len() <= 32 && name.bytes().all(is_of_word) {
        true => name,
        false => "…",
    }
}

/// Seconds as a number, or in a string; nothing where it is neither.
fn lifetime(value: Option<&Value>) -> Option<Duration> {
    let seconds = match value? {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok().filter(|it: &f64| it.is_finite())?,
        _ => return None,
    };
    Duration::try_from_secs_f64(seconds.max(0.0)).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::bearer::oauth::OAuthError;

    #[test]
    fn a_lifetime_is_a_number_a_string_or_nothing() {
        let seconds = |value: Value| lifetime(Some(&value)).map(|it| it.as_secs());
        assert_eq!(seconds(json!(3599)), Some(3599));
        assert_eq!(seconds(json!("3599")), Some(3599));
        assert_eq!(seconds(json!(" 3599.9 ")), Some(3599));
        assert_eq!(seconds(json!(0)), Some(0));
        assert_eq!(seconds(json!(-5)), Some(0));
        for value in [
            json!("soon"),
            json!(null),
            json!([1]),
            json!(1e300),
            json!("NaN"),
        ] {
            assert_eq!(seconds(value), None);
        }
        assert_eq!(lifetime(None), None);
    }

    /// JSON with the fields that are looked for, of any kind.
    fn any_json() -> impl Strategy<Value = Value> {
        let names =
            "access_token|expires_in|token_type|error|error_description|status|message|type";
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".{0,20}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 30, 6, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(names, inner, 0..6)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_bytes_make_a_reader_panic(bytes: Vec<u8>) {
            let _ = TokenAnswer::read(&bytes, "x").and_then(|answer| answer.token());
            let _ = OAuthError::read(http::StatusCode::BAD_REQUEST, &bytes, &["a"]).to_string();
        }

        #[test]
        fn no_json_makes_a_reader_panic(value in any_json()) {
            let bytes = value.to_string();
            let _ = TokenAnswer::read(bytes.as_bytes(), "x").and_then(|it| it.token());
            let _ = OAuthError::read(http::StatusCode::BAD_REQUEST, bytes.as_bytes(), &["a"]);
        }
    }
}
