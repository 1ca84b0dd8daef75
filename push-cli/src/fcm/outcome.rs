//! What became of a push, as it is told.

use std::borrow::Cow;
use std::fmt::Write as _;

use anypush::Verdict;
use anypush::fcm::{Error, Outcome, Reason, Rejection};

use super::is_misconfigured;
use crate::output::{Entry, Reach};
use crate::route::is_unreached;

/// So many fields that the service found wrong are told.
const FIELDS: usize = 3;

/// What there is to tell. An answer is told by its reason; `unanswered` words all else.
pub(crate) fn entry<'e>(
    device: &'e str,
    outcome: &'e Outcome,
    unanswered: impl FnOnce(&Error) -> String,
) -> Entry<'e> {
    match outcome {
        Ok(receipt) => Entry {
            device,
            verdict: Verdict::Accepted,
            status: Some(200),
            reason: None,
            detail: None,
            id: Some(receipt.name.clone()),
            attempts: receipt.attempts,
            reach: Reach::Reached,
        },
        Err(error) => failed(device, error, unanswered),
    }
}

/// What there is to tell of a request that was not taken.
pub(crate) fn failed<'e>(
    device: &'e str,
    error: &'e Error,
    unanswered: impl FnOnce(&Error) -> String,
) -> Entry<'e> {
    let rejection = error.rejection();
    let reason = match rejection {
        Some(rejection) => reason(rejection),
        None => Cow::Owned(unanswered(error)),
    };
    Entry {
        device,
        verdict: error.verdict(),
        status: rejection.map(|rejection| rejection.status),
        reason: Some(reason).filter(|reason| !reason.is_empty()),
        detail: rejection.and_then(detail),
        id: None,
        attempts: error.attempts(),
        reach: match error.kind() {
            // No other device fares better.
            _ if rejection.is_none() && is_misconfigured(error) => {
                Reach::Misconfigured(error.report())
            }
            kind if is_unreached(kind) => Reach::Unreached,
            _ => Reach::Reached,
        },
    }
}

/// The word for it: FCM's own, or else Google's; and that of APNs.
fn reason(rejection: &Rejection) -> Cow<'_, str> {
    let mut words: Vec<&str> = Vec::new();
    match (&rejection.reason, &rejection.rpc_status) {
        (Some(reason), _) => words.push(reason.as_str()),
        (None, Some(status)) => words.push(status.as_str()),
        (None, None) => {}
    }
    words.extend(rejection.info.as_deref());
    let Some(apns) = &rejection.apns else {
        return match words.as_slice() {
            [word] => Cow::Borrowed(word),
            words => Cow::Owned(words.join(", ")),
        };
    };
    let mut text = words.join(", ");
    let separator = if text.is_empty() { "" } else { ", " };
    let _ = write!(text, "{separator}APNs");
    if let Some(status) = apns.status {
        let _ = write!(text, " {status}");
    }
    let _ = write!(text, " {}", apns.reason);
    Cow::Owned(text)
}

/// Which fields are wrong, or else what the service said.
fn detail(rejection: &Rejection) -> Option<Cow<'_, str>> {
    if !rejection.violations.is_empty() {
        let fields = rejection.violations.iter().take(FIELDS);
        let fields = fields.map(|violation| match violation.description.as_str() {
            "" => violation.field.clone(),
            text => format!("{}: {text}", violation.field),
        });
        return Some(fields.collect::<Vec<_>>().join("; ").into());
    }
    if let Some(quota) = rejection.quota.first() {
        return Some(format!("{}: {}", quota.subject, quota.description).into());
    }
    // For a missing key of the project Google says what it says of a missing access token.
    let misleads = rejection.reason == Some(Reason::ThirdPartyAuth);
    let detail = rejection.detail.as_deref().filter(|_| !misleads);
    detail.map(Cow::Borrowed)
}
