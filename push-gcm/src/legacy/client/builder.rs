use std::fmt;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use http::Uri;
use push_core::http::{HttpClient, HttpTransport};
use push_core::{Egress, ErrorKind, Proxy, Reach, ResendUnknown, Roots, Session};

use super::api_key::ApiKey;
use super::{Client, Inner};
use crate::legacy::Error;

/// Where FCM spoke this protocol, until Google shut it down in 2024: the default.
pub const FCM: &str = "https://fcm.googleapis.com/fcm/send";

/// Where GCM was from 2015, until Google shut it down in 2019.
pub const GCM_HTTP: &str = "https://gcm-http.googleapis.com/gcm/send";

/// Where GCM was at first.
pub const GCM: &str = "https://android.googleapis.com/gcm/send";

/// Makes a [`Client`].
#[derive(Clone)]
#[must_use = "a builder does nothing until it is built"]
pub struct ClientBuilder {
    session: Session,
    endpoint: String,
    api_key: Option<String>,
    reach: Reach,
    transport: Option<Arc<dyn HttpTransport>>,
    timeout: Duration,
    in_flight: usize,
    resend_unknown: ResendUnknown,
    back_off: Duration,
}

impl ClientBuilder {
    pub(super) fn new(session: Session) -> Self {
        Self {
            session,
            endpoint: FCM.to_owned(),
            api_key: None,
            reach: Reach::default(),
            transport: None,
            timeout: Duration::from_secs(30),
            in_flight: 8,
            resend_unknown: ResendUnknown::Never,
            back_off: Duration::from_secs(10),
        }
    }

    /// The API key (server key) that the service gave for the project. White space around it does not
    /// count.
    pub fn api_key(mut self, key: impl Into<String>) -> Self {
        self.api_key = Some(key.into());
        self
    }

    /// The URL to post to. Default: [`FCM`], which answers no more.
    ///
    /// `http://` is for servers on this machine and in trusted networks: whatever goes there, the API
    /// key too, can be read on the way.
    pub fn endpoint(mut self, url: impl Into<String>) -> Self {
        self.endpoint = url.into();
        self
    }

    /// The roots that the server's certificate must come from. Default: the system's.
    pub fn roots(mut self, roots: Roots) -> Self {
        self.reach.roots = roots;
        self
    }

    /// Which addresses may be dialled. Default: any.
    pub fn egress(mut self, egress: Egress) -> Self {
        self.reach.egress = egress;
        self
    }

    /// The HTTP proxy to go through. Default: none; the environment is not asked, but
    /// [`Proxy::from_env`] does so.
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.reach.proxy = Some(proxy);
        self
    }

    /// Sends all requests over this HTTP client instead of over the session's connections. Roots, egress
    /// and proxy are its own then. It must not follow redirects, which could lead the API key elsewhere.
    pub fn transport(mut self, transport: Arc<dyn HttpTransport>) -> Self {
        self.transport = Some(transport);
        self
    }

    /// How long one request may take, from the call to the last byte of the answer. Default: 30
    /// seconds. Zero: no time at all, so nothing is sent.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How many requests of one bulk send are under way at a time, at most, with up to 1000 devices
    /// each: fewer where the connections take fewer. Default: 8. Zero is taken as one.
    pub fn in_flight(mut self, most: usize) -> Self {
        self.in_flight = most.max(1);
        self
    }

    /// Whether a request is sent again, within the timeout, when its answer was lost with its
    /// connection: all of its devices may then show the message twice. Default: never, and the verdict
    /// is [`Unknown`](push_core::Verdict::Unknown).
    pub fn resend_unknown(mut self, resend: ResendUnknown) -> Self {
        self.resend_unknown = resend;
        self
    }

    /// The wait before the first retry that [`Report::delay`](crate::legacy::Report::delay) tells
    /// where the service does not say one; it doubles with each. Default: 10 seconds.
    pub fn back_off(mut self, first: Duration) -> Self {
        self.back_off = first;
        self
    }

    /// Makes the client. Nothing is connected before it is used.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] without an API key, with one that can't be sent, or with an endpoint that
    /// is no URL; [`ErrorKind::Closed`] after a shutdown.
    pub fn build(self) -> Result<Client, Error> {
        let Some(key) = &self.api_key else {
            let message = "no API key: give the one of the project";
            return Err(push_core::Error::new(ErrorKind::Config, message).into());
        };
        let key = ApiKey::new(key)?;
        let uri: Uri = self.endpoint.trim().parse().map_err(|error| {
            let message = "the endpoint is no URL: expected https://HOST[:PORT]/PATH";
            push_core::Error::new(ErrorKind::Config, message).with_source(error)
        })?;
        let client = match self.transport {
            Some(transport) => HttpClient::over(self.session.clone(), transport),
            None => HttpClient::new(self.session.clone(), self.reach),
        };
        // Looked at for a transport too, whatever that thinks of it.
        push_core::http::BaseUrl::try_from(&uri)?;
        Ok(Client {
            inner: Arc::new(Inner {
                http: client.way(&uri)?,
                session: self.session,
                uri,
                key: RwLock::new(Arc::new(key)),
                timeout: self.timeout,
                in_flight: self.in_flight,
                resend_unknown: self.resend_unknown,
                back_off: self.back_off,
            }),
        })
    }
}

impl fmt::Debug for ClientBuilder {
    /// Without the API key, and without an endpoint that has a user in it, which is none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let endpoint = Some(&self.endpoint).filter(|endpoint| !endpoint.contains('@'));
        f.debug_struct("ClientBuilder")
            .field("endpoint", &endpoint)
            .field("reach", &self.reach)
            .field("transport", &self.transport)
            .field("timeout", &self.timeout)
            .field("in_flight", &self.in_flight)
            .finish_non_exhaustive()
    }
}
