//! Google's endpoints that give access tokens, each for a kind of credentials.

mod assertion;
mod impersonation;
mod metadata;
mod refusal;
mod sts;
mod token;

use serde::Serialize;

use self::refusal::Refusal;
use super::shared::Shared;
use super::status;
use crate::fault::Answer;
use crate::web::{Asked, Told};

/// What a token is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Grant {
    Messaging,
    /// Other services of Google.
    Other,
}

/// What Google's tokens begin with.
const PREFIX: &str = "ya29.sim.";

/// An endpoint, told by its path, whatever the host is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Endpoint {
    /// `oauth2.googleapis.com/token`.
    Token,
    /// `sts.googleapis.com/v1/token`.
    Exchange,
    /// `iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/…:generateAccessToken`.
    Impersonation,
    /// `metadata.google.internal`.
    Metadata,
}

impl Endpoint {
    pub(super) fn of(asked: &Asked) -> Option<Self> {
        match asked.path.as_str() {
            "/token" | "/oauth2/v4/token" => Some(Self::Token),
            "/v1/token" => Some(Self::Exchange),
            // By which clients find out whether there is a metadata server.
            "/" if asked.header("metadata-flavor").is_some() => Some(Self::Metadata),
            "/computeMetadata" => Some(Self::Metadata),
            path if path.starts_with("/computeMetadata/") => Some(Self::Metadata),
            path if impersonation::email(path).is_some() => Some(Self::Impersonation),
            _ => None,
        }
    }

    pub(super) fn answer(self, asked: &Asked, shared: &Shared) -> Told {
        match self {
            Self::Metadata => metadata::answer(asked, shared),
            _ if asked.method != "POST" => Told::not_found(&asked.path),
            Self::Token => token::answer(asked, shared),
            Self::Exchange => sts::answer(asked, shared),
            Self::Impersonation => impersonation::answer(asked, shared),
        }
    }

    /// What a fault orders.
    pub(super) fn refuse(self, asked: &Asked, answer: &Answer) -> Told {
        match self {
            Self::Token | Self::Exchange => Refusal::ordered(answer).told(asked),
            Self::Impersonation => super::refuse::status(answer).told(asked),
            Self::Metadata => {
                let text = answer.message.clone().or_else(|| answer.reason.clone());
                let told = Told::new(
                    answer.status,
                    "text/html; charset=UTF-8",
                    text.unwrap_or_default(),
                );
                metadata::flavored(told)
            }
        }
    }
}

/// An access token as the token endpoints write it.
#[derive(Debug, Serialize)]
struct Given {
    access_token: String,
    expires_in: Lifetime,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issued_token_type: Option<&'static str>,
    token_type: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Lifetime {
    Number(u64),
    Text(String),
}

impl Given {
    /// A new token for what is asked for.
    fn new(shared: &Shared, grant: Grant) -> Self {
        let seconds = shared.config.token_lifetime.as_secs();
        Self {
            access_token: shared
                .tokens
                .give(PREFIX, shared.config.token_lifetime, grant),
            expires_in: if shared.config.expires_in_as_text {
                Lifetime::Text(seconds.to_string())
            } else {
                Lifetime::Number(seconds)
            },
            scope: None,
            issued_token_type: None,
            token_type: "Bearer",
        }
    }

    fn told(&self, asked: &Asked) -> Told {
        status::json(asked, 200, self).header("cache-control", "no-cache, no-store, max-age=0")
    }
}

/// Whether the scopes give access to FCM.
fn grant_of(scopes: &str) -> Grant {
    let is_enough = scopes.split_whitespace().any(|scope| {
        matches!(
            scope.strip_prefix("https://www.googleapis.com/auth/"),
            Some("firebase.messaging" | "cloud-platform")
        )
    });
    if is_enough {
        Grant::Messaging
    } else {
        Grant::Other
    }
}

/// Whether there are scopes, and all look like Google's.
fn are_scopes(scopes: &str) -> bool {
    let is_good = |scope: &str| {
        let name = scope.strip_prefix("https://www.googleapis.com/auth/");
        name.is_some_and(|name| !name.is_empty() && !name.contains(','))
            || matches!(scope, "openid" | "email" | "profile")
    };
    let mut scopes = scopes.split_whitespace().peekable();
    scopes.peek().is_some() && scopes.all(is_good)
}
