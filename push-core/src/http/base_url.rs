use std::fmt;
use std::str::FromStr;

use http::Uri;
use http::uri::{Authority, PathAndQuery, Scheme};

use crate::{Error, ErrorKind, Reach, Result, Target};

/// Where a service is: `https://HOST`, with a port and a path in front of its own ones where it has
/// them.
///
/// `http://` is for servers on this machine and in trusted networks: whatever goes there, credentials
/// too, can be read on the way. A user, a query and a fragment have no place in it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct BaseUrl {
    scheme: Scheme,
    authority: Authority,
    /// Without the slash at its end.
    prefix: String,
}

impl BaseUrl {
    /// The URI of a path of the service, which begins with a slash.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when the path has characters that no path may have, or begins with
    /// another one.
    pub fn join(&self, path: &str) -> Result<Uri> {
        if !path.starts_with('/') {
            // It would become a part of the host's name.
            return Err(config("a path that does not begin with a slash"));
        }
        let path: PathAndQuery = format!("{}{path}", self.prefix)
            .parse()
            .map_err(|error| config("a path that is none").with_source(error))?;
        self.uri(path)
    }

    fn uri(&self, path: PathAndQuery) -> Result<Uri> {
        let mut parts = http::uri::Parts::default();
        parts.scheme = Some(self.scheme.clone());
        parts.authority = Some(self.authority.clone());
        parts.path_and_query = Some(path);
        Uri::from_parts(parts).map_err(|error| config("a path that is none").with_source(error))
    }

    /// The host, without brackets.
    pub fn host(&self) -> &str {
        self.authority.host().trim_matches(['[', ']'])
    }

    /// The port; that of the scheme where none is said.
    pub fn port(&self) -> u16 {
        let usual = if self.is_plain() { 80 } else { 443 };
        self.authority.port_u16().unwrap_or(usual)
    }

    /// Whether it is `http://`, without encryption.
    pub fn is_plain(&self) -> bool {
        self.scheme == Scheme::HTTP
    }

    /// The server to connect to.
    pub fn target(&self, reach: &Reach) -> Target {
        match self.is_plain() {
            true => reach.plain_target(self.host(), self.port()),
            false => reach.target(self.host(), self.port()),
        }
    }
}

impl TryFrom<&Uri> for BaseUrl {
    type Error = Error;

    /// The server of an absolute URI, without its path.
    fn try_from(uri: &Uri) -> Result<Self> {
        let (Some(scheme), Some(authority)) = (uri.scheme(), uri.authority()) else {
            return Err(config("not an absolute URL: expected https://HOST[:PORT]"));
        };
        if *scheme != Scheme::HTTPS && *scheme != Scheme::HTTP {
            let message = format!("a URL of scheme {scheme}: expected https (or http)");
            return Err(config(message));
        }
        if authority.as_str().contains('@') {
            return Err(config("a URL with a user in it: credentials go elsewhere"));
        }
        // "https://host:" and "https://host:99999" have no port that could be dialled.
        let rest = authority.as_str().strip_prefix(authority.host());
        if authority.host().is_empty()
            || rest.is_some_and(|rest| !rest.is_empty())
                && authority.port_u16().is_none_or(|port| port == 0)
        {
            let message = format!("not a host with a port: {:?}", authority.as_str());
            return Err(config(message));
        }
        Ok(Self {
            scheme: scheme.clone(),
            authority: authority.clone(),
            prefix: String::new(),
        })
    }
}

impl FromStr for BaseUrl {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let uri: Uri = text.parse().map_err(|error| {
            config("not a URL: expected https://HOST[:PORT][/PATH]").with_source(error)
        })?;
        if uri.query().is_some() || text.contains('#') {
            return Err(config(
                "a base URL with a query or a fragment: expected https://HOST[:PORT][/PATH]",
            ));
        }
        let mut url = Self::try_from(&uri)?;
        url.prefix = uri.path().trim_end_matches('/').to_owned();
        Ok(url)
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.scheme, self.authority, self.prefix)
    }
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BaseUrl({self})")
    }
}

fn config(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Config, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> BaseUrl {
        text.parse().unwrap()
    }

    #[test]
    fn paths_are_joined_to_hosts_ports_and_prefixes() {
        for (base, joined) in [
            (
                "https://fcm.googleapis.com",
                "https://fcm.googleapis.com/v1/x",
            ),
            ("https://localhost:8443/", "https://localhost:8443/v1/x"),
            ("http://[::1]:80/mock//", "http://[::1]:80/mock/v1/x"),
        ] {
            assert_eq!(url(base).join("/v1/x").unwrap().to_string(), joined);
        }
    }

    #[test]
    fn what_is_joined_never_becomes_a_part_of_the_host() {
        for base in [
            "https://a.example",
            "https://a.example/mock",
            "https://a.example:443",
        ] {
            for path in [
                "",
                "v1/x",
                ".evil.example/",
                ":1/x",
                "@evil.example/",
                "?x",
                "#x",
                "/ x",
            ] {
                let error = url(base).join(path).expect_err(path);
                assert_eq!(error.kind(), ErrorKind::Config);
            }
            for path in [
                "/",
                "//evil.example/x",
                "/@evil.example",
                "/v1/x:send?y=%2F",
            ] {
                let joined = url(base).join(path).unwrap();
                assert_eq!(joined.host(), Some("a.example"), "{joined}");
            }
        }
    }

    #[test]
    fn hosts_and_ports_are_those_to_dial() {
        let parts = |text| {
            let url = url(text);
            (url.host().to_owned(), url.port(), url.is_plain())
        };
        assert_eq!(
            parts("https://a.example"),
            ("a.example".to_owned(), 443, false)
        );
        assert_eq!(
            parts("http://a.example"),
            ("a.example".to_owned(), 80, true)
        );
        assert_eq!(parts("https://[::1]:9"), ("::1".to_owned(), 9, false));
        assert_eq!(parts("http://[::80]"), ("::80".to_owned(), 80, true));
        assert_eq!(
            parts("HTTPS://A.Example:0443/x"),
            ("A.Example".to_owned(), 443, false)
        );
    }

    #[test]
    fn what_is_no_base_is_refused() {
        for text in [
            "",
            "localhost:8443",
            "/path",
            "ftp://a.example",
            "https://user:secret@a.example",
            "https://a.example?x=1",
            "https://a.example/#x",
            "https://a.example:99999",
            "https://a.example:0",
            "https://a.example:",
            "https://",
            "https://user:secret@a.example:99999",
            "https://:secret@[::1]/x",
            "//user:secret@a.example/",
            "https://user:sec ret@a.example",
        ] {
            let error = text.parse::<BaseUrl>().expect_err(text);
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(!error.report().contains("secret"), "{}", error.report());
        }
    }
}
