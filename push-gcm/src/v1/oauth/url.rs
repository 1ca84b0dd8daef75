//! Which addresses secrets are sent to: those in a file may come from anybody.

use std::net::{IpAddr, Ipv6Addr};

use http::Uri;
use push_core::http::BaseUrl;
use push_core::{Error, ErrorKind, Result};

/// Which addresses a URL may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Allowed {
    /// Any: it is the caller's own word.
    Any,
    /// Encrypted ones, and this machine.
    Encrypted,
    /// Google's, and this machine: what goes there could be used by whoever gets it.
    Google,
    /// Encrypted ones, this machine, and the metadata servers of clouds, which have no encryption.
    Metadata,
}

/// A URL from a file or from the caller, whose name in errors is given with it.
pub(super) fn check(name: &str, url: &str, allowed: Allowed) -> Result<Uri> {
    let read = |url: &str| {
        let uri: Uri = url.parse().ok()?;
        let server = BaseUrl::try_from(&uri).ok()?;
        (!url.contains('#')).then_some((uri, server))
    };
    let Some((uri, server)) = read(url) else {
        let message = format!("{name} is no URL of a server: expected https://HOST[:PORT]/PATH");
        return Err(Error::new(ErrorKind::Config, message));
    };
    let host = server.host().to_ascii_lowercase();
    let wanted = match allowed {
        Allowed::Any => return Ok(uri),
        _ if is_this_machine(&host) => return Ok(uri),
        Allowed::Metadata if is_metadata_server(&host) => return Ok(uri),
        Allowed::Google if !server.is_plain() && is_googles(&host) => return Ok(uri),
        Allowed::Encrypted | Allowed::Metadata if !server.is_plain() => return Ok(uri),
        Allowed::Encrypted => "expected https",
        Allowed::Metadata => "expected https, or the metadata server of this machine",
        Allowed::Google => {
            "expected https at googleapis.com; where another server is right, say so in the program"
        }
    };
    let scheme = if server.is_plain() { "http" } else { "https" };
    let message = format!("{name} leads to {host} by {scheme}: {wanted}");
    Err(Error::new(ErrorKind::Config, message))
}

/// The server of a URL, for errors.
pub(super) fn server(uri: &Uri) -> &str {
    uri.authority().map_or("", |authority| authority.as_str())
}

/// Whether it is on this machine or right beside it, where no proxy leads.
pub(super) fn is_near(uri: &Uri) -> bool {
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    let host = host.to_ascii_lowercase();
    is_this_machine(&host) || is_metadata_server(&host)
}

fn is_this_machine(host: &str) -> bool {
    match host.parse() {
        Ok(IpAddr::V4(address)) => address.is_loopback(),
        Ok(IpAddr::V6(address)) => address.is_loopback(),
        Err(_) => host == "localhost",
    }
}

fn is_metadata_server(host: &str) -> bool {
    /// Amazon's, by IPv6.
    const AMAZON: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);
    match host.parse() {
        Ok(IpAddr::V4(address)) => address.is_link_local(),
        Ok(IpAddr::V6(address)) => address.is_unicast_link_local() || address == AMAZON,
        Err(_) => host == "metadata.google.internal" || host == "metadata",
    }
}

fn is_googles(host: &str) -> bool {
    host.strip_suffix(".googleapis.com")
        .is_some_and(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_allowed(url: &str, allowed: Allowed) -> bool {
        check("token_url", url, allowed).is_ok()
    }

    #[test]
    fn only_this_machine_and_metadata_servers_are_spoken_to_without_encryption() {
        for (url, encrypted, metadata) in [
            ("https://sts.example/v1/token", true, true),
            ("http://sts.example/v1/token", false, false),
            ("http://localhost:8080/token", true, true),
            ("http://127.9.9.9/token", true, true),
            ("http://[::1]:1/token", true, true),
            ("http://LOCALHOST/token", true, true),
            ("http://localhost.evil.example/token", false, false),
            ("http://127.0.0.1.evil.example/token", false, false),
            ("http://169.254.169.254/token", false, true),
            ("http://[fe80::1]/token", false, true),
            ("http://[fd00:ec2::254]/latest", false, true),
            ("http://metadata.google.internal/token", false, true),
            ("http://10.0.0.1/token", false, false),
        ] {
            assert_eq!(is_allowed(url, Allowed::Encrypted), encrypted, "{url}");
            assert_eq!(is_allowed(url, Allowed::Metadata), metadata, "{url}");
            assert!(is_allowed(url, Allowed::Any), "{url}");
        }
    }

    #[test]
    fn what_could_be_used_elsewhere_goes_to_google_alone() {
        for (url, google) in [
            ("https://sts.googleapis.com/v1/token", true),
            ("https://us-east1-sts.googleapis.com/v1/token", true),
            ("https://iamcredentials.GoogleAPIs.com/v1/x", true),
            ("http://127.0.0.1:9/v1/token", true),
            ("http://sts.googleapis.com/v1/token", false),
            ("https://googleapis.com.evil.example/v1/token", false),
            ("https://evil-googleapis.com/v1/token", false),
            ("https://.googleapis.com/v1/token", false),
            ("https://evil.example/sts.googleapis.com", false),
            ("http://169.254.169.254/token", false),
        ] {
            assert_eq!(is_allowed(url, Allowed::Google), google, "{url}");
        }
    }

    #[test]
    fn what_is_no_url_of_a_server_is_refused_and_not_shown() {
        for url in [
            "",
            "/token",
            "sts.googleapis.com",
            "file:///etc/passwd",
            "https://user:secret@sts.googleapis.com/token",
            "https://sts.googleapis.com/token#secret",
            "https:///token",
            "https://sts.googleapis.com:0/secret",
        ] {
            let error = check("token_url", url, Allowed::Any).expect_err(url);
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(!error.report().contains("secret"), "{error}");
        }
    }
}
