use std::fmt;
use std::io;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_io::{AsyncRead, AsyncWrite};
use futures_util::{AsyncReadExt, AsyncWriteExt};

use crate::{Error, ErrorKind, Result};

/// An HTTP proxy that tunnels connections by CONNECT (RFC 9110, section 9.3.6).
///
/// The target's name is resolved here, its addresses pass the egress filter, and the proxy is asked
/// for an address; so that it can't be led to another one. [`resolve_by_proxy`](Self::resolve_by_proxy)
/// leaves that to the proxy.
///
/// Two values are equal when they lead to the same proxy in the same way.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Proxy {
    host: Arc<str>,
    port: u16,
    authorization: Option<Arc<str>>,
    resolves: bool,
}

impl Proxy {
    /// A proxy by host and port.
    pub fn new(host: impl Into<Arc<str>>, port: u16) -> Self {
        Self {
            host: host.into(),
            port,
            authorization: None,
            resolves: false,
        }
    }

    /// A proxy by its URL: `http://[USER:PASSWORD@]HOST[:PORT]`. Reserved characters in user and
    /// password are percent-encoded. The port is 80 unless it is given, as in URLs.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] for any other form; the error holds nothing of the URL's user part.
    pub fn from_url(url: &str) -> Result<Self> {
        let invalid = |what: &str| {
            let message = format!("{what}; expected http://[USER:PASSWORD@]HOST[:PORT]");
            Error::new(ErrorKind::Config, message)
        };
        let rest = match url.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => rest,
            Some((scheme, _)) => {
                return Err(invalid(&format!("a proxy can't be reached by {scheme}://")));
            }
            None => return Err(invalid("the proxy's URL has no scheme")),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if rest.contains(['/', '?', '#']) {
            // What follows is not shown: it may be part of a password.
            return Err(invalid(
                "the proxy's URL has a path (in user and password, / is %2F, ? is %3F and # is %23)",
            ));
        }
        let (user_part, authority) = match rest.rsplit_once('@') {
            Some((user_part, authority)) => (Some(user_part), authority),
            None => (None, rest),
        };
        let parsed: http::uri::Authority = authority
            .parse()
            .map_err(|_| invalid("the proxy's URL names no host"))?;
        let port = match parsed.port_u16() {
            Some(port) => port,
            None if parsed.host().len() == authority.len() => 80,
            None => {
                return Err(invalid(
                    "the port of the proxy's URL is no number from 1 to 65535",
                ));
            }
        };
        let proxy = Self::new(parsed.host().trim_matches(['[', ']']), port);
        let Some(user_part) = user_part else {
            return Ok(proxy);
        };
        let (user, password) = user_part.split_once(':').unwrap_or((user_part, ""));
        let decoded = decode(user).zip(decode(password));
        let (user, password) =
            decoded.ok_or_else(|| invalid("user or password of the proxy's URL can't be read"))?;
        if user.contains(':') {
            return Err(invalid(
                "the user of the proxy's URL holds a colon, which can't be told to a proxy",
            ));
        }
        Ok(proxy.credentials(&user, &password))
    }

    /// The proxy that the environment names for TLS connections to a host: `HTTPS_PROXY` or
    /// `https_proxy`, unless `NO_PROXY` or `no_proxy` lists the host, a domain that it belongs to,
    /// or `*`. The environment is read by nothing that does not say so.
    ///
    /// # Errors
    /// As [`from_url`](Self::from_url).
    pub fn from_env(host: &str) -> Result<Option<Self>> {
        let read = |names: [&str; 2]| {
            let mut values = names.iter().filter_map(|name| std::env::var(name).ok());
            values.find(|value| !value.is_empty())
        };
        let Some(url) = read(["https_proxy", "HTTPS_PROXY"]) else {
            return Ok(None);
        };
        let exceptions = read(["no_proxy", "NO_PROXY"]).unwrap_or_default();
        if is_exempt(host, &exceptions) {
            return Ok(None);
        }
        Self::from_url(&url).map(Some)
    }

    /// The user and the password that the proxy asks for (RFC 7617).
    #[must_use]
    pub fn credentials(mut self, user: &str, password: &str) -> Self {
        let pair = STANDARD.encode(format!("{user}:{password}"));
        self.authorization = Some(format!("Basic {pair}").into());
        self
    }

    /// Lets the proxy resolve the target's name: for networks in which only the proxy can. No
    /// egress filter but [`Egress::any`](crate::Egress::any) can be kept then, and another one is
    /// an error.
    #[must_use]
    pub fn resolve_by_proxy(mut self) -> Self {
        self.resolves = true;
        self
    }

    /// The proxy's own host, a name or an address without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The proxy's own port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether the proxy resolves the target's name.
    pub fn resolves(&self) -> bool {
        self.resolves
    }

    /// Asks for a tunnel to an authority (`host:port`, an IPv6 address in brackets) on a connection
    /// to the proxy, and leaves that at the tunnel's beginning. For backends that dial by
    /// themselves; [`Compose`](crate::Compose) does it for the others.
    ///
    /// # Errors
    /// [`ErrorKind::Connect`] when the proxy refuses or breaks off, [`ErrorKind::Config`] when it wants
    /// other credentials or the authority is none, [`ErrorKind::Protocol`] when its answer is no HTTP.
    pub async fn tunnel<S>(&self, stream: &mut S, authority: &str) -> Result<()>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        if http::uri::Authority::try_from(authority).is_err() || authority.contains('@') {
            let message = format!("no host and port to ask a proxy for: {authority:?}");
            return Err(Error::new(ErrorKind::Config, message));
        }
        let broken = |error: io::Error| {
            let message = format!("the proxy {self} broke off");
            Error::new(ErrorKind::Connect, message).with_source(error)
        };
        let request = self.request(authority);
        stream.write_all(request.as_bytes()).await.map_err(broken)?;
        stream.flush().await.map_err(broken)?;
        let mut reply = Reply::default();
        let status = loop {
            // By the byte: what comes behind the head belongs to the tunnel.
            let mut byte = [0];
            stream.read_exact(&mut byte).await.map_err(broken)?;
            if let Some(status) = reply.push(byte[0]).map_err(|what| {
                Error::new(
                    ErrorKind::Protocol,
                    format!("the answer of the proxy {self} {what}"),
                )
            })? {
                break status;
            }
        };
        match status {
            200..=299 => Ok(()),
            // Some say 401, which is meant for servers.
            401 | 407 => Err(Error::new(
                ErrorKind::Config,
                format!("the proxy {self} asks for a user and a password, or refuses those given"),
            )),
            _ => Err(Error::new(
                ErrorKind::Connect,
                format!("the proxy {self} refused a tunnel to {authority} with status {status}"),
            )),
        }
    }

    /// The request for a tunnel to an authority.
    fn request(&self, authority: &str) -> String {
        let mut request = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n");
        if let Some(authorization) = &self.authorization {
            request.push_str("Proxy-Authorization: ");
            request.push_str(authorization);
            request.push_str("\r\n");
        }
        request.push_str("\r\n");
        request
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy")
            .field("authority", &self.to_string())
            .field("has_credentials", &self.authorization.is_some())
            .field("resolves", &self.resolves)
            .finish()
    }
}

/// Takes percent-encoding off; `None` when it is none, or no UTF-8.
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        if byte == b'%' {
            let (digits, tail) = tail.split_first_chunk::<2>()?;
            let digits = std::str::from_utf8(digits).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = tail;
        } else {
            bytes.push(byte);
            rest = tail;
        }
    }
    String::from_utf8(bytes).ok()
}

fn is_exempt(host: &str, exceptions: &str) -> bool {
    let host = host.to_ascii_lowercase();
    exceptions.split(',').map(str::trim).any(|exception| {
        let domain = exception.trim_start_matches('.').to_ascii_lowercase();
        match domain.as_str() {
            "" => false,
            "*" => true,
            _ => {
                host == domain
                    || host
                        .strip_suffix(&domain)
                        .is_some_and(|front| front.ends_with('.'))
            }
        }
    })
}

/// What a proxy answers, as far as the end of its head.
#[derive(Debug, Default)]
struct Reply {
    head: Vec<u8>,
    taken: usize,
}

impl Reply {
    /// The longest head of an answer that is read, with the interim ones (1xx) before it.
    const MAX_BYTES: usize = 8 * 1024;

    /// Takes one byte more; the status once the head is whole. An error says what the answer is.
    fn push(&mut self, byte: u8) -> Result<Option<u16>, &'static str> {
        self.head.push(byte);
        self.taken += 1;
        if self.head.ends_with(b"\r\n\r\n") {
            let status = self.status().ok_or("is no HTTP")?;
            if !(100..200).contains(&status) {
                return Ok(Some(status));
            }
            self.head.clear();
        }
        match self.taken {
            ..Self::MAX_BYTES => Ok(None),
            _ => Err("has no end"),
        }
    }

    /// The status of a status line (RFC 9112, section 4). What the other lines hold does not matter.
    fn status(&self) -> Option<u16> {
        let line = self.head.strip_prefix(b"HTTP/1.")?;
        let &[b'0'..=b'9', b' ', ref status @ .., b' ' | b'\r'] = line.get(..6)? else {
            return None;
        };
        match status {
            [b'1'..=b'9', ..] => std::str::from_utf8(status).ok()?.parse().ok(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn urls_are_read_with_port_and_credentials() {
        let plain = Proxy::from_url("http://proxy.test").unwrap();
        assert_eq!(plain.to_string(), "proxy.test:80");
        let full = Proxy::from_url("HTTP://ada:p%40ss%3A@[::1]:3128/").unwrap();
        assert_eq!(full.to_string(), "[::1]:3128");
        assert_eq!(full, Proxy::new("::1", 3128).credentials("ada", "p@ss:"));
        assert!(full.request("x:1").contains("Basic YWRhOnBAc3M6\r\n"));
    }

    #[test]
    fn other_urls_are_refused_and_no_secret_is_shown() {
        for url in [
            "proxy.test:3128",
            "socks5://secret@proxy.test",
            "http://",
            "http://user:secret@",
            "http://user:secret%zz@proxy.test",
            "http://user:secret@proxy.test:99999",
            "http://user%3A:secret@proxy.test",
            "http://user:secret@proxy.test/path",
            "http://user:se/secret@proxy.test",
        ] {
            let error = Proxy::from_url(url).unwrap_err();
            assert!(!format!("{error:?}").contains("secret"), "{error:?}");
        }
        let proxy = Proxy::from_url("http://user:secret@proxy.test").unwrap();
        assert!(!format!("{proxy:?} {proxy}").contains("secret"));
    }

    #[test]
    fn nothing_but_an_authority_is_asked_for() {
        let proxy = Proxy::new("proxy.test", 80);
        for authority in ["ok.test:443\r\nx: y", "a b:1", "user@ok.test:443", ""] {
            let mut stream = futures_util::io::Cursor::new(Vec::new());
            let error = proxy.tunnel(&mut stream, authority).now_or_never();
            let error = error.unwrap().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{authority:?}");
            assert!(stream.into_inner().is_empty(), "{authority:?}");
        }
    }

    #[test]
    fn exceptions_are_hosts_and_domains() {
        let exceptions = "localhost, .example.com,push.test";
        for exempt in ["localhost", "example.com", "a.example.com", "PUSH.test"] {
            assert!(is_exempt(exempt, exceptions), "{exempt}");
        }
        for other in ["badexample.com", "push.test.org", "127.0.0.1"] {
            assert!(!is_exempt(other, exceptions), "{other}");
        }
        assert!(is_exempt("anything", "*"));
    }

    #[test]
    fn the_answer_is_read_to_the_end_of_its_head_and_no_further() {
        let read = |bytes: &[u8]| {
            let mut reply = Reply::default();
            for byte in bytes {
                match reply.push(*byte) {
                    Ok(None) => {}
                    end => return end.ok().flatten(),
                }
            }
            None
        };
        assert_eq!(
            read(b"HTTP/1.1 200 Connection established\r\n\r\n"),
            Some(200)
        );
        assert_eq!(
            read(b"HTTP/1.0 407 No\r\nproxy-authenticate: Basic\r\n\r\n"),
            Some(407)
        );
        assert_eq!(read(b"HTTP/1.1 200\r\nx: \xff\r\n\r\n"), Some(200));
        assert_eq!(read(b"HTTP/1.1 2000 OK\r\n\r\n"), None);
        assert_eq!(read(b"HTTP/1.1 +20 OK\r\n\r\n"), None);
        assert_eq!(read(b"HTTP/1.1 20\r\n\r\n"), None);
        let interim = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200\r\n\r\n";
        assert_eq!(read(interim), Some(200));
        assert_eq!(read(&interim[..25].repeat(1_000)), None);
        assert_eq!(read(b"SSH-2.0\r\n\r\n"), None);
        assert_eq!(read(&[b'x'; 10_000]), None);
    }
}
