mod access;
mod broadcast;
mod builder;
mod deliver;
mod request;

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant, SystemTime};

use futures_util::future::FutureExt;
use http::uri::Authority;
use push_core::fan_out::{FanOut, Guarded, Held, IntoSource, Pushes, TryFanOut, TryGuarded};
use push_core::session::Shutdown;
use push_core::{ErrorKind, ResendUnknown, RetryPolicy, Session};

pub(crate) use access::Way;
pub use builder::ClientBuilder;
pub(crate) use deliver::Call;
pub(crate) use request::ID;

use access::{Access, Credentials, Places};
use request::{Prepared, Push};

use crate::ids::Ids;
use crate::{
    ApnsId, Device, DeviceToken, EncodeContext, Endpoint, Error, Notification, Outcome,
    ProviderToken, SendAll, SendEach, TrySendAll,
};

/// How many pushes may be under way, from moment to moment.
type Room = Box<dyn Fn() -> usize + Send>;

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
    endpoint: Arc<Endpoint>,
    places: Places,
    topic: Option<String>,
    timeout: Duration,
    in_flight: usize,
    retry: RetryPolicy,
    resend_unknown: ResendUnknown,
    ids: Ids,
    access: RwLock<Arc<Access>>,
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
        drop(access);
        let push = self.inner.push(&prepared, &token);
        deliver::deliver(&self.inner, push).await
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
        let begin = move |device| one_of_many(inner.clone(), shared.clone(), device).boxed();
        self.guarded(|room| FanOut::new(devices.into_source(), room, begin))
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
        let begin = move |device| one_of_many(inner.clone(), shared.clone(), device).boxed();
        TryGuarded::new(self.guarded(|room| TryFanOut::new(devices.into_source(), room, begin)))
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
        self.guarded(|room| FanOut::new(pushes.into_source(), room, begin))
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

    /// Makes a request about an app, and waits for what comes of it.
    pub(crate) async fn call<C: Call>(&self, call: C) -> Result<C::Taken, Error> {
        deliver::deliver(&self.inner, call).await
    }

    /// The topic of what names none.
    pub(crate) fn default_topic(&self) -> Option<String> {
        let access = self.inner.access();
        self.inner.default_topic(&access).map(str::to_owned)
    }

    pub(crate) fn authority(&self, way: Way) -> &Authority {
        &self.inner.places.of(way).authority
    }

    pub(crate) fn next_id(&self) -> ApnsId {
        self.inner.ids.next()
    }

    /// A fan-out in the room that the connections and the guard leave.
    fn guarded<P: Pushes<Failure = Error>>(&self, pushes: impl FnOnce(Room) -> P) -> Guarded<P> {
        let held = Held::default();
        let room = self.inner.clone().room(held.clone());
        let endpoint = self.inner.endpoint.clone();
        let backend = self.inner.session.backend().clone();
        Guarded::new(pushes(room), held, endpoint, backend, self.inner.timeout)
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
    // Nothing of this stands in the future while it waits.
    let ready = match (shared.as_ref(), device.device_token()) {
        (Err(error), _) => Err(error.clone()),
        (_, Err(invalid)) => Err(invalid.into()),
        (Ok(prepared), Ok(token)) => Ok((prepared, token.into_owned())),
    };
    let (prepared, token) = match ready {
        Ok(ready) => ready,
        Err(error) => return (device, Err(error)),
    };
    let push = inner.push(prepared, &token).one_of_many();
    let outcome = deliver::deliver(&inner, push).await;
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
    fn room(self: Arc<Self>, held: Held) -> Room {
        const AT_LEAST: usize = 16;
        Box::new(move || {
            let capacity = self.access().http2.capacity();
            let busy = capacity.saturating_mul(2).max(AT_LEAST);
            held.leaves_of(busy.min(self.in_flight))
        })
    }

    fn deadline(&self) -> Instant {
        self.session.deadline(self.timeout)
    }

    fn prepare(&self, notification: &Notification, access: &Access) -> Result<Prepared, Error> {
        let now = self.session.backend().system_time();
        let encoded = notification.encode(&self.context(access, now))?;
        Ok(Prepared::new(encoded, access.certificate.is_none(), now))
    }

    /// What a notification needs to know of this client.
    fn context<'a>(&'a self, access: &'a Access, now: SystemTime) -> EncodeContext<'a> {
        EncodeContext::new(now)
            .default_topic(self.default_topic(access))
            .certificate_auth(access.certificate.is_some())
    }

    fn default_topic<'a>(&'a self, access: &'a Access) -> Option<&'a str> {
        // A certificate names its app: the first of its topics.
        let of_certificate = access.certificate.as_ref();
        let of_certificate = of_certificate.and_then(|info| info.topics.first());
        self.topic.as_ref().or(of_certificate).map(String::as_str)
    }

    /// A push to one device, under the notification's id or one of its own.
    fn push<'a>(&'a self, prepared: &'a Prepared, device: &'a DeviceToken) -> Push<'a> {
        let id = prepared.id.unwrap_or_else(|| self.ids.next());
        let authority = &self.places.devices.authority;
        let now = || self.session.backend().system_time();
        Push::new(prepared, authority, device, id, now).resend_unknown(self.resend_unknown)
    }

    fn replace(&self, credentials: Credentials) -> Result<(), Error> {
        let fresh = Arc::new(Access::new(&self.session, &self.places, credentials)?);
        let mut access = self.access.write().unwrap_or_else(PoisonError::into_inner);
        let former = std::mem::replace(&mut *access, fresh);
        drop(access);
        former.retire();
        Ok(())
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("target", &self.inner.places.devices.target)
            .field("topic", &self.inner.topic)
            .finish_non_exhaustive()
    }
}
