//! The token in an answer.

use std::time::{Duration, SystemTime};

use push_core::bearer::AccessToken;
use push_core::http::Answer;
use push_core::{Error, ErrorKind, Result};
use serde_json::{Map, Value};

use super::call::date;
use crate::v1::timestamp;

/// Reads `{access_token, expires_in, token_type}` (RFC 6749, section 5.1).
pub(super) fn token(answer: &Answer, server: &str) -> Result<AccessToken> {
    read_token(&answer.body, server)
}

fn read_token(body: &[u8], server: &str) -> Result<AccessToken> {
    let fields = fields(body, server)?;
    let token = text(&fields, "access_token").ok_or_else(|| no_token(&fields, server))?;
    // Not everybody says it; and whoever does may mean another kind, which has to be used otherwise.
    if let Some(kind) = text(&fields, "token_type")
        && !kind.eq_ignore_ascii_case("bearer")
    {
        let kind = word(kind);
        let message = format!("{server} gave a token of type {kind:?}: expected Bearer");
        return Err(Error::new(ErrorKind::Config, message));
    }
    Ok(AccessToken::new(token, lifetime(fields.get("expires_in"))))
}

/// The longest lifetime that can be asked for. Source: Google, "Create short-lived credentials".
const LONGEST: Duration = Duration::from_secs(12 * 60 * 60);

/// Reads `{accessToken, expireTime}`, the answer of the IAM Credentials API.
pub(super) fn impersonated(
    answer: &Answer,
    server: &str,
    wall_clock: SystemTime,
) -> Result<AccessToken> {
    let fields = fields(&answer.body, server)?;
    let token = text(&fields, "accessToken").ok_or_else(|| no_token(&fields, server))?;
    // By the server's own clock, where it tells it: ours may be off.
    let now = date(&answer.headers).unwrap_or(wall_clock);
    let lifetime = text(&fields, "expireTime")
        .and_then(timestamp::parse)
        // No longer than that, whatever the server's clock says.
        .map(|end| end.duration_since(now).unwrap_or_default().min(LONGEST));
    Ok(AccessToken::new(token, lifetime))
}

fn fields(body: &[u8], server: &str) -> Result<Map<String, Value>> {
    if let Ok(Value::Object(fields)) = serde_json::from_slice(body) {
        return Ok(fields);
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

fn no_token(fields: &Map<String, Value>, server: &str) -> Error {
    let names: Vec<&str> = fields.keys().take(10).map(|name| word(name)).collect();
    let message = format!(
        "{server} gave no access token, but the fields [{}]; is this the right URL?",
        names.join(", ")
    );
    Error::new(ErrorKind::Config, message)
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

fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    let text = fields.get(name)?.as_str()?;
    (!text.is_empty()).then_some(text)
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
    use crate::v1::oauth::error::OAuthError;
    use crate::v1::oauth::file::KeyFile;

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
        let names = "access_token|expires_in|token_type|error|error_description|status|message|type|\
                     private_key|client_email|token_uri|audience|subject_token_type|credential_source|\
                     file|url|headers|format|service_account_impersonation_url|source_credentials";
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".{0,20}".prop_map(Value::from),
            "service_account|external_account|impersonated_service_account".prop_map(Value::from),
            "https://[a-z:@/.\\[\\]#%]{0,20}".prop_map(Value::from),
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
            let _ = read_token(&bytes, "x");
            let _ = OAuthError::read(http::StatusCode::BAD_REQUEST, &bytes, &["a"]).to_string();
            let _ = KeyFile::parse(&bytes).and_then(|file| file.grant());
        }

        #[test]
        fn no_json_makes_a_reader_panic(value in any_json()) {
            let bytes = value.to_string();
            let _ = read_token(bytes.as_bytes(), "x");
            let _ = OAuthError::read(http::StatusCode::BAD_REQUEST, bytes.as_bytes(), &["a"]);
            let _ = KeyFile::parse(bytes.as_bytes()).and_then(|file| file.grant());
        }
    }
}
