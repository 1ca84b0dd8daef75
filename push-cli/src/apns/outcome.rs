//! What became of a push, as it is told.

use std::borrow::Cow;

use anypush::apns::{Error, Outcome};
use anypush::{ErrorKind, Outcome as _};

use crate::output::Entry;

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
                id: Some(receipt.id.to_string()),
                attempts: receipt.attempts,
                unreached: false,
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
        id: error.id().map(|id| id.to_string()),
        attempts: error.attempts(),
        unreached: is_unreached(error.kind()),
    }
}

/// There was no answer, or none from the service.
pub(crate) fn is_unreached(kind: ErrorKind) -> bool {
    use ErrorKind as Kind;
    matches!(
        kind,
        Kind::Resolve
            | Kind::Connect
            | Kind::Tls
            | Kind::Protocol
            | Kind::Timeout
            | Kind::Unanswered
            | Kind::Lost
            | Kind::Refused
    )
}
