//! Addresses as people write them.

use std::net::{SocketAddr, ToSocketAddrs};

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
}
