mod builder;
mod deliver;

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use futures_util::future::FutureExt;
use http::uri::Authority;
use push_core::fan_out::{FanOut, IntoSource, TryFanOut};
use push_core::http::{Destination, Http2};
use push_core::session::Shutdown;
use push_core::{Certificate, CertificateInfo, ErrorKind, RetryPolicy, Session, Target};

pub use builder::ClientBuilder;

use crate::request::{Ids, Prepared};
use crate::{
    Device, EncodeContext, Error, Notification, Outcome, ProviderToken, SendAll, SendEach,
    TrySendAll,
};

/// A client of the HTTP/2 provider API.
///
/// Cheap to clone; clones share their connections, and so do clients of one session that go to
/// the same server with the same credentials.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    session: Session,
    target: Target,
    authority: Authority,
    topic: Option<String>,
    timeout: Duration,
    in_flight: usize,
    retry: RetryPolicy,
    ids: Ids,
    access: RwLock<Arc<Access>>,
}

/// The way to the service with the credentials that are in force.
struct Access {
    http2: Http2,
    certificate: Option<CertificateInfo>,
}

/// Who the client is to the service.
#[derive(Clone, Debug)]
pub(crate) enum Credentials {
    Token(ProviderToken),
    Certificate(Arc<dyn Certificate>),
}

impl Client {
    /// A client over a session. Needs a provider token or a certificate.
    pub fn builder(session: Session) -> ClientBuilder {
        ClientBuilder::new(session)
    }

    /// Sends one notification to one device.
    ///
    /// # Errors
    /// What is wrong with the notification, all of it, before anything is sent; what the service
    /// answered; or why there is no answer. [`Error::verdict`] says what to do.
    ///
    /// # Cancel safety
    /// Dropping the future takes the push back unless it was handed to a connection.
    pub async fn send(&self, device: impl Device, notification: &Notification) -> Outcome {
        let token = device.device_token()?.into_owned();
        let access = self.inner.access();
        let prepared = self.inner.prepare(notification, &access)?;
        deliver::deliver(&self.inner, &prepared, &token).await
    }

    /// Sends one notification to any number of devices, from an iterator or a stream; the outcomes
    /// come as a stream, in order of completion.
    ///
    /// The notification is made ready at this call, once. Devices are tokens, their texts, or pairs
    /// of one of these and anything, and come back as they were given; duplicates are kept apart.
    /// A device is taken when there is room ([`ClientBuilder::in_flight`]), and its time starts
    /// then.
    pub fn send_all<M, I>(&self, devices: I, notification: &Notification) -> SendAll<I::Source>
    where
        I: IntoSource<M>,
        I::Item: Device + Send + 'static,
    {
        let shared = self.for_many(notification);
        let inner = self.inner.clone();
        SendAll(FanOut::new(
            devices.into_source(),
            self.inner.clone().room(),
            move |device| one_of_many(inner.clone(), shared.clone(), device).boxed(),
        ))
    }

    /// As [`send_all`](Self::send_all), for devices that come as results: the first error of the
    /// source ends the intake and comes last, after the outcomes of all devices before it.
    pub fn try_send_all<M, I, D, E>(
        &self,
        devices: I,
        notification: &Notification,
    ) -> TrySendAll<I::Source, D, E>
    where
        I: IntoSource<M, Item = Result<D, E>>,
        D: Device + Send + 'static,
    {
        let shared = self.for_many(notification);
        let inner = self.inner.clone();
        TrySendAll(TryFanOut::new(
            devices.into_source(),
            self.inner.clone().room(),
            move |device| one_of_many(inner.clone(), shared.clone(), device).boxed(),
        ))
    }

    /// Sends each device a notification of its own: the items are pairs of both.
    pub fn send_each<M, I, D>(&self, pushes: I) -> SendEach<I::Source, D>
    where
        I: IntoSource<M, Item = (D, Notification)>,
        D: Device + Send + 'static,
    {
        let client = self.clone();
        let begin = move |(device, notification): (D, Notification)| {
            let client = client.clone();
            let sending = async move {
                let prepared = client.inner.prepare(&notification, &client.inner.access());
                drop(notification);
                one_of_many(client.inner.clone(), Arc::new(prepared), device).await
            };
            sending.boxed()
        };
        SendEach(FanOut::new(
            pushes.into_source(),
            self.inner.clone().room(),
            begin,
        ))
    }

    /// Connects, unless a connection stands ready, and waits until the service has said how many
    /// streams it takes. Sends nothing. Within the client's timeout.
    ///
    /// # Errors
    /// Why there is no connection.
    pub async fn ready(&self) -> Result<(), Error> {
        let deadline = self.inner.deadline();
        loop {
            match self.inner.access().http2.ready(deadline).await {
                // The credentials were replaced while it waited.
                Err(error) if error.kind() == ErrorKind::Moved => {}
                outcome => return Ok(outcome?),
            }
        }
    }

    /// Says all that is wrong with a notification for this client, and sends nothing.
    ///
    /// # Errors
    /// [`Error::problems`] lists what is wrong.
    pub fn check(&self, notification: &Notification) -> Result<(), Error> {
        let access = self.inner.access();
        self.inner.prepare(notification, &access).map(drop)
    }

    /// From now on, new connections are made with this provider token. Those with the former
    /// credentials answer what is under way, and close.
    ///
    /// # Errors
    /// [`ErrorKind::Closed`] after a shutdown.
    pub fn replace_credentials(&self, token: ProviderToken) -> Result<(), Error> {
        self.inner.replace(Credentials::Token(token))
    }

    /// From now on, new connections are made with this certificate. Those with the former
    /// credentials answer what is under way, and close.
    ///
    /// # Errors
    /// [`ErrorKind::Identity`] when the certificate can't be used or has expired,
    /// [`ErrorKind::Closed`] after a shutdown.
    pub fn replace_certificate(&self, identity: &push_core::Identity) -> Result<(), Error> {
        let certificate = self.inner.session.backend().load_certificate(identity)?;
        self.inner.replace(Credentials::Certificate(certificate))
    }

    /// Shuts down the session, with all clients on it: takes no more pushes, ends those that wait
    /// as not sent, and lets those under way be answered within this time.
    pub async fn shutdown(&self, deadline: Duration) -> Shutdown {
        self.inner.session.shutdown(deadline).await
    }

    /// The session that this client sends over.
    pub fn session(&self) -> &Session {
        &self.inner.session
    }

    /// Makes a notification ready for many devices. What is wrong with it is told to each.
    fn for_many(&self, notification: &Notification) -> Arc<Result<Prepared, Error>> {
        Arc::new(self.inner.prepare(notification, &self.inner.access()))
    }
}

async fn one_of_many<D: Device>(
    inner: Arc<Inner>,
    shared: Arc<Result<Prepared, Error>>,
    device: D,
) -> (D, Outcome) {
    let outcome = match (shared.as_ref(), device.device_token()) {
        (Err(error), _) => Err(error.clone()),
        (_, Err(invalid)) => Err(invalid.into()),
        (Ok(prepared), Ok(token)) => {
            let token = token.into_owned();
            deliver::deliver(&inner, prepared, &token).await
        }
    };
    (device, outcome)
}

impl Inner {
    fn access(&self) -> Arc<Access> {
        self.access
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// How many pushes of a fan-out may be under way: as many as the connections take and as many
    /// again, which keeps them busy and lets them grow; more would only wait, at the cost of their
    /// deadlines.
    fn room(self: Arc<Self>) -> impl Fn() -> usize + Send + 'static {
        const AT_LEAST: usize = 16;
        move || {
            let capacity = self.access().http2.capacity();
            let busy = capacity.saturating_mul(2).max(AT_LEAST);
            busy.min(self.in_flight)
        }
    }

    fn deadline(&self) -> Instant {
        self.session.deadline(self.timeout)
    }

    fn prepare(&self, notification: &Notification, access: &Access) -> Result<Prepared, Error> {
        let now = self.session.backend().system_time();
        let certificate = access.certificate.as_ref();
        // A certificate names its app: the first of its topics.
        let of_certificate = certificate.and_then(|info| info.topics.first());
        let topic = self.topic.as_ref().or(of_certificate);
        let context = EncodeContext::new(now)
            .default_topic(topic.map(String::as_str))
            .certificate_auth(certificate.is_some());
        let encoded = notification.encode(&context)?;
        Ok(Prepared::new(encoded, certificate.is_none(), now))
    }

    fn replace(&self, credentials: Credentials) -> Result<(), Error> {
        let fresh = Arc::new(Access::new(&self.session, &self.target, credentials)?);
        let mut access = self.access.write().unwrap_or_else(PoisonError::into_inner);
        let former = std::mem::replace(&mut *access, fresh);
        drop(access);
        former.http2.retire();
        Ok(())
    }
}

impl Access {
    fn new(session: &Session, target: &Target, credentials: Credentials) -> Result<Self, Error> {
        let destination = Destination::new(target.clone());
        let (destination, certificate) = match credentials {
            Credentials::Token(token) => {
                let scope = token.scope();
                (destination.authorize(scope, Arc::new(token)), None)
            }
            Credentials::Certificate(certificate) => {
                let info = CertificateInfo::of(certificate.as_ref())?;
                check_validity(&info, session)?;
                (destination.certificate(certificate), Some(info))
            }
        };
        Ok(Self {
            http2: session.http2(destination)?,
            certificate,
        })
    }
}

fn check_validity(info: &CertificateInfo, session: &Session) -> Result<(), Error> {
    let now = session.backend().system_time();
    let Ok(ago) = now.duration_since(info.not_after) else {
        return Ok(());
    };
    let days = ago.as_secs() / (24 * 60 * 60);
    let message = format!(
        "the certificate expired {}: get a new one from Apple, or set this machine's clock",
        match days {
            0 => "less than a day ago".to_owned(),
            1 => "a day ago".to_owned(),
            _ => format!("{days} days ago"),
        }
    );
    Err(push_core::Error::new(ErrorKind::Identity, message).into())
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("target", &self.inner.target)
            .field("topic", &self.inner.topic)
            .finish_non_exhaustive()
    }
}
