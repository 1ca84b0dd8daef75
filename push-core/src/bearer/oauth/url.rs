//! Which addresses secrets are sent to.

use std::net::{IpAddr, Ipv6Addr};

use http::Uri;

use crate::http::BaseUrl;
use crate::{Error, ErrorKind, Result};

/// The URL of a server, whose name in errors is given with it: `the token URL`.
///
/// # Errors
/// [`ErrorKind::Config`] when it is none; it is not shown then.
pub fn url(name: &str, url: &str) -> Result<Uri> {
    Ok(read(name, url)?.0)
}

/// Likewise, of a server to which secrets may be sent. `wanted` says which those are: `expected https`.
///
/// # Errors
/// [`ErrorKind::Config`] when it is no URL of a server, or of one that is not allowed.
pub fn url_where(
    name: &str,
    url: &str,
    wanted: &str,
    is_allowed: impl FnOnce(&BaseUrl) -> bool,
) -> Result<Uri> {
    let (uri, server) = read(name, url)?;
    if is_allowed(&server) {
        return Ok(uri);
    }
    let host = server.host().to_ascii_lowercase();
    let scheme = if server.is_plain() { "http" } else { "https" };
    let message = format!("{name} leads to {host} by {scheme}: {wanted}");
    Err(Error::new(ErrorKind::Config, message))
}

fn read(name: &str, url: &str) -> Result<(Uri, BaseUrl)> {
    let read = |url: &str| {
        let uri: Uri = url.parse().ok()?;
        let server = BaseUrl::try_from(&uri).ok()?;
        (!url.contains('#')).then_some((uri, server))
    };
    read(url).ok_or_else(|| {
        let message = format!("{name} is no URL of a server: expected https://HOST[:PORT]/PATH");
        Error::new(ErrorKind::Config, message)
    })
}

/// The server of a URL, for errors.
pub(super) fn server(uri: &Uri) -> &str {
    uri.authority().map_or("", |authority| authority.as_str())
}

/// Whether it is on this machine or right beside it, where no proxy leads.
pub(super) fn is_near(uri: &Uri) -> bool {
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    is_this_machine(host) || is_metadata_server(host)
}

/// Whether a host is this machine: `localhost`, or an address of its loopback, without brackets.
pub fn is_this_machine(host: &str) -> bool {
    match host.parse() {
        Ok(IpAddr::V4(address)) => address.is_loopback(),
        Ok(IpAddr::V6(address)) => address.is_loopback(),
        Err(_) => host.eq_ignore_ascii_case("localhost"),
    }
}

/// Whether a host is the metadata server of a cloud, which stands right beside the machine and has no
/// encryption.
pub fn is_metadata_server(host: &str) -> bool {
    /// Amazon's, by IPv6.
    const AMAZON: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);
    match host.parse() {
        Ok(IpAddr::V4(address)) => address.is_link_local(),
        Ok(IpAddr::V6(address)) => address.is_unicast_link_local() || address == AMAZON,
        Err(_) => ["metadata.google.internal", "metadata"]
            .iter()
            .any(|name| host.eq_ignore_ascii_case(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_and_the_metadata_servers_are_near() {
        for (url, near) in [
            ("http://localhost:8080/token", true),
            ("http://LOCALHOST/token", true),
            ("http://127.9.9.9/token", true),
            ("http://[::1]:1/token", true),
            ("http://169.254.169.254/token", true),
            ("http://[fe80::1]/token", true),
            ("http://[fd00:ec2::254]/latest", true),
            ("http://Metadata.google.internal/token", true),
            ("http://localhost.evil.example/token", false),
            ("http://127.0.0.1.evil.example/token", false),
            ("http://10.0.0.1/token", false),
        ] {
            assert_eq!(is_near(&url.parse().unwrap()), near, "{url}");
        }
    }

    #[test]
    fn a_server_that_is_not_allowed_is_named_and_its_path_is_not() {
        let plain = "http://sts.Example:8080/secret";
        let error = url_where("the token URL", plain, "expected https", |server| {
            !server.is_plain()
        });
        assert_eq!(
            error.unwrap_err().to_string(),
            "the token URL leads to sts.example by http: expected https"
        );
    }

    #[test]
    fn what_is_no_url_of_a_server_is_refused_and_not_shown() {
        for text in [
            "",
            "/token",
            "sts.googleapis.com",
            "file:///etc/passwd",
            "https://user:secret@sts.googleapis.com/token",
            "https://sts.googleapis.com/token#secret",
            "https:///token",
            "https://sts.googleapis.com:0/secret",
        ] {
            let error = url("token_url", text).expect_err(text);
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(!error.report().contains("secret"), "{error}");
        }
    }
}
