use std::fmt;
use std::str::FromStr;

use http::Uri;
use push_core::CapabilityUrl;

use super::InvalidChannel;
use super::fault::Fault;

/// Where notifications to one app of one user on one device go: an absolute URL of `https` (or `http`,
/// which only an origin that the caller [names](crate::TrustedOrigins::also) can have).
///
/// It is read strictly, so that no two programs can see two hosts in it, and sent as it was given, byte for
/// byte: `%2b` stays `%2b`. That it is a channel URI does not say that it may have the access token:
/// [`TrustedOrigins`](crate::TrustedOrigins) says that.
///
/// Whoever knows it and has the app's credentials can send to it: so `Debug` and `Display` show its host and
/// a fingerprint. Cloning copies a pointer.
///
/// ```
/// # use push_wns::ChannelUri;
/// let uri: ChannelUri = "https://db5p.notify.windows.com/?token=AwYAAAB%2b%3d".parse()?;
/// assert_eq!(uri.host(), "db5p.notify.windows.com");
/// assert_eq!(uri.url(), "https://db5p.notify.windows.com/?token=AwYAAAB%2b%3d");
/// assert!(!uri.to_string().contains("AwYAAAB"));
/// # Ok::<_, push_wns::InvalidChannel>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ChannelUri(CapabilityUrl);

impl ChannelUri {
    /// The longest URI that is taken, in bytes.
    pub const MAX_BYTES: usize = 2048;

    /// Reads a URI.
    ///
    /// # Errors
    /// When it is no absolute URL of `https` or `http`, is longer than [`ChannelUri::MAX_BYTES`], has a user,
    /// a fragment, a backslash or a character other than visible ASCII, or when its host or port can't be
    /// dialled.
    pub fn new(url: &str) -> Result<Self, InvalidChannel> {
        match CapabilityUrl::new(url, Self::MAX_BYTES) {
            Ok(url) => Ok(Self(url)),
            Err(fault) => Err(Fault::Url(fault).into()),
        }
    }

    /// The whole URI as it was given: a secret.
    pub fn url(&self) -> &str {
        self.0.url()
    }

    /// The whole URI, parsed: a secret.
    pub fn uri(&self) -> &Uri {
        self.0.uri()
    }

    /// Scheme, host in lower case, and port where it is not the usual one.
    pub fn origin(&self) -> &str {
        self.0.origin()
    }

    /// The host in lower case: a name, or an address without brackets.
    pub fn host(&self) -> &str {
        self.0.host()
    }

    /// The port; that of the scheme where none is said.
    pub fn port(&self) -> u16 {
        self.0.port()
    }

    /// Whether it is `http`, without encryption.
    pub fn is_plain(&self) -> bool {
        self.0.is_plain()
    }

    /// The first eight hexadecimal digits of the URI's SHA-256: tells channels apart in logs.
    pub fn fingerprint(&self) -> String {
        self.0.fingerprint()
    }
}

impl fmt::Display for ChannelUri {
    /// Scheme, host and fingerprint: `https://db5p.notify.windows.com/… (#1a2b3c4d)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for ChannelUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChannelUri({self})")
    }
}

impl FromStr for ChannelUri {
    type Err = InvalidChannel;

    fn from_str(url: &str) -> Result<Self, InvalidChannel> {
        Self::new(url)
    }
}

impl TryFrom<&str> for ChannelUri {
    type Error = InvalidChannel;

    fn try_from(url: &str) -> Result<Self, InvalidChannel> {
        Self::new(url)
    }
}

impl TryFrom<String> for ChannelUri {
    type Error = InvalidChannel;

    fn try_from(url: String) -> Result<Self, InvalidChannel> {
        Self::new(&url)
    }
}
