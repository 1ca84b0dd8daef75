//! What WNS says in headers: its answers have no bodies.

use http::HeaderMap;
use push_core::WnsStatus;

use crate::profile::PushService;

/// What it did with a push, where the service is WNS or may be.
pub(crate) fn status(service: PushService, headers: &HeaderMap) -> Option<WnsStatus> {
    match service {
        PushService::Wns | PushService::Other => WnsStatus::read(headers),
        _ => None,
    }
}

/// What is wrong, for people.
pub(super) fn error_description(headers: &HeaderMap) -> Option<&str> {
    text(headers, "x-wns-error-description")
}

/// Whether an answer is one of WNS's: by its headers, all of which begin alike.
pub(super) fn is_wns(headers: &HeaderMap) -> bool {
    headers
        .keys()
        .any(|name| name.as_str().starts_with("x-wns-"))
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let text = headers.get(name)?.to_str().ok()?.trim();
    (!text.is_empty()).then_some(text)
}
