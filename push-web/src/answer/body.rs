//! The body of a refusal: whatever a server, or a proxy on the way, may send.

use http::HeaderMap;
use serde_json::Value;

use super::reason::Reason;
use super::text::{one_line, page_title, start};
use super::wns;
use crate::profile::PushService;

/// The largest body that is read as JSON, in bytes. Those of push services have a few hundred.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// So much of a body that is no JSON is looked at.
const MAX_PAGE_BYTES: usize = 8 * 1024;

/// The longest word of a service, in bytes.
const MAX_WORD_BYTES: usize = 64;

/// What an answer says beside its status.
#[derive(Debug, Default)]
pub(super) struct Body {
    /// The service's own word.
    pub(super) code: Option<String>,
    /// Its text, on one line and without secrets.
    pub(super) detail: Option<String>,
}

impl Body {
    /// Reads what there is. Words count only in the form of the service that is known to be there; at
    /// an unknown host in each.
    pub(super) fn read(service: PushService, headers: &HeaderMap, body: &[u8]) -> Self {
        let is = |other| service == other || service == PushService::Other;
        if is(PushService::Wns)
            && let Some(detail) = wns::error_description(headers).and_then(one_line)
        {
            return Self {
                code: None,
                detail: Some(detail),
            };
        }
        let json = match body.len() {
            0..=MAX_BODY_BYTES => serde_json::from_slice::<Value>(body).ok(),
            _ => None,
        };
        if let Some(Value::Object(object)) = json {
            let text = |name: &str| object.get(name).and_then(Value::as_str);
            let errno = object.get("errno").and_then(Value::as_u64);
            let detail = ["message", "error_description", "detail", "error", "reason"]
                .into_iter()
                .find_map(text);
            // That of Google's newer interfaces.
            let error = object.get("error").filter(|error| error.is_object());
            let of_error = |name: &str| error?.get(name)?.as_str();
            let code = match (errno, text("reason")) {
                (Some(errno), _) if is(PushService::Mozilla) => Some(errno.to_string()),
                (_, Some(reason)) if is(PushService::Apple) => word(reason).map(Into::into),
                _ if is(PushService::Fcm) => of_error("status").and_then(word).map(Into::into),
                _ => None,
            };
            let detail = detail.or_else(|| of_error("message")).and_then(one_line);
            // The word is told already.
            let detail = detail.filter(|detail| Some(detail) != code.as_ref());
            return Self { code, detail };
        }
        // A cut character at the end becomes one replacement character.
        let text = String::from_utf8_lossy(body.get(..MAX_PAGE_BYTES).unwrap_or(body));
        let detail = match text.trim_start().starts_with('<') {
            true => page_title(&text),
            false => one_line(&text),
        };
        // FCM says it in a text, or as the title of a page.
        let code = detail
            .as_deref()
            .and_then(word)
            .filter(|text| match service {
                PushService::Fcm => true,
                PushService::Other => Reason::of_word(text).is_some() && !is_number(text),
                _ => false,
            });
        match code.map(String::from) {
            Some(code) => Self {
                code: Some(code),
                detail: None,
            },
            None => Self { code: None, detail },
        }
    }
}

/// A text of one word such as services have for a reason, and no more.
fn word(text: &str) -> Option<&str> {
    let text = text.trim();
    let is_word = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    // Without a secret in it: a token would be shortened.
    (is_word(text)
        && text.len() <= MAX_WORD_BYTES
        && one_line(text).as_deref() == Some(start(text, MAX_WORD_BYTES)))
    .then_some(text)
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}
