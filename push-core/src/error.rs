use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::Verdict;
#[cfg(feature = "http2")]
use crate::http::GoAway;

/// The result of an operation of the core.
pub type Result<T, E = Error> = std::result::Result<T, E>;

type Source = Box<dyn StdError + Send + Sync>;

/// What went wrong below the answer of a service.
///
/// Cheap to clone: one failed dial is told to everybody who waited for it. `Display` says this
/// level only; the cause is [`source`](StdError::source).
#[derive(Clone)]
pub struct Error(Arc<Inner>);

struct Inner {
    kind: ErrorKind,
    message: String,
    retry_after: Option<Duration>,
    attempts: u32,
    queue_depth: Option<usize>,
    #[cfg(feature = "http2")]
    goaway: Option<GoAway>,
    source: Option<Source>,
}

/// The class of an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A value given by the caller can't be used.
    Config,
    /// A certificate or a key can't be read or used.
    Identity,
    /// A certificate was loaded by another backend than the one that is to use it.
    ForeignCertificate,
    /// The host's name could not be resolved.
    Resolve,
    /// Every address of the host was refused by the egress filter.
    Egress,
    /// No connection came about: refused, unreachable, or not in time.
    Connect,
    /// The TLS handshake failed: the server's certificate or name, or ours, was not accepted.
    Tls,
    /// The peer does not speak the protocol that was expected of it.
    Protocol,
    /// The deadline passed before the request was handed to a connection.
    Timeout,
    /// The request was handed to a connection, and its deadline passed before the answer came.
    Unanswered,
    /// The connection ended, or the stream was broken off, after the request was written and before
    /// the answer came.
    Lost,
    /// The peer refused to process the request, as often as the request was offered to it.
    Refused,
    /// The queue of waiting requests is full.
    QueueFull,
    /// The session was shut down.
    Closed,
    /// The runtime that carried the work has ended.
    RuntimeGone,
    /// The connections were left while the request waited for one, since others take their place.
    Moved,
    /// The bulk send ended before it came to this one: nothing was sent.
    Ended,
    /// The message or the device's address is malformed: nothing was sent.
    InvalidMessage,
    /// The service answered no.
    Rejected,
}

impl Error {
    /// An error of a kind, with a message of this level.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Arc::new(Inner {
            kind,
            message: message.into(),
            retry_after: None,
            attempts: 0,
            queue_depth: None,
            #[cfg(feature = "http2")]
            goaway: None,
            source: None,
        }))
    }

    /// The same error with its cause.
    #[must_use]
    pub fn with_source(self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        let source = source.into();
        self.change(|inner| inner.source = Some(source))
    }

    /// The same error with the time to wait before another try.
    #[must_use]
    pub fn with_retry_after(self, wait: Duration) -> Self {
        self.change(|inner| inner.retry_after = Some(wait))
    }

    /// The same error with the number of attempts that were made.
    #[must_use]
    pub fn with_attempts(self, attempts: u32) -> Self {
        self.change(|inner| inner.attempts = attempts)
    }

    /// The same error with the number of requests that wait.
    #[must_use]
    pub fn with_queue_depth(self, waiting: usize) -> Self {
        self.change(|inner| inner.queue_depth = Some(waiting))
    }

    #[cfg(feature = "http2")]
    pub(crate) fn with_goaway(self, goaway: GoAway) -> Self {
        self.change(|inner| inner.goaway = Some(goaway))
    }

    fn change(self, change: impl FnOnce(&mut Inner)) -> Self {
        let mut inner = Arc::try_unwrap(self.0).unwrap_or_else(|shared| Inner {
            kind: shared.kind,
            message: shared.message.clone(),
            retry_after: shared.retry_after,
            attempts: shared.attempts,
            queue_depth: shared.queue_depth,
            #[cfg(feature = "http2")]
            goaway: shared.goaway.clone(),
            source: Some(Box::new(Self(shared))),
        });
        change(&mut inner);
        Self(Arc::new(inner))
    }

    /// The class of this error.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// How long to wait before another try; `None` when nothing is known about it.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// How often the request was handed to a connection; zero when it never was.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// How many requests waited for a stream when this one was turned away; `None` unless it was
    /// ([`ErrorKind::QueueFull`]).
    pub fn queue_depth(&self) -> Option<usize> {
        self.0.queue_depth
    }

    /// The GOAWAY with which the peer ended the connection, where that is what went wrong.
    #[cfg(feature = "http2")]
    pub fn goaway(&self) -> Option<&GoAway> {
        let cause = || StdError::source(self)?.downcast_ref::<Self>()?.goaway();
        self.0.goaway.as_ref().or_else(cause)
    }

    /// Whether the peer may have taken the request all the same: its answer is what was lost.
    pub fn may_have_been_taken(&self) -> bool {
        matches!(self.kind(), ErrorKind::Unanswered | ErrorKind::Lost)
    }

    /// What to do about it.
    pub fn verdict(&self) -> Verdict {
        use ErrorKind as Kind;
        match self.kind() {
            Kind::Unanswered | Kind::Lost => Verdict::Unknown,
            Kind::Config | Kind::Identity | Kind::ForeignCertificate | Kind::Tls => {
                Verdict::FixCredentials
            }
            Kind::Egress | Kind::InvalidMessage | Kind::Rejected => Verdict::FixMessage,
            Kind::Resolve
            | Kind::Connect
            | Kind::Protocol
            | Kind::Timeout
            | Kind::Refused
            | Kind::QueueFull
            | Kind::Closed
            | Kind::RuntimeGone
            | Kind::Moved
            | Kind::Ended => Verdict::RetryAfter(self.retry_after().unwrap_or_default()),
        }
    }

    /// This error and all its causes on one line, for people.
    pub fn report(&self) -> String {
        let mut line = self.to_string();
        let mut next = StdError::source(self);
        while let Some(cause) = next {
            let text = cause.to_string();
            if !line.contains(&text) {
                line.push_str(": ");
                line.push_str(&text);
            }
            next = cause.source();
        }
        line
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Error");
        out.field("kind", &self.0.kind)
            .field("message", &self.0.message);
        if let Some(wait) = self.0.retry_after {
            out.field("retry_after", &wait);
        }
        if let Some(source) = &self.0.source {
            out.field("source", source);
        }
        out.finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}
