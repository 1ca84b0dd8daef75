//! Patterns of host names: `push.example.org`, or `*.example.org` for every name below it. Names are compared
//! label by label, in either case, so `evilfcm.googleapis.com` is not below `googleapis.com`.

use std::net::IpAddr;

use crate::PushService;

/// The hosts of the push services that browsers are known to use.
pub(crate) const KNOWN: [(&str, PushService); 6] = [
    ("fcm.googleapis.com", PushService::Fcm),
    ("android.googleapis.com", PushService::Fcm),
    ("jmt17.google.com", PushService::Fcm),
    ("*.push.services.mozilla.com", PushService::Mozilla),
    ("*.push.apple.com", PushService::Apple),
    ("*.notify.windows.com", PushService::Wns),
];

/// Whether a host is the pattern's, or stands below it.
pub(crate) fn matches(pattern: &str, host: &str) -> bool {
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
pub(crate) fn is_pattern(pattern: &str) -> bool {
    let name = pattern.strip_prefix("*.").unwrap_or(pattern);
    let is_name = !name.starts_with('.')
        && !name.ends_with('.')
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    !name.is_empty() && (is_name || pattern.parse::<IpAddr>().is_ok())
}
