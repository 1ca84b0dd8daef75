//! What token servers say when they say no.

use std::collections::HashSet;
use std::error::Error as StdError;
use std::fmt;

use http::StatusCode;
use serde_json::Value;

/// What a token server answered instead of a token: the cause in the chain of a
/// [`push_core::Error`](crate::Error).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OAuthError {
    /// The HTTP status.
    pub status: u16,
    /// The error, by name.
    pub error: OAuthCode,
    /// What the server said about it, shortened, and without what was sent to it.
    pub description: Option<String>,
}

/// The name of an OAuth error (RFC 6749, section 5.2), and those that Google adds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OAuthCode {
    /// `invalid_grant`: the assertion or the refresh token is not accepted.
    InvalidGrant,
    /// `invalid_scope`: no such scope.
    InvalidScope,
    /// `invalid_request`: something is missing or malformed.
    InvalidRequest,
    /// `invalid_client`: no such client, or another secret.
    InvalidClient,
    /// `unauthorized_client`: the client may not do this.
    UnauthorizedClient,
    /// `unsupported_grant_type`: the server knows no such exchange.
    UnsupportedGrantType,
    /// `invalid_target`: the audience is none (RFC 8693, section 2.2.2).
    InvalidTarget,
    /// `access_denied`.
    AccessDenied,
    /// `admin_policy_enforced`: the organisation forbids it.
    AdminPolicyEnforced,
    /// `internal_failure`.
    InternalFailure,
    /// `server_error`.
    ServerError,
    /// `temporarily_unavailable`.
    TemporarilyUnavailable,
    /// The answer named none: it was no JSON, or there was none.
    Untold,
    /// Another one, as it came; or the status by which Google's other interfaces name errors, such as
    /// `PERMISSION_DENIED`.
    Other(String),
}

impl OAuthCode {
    fn read(name: &str) -> Self {
        match name {
            "invalid_grant" => Self::InvalidGrant,
            "invalid_scope" => Self::InvalidScope,
            "invalid_request" => Self::InvalidRequest,
            "invalid_client" => Self::InvalidClient,
            "unauthorized_client" => Self::UnauthorizedClient,
            "unsupported_grant_type" => Self::UnsupportedGrantType,
            "invalid_target" => Self::InvalidTarget,
            "access_denied" => Self::AccessDenied,
            "admin_policy_enforced" => Self::AdminPolicyEnforced,
            "internal_failure" => Self::InternalFailure,
            "server_error" => Self::ServerError,
            "temporarily_unavailable" => Self::TemporarilyUnavailable,
            "" => Self::Untold,
            other => Self::Other(shortened(other)),
        }
    }

    /// The name as it came.
    pub fn as_str(&self) -> &str {
        match self {
            Self::InvalidGrant => "invalid_grant",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidTarget => "invalid_target",
            Self::AccessDenied => "access_denied",
            Self::AdminPolicyEnforced => "admin_policy_enforced",
            Self::InternalFailure => "internal_failure",
            Self::ServerError => "server_error",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::Untold => "",
            Self::Other(name) => name,
        }
    }
}

impl OAuthError {
    /// Reads an answer, whatever its body is. What was sent in secret is not repeated.
    pub fn read(status: StatusCode, body: &[u8], secrets: &[impl AsRef<str>]) -> Self {
        let (name, description) = named(body);
        let hidden = |text: String| shortened(&hidden(&text, secrets));
        Self {
            status: status.as_u16(),
            error: match OAuthCode::read(&name) {
                OAuthCode::Other(name) => OAuthCode::read(&hidden(name)),
                known => known,
            },
            description: description.map(hidden).filter(|text| !text.is_empty()),
        }
    }

    /// The answer of a token server among the causes of an error, where there is one.
    pub fn of<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a Self> {
        let causes = std::iter::successors(Some(error), |error| (*error).source());
        causes
            .take(64)
            .find_map(|error| error.downcast_ref::<Self>())
    }

    /// Whether the same request may succeed later.
    pub fn is_temporary(&self) -> bool {
        matches!(self.status, 408 | 429 | 500..=599)
            || matches!(
                self.error,
                OAuthCode::InternalFailure
                    | OAuthCode::ServerError
                    | OAuthCode::TemporarilyUnavailable
            )
    }

    /// Whether the description has these words, which are given in lower case.
    pub fn says(&self, words: &str) -> bool {
        self.description
            .as_deref()
            .is_some_and(|text| text.to_ascii_lowercase().contains(words))
    }
}

/// The name of the error and its description, from any of the forms in which they come.
fn named(body: &[u8]) -> (String, Option<String>) {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let Ok(Value::Object(answer)) = serde_json::from_slice(body) else {
        return (String::new(), described(body));
    };
    match answer.get("error") {
        // That of OAuth.
        Some(Value::String(name)) => {
            let description = answer.get("error_description").and_then(text);
            (name.clone(), description)
        }
        // That of Google's other interfaces.
        Some(Value::Object(error)) => {
            let name = error.get("status").and_then(text).unwrap_or_default();
            (name, error.get("message").and_then(text))
        }
        _ => (String::new(), answer.get("message").and_then(text)),
    }
}

/// A body that is no JSON.
fn described(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let text = text.trim();
    match text {
        "" => None,
        _ if text.starts_with('<') => Some("an HTML page".to_owned()),
        _ => Some(text.to_owned()),
    }
}

/// The text without what it has in common with secrets: servers repeat them in spellings of their own, and
/// in parts.
fn hidden(text: &str, secrets: &[impl AsRef<str>]) -> String {
    /// What is shorter can be chance, unless it is all of the secret.
    const LONGEST_CHANCE: usize = 5;
    /// More is not shown.
    const MOST: usize = 4096;

    let text = crate::text::start(text, MOST);
    let mut is_secret = vec![false; text.len()];
    for secret in secrets {
        let secret = secret.as_ref().as_bytes();
        let length = secret.len().min(LONGEST_CHANCE + 1);
        if length == 0 {
            continue;
        }
        let parts: HashSet<&[u8]> = secret.windows(length).collect();
        for (at, part) in text.as_bytes().windows(length).enumerate() {
            if parts.contains(part) {
                is_secret[at..at + length].fill(true);
            }
        }
    }
    let mut shown = String::with_capacity(text.len());
    let mut hides = false;
    for (at, character) in text.char_indices() {
        if !is_secret[at] {
            shown.push(character);
        } else if !hides {
            shown.push('…');
        }
        hides = is_secret[at];
    }
    shown
}

/// On one line, and not endless.
fn shortened(text: &str) -> String {
    const MOST: usize = 300;
    let visible = |character: char| match character.is_control() {
        true => ' ',
        false => character,
    };
    let mut short: String = text.trim().chars().take(MOST).map(visible).collect();
    if text.trim().chars().nth(MOST).is_some() {
        short.push('…');
    }
    short
}

impl fmt::Display for OAuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "status {}", self.status)?;
        if self.error != OAuthCode::Untold {
            write!(f, ", {}", self.error.as_str())?;
        }
        match &self.description {
            Some(text) => write!(f, ": {text}"),
            None => Ok(()),
        }
    }
}

impl StdError for OAuthError {}

impl fmt::Display for OAuthCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Error, ErrorKind};

    fn read(status: u16, body: &str) -> OAuthError {
        OAuthError::read(
            StatusCode::from_u16(status).unwrap(),
            body.as_bytes(),
            &[""],
        )
    }

    #[test]
    fn every_form_of_an_error_is_read() {
        for (status, body, shown) in [
            (
                400,
                r#"{"error":"invalid_grant","error_description":"Invalid JWT Signature."}"#,
                "status 400, invalid_grant: Invalid JWT Signature.",
            ),
            (401, r#"{"error":"new_one"}"#, "status 401, new_one"),
            (
                403,
                r#"{"error":{"code":403,"message":"no","status":"PERMISSION_DENIED"}}"#,
                "status 403, PERMISSION_DENIED: no",
            ),
            (400, r#"{"error":7}"#, "status 400"),
            (400, r#"{"error":{"code":400}}"#, "status 400"),
            (404, "not found\r\nhere\n", "status 404: not found  here"),
            (502, "<html><body>Bad Gateway", "status 502: an HTML page"),
            (503, "", "status 503"),
            (500, "[]", "status 500: []"),
        ] {
            assert_eq!(read(status, body).to_string(), shown);
        }
    }

    #[test]
    fn every_name_is_read_and_told_as_it_came() {
        for name in [
            "invalid_grant",
            "invalid_scope",
            "invalid_request",
            "invalid_client",
            "unauthorized_client",
            "unsupported_grant_type",
            "invalid_target",
            "access_denied",
            "admin_policy_enforced",
            "internal_failure",
            "server_error",
            "temporarily_unavailable",
        ] {
            let code = OAuthCode::read(name);
            assert!(!matches!(code, OAuthCode::Other(_)), "{name}");
            assert_eq!(code.as_str(), name);
        }
        assert_eq!(OAuthCode::read("x"), OAuthCode::Other("x".to_owned()));
    }

    #[test]
    fn what_passes_by_itself_is_told_from_what_does_not() {
        for status in [408, 429, 500, 502, 503, 504] {
            assert!(read(status, "").is_temporary(), "{status}");
        }
        for status in [400, 401, 403, 404, 302] {
            assert!(!read(status, r#"{"error":"invalid_grant"}"#).is_temporary());
        }
        for error in [
            "internal_failure",
            "server_error",
            "temporarily_unavailable",
        ] {
            let body = format!(r#"{{"error":"{error}"}}"#);
            assert!(read(400, &body).is_temporary(), "{error}");
        }
    }

    #[test]
    fn what_was_sent_in_secret_is_not_repeated() {
        let body = br#"{"error":"invalid_grant","error_description":"no such token: 1//secret"}"#;
        let error = OAuthError::read(StatusCode::BAD_REQUEST, body, &["", "1//secret"]);
        assert_eq!(error.description.as_deref(), Some("no such token: …"));
        let error = OAuthError::read(StatusCode::BAD_REQUEST, b"1//secret?", &["1//secret"]);
        assert_eq!(error.description.as_deref(), Some("…?"));
    }

    #[test]
    fn a_secret_is_hidden_in_every_spelling_and_in_parts() {
        let secret = "abc8Q~s3cr3t+/&value";
        for echo in [
            "abc8Q~s3cr3t%2b%2f%26value",
            "abc8Q%7Es3cr3t%2B%2F%26value",
            "abc8Q~s3cr3t+/&amp;value",
            "abc8Q~s3cr3t+\\/",
        ] {
            let body = format!("not accepted: {echo}");
            let error = OAuthError::read(StatusCode::UNAUTHORIZED, body.as_bytes(), &[secret]);
            let shown = error.to_string();
            assert!(shown.contains('…') && !shown.contains("s3cr3t"), "{shown}");
        }
        // A name that is known is none.
        let body = br#"{"error":"temporarily_unavailable"}"#;
        let error = OAuthError::read(StatusCode::BAD_REQUEST, body, &["unavailable-secret"]);
        assert_eq!(error.error, OAuthCode::TemporarilyUnavailable);
        // What has little in common with it stays.
        let error = OAuthError::read(StatusCode::UNAUTHORIZED, b"a valued value", &[secret]);
        assert_eq!(error.description.as_deref(), Some("a valued value"));
    }

    #[test]
    fn a_long_description_is_cut() {
        let error = read(400, &"ü".repeat(100_000));
        assert!(error.description.unwrap().chars().count() <= 301);
    }

    #[test]
    fn it_is_found_among_the_causes_of_an_error() {
        let told = read(400, r#"{"error":"invalid_grant"}"#);
        let error = Error::new(ErrorKind::Identity, "no token").with_source(told.clone());
        let error = Error::new(ErrorKind::Identity, "no").with_source(error);
        assert_eq!(OAuthError::of(&error), Some(&told));
    }
}
