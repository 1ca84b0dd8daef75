//! Where notifications go, and which of these places may have the access token.

mod fault;
mod json;
mod trusted;
mod uri;

use std::str::FromStr;
use std::time::{Duration, SystemTime};

pub use self::fault::InvalidChannel;
pub use self::trusted::TrustedOrigins;
pub use self::uri::ChannelUri;

/// A channel as a registry keeps it: its URI, and when the app got it, which says how long it lasts.
///
/// As JSON it is `{"uri":"https://…","registered_at":1767225600}`, in seconds since 1970, or without
/// `registered_at` where that is not known.
///
/// ```
/// # use std::time::{Duration, SystemTime};
/// # use push_wns::Channel;
/// let channel: Channel = "https://db5p.notify.windows.com/?token=AwYAAAB%2b%3d".parse()?;
/// assert_eq!(channel.expires_at(), None);
/// let day = Duration::from_secs(24 * 60 * 60);
/// let then = SystemTime::UNIX_EPOCH + 20_000 * day;
/// let channel = channel.registered_at(then);
/// assert!(!channel.is_expired(then + 29 * day));
/// assert!(channel.is_expired(then + 30 * day));
/// # Ok::<_, push_wns::InvalidChannel>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Channel {
    uri: ChannelUri,
    /// Seconds since 1970, at most [`Channel::LAST`].
    registered_at: Option<u64>,
}

impl Channel {
    /// How long a channel lasts from the time when the app got it, at most. Source: Microsoft, "How to
    /// request, create, and save a notification channel".
    pub const LIFETIME: Duration = Duration::from_secs(30 * 24 * 60 * 60);

    /// The end of the year 9999, in seconds since 1970.
    const LAST: u64 = 253_402_300_799;

    /// A channel of which nothing is known but its URI.
    pub fn new(uri: ChannelUri) -> Self {
        Self {
            uri,
            registered_at: None,
        }
    }

    /// When the app got it, or when its server got it from the app; whole seconds are kept.
    #[must_use]
    pub fn registered_at(mut self, at: SystemTime) -> Self {
        let since = at.duration_since(SystemTime::UNIX_EPOCH);
        self.registered_at = Some(since.unwrap_or_default().as_secs().min(Self::LAST));
        self
    }

    /// Where notifications to it go.
    pub fn uri(&self) -> &ChannelUri {
        &self.uri
    }

    /// When it was registered; `None`: not known.
    pub fn registered(&self) -> Option<SystemTime> {
        SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(self.registered_at?))
    }

    /// When it ends at the latest; `None`: not known. It can be revoked before.
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.registered()?.checked_add(Self::LIFETIME)
    }

    /// Whether it has ended for certain. WNS answers 410 to what is sent to it then
    /// ([`Reason::ChannelExpired`](crate::Reason::ChannelExpired)).
    pub fn is_expired(&self, now: SystemTime) -> bool {
        self.expires_at().is_some_and(|end| end <= now)
    }
}

impl From<ChannelUri> for Channel {
    fn from(uri: ChannelUri) -> Self {
        Self::new(uri)
    }
}

impl FromStr for Channel {
    type Err = InvalidChannel;

    /// Reads a channel URI.
    fn from_str(uri: &str) -> Result<Self, InvalidChannel> {
        uri.parse().map(Self::new)
    }
}
