//! What all ways to a token have in common.

use std::fmt::Debug;
use std::time::{Duration, Instant, SystemTime};

use async_trait::async_trait;
use http::Uri;
use push_core::Result;
use push_core::bearer::AccessToken;
use push_core::http::{Answer, HttpClient};

use super::call::{Call, Trouble};
use super::environment::Environment;
use super::error::OAuthError;
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

    pub(super) fn now(&self) -> Instant {
        self.http.session().backend().now()
    }

    pub(super) fn wall_clock(&self) -> SystemTime {
        self.http.session().backend().system_time()
    }

    pub(super) fn jitter(&self) -> u64 {
        self.http.session().backend().jitter()
    }

    pub(super) async fn sleep(&self, wait: Duration) {
        let backend = self.http.session().backend();
        let until = backend.now().checked_add(wait).unwrap_or(self.deadline);
        backend.sleep_until(until).await;
    }

    /// Makes a call, and explains its refusal by `advice`.
    pub(super) async fn call(
        &self,
        call: &Call,
        advice: impl FnOnce(&OAuthError) -> Option<String>,
    ) -> Result<Answer> {
        match call.make(self).await {
            Ok(answer) => Ok(answer),
            Err(Trouble::Failed(error)) => Err(error),
            Err(Trouble::Refused(refusal)) => {
                let advice = advice(&refusal.error);
                Err(refusal.into_error(advice))
            }
        }
    }
}
