use std::sync::{Arc, RwLock};
use std::time::Duration;

use push_core::http::{HttpClient, HttpTransport, Limits};
use push_core::{Egress, ErrorKind, Proxy, Reach, ResendUnknown, RetryPolicy, Roots, Session};

use super::origins::Origins;
use super::profiles::Profiles;
use super::{Client, Inner};
use crate::{EndpointPolicy, Error, Profile, Vapid};

/// Makes a [`Client`].
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it is built"]
pub struct ClientBuilder {
    session: Session,
    vapid: Sender,
    policy: EndpointPolicy,
    profiles: Profiles,
    /// All but the egress.
    reach: Reach,
    egress: Option<Egress>,
    transport: Option<Arc<dyn HttpTransport>>,
    timeout: Duration,
    in_flight: usize,
    limits: Limits,
    max_connections_per_origin: usize,
    parallel: bool,
    retry: RetryPolicy,
    resend_unknown: ResendUnknown,
}

/// Who the push services are told that sends.
#[derive(Clone, Debug)]
enum Sender {
    NotSaid,
    Nobody,
    Vapid(Vapid),
}

impl ClientBuilder {
    pub(super) fn new(session: Session) -> Self {
        Self {
            session,
            vapid: Sender::NotSaid,
            policy: EndpointPolicy::public(),
            profiles: Profiles::default(),
            reach: Reach::default(),
            egress: None,
            transport: None,
            timeout: Duration::from_secs(30),
            in_flight: 1000,
            limits: Limits::default()
                .max_streams(100)
                .idle_timeout(Duration::from_secs(60)),
            max_connections_per_origin: 4,
            parallel: false,
            retry: RetryPolicy::none(),
            resend_unknown: ResendUnknown::Never,
        }
    }

    /// Who sends: the key that the subscriptions were made with, and whom to turn to.
    pub fn vapid(mut self, vapid: Vapid) -> Self {
        self.vapid = Sender::Vapid(vapid);
        self
    }

    /// Sends without VAPID, which few push services take, and only for subscriptions that were made without
    /// a key.
    pub fn without_vapid(mut self) -> Self {
        self.vapid = Sender::Nobody;
        self
    }

    /// Which endpoints are taken, and which addresses may be dialled for them. Default:
    /// [`EndpointPolicy::public`].
    pub fn endpoints(mut self, policy: EndpointPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// How the push services at a host behave: `push.example.org`, or `*.example.org` for all names below
    /// it; no port, no URL. The last one that fits counts. Default: as the host is known, by
    /// [`PushService::of`](crate::PushService::of).
    pub fn profile(mut self, host: impl Into<String>, profile: Profile) -> Self {
        self.profiles.set(host.into(), profile);
        self
    }

    /// The roots that the push services' certificates must come from. Default: the system's.
    pub fn roots(mut self, roots: Roots) -> Self {
        self.reach.roots = roots;
        self
    }

    /// Which addresses may be dialled. Default: those of the
    /// [policy](EndpointPolicy::egress): public ones.
    pub fn egress(mut self, egress: Egress) -> Self {
        self.egress = Some(egress);
        self
    }

    /// The HTTP proxy to go through. Default: none; the environment is not asked, but
    /// [`Proxy::from_env`] does so. Names are resolved and addresses filtered here all the same; so a
    /// proxy that [resolves them itself](Proxy::resolve_by_proxy) needs [`Egress::any`].
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.reach.proxy = Some(proxy);
        self
    }

    /// Sends over this HTTP client instead of over the session's connections. Roots, egress, proxy and
    /// connections are its own then, and **nothing filters the addresses** that it connects to, nor keeps it
    /// from following redirects: only for endpoints that do not come from users. What the
    /// [policy](Self::endpoints) says of an endpoint's URL holds still.
    pub fn trusted_endpoints_only(mut self, transport: Arc<dyn HttpTransport>) -> Self {
        self.transport = Some(transport);
        self
    }

    /// How long one attempt may take, from the call to the last byte of the answer. Default: 30 seconds.
    /// Zero: no time at all, so nothing is sent.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How many pushes of one [`send_all`](Client::send_all) are under way at a time, at most. Those that
    /// take longer than two seconds leave their places to others, so that slow push services do not hold up
    /// those to others: then there are up to five times as many in all. Default: 1000. Zero is taken as one.
    pub fn in_flight(mut self, most: usize) -> Self {
        self.in_flight = most.max(1);
        self
    }

    /// How many requests are under way on one HTTP/2 connection at a time, at most; the push service's own
    /// limit holds too. Default: 100. Zero is taken as one.
    pub fn max_streams(mut self, most: u32) -> Self {
        self.limits = self.limits.max_streams(most);
        self
    }

    /// How many connections there are to one origin, at most; HTTP/2 and HTTP/1.1 are counted apart.
    /// Default: 4. Zero is taken as one.
    pub fn max_connections_per_origin(mut self, most: usize) -> Self {
        self.max_connections_per_origin = most.max(1);
        self
    }

    /// Closes a connection that has been idle for so long: subscriptions can be spread over thousands of
    /// hosts. Default: one minute. Zero closes each as soon as nothing is under way on it.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.limits = self.limits.idle_timeout(timeout);
        self
    }

    /// Encrypts and signs on tasks of the backend, one for each push, so that it is done in parallel where
    /// the backend has threads. Default: no: it is done where the push is polled, and takes some tens of
    /// microseconds.
    pub fn encrypt_in_parallel(mut self, parallel: bool) -> Self {
        self.parallel = parallel;
        self
    }

    /// When an answered 429 or 5xx is sent again. Default: never. Each attempt has the timeout of its own; a
    /// push that waits keeps its place in a bulk send; one that is to wait for more than an hour is not sent
    /// again, and none that WNS dropped. A [topic](crate::Message::topic) lets a second
    /// message take the place of the first where the first was stored all the same.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Whether a push is sent again when its answer was lost with its connection: it may then come twice,
    /// unless it has a [topic](crate::Message::topic). Default: never, and the verdict is
    /// [`Unknown`](push_core::Verdict::Unknown).
    pub fn resend_unknown(mut self, resend: ResendUnknown) -> Self {
        self.resend_unknown = resend;
        self
    }

    /// Makes the client. Nothing is connected before it is used.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when it was not said who sends, when the subject or the lifetime can't be used,
    /// when a host of the policy or of a profile is none, or when the proxy resolves names that are to be filtered here.
    pub fn build(self) -> Result<Client, Error> {
        let vapid = match self.vapid {
            Sender::NotSaid => {
                return Err(push_core::Error::new(
                    ErrorKind::Config,
                    "no VAPID key: give the one that the subscriptions were made with, or say \
                     `without_vapid`",
                )
                .into());
            }
            Sender::Nobody => None,
            Sender::Vapid(vapid) => Some(super::tokens(vapid)?),
        };
        let wrong = self.policy.wrong_pattern();
        if let Some(wrong) = wrong.or_else(|| self.profiles.wrong_pattern()) {
            let message = format!(
                "{wrong:?} is no host: expected a name such as push.example.org, or *.example.org"
            );
            return Err(push_core::Error::new(ErrorKind::Config, message).into());
        }
        let mut reach = self.reach;
        reach.egress = self.egress.unwrap_or_else(|| self.policy.egress());
        let resolves = reach.proxy.as_ref().is_some_and(Proxy::resolves);
        if resolves && !reach.egress.is_any() {
            return Err(push_core::Error::new(
                ErrorKind::Config,
                "the proxy resolves names, so addresses can't be filtered: let them be resolved here, or \
                 allow `Egress::any` for endpoints that can be trusted",
            )
            .into());
        }
        let http = match self.transport {
            Some(transport) => HttpClient::over(self.session.clone(), transport),
            None => HttpClient::new(self.session.clone(), reach),
        };
        Ok(Client {
            inner: Arc::new(Inner {
                session: self.session,
                origins: Origins::new(http, self.limits, self.max_connections_per_origin),
                vapid: RwLock::new(vapid),
                policy: self.policy,
                profiles: self.profiles,
                timeout: self.timeout,
                in_flight: self.in_flight,
                parallel: self.parallel,
                retry: self.retry,
                resend_unknown: self.resend_unknown,
            }),
        })
    }
}
