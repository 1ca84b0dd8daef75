//! An HTTP client that has an answer ready for each request.

use std::fmt;
use std::sync::Arc;

use anypush::http::HttpTransport;
use bytes::Bytes;
use http::{Request, Response, StatusCode};

type Script = dyn Fn(&Request<Bytes>) -> anypush::Result<Response<Bytes>> + Send + Sync;

pub struct Canned(Box<Script>);

impl Canned {
    /// Answers every request so.
    pub fn all(answer: Reply) -> Arc<Self> {
        Self::by(move |_| answer.clone())
    }

    /// Answers each request as this says.
    pub fn by(script: impl Fn(&Request<Bytes>) -> Reply + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self(Box::new(
            move |request| Ok(script(request).response()),
        )))
    }
}

impl fmt::Debug for Canned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Canned")
    }
}

#[anypush::async_trait]
impl HttpTransport for Canned {
    async fn send(
        &self,
        request: Request<Bytes>,
        _max_body_bytes: usize,
    ) -> anypush::Result<Response<Bytes>> {
        (self.0)(&request)
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
}

impl Reply {
    pub fn new(status: u16, body: impl ToString) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: body.to_string(),
        }
    }

    pub fn empty(status: u16) -> Self {
        Self::new(status, "")
    }

    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The same, with a wait.
    pub fn waits(self) -> Self {
        self.header("retry-after", crate::page::WAIT_SECS)
    }

    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap()
    }

    pub fn header_map(&self) -> http::HeaderMap {
        let header = |(name, value): &(&'static str, String)| {
            (http::HeaderName::from_static(name), value.parse().unwrap())
        };
        self.headers.iter().map(header).collect()
    }

    fn response(&self) -> Response<Bytes> {
        let mut response = Response::new(Bytes::from(self.body.clone()));
        *response.status_mut() = self.status();
        *response.headers_mut() = self.header_map();
        response
    }
}
