//! What became of a push, as it is told.

use std::borrow::Cow;

use anypush::Verdict;
use anypush::web::{Error, Receipt, Rejection};

use super::sieve::{Device, Told};
use crate::output::{Entry, Reach};
use crate::route::is_unreached;

/// What there is to tell.
pub(crate) fn entry<'e>(device: &'e Device, told: &'e Told) -> Entry<'e> {
    let device = device.as_str();
    match told {
        Told::Sent(Ok(receipt)) => taken(device, receipt),
        Told::Sent(Err(error)) => failed(device, error),
        Told::Unreadable(why) => Entry {
            device,
            verdict: Verdict::FixMessage,
            status: None,
            reason: Some(why.into()),
            detail: None,
            id: None,
            attempts: 0,
            reach: Reach::Reached,
        },
    }
}

fn taken<'e>(device: &'e str, receipt: &'e Receipt) -> Entry<'e> {
    Entry {
        device,
        verdict: Verdict::Accepted,
        status: Some(receipt.status),
        reason: None,
        detail: None,
        id: receipt.message_id.clone(),
        attempts: receipt.attempts,
        reach: Reach::Reached,
    }
}

/// An answer is told by its reason; all else by what the client says.
fn failed<'e>(device: &'e str, error: &'e Error) -> Entry<'e> {
    let rejection = error.rejection();
    let reason = match rejection {
        Some(rejection) => reason(rejection),
        None => Cow::Owned(error.report()),
    };
    let detail = rejection.and_then(|rejection| rejection.detail.as_deref());
    Entry {
        device,
        verdict: error.verdict(),
        status: rejection.map(|rejection| rejection.status),
        reason: Some(reason).filter(|reason| !reason.is_empty()),
        detail: detail.map(Cow::Borrowed),
        id: None,
        attempts: error.attempts(),
        reach: match is_unreached(error.kind()) {
            true => Reach::Unreached,
            false => Reach::Reached,
        },
    }
}

/// The service's own word, or else what its answer means; both where the word is a number.
fn reason(rejection: &Rejection) -> Cow<'_, str> {
    let meaning = rejection.reason.as_str();
    match &rejection.code {
        Some(code) if code.parse::<i64>().is_ok() => format!("{meaning}, errno {code}").into(),
        Some(code) => Cow::Borrowed(code),
        None => Cow::Borrowed(meaning),
    }
}
