//! Tokens of a service account that another account may act for.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use http::Uri;
use push_core::bearer::AccessToken;
use push_core::bearer::oauth::{OAuthError, TokenAnswer, TokenRequest};
use push_core::http::Answer;
use push_core::{Result, answer_date};
use serde::Deserialize;
use serde_json::{Value, json};

use super::file::{IMPERSONATED, KeyFile, identity, missing, text_of};
use super::grant::{Asking, Grant};
use super::settings::CLOUD_PLATFORM;
use super::url::{Allowed, check};
use crate::v1::timestamp;

/// For how long the token is asked for where nothing else is said: the longest that is always
/// allowed.
const LIFETIME_SECONDS: u32 = 3600;

/// The longest lifetime that can be asked for. Source: Google, "Create short-lived credentials".
const LONGEST: Duration = Duration::from_secs(12 * 60 * 60);

/// The account to act for, and where its tokens are.
pub(super) struct Impersonation {
    url: Uri,
    delegates: Vec<String>,
    lifetime_seconds: u32,
}

impl Impersonation {
    pub(super) fn new(url: &str, delegates: Vec<String>, lifetime: Option<u32>) -> Result<Self> {
        let url = check("service_account_impersonation_url", url, Allowed::Google)?;
        Ok(Self {
            url,
            delegates,
            lifetime_seconds: lifetime.unwrap_or(LIFETIME_SECONDS),
        })
    }

    /// The account's name: what stands in the path before the verb.
    pub(super) fn account(&self) -> &str {
        let name = self.url.path().rsplit('/').next().unwrap_or_default();
        name.split(':').next().unwrap_or_default()
    }

    /// What the token must be good for that this is asked with.
    pub(super) fn asking<'a>(asking: &Asking<'a>) -> Asking<'a> {
        asking.scope(CLOUD_PLATFORM)
    }

    /// Asks with a token of the account that acts for this one, and with the project that it is
    /// counted against where that is another than its own.
    pub(super) async fn fetch(
        &self,
        asking: &Asking<'_>,
        token: &AccessToken,
        quota_project: Option<&str>,
    ) -> Result<AccessToken> {
        let of_caller = asking.settings.impersonation_url.as_ref();
        let url = of_caller.unwrap_or(&self.url).clone();
        let body = json!({
            "delegates": self.delegates,
            "scope": [asking.scope],
            "lifetime": format!("{}s", self.lifetime_seconds),
        });
        let mut request = TokenRequest::json(url, body.to_string(), &[token.text()])
            .header("authorization", &format!("Bearer {}", token.text()));
        if let Some(project) = quota_project {
            request = request.header("x-goog-user-project", project);
        }
        let answer = asking.send(&request, |error| self.advice(error)).await?;
        read_token(&answer, request.server(), asking.wall_clock())
    }

    fn advice(&self, error: &OAuthError) -> Option<String> {
        let account = self.account();
        match error.status {
            401 => {
                Some("the token of the account that wants to act for it is not accepted".to_owned())
            }
            403 => Some(format!(
                "the account may not act for {account}, or the IAM Credentials API is not enabled: give \
                 it the role \"Service Account Token Creator\" there"
            )),
            404 => Some(format!("there is no account {account}")),
            _ => super::advice::usual(error),
        }
    }
}

/// Reads `{accessToken, expireTime}`, the answer of the IAM Credentials API.
fn read_token(answer: &Answer, server: &str, wall_clock: SystemTime) -> Result<AccessToken> {
    let fields = TokenAnswer::read(&answer.body, server)?;
    // By the server's own clock, where it tells it: ours may be off.
    let now = answer_date(&answer.headers).unwrap_or(wall_clock);
    let lifetime = fields
        .text("expireTime")
        .and_then(timestamp::parse)
        // No longer than that, whatever the server's clock says.
        .map(|end| end.duration_since(now).unwrap_or_default().min(LONGEST));
    Ok(AccessToken::new(fields.token_in("accessToken")?, lifetime))
}

/// Credentials of type `impersonated_service_account`.
pub(super) struct Impersonated {
    source: Arc<dyn Grant>,
    target: Impersonation,
    quota_project: Option<String>,
}

#[derive(Deserialize)]
struct Fields {
    service_account_impersonation_url: Option<String>,
    #[serde(default)]
    delegates: Option<Vec<String>>,
    source_credentials: Option<Value>,
    quota_project_id: Option<String>,
}

impl Impersonated {
    pub(super) fn read(file: &KeyFile) -> Result<Self> {
        let name = "impersonated service account";
        let fields: Fields = file.fields(name)?;
        let url = text_of(fields.service_account_impersonation_url);
        let (Some(url), Some(source)) = (&url, &fields.source_credentials) else {
            let source = fields.source_credentials.is_some();
            let fields = [
                ("service_account_impersonation_url", url.is_some()),
                ("source_credentials", source),
            ];
            return Err(missing(name, &fields));
        };
        // One acts for another, who acts for no third; that is what delegates are for.
        if source.get("type").and_then(Value::as_str) == Some(IMPERSONATED) {
            return Err(identity(format!(
                "the source_credentials of the {name} are such ones themselves: expected those of \
                 a person, a service account or an external account"
            )));
        }
        Ok(Self {
            source: KeyFile::within(source.clone()).grant()?,
            target: Impersonation::new(url, fields.delegates.unwrap_or_default(), None)?,
            quota_project: text_of(fields.quota_project_id),
        })
    }
}

#[async_trait]
impl Grant for Impersonated {
    async fn fetch(&self, asking: &Asking<'_>) -> Result<AccessToken> {
        let token = self.source.fetch(&Impersonation::asking(asking)).await?;
        let quota_project = self.source.quota_project();
        self.target.fetch(asking, &token, quota_project).await
    }

    fn describe(&self) -> String {
        let (account, source) = (self.target.account(), self.source.describe());
        format!("the service account {account}, for which {source} acts")
    }

    fn quota_project(&self) -> Option<&str> {
        self.quota_project
            .as_deref()
            .or_else(|| self.source.quota_project())
    }
}

impl fmt::Debug for Impersonation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Impersonation")
            .field("account", &self.account())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Impersonated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Impersonated")
            .field("source", &self.source)
            .field("target", &self.target)
            .finish_non_exhaustive()
    }
}
