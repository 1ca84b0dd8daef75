//! Patterns of host names: `push.example.org`, or `*.example.org` for every name below it. Names are compared
//! label by label, in either case, so `evilfcm.googleapis.com` is not below `googleapis.com`.

use std::net::IpAddr;

/// Whether a host is the pattern's, or stands below it.
pub fn matches(pattern: &str, host: &str) -> bool {
    let Some(domain) = pattern.strip_prefix('*') else {
        return pattern.eq_ignore_ascii_case(host);
    };
    let at = host.len().checked_sub(domain.len());
    let Some((label, end)) = at.and_then(|at| Some((host.get(..at)?, host.get(at..)?))) else {
        return false;
    };
    domain.len() > 1
        && domain.starts_with('.')
        && !label.is_empty()
        && !label.ends_with('.')
        && end.eq_ignore_ascii_case(domain)
}

/// Whether a pattern can be that of a host: a name or an address without port, or `*.` and a name.
pub fn is_pattern(pattern: &str) -> bool {
    let name = pattern.strip_prefix("*.").unwrap_or(pattern);
    let is_name = !name.starts_with('.')
        && !name.ends_with('.')
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    !name.is_empty() && (is_name || pattern.parse::<IpAddr>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_label_by_label() {
        for (pattern, host, matched) in [
            ("push.example", "push.example", true),
            ("push.example", "Push.Example", true),
            ("push.example", "a.push.example", false),
            ("*.push.example", "a.push.example", true),
            ("*.push.example", "A.b.Push.example", true),
            ("*.push.example", "push.example", false),
            ("*.push.example", ".push.example", false),
            ("*.push.example", "a..push.example", false),
            ("*.push.example", "evilpush.example", false),
            ("*.push.example", "a.push.example.", false),
            ("*.push.example", "a.push.example.evil.example", false),
            ("*", "push.example", false),
        ] {
            assert_eq!(matches(pattern, host), matched, "{pattern} {host}");
        }
    }

    #[test]
    fn a_pattern_is_a_name_an_address_or_all_below_a_name() {
        for pattern in [
            "push.example",
            "*.push.example",
            "localhost",
            "::1",
            "127.0.0.1",
        ] {
            assert!(is_pattern(pattern), "{pattern}");
        }
        for other in [
            "",
            "*",
            "*.",
            ".push.example",
            "push.example.",
            "a:8443",
            "https://a",
            "a.*",
        ] {
            assert!(!is_pattern(other), "{other}");
        }
    }
}
