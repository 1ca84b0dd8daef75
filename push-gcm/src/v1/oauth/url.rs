//! Which addresses secrets are sent to: those in a file may come from anybody.

use http::Uri;
use push_core::Result;
use push_core::bearer::oauth::{self, is_metadata_server, is_this_machine};

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
    let wanted = match allowed {
        Allowed::Any => return oauth::url(name, url),
        Allowed::Encrypted => "expected https",
        Allowed::Metadata => "expected https, or the metadata server of this machine",
        Allowed::Google => {
            "expected https at googleapis.com; where another server is right, say so in the program"
        }
    };
    oauth::url_where(name, url, wanted, |server| {
        let is_encrypted = !server.is_plain();
        is_this_machine(server.host())
            || match allowed {
                Allowed::Any => true,
                Allowed::Encrypted => is_encrypted,
                Allowed::Metadata => is_encrypted || is_metadata_server(server.host()),
                Allowed::Google => is_encrypted && is_googles(server.host()),
            }
    })
}

/// The server of a URL, for errors.
pub(super) fn server(uri: &Uri) -> &str {
    uri.authority().map_or("", |authority| authority.as_str())
}

fn is_googles(host: &str) -> bool {
    push_core::hosts::matches("*.googleapis.com", host)
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
}
