//! Requests to any server, over a session or over the caller's HTTP client.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use http::Uri;

use super::base_url::BaseUrl;
use super::exchange::{Answer, Outgoing};
use super::limits::Limits;
use super::transport::HttpTransport;
use super::way::Http;
use crate::session::Session;
use crate::{Reach, Result};

/// Requests to any server: over a session's connections, or over an HTTP client of the caller's.
///
/// For the clients of services. Cheap to clone.
#[derive(Clone)]
pub struct HttpClient(Arc<Inner>);

struct Inner {
    session: Session,
    reach: Reach,
    transport: Option<Arc<dyn HttpTransport>>,
    /// By scheme, host and port.
    ways: Mutex<HashMap<BaseUrl, Http>>,
}

/// How many servers are remembered; token servers and the like are few.
const MOST_WAYS: usize = 64;

impl HttpClient {
    /// Over a session's connections.
    pub fn new(session: Session, reach: Reach) -> Self {
        Self::make(session, reach, None)
    }

    /// Over an HTTP client of the caller's: the session gives time and tasks only.
    pub fn over(session: Session, transport: Arc<dyn HttpTransport>) -> Self {
        Self::make(session, Reach::default(), Some(transport))
    }

    fn make(session: Session, reach: Reach, transport: Option<Arc<dyn HttpTransport>>) -> Self {
        Self(Arc::new(Inner {
            session,
            reach,
            transport,
            ways: Mutex::default(),
        }))
    }

    /// The same without its proxy: for servers on this machine and beside it, since a proxy would find
    /// its own there.
    #[must_use]
    pub fn direct(&self) -> Self {
        let Inner {
            session,
            reach,
            transport,
            ..
        } = &*self.0;
        if reach.proxy.is_none() {
            return self.clone();
        }
        let reach = Reach {
            proxy: None,
            ..reach.clone()
        };
        Self::make(session.clone(), reach, transport.clone())
    }

    /// The session that this goes over.
    pub fn session(&self) -> &Session {
        &self.0.session
    }

    /// The way to the server of an absolute URI. Connects to nothing yet.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) when it has no host or port that could be
    /// dialled, [`ErrorKind::Closed`](crate::ErrorKind::Closed) after a shutdown.
    pub fn way(&self, uri: &Uri) -> Result<Http> {
        let server = BaseUrl::try_from(uri)?;
        let mut ways = self.0.ways.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(way) = ways.get(&server) {
            return Ok(way.clone());
        }
        let way = self.new_way(&server, Limits::default())?;
        if ways.len() >= MOST_WAYS {
            ways.clear();
        }
        ways.insert(server, way.clone());
        Ok(way)
    }

    /// The way to a service, with connections of its own within these limits.
    ///
    /// # Errors
    /// As [`way`](Self::way).
    pub fn service(&self, url: &BaseUrl, limits: Limits) -> Result<Http> {
        self.new_way(url, limits)
    }

    /// The way to a service that speaks HTTP/1.1: no other version is offered to it.
    ///
    /// # Errors
    /// As [`way`](Self::way).
    pub fn http1_service(&self, url: &BaseUrl, limits: Limits) -> Result<Http> {
        let Inner { session, reach, .. } = &*self.0;
        match &self.0.transport {
            Some(transport) => Ok(Http::over(session, transport.clone())),
            None => Ok(Http::http1_only(session, url, reach, limits)),
        }
    }

    fn new_way(&self, url: &BaseUrl, limits: Limits) -> Result<Http> {
        match &self.0.transport {
            Some(transport) => Ok(Http::over(&self.0.session, transport.clone())),
            None => Http::new(&self.0.session, url, &self.0.reach, limits),
        }
    }

    /// Sends one request to the server of its URI, which is absolute: [`Http::exchange`].
    ///
    /// # Errors
    /// As [`way`](Self::way) and [`Http::exchange`].
    pub async fn send(&self, request: http::Request<Bytes>, deadline: Instant) -> Result<Answer> {
        let way = self.way(request.uri())?;
        way.exchange(&Once(request), deadline).await
    }
}

/// A request that is made once, and is the same for each try.
struct Once(http::Request<Bytes>);

impl Outgoing for Once {
    fn request(&self) -> http::Request<()> {
        let mut request = http::Request::new(());
        *request.method_mut() = self.0.method().clone();
        *request.uri_mut() = self.0.uri().clone();
        *request.headers_mut() = self.0.headers().clone();
        request
    }

    fn body(&self) -> Bytes {
        self.0.body().clone()
    }

    fn is_patient(&self) -> bool {
        true
    }
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClient")
            .field("reach", &self.0.reach)
            .field("transport", &self.0.transport)
            .finish_non_exhaustive()
    }
}
