//! The seam for another HTTP client.

use std::fmt::Debug;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};

use crate::{Error, ErrorKind, Result};

/// An HTTP client of the caller's, under the services that speak plain requests and answers: FCM,
/// GCM, WNS, and Web Push where all endpoints are trusted. APNs always uses the HTTP/2 client of
/// this crate.
///
/// It is held as an `Arc<dyn HttpTransport>`. Nothing of a `Session` applies to
/// it: its connections, their number and their trust roots are its own, and so are the addresses
/// that it connects to, which no [egress filter](crate::Egress) sees.
///
/// # Contract
/// The request:
/// - Sent at most once, and only to where its URI says: no redirect is followed, nothing is sent
///   again, not even after a connection that ended, and no proxy but one that the caller set up.
/// - Its URI is absolute, `http` or `https`. The server's certificate is verified.
/// - Method, path, query, headers and body go out as given; headers with one name all go out, in
///   their order. What the protocol itself needs is added (`Host`, `Content-Length`), and a
///   `User-Agent` and an `Accept` may be, where the request has none. Nothing is kept from one
///   request to the next: no cookies, no cache, no credentials.
/// - No compression is asked for, unless the request does.
/// - What can't be sent faithfully is not sent: [`ErrorKind::InvalidMessage`].
///
/// The answer:
/// - Every status is an answer, 3xx, 4xx and 5xx too; interim ones (1xx) are skipped.
/// - All headers are there as they came, those with one name in their order.
/// - The body is whole, and the one that the server sent; where a client can't but decompress it,
///   the limit counts what comes out, and `Content-Encoding` and `Content-Length` are taken away.
/// - A body beyond the limit, or one that ends early, is [`ErrorKind::Lost`], without reading on:
///   memory is bounded by the limit. [`BoundedBody`] does that.
///
/// The error's kind says whether the server may have taken the request, and a message may be
/// sent twice when it is wrong:
/// - [`Resolve`](ErrorKind::Resolve), [`Connect`](ErrorKind::Connect), [`Tls`](ErrorKind::Tls),
///   [`Timeout`](ErrorKind::Timeout): not a byte of the request was written.
/// - [`Refused`](ErrorKind::Refused): the server said that it did not process it (REFUSED_STREAM,
///   or a GOAWAY below it).
/// - [`Unanswered`](ErrorKind::Unanswered): a time limit of the client's own passed after that.
/// - [`Lost`](ErrorKind::Lost): anything else, and always where the client can't tell.
///
/// The rest:
/// - Deadlines are the caller's: dropping the future gives the request up, and leaves nothing
///   behind that grows or that answers another request.
/// - Any number of requests may be under way at once; the future may be polled by any executor on
///   any thread, so a client that needs a runtime of its own brings it.
/// - Nothing of the request's headers or body, of its URI's path or query, is logged, shown by
///   `Debug`, or put into an error: they hold credentials, and the addresses of devices.
///   Credentials are also [marked sensitive](http::HeaderValue::is_sensitive).
/// - No panic, whatever is given and whatever comes.
#[async_trait]
pub trait HttpTransport: Debug + Send + Sync + 'static {
    /// Sends a request and reads the answer whole, its body up to `max_body_bytes`.
    ///
    /// # Errors
    /// [`Error::may_have_been_taken`] tells a request that may have been taken from one that was
    /// not.
    ///
    /// # Cancel safety
    /// Dropping the future gives the request up; whether it was taken is not known then.
    async fn send(&self, request: Request<Bytes>, max_body_bytes: usize)
    -> Result<Response<Bytes>>;
}

/// Gathers the body of an answer, up to a limit: for implementors of [`HttpTransport`].
///
/// ```
/// use push_core::http::BoundedBody;
///
/// # fn main() -> push_core::Result<()> {
/// let mut body = BoundedBody::new(http::StatusCode::OK, 1024);
/// body.announce(11)?; // the Content-Length, where there is one
/// body.push(b"hello ")?;
/// body.push(b"world")?;
/// assert_eq!(body.finish()?, "hello world");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct BoundedBody {
    status: http::StatusCode,
    limit: usize,
    announced: Option<u64>,
    bytes: Vec<u8>,
}

/// What is set aside at most for an announced length, before a byte of it came.
const MAX_RESERVED: usize = 16 * 1024;

impl BoundedBody {
    /// For the body of an answer with this status; the limit is in bytes, zero for none at all.
    pub fn new(status: http::StatusCode, limit: usize) -> Self {
        Self {
            status,
            limit,
            announced: None,
            bytes: Vec::new(),
        }
    }

    /// Notes the length that the server announced, and [`finish`](Self::finish) holds it to its
    /// word. Not for answers that have no body though they announce one: those to HEAD, and 304.
    ///
    /// # Errors
    /// [`ErrorKind::Lost`] when it is beyond the limit: there is no need to read.
    pub fn announce(&mut self, length: u64) -> Result<()> {
        let fits = usize::try_from(length).ok().filter(|n| *n <= self.limit);
        let Some(length_here) = fits else {
            return Err(self.too_long());
        };
        self.announced = Some(length);
        self.bytes.reserve_exact(length_here.min(MAX_RESERVED));
        Ok(())
    }

    /// Adds what came.
    ///
    /// # Errors
    /// [`ErrorKind::Lost`] when that passes the limit; nothing of it is kept.
    pub fn push(&mut self, chunk: &[u8]) -> Result<()> {
        if chunk.len() > self.limit - self.bytes.len() {
            return Err(self.too_long());
        }
        self.bytes.extend_from_slice(chunk);
        Ok(())
    }

    /// How many bytes came so far.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether nothing came yet.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The body, once it has ended.
    ///
    /// # Errors
    /// [`ErrorKind::Lost`] when less or more came than was announced.
    pub fn finish(self) -> Result<Bytes> {
        let came = self.bytes.len();
        if let Some(announced) = self.announced
            && announced != came as u64
        {
            let status = self.status;
            let message = format!(
                "the answer (status {}) is broken: {announced} bytes were announced, {came} came",
                status.as_u16()
            );
            return Err(Error::new(ErrorKind::Lost, message));
        }
        Ok(self.bytes.into())
    }

    /// The error of a body that broke off.
    pub fn broken(&self, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
        let message = format!(
            "the answer (status {}) broke off after {} bytes of its body",
            self.status.as_u16(),
            self.bytes.len()
        );
        Error::new(ErrorKind::Lost, message).with_source(cause)
    }

    fn too_long(&self) -> Error {
        let message = format!(
            "the answer (status {}) is longer than the limit of {} bytes",
            self.status.as_u16(),
            self.limit
        );
        Error::new(ErrorKind::Lost, message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(limit: usize) -> BoundedBody {
        BoundedBody::new(http::StatusCode::OK, limit)
    }

    #[test]
    fn a_transport_can_be_held_as_an_object() {
        fn held(_: Option<std::sync::Arc<dyn HttpTransport>>) {}
        held(None);
    }

    #[test]
    fn a_body_of_just_the_limit_is_whole() {
        let mut body = body(5);
        body.push(b"hel").unwrap();
        body.push(b"lo").unwrap();
        body.push(b"").unwrap();
        assert_eq!(body.finish().unwrap(), "hello");
    }

    #[test]
    fn a_byte_beyond_the_limit_is_an_error_and_not_kept() {
        let mut body = body(5);
        body.push(b"hello").unwrap();
        let error = body.push(b"!").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Lost);
        assert!(error.to_string().contains("status 200"), "{error}");
        assert_eq!(body.len(), 5);
    }

    #[test]
    fn a_limit_of_zero_takes_empty_bodies_only() {
        assert_eq!(body(0).finish().unwrap(), "");
        assert_eq!(body(0).push(b"x").unwrap_err().kind(), ErrorKind::Lost);
    }

    #[test]
    fn an_announced_length_reserves_little_and_must_be_kept() {
        let mut long = body(usize::MAX);
        long.announce(1 << 40).unwrap();
        assert!(long.bytes.capacity() <= MAX_RESERVED);
        assert_eq!(long.finish().unwrap_err().kind(), ErrorKind::Lost);
        assert_eq!(body(10).announce(11).unwrap_err().kind(), ErrorKind::Lost);
        assert_eq!(
            body(10).announce(u64::MAX).unwrap_err().kind(),
            ErrorKind::Lost
        );
    }
}
