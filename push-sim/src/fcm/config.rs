//! What a simulated FCM is like.

use std::time::Duration;

/// Settings of FCM and of the endpoints that give its access tokens; the defaults are Google's.
#[derive(Clone)]
#[non_exhaustive]
pub struct Config {
    /// How long an access token is valid; 3599 seconds by default.
    pub token_lifetime: Duration,
    /// Writes `expires_in` as text, as some servers do; off by default.
    pub expires_in_as_text: bool,
    /// How far the clock of an assertion may be off; 300 seconds by default.
    pub clock_allowance: Duration,
    /// How many seconds the service's clock is ahead of the real one, or behind if it is negative;
    /// 0 by default. Assertions are judged by it, and `date` headers and topics tell it.
    pub clock_offset_seconds: i64,
    /// The limit of concurrent streams of a connection; 100 by default.
    pub max_streams: u32,
    /// How many topics a registration may be subscribed to; 2000 by default.
    pub max_topics: usize,
    /// The project's number, by which it can be named, too; `123456789012` by default.
    pub project_number: String,
    /// What the endpoint takes for a user's refresh token.
    pub authorized_user: AuthorizedUser,
    /// The tokens of other parties that can be exchanged; empty: any. Empty by default.
    pub subject_tokens: Vec<String>,
    /// Access tokens that are always valid; none by default.
    pub access_tokens: Vec<String>,
}

/// Without the tokens.
impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Config")
            .field("token_lifetime", &self.token_lifetime)
            .field("expires_in_as_text", &self.expires_in_as_text)
            .field("clock_allowance", &self.clock_allowance)
            .field("clock_offset_seconds", &self.clock_offset_seconds)
            .field("max_streams", &self.max_streams)
            .field("max_topics", &self.max_topics)
            .finish_non_exhaustive()
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            token_lifetime: Duration::from_secs(3599),
            expires_in_as_text: false,
            clock_allowance: Duration::from_secs(300),
            clock_offset_seconds: 0,
            max_streams: 100,
            max_topics: 2000,
            project_number: "123456789012".to_owned(),
            authorized_user: AuthorizedUser::default(),
            subject_tokens: Vec::new(),
            access_tokens: Vec::new(),
        }
    }
}

impl Config {
    /// Sets how long an access token is valid; whole seconds.
    #[must_use]
    pub fn token_lifetime(mut self, lifetime: Duration) -> Self {
        self.token_lifetime = lifetime;
        self
    }

    /// Writes `expires_in` as text.
    #[must_use]
    pub fn expires_in_as_text(mut self) -> Self {
        self.expires_in_as_text = true;
        self
    }

    /// Sets how far the clock of an assertion may be off.
    #[must_use]
    pub fn clock_allowance(mut self, time: Duration) -> Self {
        self.clock_allowance = time;
        self
    }

    /// Puts the service's clock forward, or back if it is negative.
    #[must_use]
    pub fn clock_offset_seconds(mut self, seconds: i64) -> Self {
        self.clock_offset_seconds = seconds;
        self
    }

    /// Sets the limit of concurrent streams.
    #[must_use]
    pub fn max_streams(mut self, streams: u32) -> Self {
        self.max_streams = streams;
        self
    }

    /// Sets how many topics a registration may be subscribed to.
    #[must_use]
    pub fn max_topics(mut self, topics: usize) -> Self {
        self.max_topics = topics;
        self
    }

    /// Sets the project's number.
    #[must_use]
    pub fn project_number(mut self, number: impl Into<String>) -> Self {
        self.project_number = number.into();
        self
    }

    /// Sets what is taken for a user's refresh token.
    #[must_use]
    pub fn authorized_user(mut self, user: AuthorizedUser) -> Self {
        self.authorized_user = user;
        self
    }

    /// Adds a token of another party that can be exchanged; others then cannot.
    #[must_use]
    pub fn subject_token(mut self, token: impl Into<String>) -> Self {
        self.subject_tokens.push(token.into());
        self
    }

    /// Adds an access token that is always valid.
    #[must_use]
    pub fn access_token(mut self, token: impl Into<String>) -> Self {
        self.access_tokens.push(token.into());
        self
    }
}

/// A user's credentials, as gcloud keeps them (`authorized_user`).
#[derive(Clone)]
#[non_exhaustive]
pub struct AuthorizedUser {
    /// `764086051850.apps.googleusercontent.com` by default.
    pub client_id: String,
    /// `sim-client-secret` by default.
    pub client_secret: String,
    /// `1//sim-refresh-token` by default.
    pub refresh_token: String,
}

/// Without the secrets.
impl std::fmt::Debug for AuthorizedUser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AuthorizedUser")
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

impl Default for AuthorizedUser {
    fn default() -> Self {
        Self::new(
            "764086051850.apps.googleusercontent.com",
            "sim-client-secret",
            "1//sim-refresh-token",
        )
    }
}

impl AuthorizedUser {
    /// These credentials.
    #[must_use]
    pub fn new(
        client_id: impl Into<String>,
        client_secret: impl Into<String>,
        refresh_token: impl Into<String>,
    ) -> Self {
        Self {
            client_id: client_id.into(),
            client_secret: client_secret.into(),
            refresh_token: refresh_token.into(),
        }
    }
}
