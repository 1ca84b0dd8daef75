use std::sync::{Arc, RwLock};
use std::time::Duration;

use push_core::http::{HttpClient, HttpTransport, Limits};
use push_core::{Egress, ErrorKind, Proxy, Reach, ResendUnknown, RetryPolicy, Roots, Session};

use super::origins::Origins;
use super::pace::Pace;
use super::{Client, Inner};
use crate::{Credentials, Error, TrustedOrigins};

/// Makes a [`Client`].
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it is built"]
pub struct ClientBuilder {
    session: Session,
    credentials: Option<Credentials>,
    trusted: TrustedOrigins,
    reach: Reach,
    transport: Option<Arc<dyn HttpTransport>>,
    timeout: Duration,
    in_flight: usize,
    limits: Limits,
    retry: RetryPolicy,
    resend_unknown: ResendUnknown,
    skip_expired: bool,
}

impl ClientBuilder {
    pub(super) fn new(session: Session) -> Self {
        Self {
            session,
            credentials: None,
            trusted: TrustedOrigins::windows(),
            reach: Reach::default(),
            transport: None,
            timeout: Duration::from_secs(30),
            in_flight: 500,
            limits: Limits::default()
                .max_connections(32)
                .idle_timeout(Duration::from_secs(60)),
            retry: RetryPolicy::none(),
            resend_unknown: ResendUnknown::Never,
            skip_expired: false,
        }
    }

    /// Whom access tokens are got for, and how: a UWP app or one of the Windows App SDK. The channels of
    /// one refuse the tokens of the other, so each needs a client of its own; they may share a session.
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// Where channels may be, and with them the access token be sent. Default:
    /// [`TrustedOrigins::windows`].
    pub fn trusted_origins(mut self, trusted: TrustedOrigins) -> Self {
        self.trusted = trusted;
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
    /// session's connections. Roots, egress and proxy are its own then, and so is the version of HTTP;
    /// WNS is documented for HTTP/1.1. It must not follow redirects, which could lead the access token
    /// elsewhere.
    pub fn transport(mut self, transport: Arc<dyn HttpTransport>) -> Self {
        self.transport = Some(transport);
        self
    }

    /// How long one attempt may take, from the call to the last byte of the answer; getting an access
    /// token counts too. Default: 30 seconds. Zero: no time at all, so nothing is sent.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How many pushes of one [`send_all`](Client::send_all) are taken on at a time, at most; of those, as many
    /// are under way as the connections take. Those that take longer than two seconds leave their places to
    /// others, so that slow servers do not hold up those to others: then there are up to five times as many
    /// in all. Default: 500, since each notification of a [`send_each`](Client::send_each) can have 5000
    /// bytes. Zero is taken as one.
    pub fn in_flight(mut self, most: usize) -> Self {
        self.in_flight = most.max(1);
        self
    }

    /// How many connections there are to one origin, at most: each carries one push at a time. Default: 32,
    /// or fewer where the
    /// [session](push_core::session::SessionBuilder::max_connections_per_destination) was told of fewer.
    /// Zero is taken as one.
    pub fn max_connections_per_origin(mut self, most: usize) -> Self {
        self.limits = self.limits.max_connections(most);
        self
    }

    /// Closes a connection that has been idle for so long. Default: one minute. Zero closes each as soon
    /// as nothing is under way on it.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.limits = self.limits.idle_timeout(timeout);
        self
    }

    /// When an answered 406, 429 or 5xx, or a `channelthrottled`, is sent again. Default: never. Each
    /// attempt has the timeout of its own; a push that waits holds up no other, as far as there are five times
    /// [`in_flight`](Self::in_flight); one that is to wait for more than an hour is not sent again, nor is
    /// what WNS [dropped](crate::Reason::Dropped).
    ///
    /// WNS has no key by which it would know a notification again: a 5xx may have been delivered all the
    /// same, and then the device shows it twice. A [tag](crate::Notification::tag) lets a second tile take
    /// the place of the first.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Whether a push is sent again when its answer was lost with its connection: the device may then show
    /// it twice. Default: never, and the verdict is [`Unknown`](push_core::Verdict::Unknown).
    pub fn resend_unknown(mut self, resend: ResendUnknown) -> Self {
        self.resend_unknown = resend;
        self
    }

    /// Sends nothing to channels that were [registered](crate::Channel::registered_at) more than 30 days
    /// ago, and tells them as to be removed. Default: no: WNS is asked, which answers 410 where it is so.
    /// Only for registries that note every registration: an app may get the same channel again, and then
    /// it lives on.
    pub fn skip_expired(mut self, skip: bool) -> Self {
        self.skip_expired = skip;
        self
    }

    /// Makes the client. Nothing is connected before it is used.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] without credentials.
    pub fn build(self) -> Result<Client, Error> {
        let credentials = self.credentials.ok_or_else(|| {
            push_core::Error::new(
                ErrorKind::Config,
                "no credentials: give those of a UWP app (Package SID and secret) or of the Windows App \
                 SDK (tenant, application id and secret)",
            )
        })?;
        let http = match self.transport {
            Some(transport) => HttpClient::over(self.session.clone(), transport),
            None => HttpClient::new(self.session.clone(), self.reach),
        };
        Ok(Client {
            inner: Arc::new(Inner {
                origins: Origins::new(http.clone(), self.limits),
                bearer: RwLock::new(credentials.bearer(&http)),
                session: self.session,
                http,
                trusted: self.trusted,
                timeout: self.timeout,
                in_flight: self.in_flight,
                pace: Pace::default(),
                retry: self.retry,
                resend_unknown: self.resend_unknown,
                skip_expired: self.skip_expired,
            }),
        })
    }
}
