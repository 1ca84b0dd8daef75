//! Addresses as people write them.

use std::net::{SocketAddr, ToSocketAddrs};
use std::str::FromStr;

use crate::{Error, Result};

/// Reads `127.0.0.1:8443`, `[::1]:0` or `localhost:0`; port 0 stands for a free one.
///
/// Of a name's addresses the first IPv4 one is taken, else the first.
///
/// # Errors
/// The text is no host with a port, or the name has no address.
pub fn parse_address(text: &str) -> Result<SocketAddr> {
    let wrong = || Error::Address(text.to_owned());
    let found: Vec<SocketAddr> = text.to_socket_addrs().map_err(|_| wrong())?.collect();
    found
        .iter()
        .find(|address| address.is_ipv4())
        .or_else(|| found.first())
        .copied()
        .ok_or_else(wrong)
}

/// Where a service listens that can do without TLS, written `127.0.0.1:8443` or
/// `plain:127.0.0.1:8080`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WebAddress {
    /// The address; port 0 takes a free one.
    pub socket: SocketAddr,
    /// Plain HTTP/1.1, without TLS.
    pub is_plain: bool,
}

impl WebAddress {
    /// Without TLS.
    #[must_use]
    pub fn plain(socket: SocketAddr) -> Self {
        Self {
            socket,
            is_plain: true,
        }
    }
}

/// With TLS.
impl From<SocketAddr> for WebAddress {
    fn from(socket: SocketAddr) -> Self {
        Self {
            socket,
            is_plain: false,
        }
    }
}

impl FromStr for WebAddress {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text.strip_prefix("plain:") {
            Some(address) => parse_address(address).map(Self::plain),
            None => parse_address(text).map(Self::from),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_both_families_are_read() {
        assert_eq!(parse_address("127.0.0.1:8443").unwrap().port(), 8443);
        assert!(parse_address("[::1]:0").unwrap().is_ipv6());
        assert!(parse_address("localhost:0").unwrap().ip().is_loopback());
    }

    #[test]
    fn an_address_without_a_port_is_refused() {
        assert!(matches!(parse_address("127.0.0.1"), Err(Error::Address(_))));
        assert!(matches!(parse_address(""), Err(Error::Address(_))));
    }

    #[test]
    fn an_address_without_tls_says_so() {
        let plain: WebAddress = "plain:127.0.0.1:80".parse().unwrap();
        assert!(plain.is_plain && plain.socket.port() == 80);
        let secure: WebAddress = "127.0.0.1:443".parse().unwrap();
        assert!(!secure.is_plain);
        assert!("plain:".parse::<WebAddress>().is_err());
    }
}
