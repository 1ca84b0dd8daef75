use push_core::UrlFault;

use super::InvalidKeys;

/// The URL is no endpoint, or one that is not taken; the message says why, and shows nothing of it but its
/// host.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub struct InvalidEndpoint(#[from] EndpointFault);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum EndpointFault {
    #[error("the endpoint {0}")]
    Url(UrlFault),
    #[error("the endpoint at {host} is not encrypted: expected https")]
    Plain { host: Box<str> },
    #[error("the endpoint at {host} has the port {port}, which the policy does not allow")]
    PortRefused { host: Box<str>, port: u16 },
    #[error("the endpoint's host is the address {host}: expected a name")]
    Address { host: Box<str> },
    #[error("the endpoint's host {host} is a name of inner networks: expected a public one")]
    Inner { host: Box<str> },
    #[error("the endpoint's host {host} is none of those that the policy lists")]
    Unlisted { host: Box<str> },
}

/// What was given is no subscription, or one that is not taken; the message says why, and shows nothing of it
/// but its endpoint's host.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub struct InvalidSubscription(#[from] Fault);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    #[error(
        "the subscription is no JSON as browsers give it (line {line}, column {column}): expected \
         {{\"endpoint\":\"https://…\",\"keys\":{{\"p256dh\":\"…\",\"auth\":\"…\"}}}}"
    )]
    Json { line: usize, column: usize },
    #[error(
        "what was given is no subscription as browsers give it: expected \
         {{\"endpoint\":\"https://…\",\"keys\":{{\"p256dh\":\"…\",\"auth\":\"…\"}}}}"
    )]
    Shape,
    #[error(
        "the subscription has no keys, so no payload can be encrypted for it: expected all that the \
         browser gave"
    )]
    NoKeys,
    #[error("the subscription has no {name}: expected all that the browser gave")]
    Missing { name: &'static str },
    #[error(
        "the subscription's expirationTime is no time: expected milliseconds since 1970, or null"
    )]
    Expiration,
    #[error(transparent)]
    Endpoint(#[from] InvalidEndpoint),
    #[error(transparent)]
    Keys(#[from] InvalidKeys),
}

impl InvalidSubscription {
    /// There is a payload, and nothing to encrypt it with.
    pub(crate) fn no_keys() -> Self {
        Fault::NoKeys.into()
    }
}

impl From<InvalidEndpoint> for InvalidSubscription {
    fn from(error: InvalidEndpoint) -> Self {
        Fault::from(error).into()
    }
}

impl From<InvalidKeys> for InvalidSubscription {
    fn from(error: InvalidKeys) -> Self {
        Fault::from(error).into()
    }
}
