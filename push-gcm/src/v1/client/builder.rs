use std::sync::{Arc, RwLock};
use std::time::Duration;

use push_core::http::{BaseUrl, HttpClient, HttpTransport, Limits};
use push_core::{Egress, ErrorKind, Proxy, Reach, ResendUnknown, RetryPolicy, Roots, Session};

use super::access::Access;
use super::{Client, Inner};
use crate::v1::{Credentials, Error};

/// Where FCM is.
const FCM: &str = "https://fcm.googleapis.com";

/// Makes a [`Client`].
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it is built"]
pub struct ClientBuilder {
    session: Session,
    credentials: Option<Credentials>,
    project: Option<String>,
    url: Option<String>,
    reach: Reach,
    transport: Option<Arc<dyn HttpTransport>>,
    timeout: Duration,
    in_flight: usize,
    max_streams: u32,
    retry: RetryPolicy,
    resend_unknown: ResendUnknown,
    validate_only: bool,
}

impl ClientBuilder {
    pub(super) fn new(session: Session) -> Self {
        Self {
            session,
            credentials: None,
            project: None,
            url: None,
            reach: Reach::default(),
            transport: None,
            timeout: Duration::from_secs(30),
            in_flight: 1000,
            max_streams: 100,
            retry: RetryPolicy::none(),
            resend_unknown: ResendUnknown::Never,
            validate_only: false,
        }
    }

    /// Whom access tokens are got for, and how.
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// The Firebase project: its id or its number. Default: that of the credentials.
    pub fn project(mut self, id: impl Into<String>) -> Self {
        self.project = Some(id.into());
        self
    }

    /// Where the service is, before `/v1/projects/…`. Default: `https://fcm.googleapis.com`. `http://`
    /// is for a server on this machine: everybody on the way could read the access token.
    pub fn endpoint(mut self, url: impl Into<String>) -> Self {
        self.url = Some(url.into());
        self
    }

    /// The roots that the servers' certificates must come from. Default: the system's.
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

    /// Sends all requests over this HTTP client, those for access tokens too, instead of over the
    /// session's connections. Roots, egress and proxy are its own then. It must not follow redirects,
    /// which could lead the access token elsewhere.
    pub fn transport(mut self, transport: Arc<dyn HttpTransport>) -> Self {
        self.transport = Some(transport);
        self
    }

    /// How long one attempt may take, from the call to the last byte of the answer; getting an access
    /// token counts too. Default: 30 seconds. Zero: no time at all, so nothing is sent. Google asks for ten
    /// seconds at least. Source: Firebase, "Best practices when sending FCM messages at scale".
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How many pushes of one [`send_all`](Client::send_all) are under way at a time, at most: fewer
    /// where the connections take fewer, so that they do not wait in vain. Default: 1000. Zero is
    /// taken as one.
    pub fn in_flight(mut self, most: usize) -> Self {
        self.in_flight = most.max(1);
        self
    }

    /// How many requests are under way on one HTTP/2 connection at a time, at most; the server's own
    /// limit holds too. More go over more connections, up to
    /// [`max_connections_per_destination`](push_core::session::SessionBuilder::max_connections_per_destination).
    /// Default: 100, which is what Google's own SDKs keep to: the service ends connections that have
    /// more. Zero is taken as one.
    pub fn max_streams(mut self, most: u32) -> Self {
        self.max_streams = most.max(1);
        self
    }

    /// When an answered 429 or 5xx is sent again. Default: never.
    /// [`google_retry`](crate::v1::google_retry) is what Google asks for. Each attempt has the timeout
    /// of its own; a push that waits keeps its place in a bulk send.
    ///
    /// FCM has no key by which it would know a message again: a 503 may have been delivered all the
    /// same, and then the device shows it twice. A `collapse_key`, a `tag` or an `apns-collapse-id`
    /// let the second take the place of the first.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Whether a push is sent again when its answer was lost with its connection: the device may then
    /// show it twice, since FCM does not know a message again. Default: never, and the verdict is
    /// [`Unknown`](push_core::Verdict::Unknown).
    pub fn resend_unknown(mut self, resend: ResendUnknown) -> Self {
        self.resend_unknown = resend;
        self
    }

    /// Has messages and tokens checked by the service, and delivers nothing. Default: no.
    pub fn validate_only(mut self, only: bool) -> Self {
        self.validate_only = only;
        self
    }

    /// Makes the client. Nothing is connected before it is used.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] without credentials, or with a URL or a project that is none;
    /// [`ErrorKind::Closed`] after a shutdown.
    pub fn build(self) -> Result<Client, Error> {
        let credentials = self.credentials.ok_or_else(|| {
            push_core::Error::new(
                ErrorKind::Config,
                "no credentials: give a service account, or others of Google's",
            )
        })?;
        let base: BaseUrl = self.url.as_deref().unwrap_or(FCM).parse()?;
        let http = match self.transport {
            Some(transport) => HttpClient::over(self.session.clone(), transport),
            None => HttpClient::new(self.session.clone(), self.reach),
        };
        let access = Access::new(&http, &base, credentials, self.project.as_deref())?;
        Ok(Client {
            inner: Arc::new(Inner {
                way: http.service(&base, Limits::default().max_streams(self.max_streams))?,
                session: self.session,
                http,
                base,
                project: self.project,
                timeout: self.timeout,
                in_flight: self.in_flight,
                retry: self.retry,
                resend_unknown: self.resend_unknown,
                validate_only: self.validate_only,
                access: RwLock::new(Arc::new(access)),
            }),
        })
    }
}
