//! What a simulated WNS is like.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// Settings of WNS and of the endpoints that give its access tokens. By default any credentials are
/// taken that look like some.
#[derive(Clone)]
#[non_exhaustive]
pub struct Config {
    /// Secrets by Package SID, as `ms-app://S-1-15-2-…`; empty: any SID with any secret. Empty by
    /// default.
    pub packages: BTreeMap<String, String>,
    /// The applications that Entra ID knows; empty: any that is a GUID, in any tenant, with any secret.
    /// Empty by default.
    pub applications: Vec<Application>,
    /// How long an access token is valid, in whole seconds; 86,400 by default, and Entra ID says one
    /// less.
    pub token_lifetime: Duration,
    /// How the lifetime is told; as the real endpoints do by default.
    pub expires_in: ExpiresIn,
    /// Access tokens that are always valid, for every app; none by default.
    pub access_tokens: Vec<String>,
    /// By what name answers tell what became of a notification; by both by default.
    pub status_header: StatusHeader,
    /// Whether XML that Windows would not show is refused with status 400, which says what is wrong. The
    /// real service does not look at it; without this it is taken, and `/received` says what is wrong.
    /// On by default.
    pub refuses_bad_xml: bool,
    /// How many notifications a channel that was made here takes; more are answered as
    /// `channelthrottled`, until everything is reset. `None`: any number. `None` by default.
    pub notifications_per_channel: Option<u64>,
    /// The limit of concurrent streams of a connection; 100 by default.
    pub max_streams: u32,
}

/// An application that is registered with Entra ID.
#[derive(Clone)]
#[non_exhaustive]
pub struct Application {
    /// Its id, a GUID.
    pub id: String,
    /// The value of its secret.
    pub secret: String,
    /// The only tenant where it is known; `None`: it is known in any. `None` by default.
    pub tenant: Option<String>,
}

/// How a token endpoint tells how long a token is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ExpiresIn {
    /// The older endpoint with a number, Entra ID with a text.
    #[default]
    Usual,
    /// With a number.
    Number,
    /// With a text.
    Text,
    /// Not at all.
    Absent,
}

/// The name of the header that tells what became of a notification. Both have been seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum StatusHeader {
    /// Each answer has both.
    #[default]
    Both,
    /// `X-WNS-Status`, as today's documentation has it.
    Status,
    /// `X-WNS-NotificationStatus`, as it was before.
    NotificationStatus,
}

impl Application {
    /// An application that is known in any tenant.
    #[must_use]
    pub fn new(id: impl Into<String>, secret: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            secret: secret.into(),
            tenant: None,
        }
    }

    /// Sets the only tenant where it is known.
    #[must_use]
    pub fn tenant(mut self, tenant: impl Into<String>) -> Self {
        self.tenant = Some(tenant.into());
        self
    }
}

/// Without the secret.
impl fmt::Debug for Application {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Application")
            .field("id", &self.id)
            .field("tenant", &self.tenant)
            .finish_non_exhaustive()
    }
}

/// Without secrets and tokens.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("packages", &self.packages.keys())
            .field("applications", &self.applications)
            .field("token_lifetime", &self.token_lifetime)
            .field("expires_in", &self.expires_in)
            .field("status_header", &self.status_header)
            .field("refuses_bad_xml", &self.refuses_bad_xml)
            .field("notifications_per_channel", &self.notifications_per_channel)
            .field("max_streams", &self.max_streams)
            .finish_non_exhaustive()
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            packages: BTreeMap::new(),
            applications: Vec::new(),
            token_lifetime: Duration::from_secs(86_400),
            expires_in: ExpiresIn::default(),
            access_tokens: Vec::new(),
            status_header: StatusHeader::default(),
            refuses_bad_xml: true,
            notifications_per_channel: None,
            max_streams: 100,
        }
    }
}

impl Config {
    /// Adds a package of the Partner Center; others then are refused.
    #[must_use]
    pub fn package(mut self, sid: impl Into<String>, secret: impl Into<String>) -> Self {
        self.packages.insert(sid.into(), secret.into());
        self
    }

    /// Adds an application that Entra ID knows; others then are refused.
    #[must_use]
    pub fn application(mut self, application: Application) -> Self {
        self.applications.push(application);
        self
    }

    /// Sets how long an access token is valid; whole seconds.
    #[must_use]
    pub fn token_lifetime(mut self, lifetime: Duration) -> Self {
        self.token_lifetime = lifetime;
        self
    }

    /// Sets how the lifetime of an access token is told.
    #[must_use]
    pub fn expires_in(mut self, how: ExpiresIn) -> Self {
        self.expires_in = how;
        self
    }

    /// Adds an access token that is always valid.
    #[must_use]
    pub fn access_token(mut self, token: impl Into<String>) -> Self {
        self.access_tokens.push(token.into());
        self
    }

    /// Sets the name by which answers tell what became of a notification.
    #[must_use]
    pub fn status_header(mut self, name: StatusHeader) -> Self {
        self.status_header = name;
        self
    }

    /// Takes XML that Windows would not show, as the real service does.
    #[must_use]
    pub fn take_bad_xml(mut self) -> Self {
        self.refuses_bad_xml = false;
        self
    }

    /// Limits how many notifications a channel takes.
    #[must_use]
    pub fn notifications_per_channel(mut self, notifications: u64) -> Self {
        self.notifications_per_channel = Some(notifications);
        self
    }

    /// Sets the limit of concurrent streams.
    #[must_use]
    pub fn max_streams(mut self, streams: u32) -> Self {
        self.max_streams = streams;
        self
    }
}
