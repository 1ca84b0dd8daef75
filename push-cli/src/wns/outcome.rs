//! What became of a push, as it is told.

use std::borrow::Cow;

use anypush::Verdict;
use anypush::wns::{DeviceStatus, Error, Outcome, Reason, Receipt, Rejection};

use super::is_misconfigured;
use crate::lines::Line;
use crate::output::{Entry, Reach};
use crate::route::is_unreached;
use crate::send::unanswered;

/// What there is to tell.
pub(crate) fn entry<'e>(line: &'e Line, outcome: &'e Outcome) -> Entry<'e> {
    match outcome {
        Ok(receipt) => taken(line.as_str(), receipt),
        Err(error) => failed(line, error),
    }
}

fn taken<'e>(device: &'e str, receipt: &'e Receipt) -> Entry<'e> {
    Entry {
        device,
        verdict: Verdict::Accepted,
        status: Some(200),
        reason: None,
        detail: receipt
            .device_status
            .as_ref()
            .map(connection)
            .map(Cow::Owned),
        id: receipt.message_id.clone(),
        attempts: receipt.attempts,
        reach: Reach::Reached,
    }
}

fn failed<'e>(line: &'e Line, error: &'e Error) -> Entry<'e> {
    let rejection = error.rejection();
    let reason = match rejection {
        Some(rejection) => Cow::Borrowed(reason(rejection)),
        None => Cow::Owned(unanswered(line, error.report())),
    };
    Entry {
        device: line.as_str(),
        verdict: error.verdict(),
        status: rejection.map(|rejection| rejection.status),
        reason: Some(reason).filter(|reason| !reason.is_empty()),
        detail: rejection.and_then(detail),
        id: rejection.and_then(|rejection| rejection.message_id.clone()),
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

/// What WNS said, and whether the device is connected, where that was asked for.
fn detail(rejection: &Rejection) -> Option<Cow<'_, str>> {
    let said = rejection.detail.as_deref();
    let Some(status) = &rejection.device_status else {
        return said.map(Cow::Borrowed);
    };
    Some(Cow::Owned(match said {
        Some(said) => format!("{said} ({})", connection(status)),
        None => connection(status),
    }))
}

fn connection(status: &DeviceStatus) -> String {
    format!("the device is {status}")
}

/// WNS's own word where it threw the push away, or else what its answer means.
fn reason(rejection: &Rejection) -> &str {
    let word = rejection.notification_status.as_ref();
    match rejection.reason {
        Reason::Dropped | Reason::ChannelThrottled => {
            word.map_or(rejection.reason.as_str(), |word| word.as_str())
        }
        _ => rejection.reason.as_str(),
    }
}
