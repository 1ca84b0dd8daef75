//! Service accounts: an assertion signed by the account's key is exchanged for a token (RFC 7523).

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use http::Uri;
use push_core::Result;
use push_core::bearer::AccessToken;
use push_core::bearer::oauth::{
    OAuthCode, OAuthError, Refusal, TokenAnswer, TokenFailure, TokenRequest,
};
use push_core::sign::Rs256Key;
use serde::Deserialize;
use serde_json::json;

use super::file::{KeyFile, missing, text_of};
use super::grant::{Asking, Grant};
use super::url::{Allowed, check};

/// What assertions are made out to, wherever they are sent. Source: Google's own authentication
/// libraries.
const AUDIENCE: &str = "https://oauth2.googleapis.com/token";

const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// For how long an assertion is good, which is as long as Google allows.
const LIFETIME_SECONDS: i64 = 3600;

/// An assertion is made out as of a little before, for a clock that goes ahead.
const ALLOWANCE_SECONDS: i64 = 10;

/// A clock is called wrong from so much on.
const NOTABLE_SECONDS: u64 = 5;

/// A service account with its key.
pub(super) struct ServiceAccount {
    email: String,
    key: Rs256Key,
    key_id: Option<String>,
    project: Option<String>,
    quota_project: Option<String>,
    token_url: Uri,
    /// How far the server's clock is ahead of ours, where an answer has shown that.
    offset_seconds: AtomicI64,
}

#[derive(Deserialize)]
struct Fields {
    client_email: Option<String>,
    private_key: Option<String>,
    private_key_id: Option<String>,
    project_id: Option<String>,
    quota_project_id: Option<String>,
    token_uri: Option<String>,
}

impl ServiceAccount {
    pub(super) fn read(file: &KeyFile) -> Result<Self> {
        let fields: Fields = file.fields("service account")?;
        let (email, key) = (text_of(fields.client_email), text_of(fields.private_key));
        let (Some(email), Some(key)) = (&email, &key) else {
            let fields = [
                ("client_email", email.is_some()),
                ("private_key", key.is_some()),
            ];
            return Err(missing("service account", &fields));
        };
        let token_url = text_of(fields.token_uri).unwrap_or_else(|| AUDIENCE.to_owned());
        Ok(Self {
            email: email.clone(),
            key: Rs256Key::from_pem(key)?,
            key_id: text_of(fields.private_key_id),
            project: text_of(fields.project_id),
            quota_project: text_of(fields.quota_project_id),
            token_url: check("token_uri", &token_url, Allowed::Encrypted)?,
            offset_seconds: AtomicI64::new(0),
        })
    }

    /// An assertion as of now, by the server's clock as far as that is known.
    fn assertion(&self, scope: &str, wall_clock: SystemTime) -> Result<String> {
        let offset = self.offset_seconds.load(Ordering::Relaxed);
        let issued = seconds(wall_clock) + offset - ALLOWANCE_SECONDS;
        let mut header = json!({"alg": "RS256", "typ": "JWT"});
        if let Some(key_id) = &self.key_id {
            header["kid"] = key_id.as_str().into();
        }
        let claims = json!({
            "iss": self.email,
            "scope": scope,
            "aud": AUDIENCE,
            "iat": issued,
            "exp": issued + LIFETIME_SECONDS,
        });
        let (header, claims) = (header.to_string(), claims.to_string());
        self.key.sign_jwt(header.as_bytes(), claims.as_bytes())
    }

    async fn exchange(&self, asking: &Asking<'_>) -> Result<AccessToken, TokenFailure> {
        let assertion = self.assertion(asking.scope, asking.wall_clock());
        let assertion = assertion.map_err(TokenFailure::Failed)?;
        let url = asking.token_url(&self.token_url);
        let fields = [("grant_type", JWT_BEARER), ("assertion", &assertion)];
        let request = TokenRequest::form(url, &fields, &[&assertion]);
        let answer = request.send(asking.http, asking.deadline).await?;
        TokenAnswer::read(&answer.body, request.server())
            .and_then(|answer| answer.token())
            .map_err(TokenFailure::Failed)
    }

    /// Follows the server's clock; whether that changes anything.
    fn follow(&self, refusal: &Refusal, wall_clock: SystemTime) -> bool {
        let Some(date) = refusal.date.filter(|_| is_of_the_clock(&refusal.error)) else {
            return false;
        };
        let offset = seconds(date) - seconds(wall_clock);
        let known = self.offset_seconds.swap(offset, Ordering::Relaxed);
        if (offset - known).unsigned_abs() < NOTABLE_SECONDS {
            return false;
        }
        let off = off(offset).unwrap_or_default();
        let account = &self.email;
        tracing::warn!(
            account,
            "the clock is {off} the token server's, which is followed"
        );
        true
    }

    /// What to do about a refusal.
    fn advice(&self, refusal: &Refusal) -> Option<String> {
        let (error, email) = (&refusal.error, &self.email);
        if is_of_the_clock(error) {
            let offset = self.offset_seconds.load(Ordering::Relaxed);
            let clock = match refusal.date.and_then(|_| off(offset)) {
                Some(off) => format!("this machine's clock is {off} the server's: set it"),
                None if refusal.date.is_some() => {
                    "this machine's clock agrees with the server's `Date`".to_owned()
                }
                None => "is this machine's clock right?".to_owned(),
            };
            return Some(format!(
                "the times of the assertion are not accepted; {clock}"
            ));
        }
        let key = match &self.key_id {
            Some(key_id) => format!("the key {key_id}"),
            None => "the key".to_owned(),
        };
        Some(match &error.error {
            OAuthCode::InvalidGrant if error.says("signature") => format!(
                "{key} is none of {email}'s: it was deleted or disabled (Google disables keys that it finds \
                 in public), or the file was changed; make a new key for the account"
            ),
            OAuthCode::InvalidGrant if error.says("audience") => {
                "the assertion is not meant for this server: is the token URL right?".to_owned()
            }
            OAuthCode::InvalidGrant if error.says("account not found") => format!(
                "there is no account {email}: it or its project was deleted; make another one"
            ),
            OAuthCode::InvalidGrant => format!("{key} of {email} is not accepted"),
            OAuthCode::UnauthorizedClient => {
                format!("{email} may not ask for this scope: let it use the scope, or name another")
            }
            _ => return super::advice::usual(error),
        })
    }
}

#[async_trait]
impl Grant for ServiceAccount {
    async fn fetch(&self, asking: &Asking<'_>) -> Result<AccessToken> {
        let refusal = match self.exchange(asking).await {
            Ok(token) => return Ok(token),
            Err(TokenFailure::Failed(error)) => return Err(error),
            Err(TokenFailure::Refused(refusal)) => refusal,
        };
        let refusal = match self.follow(&refusal, asking.wall_clock()) {
            false => refusal,
            // Once more, by the server's clock.
            true => match self.exchange(asking).await {
                Ok(token) => return Ok(token),
                Err(TokenFailure::Failed(error)) => return Err(error),
                Err(TokenFailure::Refused(refusal)) => refusal,
            },
        };
        let advice = self.advice(&refusal);
        Err(refusal.into_error(advice))
    }

    fn describe(&self) -> String {
        format!("the service account {}", self.email)
    }

    fn project(&self) -> Option<&str> {
        self.project.as_deref()
    }

    fn quota_project(&self) -> Option<&str> {
        self.quota_project.as_deref()
    }
}

impl fmt::Debug for ServiceAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceAccount")
            .field("email", &self.email)
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}

/// Whether the server says that the assertion is not of this time.
fn is_of_the_clock(error: &OAuthError) -> bool {
    error.error == OAuthCode::InvalidGrant
        && (error.says("short-lived token") || error.says("reasonable timeframe"))
}

/// Since the epoch; before it, less than nothing.
fn seconds(time: SystemTime) -> i64 {
    let whole = |time: std::time::Duration| i64::try_from(time.as_secs()).unwrap_or(i64::MAX / 4);
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => whole(since),
        Err(before) => -whole(before.duration()),
    }
}

/// How a clock is off, for people; `None` where it is hardly so.
fn off(offset_seconds: i64) -> Option<String> {
    let direction = match offset_seconds {
        0.. => "behind",
        _ => "ahead of",
    };
    let seconds = offset_seconds.unsigned_abs();
    let (count, unit) = match seconds {
        ..NOTABLE_SECONDS => return None,
        NOTABLE_SECONDS..120 => (seconds, "seconds"),
        120..7200 => (seconds / 60, "minutes"),
        7200..172_800 => (seconds / 3600, "hours"),
        _ => (seconds / 86_400, "days"),
    };
    Some(format!("{count} {unit} {direction}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_far_a_clock_is_off_is_said_in_words() {
        for (seconds, words) in [
            (0, None),
            (-4, None),
            (90, Some("90 seconds behind")),
            (600, Some("10 minutes behind")),
            (-601, Some("10 minutes ahead of")),
            (-7200, Some("2 hours ahead of")),
            (400_000_000, Some("4629 days behind")),
        ] {
            assert_eq!(off(seconds).as_deref(), words);
        }
    }

    #[test]
    fn times_before_the_epoch_are_counted_too() {
        let before = UNIX_EPOCH - std::time::Duration::from_secs(7);
        assert_eq!(seconds(before), -7);
    }
}
