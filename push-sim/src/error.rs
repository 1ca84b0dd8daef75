//! The crate's error.

use std::io;
use std::path::PathBuf;

/// Why a simulator could not be started, or a request to it not be fulfilled.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An address is none.
    #[error("not an address to listen on: {0:?}; give a host and a port, for example 127.0.0.1:0")]
    Address(String),
    /// An address could not be listened on.
    #[error("cannot listen on {address} for {service}")]
    Listen {
        /// Whose it is: a service, or `control`.
        service: &'static str,
        /// The address that was asked for.
        address: std::net::SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// A file could not be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file or the folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A certificate or a key could not be made.
    #[error("cannot make {what}: {reason}")]
    Certificate {
        /// Which.
        what: &'static str,
        /// What the library says.
        reason: String,
    },
    /// A thread or its event loop could not be started.
    #[error("cannot start the simulator's thread")]
    Thread(#[source] io::Error),
    /// A fault makes no sense.
    #[error("not a fault: {0}")]
    Fault(String),
    /// What the feedback service is to tell makes no sense.
    #[error("not an entry of the feedback service: {0}")]
    Feedback(String),
    /// A subscription that is asked for makes no sense.
    #[error("not a subscription: {0}")]
    Subscription(String),
    /// A channel that is asked for makes no sense.
    #[error("not a channel: {0}")]
    Channel(String),
    /// Tokens are asked for where they are not counted.
    #[error("{0} does not count tokens; that has to be asked for when it is started")]
    Uncounted(crate::Service),
    /// Access tokens are to be revoked where none are given.
    #[error("{0} has no token endpoint")]
    Tokenless(crate::Service),
    /// A question to the control API makes no sense.
    #[error("{0}")]
    Query(String),
    /// A name is not that of a service, or the service does not run here.
    #[error("no service {0:?} runs here")]
    Service(String),
}

/// Results of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;
