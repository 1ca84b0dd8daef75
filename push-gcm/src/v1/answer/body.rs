//! The body of a refusal: whatever a server, or a proxy on the way, may send.

use std::time::Duration;

use serde_json::Value;

use super::reason::{Reason, Status};
use super::text::{one_line, page_title, start};
use crate::v1::message::read_duration;

/// The largest body that is read as JSON, in bytes. A page of the service's front end is much
/// smaller.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// The most items of one kind that are kept, and the most bytes of a code.
const MAX_ITEMS: usize = 16;
const MAX_CODE_BYTES: usize = 64;

/// A field that the service found wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Violation {
    /// The field's path, such as `message.data[0].value`.
    pub field: String,
    /// What is wrong with it; may be empty.
    pub description: String,
}

/// A quota that was used up.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct QuotaViolation {
    /// Whose quota, such as `project:1234`.
    pub subject: String,
    /// Which quota, and what to do; may be empty.
    pub description: String,
}

/// What Apple's service answered to FCM.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApnsReason {
    /// The HTTP status, such as 410.
    pub status: Option<u16>,
    /// The reason, such as `Unregistered`; may be empty.
    pub reason: String,
}

/// What a body says.
#[derive(Debug, Default)]
pub(super) struct Body {
    pub(super) reason: Option<Reason>,
    pub(super) rpc_status: Option<Status>,
    pub(super) detail: Option<String>,
    pub(super) violations: Vec<Violation>,
    pub(super) apns: Option<ApnsReason>,
    pub(super) quota: Vec<QuotaViolation>,
    pub(super) info: Option<String>,
    pub(super) retry_delay: Option<Duration>,
}

impl Body {
    /// Reads what there is, and takes what is not there or of another type for absent.
    pub(super) fn read(body: &[u8]) -> Self {
        let json = match body.len() {
            0..=MAX_BODY_BYTES => serde_json::from_slice::<Value>(body).ok(),
            _ => None,
        };
        let error = json.as_ref().and_then(error_of);
        let Some(error) = error else {
            return Self::other(body);
        };
        let mut read = Self {
            rpc_status: text(error, "status", "status").map(|text| Status::from(code(text))),
            detail: text(error, "message", "message").and_then(one_line),
            ..Self::default()
        };
        let details = error.get("details").and_then(Value::as_array);
        for detail in details.into_iter().flatten() {
            read.detail(detail);
        }
        read
    }

    /// Not the documented JSON: the title of a page, or the beginning of a text.
    fn other(body: &[u8]) -> Self {
        // A cut character at the end becomes one replacement character.
        let head = body.get(..8192).unwrap_or(body);
        let text = String::from_utf8_lossy(head);
        let detail = match text.trim_start().starts_with('<') {
            true => page_title(&text),
            // The form of OAuth and of the older interfaces.
            false => match serde_json::from_slice::<Value>(head) {
                Ok(json) => json.get("error").and_then(Value::as_str).and_then(one_line),
                Err(_) => one_line(&text),
            },
        };
        Self {
            detail,
            ..Self::default()
        }
    }

    fn detail(&mut self, detail: &Value) {
        let Some(kind) = text(detail, "@type", "@type") else {
            return;
        };
        match kind.rsplit('/').next().unwrap_or(kind) {
            "google.firebase.fcm.v1.FcmError" => {
                let code = text(detail, "errorCode", "error_code").map(code);
                self.reason = self.reason.take().or_else(|| code.map(Reason::from));
            }
            "google.firebase.fcm.v1.ApnsError" => {
                let status = either(detail, "statusCode", "status_code");
                let status = status.and_then(|status| match status {
                    Value::String(text) => text.parse().ok(),
                    other => other.as_u64().and_then(|status| status.try_into().ok()),
                });
                let reason = text(detail, "reason", "reason").map(code);
                self.apns = self.apns.take().or_else(|| {
                    Some(ApnsReason {
                        status,
                        reason: reason.and_then(one_line).unwrap_or_default(),
                    })
                });
            }
            "google.rpc.BadRequest" => {
                let all = pairs(detail, ["fieldViolations", "field_violations"], "field");
                let all = all.map(|(field, description)| Violation { field, description });
                self.violations
                    .extend(all.take(MAX_ITEMS.saturating_sub(self.violations.len())));
            }
            "google.rpc.QuotaFailure" => {
                let all = pairs(detail, ["violations", "violations"], "subject");
                let all = all.map(|(subject, description)| QuotaViolation {
                    subject,
                    description,
                });
                self.quota
                    .extend(all.take(MAX_ITEMS.saturating_sub(self.quota.len())));
            }
            "google.rpc.ErrorInfo" => {
                let reason = text(detail, "reason", "reason").map(code);
                self.info = self.info.take().or_else(|| reason.and_then(one_line));
            }
            "google.rpc.RetryInfo" => {
                let delay = text(detail, "retryDelay", "retry_delay").and_then(read_duration);
                self.retry_delay = self.retry_delay.or(delay);
            }
            _ => {}
        }
    }
}

/// The error of an answer. Some of Google's front ends put it into a list.
fn error_of(json: &Value) -> Option<&Value> {
    let answer = json
        .as_array()
        .map_or(json, |list| list.first().unwrap_or(&Value::Null));
    answer.get("error").filter(|error| error.is_object())
}

fn either<'a>(object: &'a Value, name: &str, other: &str) -> Option<&'a Value> {
    object.get(name).or_else(|| object.get(other))
}

fn text<'a>(object: &'a Value, name: &str, other: &str) -> Option<&'a str> {
    either(object, name, other)?.as_str()
}

/// The beginning of a code.
fn code(text: &str) -> &str {
    start(text, MAX_CODE_BYTES)
}

/// Members of the items of a list: what they name, and their descriptions.
fn pairs<'a>(
    detail: &'a Value,
    [list, other]: [&str; 2],
    name: &'a str,
) -> impl Iterator<Item = (String, String)> + 'a {
    let items = either(detail, list, other).and_then(Value::as_array);
    items.into_iter().flatten().filter_map(move |item| {
        let line = |name| text(item, name, name).and_then(one_line);
        let named = line(name).unwrap_or_default();
        let description = line("description").unwrap_or_default();
        (!named.is_empty() || !description.is_empty()).then_some((named, description))
    })
}
