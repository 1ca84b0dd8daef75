use std::sync::Arc;
use std::time::Duration;

use http::uri::Authority;
use push_core::{Egress, ErrorKind, Identity, Proxy, RetryPolicy, Roots, Session, Target};

use super::{Access, Client, Credentials, Inner};
use crate::request::Ids;
use crate::{Endpoint, Error, ProviderToken};

/// Makes a [`Client`].
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it is built"]
pub struct ClientBuilder {
    session: Session,
    endpoint: Endpoint,
    token: Option<ProviderToken>,
    identity: Option<Identity>,
    topic: Option<String>,
    roots: Roots,
    server_name: Option<String>,
    egress: Egress,
    proxy: Option<Proxy>,
    timeout: Duration,
    in_flight: usize,
    retry: RetryPolicy,
}

impl ClientBuilder {
    pub(super) fn new(session: Session) -> Self {
        Self {
            session,
            endpoint: Endpoint::default(),
            token: None,
            identity: None,
            topic: None,
            roots: Roots::system(),
            server_name: None,
            egress: Egress::any(),
            proxy: None,
            timeout: Duration::from_secs(30),
            in_flight: 1000,
            retry: RetryPolicy::none(),
        }
    }

    /// Authenticates by tokens that are signed with a key of the developer account.
    pub fn provider_token(mut self, token: ProviderToken) -> Self {
        self.token = Some(token);
        self
    }

    /// Authenticates by a client certificate.
    pub fn certificate(mut self, identity: Identity) -> Self {
        self.identity = Some(identity);
        self
    }

    /// Which server to send to. Default: production.
    pub fn endpoint(mut self, endpoint: Endpoint) -> Self {
        self.endpoint = endpoint;
        self
    }

    /// The development environment: short for [`Endpoint::Sandbox`].
    pub fn sandbox(self) -> Self {
        self.endpoint(Endpoint::Sandbox)
    }

    /// The bundle id of the app, for notifications that name no topic; the push type's suffix is
    /// added. Default: none, or the first topic of the certificate.
    pub fn topic(mut self, bundle_id: impl Into<String>) -> Self {
        self.topic = Some(bundle_id.into());
        self
    }

    /// The roots that the server's certificate must come from. Default: the system's.
    pub fn roots(mut self, roots: Roots) -> Self {
        self.roots = roots;
        self
    }

    /// The name that the server's certificate must carry. Default: the host of the endpoint.
    pub fn server_name(mut self, name: impl Into<String>) -> Self {
        self.server_name = Some(name.into());
        self
    }

    /// Which addresses may be dialled. Default: any.
    pub fn egress(mut self, egress: Egress) -> Self {
        self.egress = egress;
        self
    }

    /// The HTTP proxy to go through. Default: none; the environment is not asked, but
    /// [`Proxy::from_env`] does so.
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.proxy = Some(proxy);
        self
    }

    /// How long one push may take, from the call to the last byte of the answer, resends included.
    /// Default: 30 seconds.
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

    /// When an answered 429 or 5xx is sent again, within the timeout. Default: never.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Makes the client. Nothing is connected before it is used.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] without credentials, with both kinds of them, or with a host that is
    /// none; [`ErrorKind::Identity`] when the certificate can't be used or has expired.
    pub fn build(self) -> Result<Client, Error> {
        let credentials = match (self.token, self.identity) {
            (Some(token), None) => Credentials::Token(token),
            (None, Some(identity)) => {
                Credentials::Certificate(self.session.backend().load_certificate(&identity)?)
            }
            (None, None) => {
                return Err(config(
                    "no credentials: give a provider token or a certificate",
                ));
            }
            (Some(_), Some(_)) => {
                return Err(config(
                    "two kinds of credentials: give a provider token or a certificate, not both",
                ));
            }
        };
        let mut target = Target::tls(self.endpoint.host(), self.endpoint.port())
            .alpn(["h2"])
            .roots(self.roots)
            .egress(self.egress);
        if let Some(proxy) = self.proxy {
            target = target.proxy(proxy);
        }
        if let Some(name) = self.server_name {
            target = target.server_name(name);
        }
        let authority = authority(&target)?;
        let access = Access::new(&self.session, &target, credentials)?;
        Ok(Client {
            inner: Arc::new(Inner {
                session: self.session,
                target,
                authority,
                topic: self.topic,
                timeout: self.timeout,
                in_flight: self.in_flight,
                retry: self.retry,
                ids: Ids::default(),
                access: std::sync::RwLock::new(Arc::new(access)),
            }),
        })
    }
}

/// The `:authority` of requests: the port only where it is not HTTPS's own.
fn authority(target: &Target) -> Result<Authority, Error> {
    let text = target.authority();
    let text = text.strip_suffix(":443").unwrap_or(&text);
    text.parse()
        .map_err(|_| config(format!("not a host: {:?}", &*target.host)))
}

fn config(message: impl Into<String>) -> Error {
    push_core::Error::new(ErrorKind::Config, message).into()
}
