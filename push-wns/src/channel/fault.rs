use push_core::UrlFault;

/// What was given is no channel, or one that is not trusted; the message says why on one line, and shows
/// nothing of it but its host.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub struct InvalidChannel(#[from] Fault);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    #[error("the channel URI {0}")]
    Url(UrlFault),
    #[error(
        "the channel is at {origin}, which is not trusted: whoever runs that host would get the access \
         token; expected {trusted}"
    )]
    Untrusted { origin: Box<str>, trusted: Box<str> },
    #[error(
        "what was given is no channel: expected {{\"uri\":\"https://…\",\"registered_at\":SECONDS}}, the \
         seconds since 1970 or left out"
    )]
    Shape,
    #[error("the channel's registered_at is no time: expected seconds since 1970")]
    Time,
    #[error("what was given is no channel URI: expected a text")]
    NoText,
}
