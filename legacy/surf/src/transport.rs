use std::any::Any;
use std::fmt;
use std::io;
use std::panic::AssertUnwindSafe;

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, Response};
use push_core::http::HttpTransport;
use push_core::{Error, ErrorKind, Result, async_trait};

use crate::{request, response};

/// A `surf::Client` as the HTTP client of anypush.
///
/// The client is the caller's, with its TLS, its limits and its timeouts. Its middleware runs too,
/// and must keep the contract of [`HttpTransport`]: no `Redirect`, nothing that sends again, nothing
/// that shows headers or bodies.
///
/// What surf does not tell apart is [`ErrorKind::Lost`]: mostly all but a refused connection. A
/// panic of the client on what a server sent is one as well.
#[derive(Clone)]
pub struct SurfTransport {
    client: surf::Client,
}

impl SurfTransport {
    /// A client that uses each of its connections once.
    ///
    /// The `h1-client` of surf keeps a connection though the answer on it was not read to its end,
    /// because a deadline passed, say, and gives that answer to the next request: a device would be
    /// taken for another one. So it is taken only without keep-alive:
    /// `Config::set_http_keep_alive(false)`.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when the client's configuration has keep-alive.
    pub fn new(client: surf::Client) -> Result<Self> {
        if client.config().http_config.http_keep_alive {
            return Err(Error::new(
                ErrorKind::Config,
                "the surf client keeps connections alive, and may take a late answer for that of \
                 the next request: configure it with set_http_keep_alive(false)",
            ));
        }
        Ok(Self { client })
    }

    /// A client whose connections are known to be closed when their answer was not read to its end.
    ///
    /// That is so for `curl-client` and `hyper-client`, and not for any of the `h1-client`s.
    pub fn with_sound_pool(client: surf::Client) -> Self {
        Self { client }
    }
}

impl fmt::Debug for SurfTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SurfTransport").finish_non_exhaustive()
    }
}

#[async_trait]
impl HttpTransport for SurfTransport {
    async fn send(
        &self,
        request: Request<Bytes>,
        max_body_bytes: usize,
    ) -> Result<Response<Bytes>> {
        let is_head = request.method() == http::Method::HEAD;
        let request = request::convert(request)?;
        let exchange = async {
            let answer = self.client.send(request).await.map_err(failed)?;
            response::read(answer, is_head, max_body_bytes).await
        };
        // http-types and async-h1 panic on headers that are not ASCII, among others.
        let outcome = AssertUnwindSafe(exchange).catch_unwind().await;
        outcome.unwrap_or_else(|panic| Err(panicked(panic.as_ref())))
    }
}

fn failed(error: surf::Error) -> Error {
    let refused = error
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == io::ErrorKind::ConnectionRefused);
    // Only connecting can be refused. All else can come before the request as well as after it.
    let (kind, message) = if refused {
        (ErrorKind::Connect, "the server refused the connection")
    } else {
        (ErrorKind::Lost, "surf got no answer to the request")
    };
    Error::new(kind, message).with_source(error.into_inner())
}

fn panicked(panic: &(dyn Any + Send)) -> Error {
    let said = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied());
    let error = Error::new(ErrorKind::Lost, "surf panicked over the request");
    match said {
        Some(said) => error.with_source(said),
        None => error,
    }
}
