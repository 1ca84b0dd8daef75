//! What became of a push, as it is told.

use std::borrow::Cow;

use anypush::Outcome as _;
use anypush::apns::{Error, Outcome};

use crate::output::{Entry, Reach};
use crate::route::is_unreached;

/// What there is to tell. An answer is told by its reason; `unanswered` words all else.
pub(crate) fn entry<'e>(
    device: &'e str,
    outcome: &'e Outcome,
    unanswered: impl FnOnce(&Error) -> String,
) -> Entry<'e> {
    let verdict = outcome.verdict();
    let error = match outcome {
        Ok(receipt) => {
            return Entry {
                device,
                verdict,
                status: Some(200),
                reason: None,
                detail: None,
                id: Some(receipt.id.to_string()),
                attempts: receipt.attempts,
                reach: Reach::Reached,
            };
        }
        Err(error) => error,
    };
    let reason = match error.rejection() {
        Some(rejection) => Cow::Borrowed(rejection.reason.as_str()),
        None => Cow::Owned(unanswered(error)),
    };
    Entry {
        device,
        verdict,
        status: error.rejection().map(|rejection| rejection.status),
        reason: Some(reason).filter(|reason| !reason.is_empty()),
        detail: None,
        id: error.id().map(|id| id.to_string()),
        attempts: error.attempts(),
        reach: match is_unreached(error.kind()) {
            true => Reach::Unreached,
            false => Reach::Reached,
        },
    }
}
