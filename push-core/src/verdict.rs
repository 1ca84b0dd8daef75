use std::time::{Duration, SystemTime};

use crate::Error;

/// What to do after a push, in the same words for every service.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// The service took the push.
    Accepted,
    /// The service took the push, and knows the device by another token now: store that one.
    ReplaceToken(String),
    /// The device is gone: remove its token.
    #[non_exhaustive]
    RemoveToken {
        /// Since when the token is invalid; a token that was registered again after this time
        /// stays. `None` when the service does not say.
        since: Option<SystemTime>,
    },
    /// Not taken, by the service's word where it answered, and surely where it did not: send it again
    /// after this time. Zero means at once.
    RetryAfter(Duration),
    /// It may have been taken: the answer was lost. Sending again can show it twice.
    Unknown,
    /// The credentials, the certificate or the connection's configuration are at fault, not this
    /// push.
    FixCredentials,
    /// This push can't be taken as it is: its message or its token is malformed.
    FixMessage,
}

impl Verdict {
    /// A verdict to remove the token, valid until `since` if that is known.
    pub fn remove_token(since: Option<SystemTime>) -> Self {
        Self::RemoveToken { since }
    }

    /// The name of this verdict in machine-readable output, such as `remove-token`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::ReplaceToken(_) => "replace-token",
            Self::RemoveToken { .. } => "remove-token",
            Self::RetryAfter(_) => "retry-after",
            Self::Unknown => "unknown",
            Self::FixCredentials => "fix-credentials",
            Self::FixMessage => "fix-message",
        }
    }
}

/// The result of one push, on which [`verdict`](Outcome::verdict) answers whichever it is.
pub trait Outcome {
    /// What to do after this push.
    fn verdict(&self) -> Verdict;
}

impl Outcome for Error {
    fn verdict(&self) -> Verdict {
        Self::verdict(self)
    }
}

impl<R: Outcome, E: Outcome> Outcome for Result<R, E> {
    fn verdict(&self) -> Verdict {
        match self {
            Ok(receipt) => receipt.verdict(),
            Err(error) => error.verdict(),
        }
    }
}
