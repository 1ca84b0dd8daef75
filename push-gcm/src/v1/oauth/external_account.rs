//! Workload identity federation: a token of another provider is exchanged for one of Google's
//! (RFC 8693).

use std::collections::BTreeMap;
use std::fmt;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Uri;
use push_core::Result;
use push_core::bearer::AccessToken;
use push_core::bearer::oauth::{OAuthCode, OAuthError, TokenRequest, percent_encode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::file::{KeyFile, missing, text_of};
use super::grant::{Asking, Grant};
use super::impersonation::Impersonation;
use super::subject::{Secret, SubjectSource};
use super::url::{Allowed, check};

const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

const NAME: &str = "external account";

/// An account of another provider.
pub(super) struct ExternalAccount {
    audience: String,
    subject_token_type: String,
    token_url: Uri,
    subject: SubjectSource,
    /// Where the pool's provider wants a client to say who it is.
    client: Option<Client>,
    /// `options` of the exchange.
    options: Option<String>,
    impersonation: Option<Impersonation>,
    quota_project: Option<String>,
}

struct Client {
    secret: Secret,
    /// The `authorization` header with name and secret (RFC 6749, section 2.3.1).
    header: Secret,
}

#[derive(Deserialize)]
struct Fields {
    audience: Option<String>,
    subject_token_type: Option<String>,
    token_url: Option<String>,
    universe_domain: Option<String>,
    credential_source: Option<BTreeMap<String, Value>>,
    service_account_impersonation_url: Option<String>,
    service_account_impersonation: Option<Lifetime>,
    client_id: Option<String>,
    client_secret: Option<String>,
    workforce_pool_user_project: Option<String>,
    quota_project_id: Option<String>,
}

#[derive(Deserialize)]
struct Lifetime {
    token_lifetime_seconds: Option<u32>,
}

impl ExternalAccount {
    pub(super) fn read(file: &KeyFile) -> Result<Self> {
        let fields: Fields = file.fields(NAME)?;
        let audience = text_of(fields.audience);
        let kind = text_of(fields.subject_token_type);
        let (Some(audience), Some(kind), Some(source)) =
            (&audience, &kind, &fields.credential_source)
        else {
            let fields = [
                ("audience", audience.is_some()),
                ("subject_token_type", kind.is_some()),
                ("credential_source", fields.credential_source.is_some()),
            ];
            return Err(missing(NAME, &fields));
        };
        let universe = text_of(fields.universe_domain);
        let universe = universe.as_deref().unwrap_or("googleapis.com");
        let usual = || format!("https://sts.{universe}/v1/token");
        let token_url = text_of(fields.token_url).unwrap_or_else(usual);
        let lifetime = fields.service_account_impersonation;
        let lifetime = lifetime.and_then(|it| it.token_lifetime_seconds);
        let impersonation = text_of(fields.service_account_impersonation_url)
            .map(|url| Impersonation::new(&url, Vec::new(), lifetime))
            .transpose()?;
        let client = text_of(fields.client_id)
            .map(|id| Client::new(&id, fields.client_secret.unwrap_or_default()));
        // Whoever says who the client is says thereby who pays.
        let user_project = text_of(fields.workforce_pool_user_project);
        let user_project = user_project.filter(|_| client.is_none());
        Ok(Self {
            audience: audience.clone(),
            subject_token_type: kind.clone(),
            token_url: check("token_url", &token_url, Allowed::Google)?,
            subject: SubjectSource::read(source)?,
            client,
            options: user_project.map(|project| json!({"userProject": project}).to_string()),
            impersonation,
            quota_project: text_of(fields.quota_project_id),
        })
    }

    async fn exchange(&self, asking: &Asking<'_>) -> Result<AccessToken> {
        let subject = self.subject.token(asking).await?;
        let mut fields = vec![
            ("grant_type", TOKEN_EXCHANGE),
            ("audience", &self.audience),
            ("scope", asking.scope),
            ("requested_token_type", ACCESS_TOKEN),
            ("subject_token", &subject.0),
            ("subject_token_type", &self.subject_token_type),
        ];
        if let Some(options) = &self.options {
            fields.push(("options", options));
        }
        let url = asking.token_url(&self.token_url);
        let mut secrets = vec![&*subject.0];
        if let Some(client) = &self.client {
            secrets.extend([&*client.secret.0, &*client.header.0]);
        }
        let mut request = TokenRequest::form(url, &fields, &secrets);
        if let Some(client) = &self.client {
            request = request.header("authorization", &client.header.0);
        }
        asking.token(&request, |error| self.advice(error)).await
    }

    fn advice(&self, error: &OAuthError) -> Option<String> {
        let audience = &self.audience;
        match error.error {
            OAuthCode::InvalidGrant => Some(format!(
                "the token of the other provider is not accepted: has it expired, and is it made out \
                 for the pool of {audience}?"
            )),
            OAuthCode::InvalidTarget | OAuthCode::InvalidRequest => Some(format!(
                "the audience {audience} is none: do the pool and its provider exist, and are they enabled?"
            )),
            OAuthCode::UnauthorizedClient => Some(
                "the pool's provider does not take this identity: look at its attribute condition"
                    .to_owned(),
            ),
            _ => super::advice::usual(error),
        }
    }
}

#[async_trait]
impl Grant for ExternalAccount {
    async fn fetch(&self, asking: &Asking<'_>) -> Result<AccessToken> {
        let Some(impersonation) = &self.impersonation else {
            return self.exchange(asking).await;
        };
        let token = self.exchange(&Impersonation::asking(asking)).await?;
        let quota_project = self.quota_project.as_deref();
        impersonation.fetch(asking, &token, quota_project).await
    }

    fn describe(&self) -> String {
        match &self.impersonation {
            Some(it) => format!(
                "the service account {} of the external account",
                it.account()
            ),
            None => format!("the external account of {}", self.audience),
        }
    }

    fn quota_project(&self) -> Option<&str> {
        self.quota_project.as_deref()
    }
}

impl Client {
    fn new(id: &str, secret: String) -> Self {
        let mut pair = String::new();
        percent_encode(id, &mut pair);
        pair.push(':');
        percent_encode(&secret, &mut pair);
        Self {
            secret: Secret(secret),
            header: Secret(format!("Basic {}", STANDARD.encode(pair))),
        }
    }
}

impl fmt::Debug for ExternalAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExternalAccount")
            .field("audience", &self.audience)
            .field("subject", &self.subject)
            .field("impersonation", &self.impersonation)
            .finish_non_exhaustive()
    }
}
