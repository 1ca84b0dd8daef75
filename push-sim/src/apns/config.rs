//! What a simulated provider API is like.

use std::time::Duration;

use super::ProviderKey;

/// Settings of the provider API; the defaults are close to Apple's development environment.
#[derive(Debug)]
#[non_exhaustive]
pub struct Config {
    /// Which environment this is; development by default.
    pub environment: Environment,
    /// The limit of concurrent streams of an authenticated connection; 1000 by default.
    pub max_streams: u32,
    /// Refuses streams beyond 1 before the first valid token, once the client
    /// has acknowledged that limit. Off by default: some clients send a hundred
    /// requests before they read SETTINGS, and never repeat a refused one.
    pub strict_first_stream: bool,
    /// The window of a connection, in bytes; 1 MiB by default.
    pub connection_window: u32,
    /// How old a provider token may be; one hour by default.
    pub max_token_age: Duration,
    /// How long a provider token has to be used on a connection before another
    /// one may follow; 20 minutes by default. An expired one may be replaced at once.
    pub min_token_use: Duration,
    /// Keys besides the one in `AuthKey.p8`.
    pub provider_keys: Vec<ProviderKey>,
    /// How many channels an app may have; 10,000 by default.
    pub max_channels: usize,
    /// Bundle identifiers for which broadcasts are not enabled; none by default.
    pub no_broadcast: Vec<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            environment: Environment::default(),
            max_streams: 1000,
            strict_first_stream: false,
            connection_window: 1 << 20,
            max_token_age: Duration::from_secs(60 * 60),
            min_token_use: Duration::from_secs(20 * 60),
            provider_keys: Vec::new(),
            max_channels: 10_000,
            no_broadcast: Vec::new(),
        }
    }
}

impl Config {
    /// Sets the environment.
    #[must_use]
    pub fn environment(mut self, environment: Environment) -> Self {
        self.environment = environment;
        self
    }

    /// Sets the limit of concurrent streams.
    #[must_use]
    pub fn max_streams(mut self, streams: u32) -> Self {
        self.max_streams = streams;
        self
    }

    /// Keeps to one stream before the first valid token.
    #[must_use]
    pub fn strict_first_stream(mut self) -> Self {
        self.strict_first_stream = true;
        self
    }

    /// Sets the window of a connection, in bytes; 65,535 at least.
    #[must_use]
    pub fn connection_window(mut self, bytes: u32) -> Self {
        self.connection_window = bytes;
        self
    }

    /// Sets how old a provider token may be.
    #[must_use]
    pub fn max_token_age(mut self, age: Duration) -> Self {
        self.max_token_age = age;
        self
    }

    /// Sets how soon another provider token may follow on a connection; zero: at once.
    #[must_use]
    pub fn min_token_use(mut self, time: Duration) -> Self {
        self.min_token_use = time;
        self
    }

    /// Adds a key.
    #[must_use]
    pub fn provider_key(mut self, key: ProviderKey) -> Self {
        self.provider_keys.push(key);
        self
    }

    /// Sets how many channels an app may have.
    #[must_use]
    pub fn max_channels(mut self, channels: usize) -> Self {
        self.max_channels = channels;
        self
    }

    /// Takes an app's leave to broadcast.
    #[must_use]
    pub fn no_broadcast(mut self, bundle_id: impl Into<String>) -> Self {
        self.no_broadcast.push(bundle_id.into());
        self
    }
}

/// One of Apple's environments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Environment {
    /// `api.sandbox.push.apple.com`; answers have an `apns-unique-id`.
    #[default]
    Development,
    /// `api.push.apple.com`.
    Production,
}
