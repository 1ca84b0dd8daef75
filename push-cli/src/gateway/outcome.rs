//! What became of a notification, as it is told.

use std::borrow::Cow;

use anypush::apns::gateway::{Error, Outcome, Status};
use anypush::{ErrorKind, Outcome as _, Verdict};

use crate::output::{Entry, Reach};
use crate::route::is_unreached;

/// What there is to tell. The gateway's word is told by its name; `wordless` says all else.
///
/// `asked` is whether the gateway is asked for a proof: where it isn't, no word of it is no bad sign.
pub(crate) fn entry<'e>(
    device: &'e str,
    outcome: &'e Outcome,
    asked: bool,
    wordless: impl FnOnce(&Error) -> String,
) -> Entry<'e> {
    let error = match outcome {
        Ok(receipt) => {
            return Entry {
                device,
                verdict: Verdict::Accepted,
                status: Some(Status::NoError.code().into()),
                reason: None,
                detail: None,
                id: Some(receipt.identifier.to_string()),
                attempts: receipt.attempts,
                reach: Reach::Reached,
            };
        }
        Err(error) => error,
    };
    let kind = error.kind();
    let reason = match error.status() {
        Some(status) => Cow::Borrowed(status.name()),
        None => Cow::Owned(wordless(error)),
    };
    Entry {
        device,
        verdict: outcome.verdict(),
        status: error.status().map(|status| status.code().into()),
        reason: Some(reason),
        detail: None,
        id: error.identifier().map(|identifier| identifier.to_string()),
        attempts: error.attempts(),
        reach: match loss(error) {
            Some(loss) => Reach::Lost(loss),
            None if kind == ErrorKind::Unanswered && !asked => Reach::Reached,
            None if is_unreached(kind) => Reach::Unreached,
            None => Reach::Reached,
        },
    }
}

/// What to say where a send has given up, since there is no connection to be had.
pub(crate) fn loss(error: &Error) -> Option<String> {
    match error.kind() {
        // These are about one notification, or one connection.
        ErrorKind::Rejected
        | ErrorKind::InvalidMessage
        | ErrorKind::Ended
        | ErrorKind::Lost
        | ErrorKind::Unanswered => None,
        ErrorKind::Tls | ErrorKind::Identity => {
            Some(format!("wrong credentials, see --cert: {}", error.report()))
        }
        _ => Some(error.report()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(kind: ErrorKind) -> Outcome {
        Err(anypush::Error::new(kind, "made by a test").into())
    }

    fn reach(kind: ErrorKind, asked: bool) -> Reach {
        entry("00fc", &failed(kind), asked, Error::report).reach
    }

    #[test]
    fn no_word_is_a_bad_sign_only_where_one_was_asked_for() {
        assert_eq!(reach(ErrorKind::Unanswered, true), Reach::Unreached);
        assert_eq!(reach(ErrorKind::Unanswered, false), Reach::Reached);
        assert_eq!(reach(ErrorKind::Lost, false), Reach::Unreached);
    }

    #[test]
    fn a_send_that_has_given_up_says_why_and_blames_the_certificate_only_for_what_it_did() {
        for kind in [ErrorKind::Connect, ErrorKind::Resolve, ErrorKind::Timeout] {
            assert_eq!(
                reach(kind, true),
                Reach::Lost("made by a test".to_owned()),
                "{kind:?}"
            );
        }
        let Reach::Lost(why) = reach(ErrorKind::Tls, true) else {
            panic!("it goes on");
        };
        assert!(why.contains("--cert"), "{why}");
    }

    #[test]
    fn what_has_no_word_has_neither_status_nor_identifier() {
        let outcome = failed(ErrorKind::Lost);
        let entry = entry("00fc", &outcome, true, Error::report);
        assert_eq!((entry.status, &entry.id), (None, &None));
        assert_eq!(entry.verdict, Verdict::Unknown);
        assert_eq!(entry.reason.as_deref(), Some("made by a test"));
    }
}
