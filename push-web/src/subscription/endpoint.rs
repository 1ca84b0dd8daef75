use std::fmt;
use std::str::FromStr;

use http::Uri;
use push_core::CapabilityUrl;

use super::InvalidEndpoint;
use super::fault::EndpointFault as Fault;

/// Where messages to one subscription go: an absolute URL of `https` (or `http`, which only
/// [`EndpointPolicy::private`](super::EndpointPolicy::private) lets pass).
///
/// Whoever knows an endpoint can send to it (RFC 8030, section 8.3): so `Debug` and `Display` show its host
/// and a fingerprint. It is sent as it was given, byte for byte. Cloning copies a pointer.
///
/// ```
/// # use push_web::Endpoint;
/// let endpoint: Endpoint = "https://push.example:8443/wpush/v2/gAAAAABk?x=%2F".parse()?;
/// assert_eq!(endpoint.origin(), "https://push.example:8443");
/// assert_eq!(endpoint.host(), "push.example");
/// assert!(!endpoint.to_string().contains("gAAAAABk"));
/// # Ok::<_, push_web::InvalidEndpoint>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Endpoint(CapabilityUrl);

impl Endpoint {
    /// The longest URL that is taken, in bytes.
    pub const MAX_BYTES: usize = 2048;

    /// Reads a URL.
    ///
    /// # Errors
    /// When it is no absolute URL of `https` or `http`, is longer than [`Endpoint::MAX_BYTES`], has a user,
    /// a fragment or a character that no URL has as browsers write it, or when its host or port can't be
    /// dialled.
    pub fn new(url: &str) -> Result<Self, InvalidEndpoint> {
        match CapabilityUrl::new(url, Self::MAX_BYTES) {
            Ok(url) => Ok(Self(url)),
            Err(fault) => Err(Fault::Url(fault).into()),
        }
    }

    /// The whole URL: a secret.
    pub fn url(&self) -> &str {
        self.0.url()
    }

    /// The whole URL, parsed: a secret.
    pub fn uri(&self) -> &Uri {
        self.0.uri()
    }

    /// Scheme, host in lower case, and port where it is not the usual one: what a VAPID token is for
    /// (RFC 8292, section 2).
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

    /// The first eight hexadecimal digits of the URL's SHA-256: tells endpoints apart in logs.
    pub fn fingerprint(&self) -> String {
        self.0.fingerprint()
    }
}

impl fmt::Display for Endpoint {
    /// Scheme, host and fingerprint: `https://push.example/… (#1a2b3c4d)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Endpoint({self})")
    }
}

impl FromStr for Endpoint {
    type Err = InvalidEndpoint;

    fn from_str(url: &str) -> Result<Self, InvalidEndpoint> {
        Self::new(url)
    }
}
