//! Connections that leave HTTP/1.1 for a protocol of the service's own.

use std::fmt;
use std::pin::Pin;

use hyper::body::Bytes;
use tokio::io::{AsyncRead, AsyncWrite};

use super::site::Told;

/// What becomes of a connection after a request.
pub(crate) struct Upgrade {
    /// The answer, of status 101.
    pub(crate) told: Told,
    /// What is spoken after it.
    pub(crate) speak: Box<dyn Speak>,
}

/// The other protocol.
pub(crate) trait Speak: Send {
    /// Speaks until it is over. `early` is what has come behind the request. Faults may drop it at
    /// any time.
    fn speak<'a>(self: Box<Self>, stream: &'a mut dyn Duplex, early: Bytes) -> Speaking<'a>;
}

/// A protocol that is being spoken.
pub(crate) type Speaking<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// A connection, with TLS or without.
pub(crate) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Duplex for S {}

impl fmt::Debug for Upgrade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upgrade")
            .field("told", &self.told)
            .finish_non_exhaustive()
    }
}
