//! What all ways to a token have in common.

use std::fmt::Debug;
use std::time::{Instant, SystemTime};

use async_trait::async_trait;
use http::Uri;
use push_core::Result;
use push_core::bearer::oauth::{OAuthError, TokenRequest};
use push_core::bearer::{AccessToken, TokenSource};
use push_core::http::{Answer, HttpClient};

use super::environment::Environment;
use super::settings::Settings;

/// A way to access tokens.
#[async_trait]
pub(super) trait Grant: Debug + Send + Sync + 'static {
    /// Fetches a token.
    async fn fetch(&self, asking: &Asking<'_>) -> Result<AccessToken>;

    /// For whom, in errors: `the service account a@b.example`.
    fn describe(&self) -> String;

    /// The project that the credentials name.
    fn project(&self) -> Option<&str> {
        None
    }

    /// The project that they are to be counted against.
    fn quota_project(&self) -> Option<&str> {
        None
    }

    /// Asks for the project, where there is somebody to ask; `None` where there is not.
    async fn find_project(&self, _: &Asking<'_>) -> Result<Option<String>> {
        Ok(None)
    }
}

/// What a fetch is made with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asking<'a> {
    pub(super) http: &'a HttpClient,
    pub(super) settings: &'a Settings,
    /// What the token is to be good for.
    pub(super) scope: &'a str,
    pub(super) deadline: Instant,
}

impl<'a> Asking<'a> {
    /// The same, for another scope.
    pub(super) fn scope(self, scope: &'a str) -> Self {
        Self { scope, ..self }
    }

    pub(super) fn environment(&self) -> &'a dyn Environment {
        &*self.settings.environment
    }

    /// The token endpoint: the caller's, or else this one.
    pub(super) fn token_url(&self, of_file: &Uri) -> Uri {
        self.settings.token_url.as_ref().unwrap_or(of_file).clone()
    }

    pub(super) fn wall_clock(&self) -> SystemTime {
        self.http.session().backend().system_time()
    }

    /// Makes a request, and explains its refusal by `advice`.
    pub(super) async fn send(
        &self,
        request: &TokenRequest,
        advice: impl FnOnce(&OAuthError) -> Option<String>,
    ) -> Result<Answer> {
        let sent = request.send(self.http, self.deadline).await;
        sent.map_err(|failure| failure.explain(advice))
    }

    /// Likewise, and reads the token of the answer.
    pub(super) async fn token(
        &self,
        request: &TokenRequest,
        advice: impl FnOnce(&OAuthError) -> Option<String>,
    ) -> Result<AccessToken> {
        request.token(self.http, self.deadline, advice).await
    }
}

/// Tokens that the caller brings.
#[derive(Debug)]
pub(super) struct Brought<S>(pub(super) S);

#[async_trait]
impl<S: TokenSource> Grant for Brought<S> {
    async fn fetch(&self, asking: &Asking<'_>) -> Result<AccessToken> {
        self.0.fetch(asking.deadline).await
    }

    fn describe(&self) -> String {
        self.0.describe()
    }
}
