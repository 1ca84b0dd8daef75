//! What became of a message, as it is told.

use std::borrow::Cow;

use anypush::Outcome as _;
use anypush::gcm::{Error, Outcome};

use crate::output::{Entry, Reach};
use crate::route::is_unreached;

/// What there is to tell. An answer is told by its reason; `unanswered` words all else.
pub(crate) fn entry<'e>(
    device: &'e str,
    outcome: &'e Outcome,
    unanswered: impl FnOnce(&Error) -> String,
) -> Entry<'e> {
    let error = match outcome {
        Ok(receipt) => {
            return Entry {
                device,
                verdict: outcome.verdict(),
                status: Some(200),
                reason: None,
                detail: None,
                id: Some(receipt.message_id.clone()),
                attempts: receipt.attempts,
                reach: Reach::Reached,
            };
        }
        Err(error) => error,
    };
    let rejection = error.rejection();
    let reason = match rejection {
        Some(rejection) => Cow::Borrowed(rejection.reason.as_str()),
        None => Cow::Owned(unanswered(error)),
    };
    let detail = rejection.and_then(|rejection| rejection.detail.as_deref());
    Entry {
        device,
        verdict: outcome.verdict(),
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
