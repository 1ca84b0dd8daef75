use std::collections::BTreeSet;
use std::net::IpAddr;

use push_core::Egress;
use push_core::hosts::{is_pattern, matches};

use super::fault::EndpointFault as Fault;
use super::{Endpoint, InvalidEndpoint};
use crate::hosts::KNOWN;

/// Which endpoints are taken. They come from users, so whoever wants to reach into the network of the
/// sender writes one that leads there.
///
/// [`check`](EndpointPolicy::check) judges what is written in the URL. What a name leads to is judged when it
/// is dialled, by [`egress`](EndpointPolicy::egress), on the very address that is connected to.
///
/// ```
/// # use push_web::{Endpoint, EndpointPolicy};
/// let policy = EndpointPolicy::public();
/// let check = |url: &str| policy.check(&url.parse()?);
/// assert!(check("https://push.example.net/v1/abc").is_ok());
/// assert!(check("https://169.254.169.254/latest/meta-data").is_err());
/// assert!(check("https://push.example.net:8443/v1/abc").is_err());
/// # Ok::<_, push_web::InvalidEndpoint>(())
/// ```
#[derive(Clone, Debug)]
pub struct EndpointPolicy {
    /// Not encrypted, by address, names of inner networks: all taken.
    private: bool,
    /// `None`: any.
    ports: Option<BTreeSet<u16>>,
    /// `None`: any.
    hosts: Option<Vec<String>>,
}

impl EndpointPolicy {
    /// Endpoints on the public Internet: `https` on port 443, at a host with a public name. The default.
    ///
    /// No addresses are taken, in no notation; no `localhost`, no name without a dot or with one at its
    /// end, and none below `.localhost`, `.local`, `.internal` and `.home.arpa`.
    pub fn public() -> Self {
        Self {
            private: false,
            ports: Some(BTreeSet::from([443])),
            hosts: None,
        }
    }

    /// As [`public`](Self::public), and only at the push services that browsers are known to use: those of
    /// Apple, Google, Microsoft and Mozilla.
    pub fn known_services() -> Self {
        Self::public().hosts(KNOWN.map(|(host, _)| host))
    }

    /// All endpoints, without encryption too, on any port, at any name or address: for tests, and for push
    /// services in one's own network.
    ///
    /// Unsafe for endpoints that come from users: with it they make the sender connect to whatever it can
    /// reach.
    pub fn private() -> Self {
        Self {
            private: true,
            ports: None,
            hosts: None,
        }
    }

    /// Takes these ports instead.
    #[must_use]
    pub fn ports(mut self, ports: impl IntoIterator<Item = u16>) -> Self {
        self.ports = Some(ports.into_iter().collect());
        self
    }

    /// Takes any port.
    #[must_use]
    pub fn any_port(mut self) -> Self {
        self.ports = None;
        self
    }

    /// Takes these hosts and those that were listed before, and no others: `push.example.org`, or
    /// `*.example.org` for every name below `example.org`. What else holds for hosts still does.
    #[must_use]
    pub fn hosts<H: Into<String>>(mut self, hosts: impl IntoIterator<Item = H>) -> Self {
        let hosts = hosts.into_iter().map(|host| {
            let host: String = host.into();
            host.to_ascii_lowercase()
        });
        self.hosts.get_or_insert_default().extend(hosts);
        self
    }

    /// Whether an endpoint is taken, by what is written in it.
    ///
    /// # Errors
    /// When it is not, and why; of the endpoint only the host is told.
    pub fn check(&self, endpoint: &Endpoint) -> Result<(), InvalidEndpoint> {
        let host = endpoint.host();
        let named = || host.into();
        if !self.private {
            if endpoint.is_plain() {
                return Err(Fault::Plain { host: named() }.into());
            }
            if is_address(host) {
                return Err(Fault::Address { host: named() }.into());
            }
            if is_inner_name(host) {
                return Err(Fault::Inner { host: named() }.into());
            }
        }
        let port = endpoint.port();
        if self
            .ports
            .as_ref()
            .is_some_and(|ports| !ports.contains(&port))
        {
            let host = named();
            return Err(Fault::PortRefused { host, port }.into());
        }
        match &self.hosts {
            Some(hosts) if !hosts.iter().any(|pattern| matches(pattern, host)) => {
                Err(Fault::Unlisted { host: named() }.into())
            }
            _ => Ok(()),
        }
    }

    /// A pattern among its hosts that none can match.
    pub(crate) fn wrong_pattern(&self) -> Option<&str> {
        let hosts = self.hosts.iter().flatten();
        hosts.map(String::as_str).find(|host| !is_pattern(host))
    }

    /// Which addresses may be dialled for the endpoints that are taken: public ones, and with
    /// [`private`](Self::private) any.
    pub fn egress(&self) -> Egress {
        match self.private {
            true => Egress::any(),
            false => Egress::public(),
        }
    }
}

impl Default for EndpointPolicy {
    fn default() -> Self {
        Self::public()
    }
}

/// Whether some resolver could take the host for an address: one that parses as such, and every name whose
/// last label is a number, as `127.1`, `0x7f.1` and `2130706433` are (WHATWG URL, "ends in a number").
fn is_address(host: &str) -> bool {
    let name = host.strip_suffix('.').unwrap_or(host);
    let last = name.rsplit('.').next().unwrap_or(name);
    let is_decimal = last.bytes().all(|byte| byte.is_ascii_digit());
    let is_hexadecimal = last
        .strip_prefix("0x")
        .is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    is_decimal || is_hexadecimal || host.parse::<IpAddr>().is_ok()
}

/// Whether it is a name that no public name server answers for.
fn is_inner_name(host: &str) -> bool {
    !host.contains('.')
        || host.ends_with('.')
        || [".localhost", ".local", ".internal", ".home.arpa"]
            .iter()
            .any(|suffix| host.ends_with(suffix))
}
