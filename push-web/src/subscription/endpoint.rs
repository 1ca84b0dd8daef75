use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::Ipv6Addr;
use std::str::FromStr;
use std::sync::Arc;

use http::Uri;
use http::uri::Scheme;
use sha2::{Digest, Sha256};

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
#[derive(Clone)]
pub struct Endpoint(Arc<Inner>);

struct Inner {
    url: Box<str>,
    uri: Uri,
    origin: Box<str>,
    host: Box<str>,
    port: u16,
}

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
        if url.len() > Self::MAX_BYTES {
            return Err(Fault::TooLong { bytes: url.len() }.into());
        }
        // A backslash is a slash to browsers and a letter to others.
        if let Some(index) = url
            .bytes()
            .position(|byte| !byte.is_ascii_graphic() || byte == b'\\')
        {
            return Err(Fault::Character { index }.into());
        }
        if url.contains('#') {
            return Err(Fault::Fragment.into());
        }
        let uri: Uri = url.parse().map_err(|_| Fault::NoUrl)?;
        let (Some(scheme), Some(authority)) = (uri.scheme(), uri.authority()) else {
            return Err(Fault::NoUrl.into());
        };
        let usual_port = match scheme {
            _ if *scheme == Scheme::HTTPS => 443,
            _ if *scheme == Scheme::HTTP => 80,
            _ => return Err(Fault::Scheme.into()),
        };
        if authority.as_str().contains('@') {
            return Err(Fault::User.into());
        }
        let host = read_host(authority.host())?;
        let port = match authority.as_str().strip_prefix(authority.host()) {
            Some("") => usual_port,
            Some(rest) => read_port(rest)?,
            None => return Err(Fault::Host.into()),
        };
        let shown = match host.contains(':') {
            true => format!("[{host}]"),
            false => host.clone(),
        };
        let origin = match port == usual_port {
            true => format!("{scheme}://{shown}"),
            false => format!("{scheme}://{shown}:{port}"),
        };
        Ok(Self(Arc::new(Inner {
            url: url.into(),
            origin: origin.into(),
            host: host.into(),
            port,
            uri,
        })))
    }

    /// The whole URL: a secret.
    pub fn url(&self) -> &str {
        &self.0.url
    }

    /// The whole URL, parsed: a secret.
    pub fn uri(&self) -> &Uri {
        &self.0.uri
    }

    /// Scheme, host in lower case, and port where it is not the usual one: what a VAPID token is for
    /// (RFC 8292, section 2).
    pub fn origin(&self) -> &str {
        &self.0.origin
    }

    /// The host in lower case: a name, or an address without brackets.
    pub fn host(&self) -> &str {
        &self.0.host
    }

    /// The port; that of the scheme where none is said.
    pub fn port(&self) -> u16 {
        self.0.port
    }

    /// Whether it is `http`, without encryption.
    pub fn is_plain(&self) -> bool {
        self.0.uri.scheme() == Some(&Scheme::HTTP)
    }

    /// The first eight hexadecimal digits of the URL's SHA-256: tells endpoints apart in logs.
    pub fn fingerprint(&self) -> String {
        let hash = Sha256::digest(self.url().as_bytes());
        hash[..4].iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The host in lower case, without brackets: an address of IPv6, or labels of letters, digits, hyphens and
/// underscores with dots between them.
fn read_host(host: &str) -> Result<String, Fault> {
    if let Some(address) = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
    {
        let address: Ipv6Addr = address.parse().map_err(|_| Fault::Host)?;
        return Ok(address.to_string());
    }
    let name = host.strip_suffix('.').unwrap_or(host);
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    if name.len() > 253 || !name.split('.').all(is_label) {
        return Err(Fault::Host);
    }
    Ok(host.to_ascii_lowercase())
}

/// The port behind a host: a colon and 1 to 65535, without a sign or zeros in front.
fn read_port(text: &str) -> Result<u16, Fault> {
    text.strip_prefix(':')
        .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
        .filter(|digits| !digits.starts_with('0'))
        .and_then(|digits| digits.parse().ok())
        .ok_or(Fault::Port)
}

impl fmt::Display for Endpoint {
    /// Scheme, host and fingerprint: `https://push.example/… (#1a2b3c4d)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/… (#{})", self.origin(), self.fingerprint())
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Endpoint({self})")
    }
}

impl PartialEq for Endpoint {
    fn eq(&self, other: &Self) -> bool {
        self.url() == other.url()
    }
}

impl Eq for Endpoint {}

impl Hash for Endpoint {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.url().hash(state);
    }
}

impl FromStr for Endpoint {
    type Err = InvalidEndpoint;

    fn from_str(url: &str) -> Result<Self, InvalidEndpoint> {
        Self::new(url)
    }
}
