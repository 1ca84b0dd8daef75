use std::fmt::Debug;
use std::time::SystemTime;

use http::HeaderValue;

use crate::Result;

/// What authorises requests: gives every connection a credential of its own.
///
/// Services count tokens per connection, and a token of another account on a connection is an
/// error; so the credential belongs to the connection and not to the request.
pub trait Authorize: Debug + Send + Sync {
    /// The credential of a new connection.
    fn attach(&self) -> Box<dyn ConnectionCredential>;
}

/// The credential of one connection.
pub trait ConnectionCredential: Debug + Send {
    /// The `authorization` header of a request that is about to be written. Called once per
    /// request: keep what was made.
    ///
    /// # Errors
    /// When no credential can be made; the request ends with it.
    fn header(&mut self, now: SystemTime) -> Result<HeaderValue>;

    /// The service refused the credential, in its words.
    fn rejected(&mut self, reason: &str, now: SystemTime) -> Rejected;
}

/// What becomes of a credential, and of its connection, after the service refused it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rejected {
    /// It stays: another one would fare no better.
    Keep,
    /// The next request on this connection gets a new one.
    Renew,
    /// The connection takes no more requests; a new one takes its place.
    Retire,
}
