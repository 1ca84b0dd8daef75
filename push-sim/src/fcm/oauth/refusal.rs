//! The errors of token endpoints (RFC 6749, section 5.2), in Google's words.

use serde::Serialize;

use crate::fault::Answer;
use crate::fcm::status;
use crate::web::{Asked, Told};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) error: String,
    pub(super) description: Option<String>,
}

pub(super) const SIGNATURE: &str = "Invalid JWT Signature.";
pub(super) const AUDIENCE: &str = "Invalid JWT: Failed audience check.";
pub(super) const LIFETIME: &str = "Invalid JWT: Token must be a short-lived token (60 minutes) \
     and in a reasonable timeframe. Check your iat and exp values in the JWT claim.";
pub(super) const NO_ISSUE_TIME: &str = "Invalid JWT: iat (issued at) is not set.";
pub(super) const NO_EXPIRY: &str = "Invalid JWT: exp (expiration time) is not set.";
pub(super) const ACCOUNT: &str = "Invalid grant: account not found";
pub(super) const SCOPE: &str = "Invalid OAuth scope or ID token audience provided.";
pub(super) const BAD_REQUEST: &str = "Bad Request";

impl Refusal {
    pub(super) fn new(status: u16, error: &str, description: impl Into<String>) -> Self {
        Self {
            status,
            error: error.to_owned(),
            description: Some(description.into()),
        }
    }

    pub(super) fn grant(description: &str) -> Self {
        Self::new(400, "invalid_grant", description)
    }

    pub(super) fn request(description: impl Into<String>) -> Self {
        Self::new(400, "invalid_request", description)
    }

    /// What a fault orders: its reason, and its message or what Google says with such a reason.
    pub(super) fn ordered(answer: &Answer) -> Self {
        let error = answer.reason.as_deref().unwrap_or(match answer.status {
            400 => "invalid_grant",
            401 => "invalid_client",
            403 => "access_denied",
            429 => "rate_limit_exceeded",
            503 => "temporarily_unavailable",
            504 => "deadline_exceeded",
            500.. => "internal_failure",
            _ => "invalid_request",
        });
        let usual = || {
            Some(match error {
                "invalid_grant" => SIGNATURE,
                "invalid_scope" => SCOPE,
                "invalid_request" => BAD_REQUEST,
                "invalid_client" => "The OAuth client was not found.",
                "unauthorized_client" => {
                    "Client is unauthorized to retrieve access tokens using this method, or client \
                     not authorized for any of the scopes requested."
                }
                "access_denied" => "Account restricted",
                _ => return None,
            })
        };
        Self {
            status: answer.status,
            error: error.to_owned(),
            description: answer
                .message
                .clone()
                .or_else(|| usual().map(str::to_owned)),
        }
    }

    pub(super) fn told(&self, asked: &Asked) -> Told {
        #[derive(Serialize)]
        struct Body<'a> {
            error: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            error_description: Option<&'a str>,
        }
        let body = Body {
            error: &self.error,
            error_description: self.description.as_deref(),
        };
        status::json(asked, self.status, &body)
            .header("cache-control", "no-cache, no-store, max-age=0")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_says_what_google_says() {
        let text = |answer: &Answer| {
            let told = Refusal::ordered(answer).told(&Asked::default());
            let body: serde_json::Value = serde_json::from_slice(&told.body).unwrap();
            (told.status, body)
        };
        let (status, body) = text(&Answer::new(400).reason("invalid_grant"));
        assert_eq!(status, 400);
        let expected =
            serde_json::json!({"error": "invalid_grant", "error_description": SIGNATURE});
        assert_eq!(body, expected);
        let (_, body) = text(&Answer::new(400).reason("invalid_grant").message(LIFETIME));
        assert_eq!(body["error_description"], LIFETIME);
        let (status, body) = text(&Answer::new(503));
        assert_eq!(status, 503);
        assert_eq!(
            body,
            serde_json::json!({"error": "temporarily_unavailable"})
        );
        let (_, body) = text(&Answer::new(400).reason("admin_policy_enforced"));
        assert_eq!(body, serde_json::json!({"error": "admin_policy_enforced"}));
    }
}
