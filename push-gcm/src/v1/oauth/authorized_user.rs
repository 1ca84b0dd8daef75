//! A person's credentials, as `gcloud auth application-default login` leaves them.

use std::fmt;

use async_trait::async_trait;
use http::Uri;
use push_core::Result;
use push_core::bearer::AccessToken;
use push_core::bearer::oauth::{OAuthCode, OAuthError, TokenRequest};
use serde::Deserialize;

use super::file::{KeyFile, missing, text_of};
use super::grant::{Asking, Grant};
use super::url::{Allowed, check};

const TOKEN_URL: &str = "https://oauth2.googleapis.com/token";

/// A refresh token, which is exchanged for access tokens (RFC 6749, section 6).
pub(super) struct AuthorizedUser {
    client_id: String,
    client_secret: String,
    refresh_token: String,
    quota_project: Option<String>,
    token_url: Uri,
}

#[derive(Deserialize)]
struct Fields {
    client_id: Option<String>,
    client_secret: Option<String>,
    refresh_token: Option<String>,
    quota_project_id: Option<String>,
    token_uri: Option<String>,
}

impl AuthorizedUser {
    pub(super) fn read(file: &KeyFile) -> Result<Self> {
        let fields: Fields = file.fields("authorized user")?;
        let id = text_of(fields.client_id);
        let secret = text_of(fields.client_secret);
        let refresh = text_of(fields.refresh_token);
        let (Some(id), Some(secret), Some(refresh)) = (&id, &secret, &refresh) else {
            let fields = [
                ("client_id", id.is_some()),
                ("client_secret", secret.is_some()),
                ("refresh_token", refresh.is_some()),
            ];
            return Err(missing("authorized user", &fields));
        };
        let token_url = text_of(fields.token_uri).unwrap_or_else(|| TOKEN_URL.to_owned());
        Ok(Self {
            client_id: id.clone(),
            client_secret: secret.clone(),
            refresh_token: refresh.clone(),
            quota_project: text_of(fields.quota_project_id),
            token_url: check("token_uri", &token_url, Allowed::Encrypted)?,
        })
    }
}

#[async_trait]
impl Grant for AuthorizedUser {
    /// The token is good for what the person has agreed to, whatever it is asked for.
    async fn fetch(&self, asking: &Asking<'_>) -> Result<AccessToken> {
        let fields = [
            ("grant_type", "refresh_token"),
            ("client_id", &*self.client_id),
            ("client_secret", &*self.client_secret),
            ("refresh_token", &*self.refresh_token),
        ];
        let secrets = [&*self.client_secret, &*self.refresh_token];
        let url = asking.token_url(&self.token_url);
        let request = TokenRequest::form(url, &fields, &secrets);
        asking.token(&request, advice).await
    }

    fn describe(&self) -> String {
        "the authorized user".to_owned()
    }

    fn quota_project(&self) -> Option<&str> {
        self.quota_project.as_deref()
    }
}

fn advice(error: &OAuthError) -> Option<String> {
    match error.error {
        OAuthCode::InvalidGrant => Some(
            "the refresh token has expired or was revoked: run `gcloud auth application-default login`"
                .to_owned(),
        ),
        _ => super::advice::usual(error),
    }
}

impl fmt::Debug for AuthorizedUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizedUser")
            .field("quota_project", &self.quota_project)
            .finish_non_exhaustive()
    }
}
