use std::time::Duration;

use push_core::{Error, ErrorKind};

/// What stands in VAPID tokens can't be; the message says why.
#[derive(Clone, Debug, thiserror::Error)]
#[error(transparent)]
pub struct InvalidVapid(#[from] Fault);

#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("the subject of the VAPID tokens can't be used: expected {expected}")]
    Subject { expected: &'static str },
    #[error("the lifetime of the VAPID tokens is {given:?}: expected 1 second to 24 hours")]
    Lifetime { given: Duration },
    #[error("the claim {name:?} can't be set: aud, exp and sub have their own places")]
    Claim { name: String },
    #[error("the VAPID token could not be signed")]
    Unsigned(#[source] Error),
}

impl From<InvalidVapid> for Error {
    fn from(error: InvalidVapid) -> Self {
        let InvalidVapid(fault) = error;
        match fault {
            Fault::Unsigned(error) => error,
            fault => Self::new(ErrorKind::Config, fault.to_string()),
        }
    }
}
