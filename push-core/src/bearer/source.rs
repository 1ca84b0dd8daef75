use std::fmt::Debug;
use std::time::Instant;

use async_trait::async_trait;

use super::AccessToken;
use crate::{Error, ErrorKind, Result};

/// Where access tokens come from: a token endpoint, a metadata server, the caller.
///
/// # Contract
/// - Each call fetches anew: [`Bearer`](super::Bearer) keeps what it gave, and calls it no more
///   often than is needed, one call at a time.
/// - It ends by the deadline, by the backend's clock, its own retries included. It is dropped soon
///   after it, and when nobody needs tokens any more.
/// - An error whose [verdict](Error::verdict) is to fix something is taken as permanent: it is told
///   to everybody who asks until the next try, which is some seconds later. Every other error is
///   taken as temporary.
/// - Neither errors nor `Debug` show secrets.
#[async_trait]
pub trait TokenSource: Debug + Send + Sync + 'static {
    /// Fetches a token.
    ///
    /// # Errors
    /// What kept it from coming, by kind: [`ErrorKind::Identity`] where the credentials are at
    /// fault.
    async fn fetch(&self, deadline: Instant) -> Result<AccessToken>;

    /// What it fetches tokens for, in errors and logs: `the service account a@b.example`.
    fn describe(&self) -> String;
}

/// The error for those who wait for a token: no push was sent, and none is at fault.
pub(super) fn no_token(source: &dyn TokenSource, error: Error) -> Error {
    let kind = match error.kind() {
        ErrorKind::Unanswered => ErrorKind::Timeout,
        ErrorKind::Lost => ErrorKind::Connect,
        ErrorKind::Egress | ErrorKind::InvalidMessage => ErrorKind::Config,
        ErrorKind::Rejected => ErrorKind::Identity,
        kind => kind,
    };
    let message = format!("no access token for {}", source.describe());
    let told = Error::new(kind, message);
    let told = match error.retry_after() {
        Some(wait) => told.with_retry_after(wait),
        None => told,
    };
    told.with_source(error)
}
