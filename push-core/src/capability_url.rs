use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::Ipv6Addr;
use std::sync::Arc;

use http::Uri;
use http::uri::Scheme;
use sha2::{Digest, Sha256};

/// The URL of a server that is known by whoever may send to it, such as the endpoint of a subscription or the
/// URI of a channel: absolute, of `https` or `http`.
///
/// It is read strictly, so that no two programs see two hosts in it, and sent as it was given, byte for byte:
/// `%2b` stays `%2b`. Since it is a secret, `Debug` and `Display` show its server and a fingerprint. Cloning
/// copies a pointer.
///
/// ```
/// # use push_core::CapabilityUrl;
/// let url = CapabilityUrl::new("https://Push.example:8443/v2/gAAAAABk?x=%2F", 2048)?;
/// assert_eq!(url.origin(), "https://push.example:8443");
/// assert_eq!(url.host(), "push.example");
/// assert!(!url.to_string().contains("gAAAAABk"));
/// # Ok::<_, push_core::UrlFault>(())
/// ```
#[derive(Clone)]
pub struct CapabilityUrl(Arc<Inner>);

/// Why a text is no [`CapabilityUrl`]. `Display` goes on from a noun, which the service knows: "the endpoint"
/// has a fragment. It shows nothing of the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UrlFault {
    /// It is no absolute URL.
    #[error("is no URL: expected https://HOST/PATH, as it was given")]
    NoUrl,
    /// It is too long.
    #[error("has {bytes} bytes: at most {max_bytes} are taken")]
    TooLong {
        /// How long it is.
        bytes: usize,
        /// How long it may be.
        max_bytes: usize,
    },
    /// It holds a space, a control character, a backslash, or a character beyond ASCII.
    #[error(
        "holds a character at {index} that no URL has: spaces, control characters, backslashes and what \
         is not ASCII are refused"
    )]
    Character {
        /// Where it stands, in bytes.
        index: usize,
    },
    /// It has a fragment.
    #[error("has a fragment (#): expected the URL as it was given")]
    Fragment,
    /// Its scheme is another.
    #[error("has a scheme that is neither https nor http")]
    Scheme,
    /// It has a user in it.
    #[error("has a user in it: credentials have no place there")]
    User,
    /// Its host can't be dialled.
    #[error("has a host that is neither a name nor an address")]
    Host,
    /// Its port can't be dialled.
    #[error("has a port that is none: expected 1 to 65535")]
    Port,
}

struct Inner {
    url: Box<str>,
    uri: Uri,
    origin: Box<str>,
    host: Box<str>,
    port: u16,
}

impl CapabilityUrl {
    /// Reads a URL of at most so many bytes.
    ///
    /// # Errors
    /// When it is no absolute URL of `https` or `http`, is too long, has a user, a fragment, a backslash or a
    /// character other than visible ASCII, or when its host or port can't be dialled.
    pub fn new(url: &str, max_bytes: usize) -> Result<Self, UrlFault> {
        let bytes = url.len();
        if bytes > max_bytes {
            return Err(UrlFault::TooLong { bytes, max_bytes });
        }
        // A backslash is a slash to browsers and a letter to others.
        if let Some(index) = url
            .bytes()
            .position(|byte| !byte.is_ascii_graphic() || byte == b'\\')
        {
            return Err(UrlFault::Character { index });
        }
        if url.contains('#') {
            return Err(UrlFault::Fragment);
        }
        let uri: Uri = url.parse().map_err(|_| UrlFault::NoUrl)?;
        let (Some(scheme), Some(authority)) = (uri.scheme(), uri.authority()) else {
            return Err(UrlFault::NoUrl);
        };
        let usual_port = match scheme {
            _ if *scheme == Scheme::HTTPS => 443,
            _ if *scheme == Scheme::HTTP => 80,
            _ => return Err(UrlFault::Scheme),
        };
        if authority.as_str().contains('@') {
            return Err(UrlFault::User);
        }
        let host = read_host(authority.host())?;
        let port = match authority.as_str().strip_prefix(authority.host()) {
            Some("") => usual_port,
            Some(rest) => read_port(rest)?,
            None => return Err(UrlFault::Host),
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

    /// Scheme, host in lower case, and port where it is not the usual one.
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

    /// The first eight hexadecimal digits of the URL's SHA-256: tells them apart in logs.
    pub fn fingerprint(&self) -> String {
        let hash = Sha256::digest(self.url().as_bytes());
        hash[..4].iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The host in lower case, without brackets: an address of IPv6, or labels of letters, digits, hyphens and
/// underscores with dots between them.
fn read_host(host: &str) -> Result<String, UrlFault> {
    if let Some(address) = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
    {
        let address: Ipv6Addr = address.parse().map_err(|_| UrlFault::Host)?;
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
        return Err(UrlFault::Host);
    }
    Ok(host.to_ascii_lowercase())
}

/// The port behind a host: a colon and 1 to 65535, without a sign or zeros in front.
fn read_port(text: &str) -> Result<u16, UrlFault> {
    text.strip_prefix(':')
        .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
        .filter(|digits| !digits.starts_with('0'))
        .and_then(|digits| digits.parse().ok())
        .ok_or(UrlFault::Port)
}

impl fmt::Display for CapabilityUrl {
    /// Scheme, host and fingerprint: `https://push.example/… (#1a2b3c4d)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/… (#{})", self.origin(), self.fingerprint())
    }
}

impl fmt::Debug for CapabilityUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CapabilityUrl({self})")
    }
}

impl PartialEq for CapabilityUrl {
    fn eq(&self, other: &Self) -> bool {
        self.url() == other.url()
    }
}

impl Eq for CapabilityUrl {}

impl Hash for CapabilityUrl {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.url().hash(state);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_url_says_where_to_dial_and_is_kept_byte_for_byte() {
        for (text, origin, host, port) in [
            (
                "https://a.example/?t=%2b%2F",
                "https://a.example",
                "a.example",
                443,
            ),
            (
                "https://A.Example:443",
                "https://a.example",
                "a.example",
                443,
            ),
            (
                "http://a.example:8080/x",
                "http://a.example:8080",
                "a.example",
                8080,
            ),
            ("https://[::1]:1/x", "https://[::1]:1", "::1", 1),
        ] {
            let url = CapabilityUrl::new(text, 2048).unwrap();
            assert_eq!(url.url(), text);
            assert_eq!((url.origin(), url.host(), url.port()), (origin, host, port));
        }
    }

    #[test]
    fn what_is_no_url_is_refused_and_not_shown() {
        for (text, fault) in [
            ("", UrlFault::NoUrl),
            ("secret", UrlFault::NoUrl),
            ("/secret", UrlFault::NoUrl),
            ("ftp://a.example/secret", UrlFault::Scheme),
            ("https://secret:pw@a.example/", UrlFault::User),
            ("https://a.example/#secret", UrlFault::Fragment),
            (
                "https://a.example\\@secret/",
                UrlFault::Character { index: 17 },
            ),
            (
                "https://a.example/ secret",
                UrlFault::Character { index: 18 },
            ),
            ("https://a..example/secret", UrlFault::Host),
            ("https://%61.example/secret", UrlFault::NoUrl),
            ("https://a.example:0/secret", UrlFault::Port),
            ("https://a.example:/secret", UrlFault::Port),
            ("https://a.example:65536/secret", UrlFault::Port),
        ] {
            let told = CapabilityUrl::new(text, 2048).unwrap_err();
            assert_eq!(told, fault, "{text}");
            assert!(!told.to_string().contains("secret"), "{told}");
        }
        let told = CapabilityUrl::new("https://a.example/", 17).unwrap_err();
        assert_eq!(told.to_string(), "has 18 bytes: at most 17 are taken");
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic_and_none_shows_its_path(
            host in "[a-z.:@\\[\\]\\\\%]{0,12}",
            path in "[/?#][A-Z0-9]{8,20}",
        ) {
            if let Ok(url) = CapabilityUrl::new(&format!("https://{host}{path}"), 2048) {
                let shown = format!("{url} {url:?}");
                prop_assert!(!shown.contains(&path), "{}", shown);
                prop_assert!(url.host().is_ascii() && url.port() > 0);
            }
        }
    }
}
