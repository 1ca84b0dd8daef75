mod builder;
mod deliver;
mod origins;
mod pace;

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::future::FutureExt;
use http::{HeaderMap, HeaderName, Method};
use push_core::bearer::Bearer;
use push_core::fan_out::{
    FanOut, Gates, Guarded, Held, IntoSource, Pushes, Slow, TryFanOut, TryGuarded,
};
use push_core::http::HttpClient;
use push_core::session::Shutdown;
use push_core::{BoxFuture, ErrorKind, ResendUnknown, RetryPolicy, Session};

pub use builder::ClientBuilder;

use self::deliver::{Push, Request};
use self::origins::Origins;
use self::pace::Pace;
use super::{
    Channel, Credentials, Device, Encoded, Error, Match, Notification, Outcome, SendAll, SendEach,
    TrustedOrigins, TrySendAll,
};

const MATCH: HeaderName = HeaderName::from_static("x-wns-match");

/// How many pushes may be under way, from moment to moment.
type Room = Box<dyn Fn() -> usize + Send>;

/// A push that takes longer leaves its place in a bulk send to others.
const PATIENCE: Duration = Duration::from_secs(2);

/// A client of WNS.
///
/// Cheap to clone; clones share their connections and their access token, and clients of one session
/// share their connections where they go to the same hosts with the same limits.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    session: Session,
    http: HttpClient,
    origins: Origins,
    bearer: RwLock<Bearer>,
    trusted: TrustedOrigins,
    timeout: Duration,
    in_flight: usize,
    pace: Pace,
    retry: RetryPolicy,
    resend_unknown: ResendUnknown,
    skip_expired: bool,
}

impl Client {
    /// A client over a session. Needs credentials.
    pub fn builder(session: Session) -> ClientBuilder {
        ClientBuilder::new(session)
    }

    /// Sends one notification to one channel.
    ///
    /// # Errors
    /// What is wrong with the notification, all of it, or with the channel, before anything is sent; what
    /// WNS answered; or why there is no answer. [`Error::verdict`] says what to do.
    ///
    /// # Cancel safety
    /// Dropping the future takes the push back unless it was handed to a connection.
    pub async fn send(&self, to: impl Device, notification: &Notification) -> Outcome {
        let encoded = notification.encode()?;
        let channel = to.channel()?;
        self.inner.push(&encoded, channel, None).await
    }

    /// Sends one notification to any number of channels, from an iterator or a stream; the outcomes come
    /// as a stream, in order of completion.
    ///
    /// The notification is made ready at this call, once. Devices are [channels](Channel), channel URIs,
    /// also as texts, or pairs of one of these and anything, and come back as they were given; duplicates
    /// are kept apart. A device is taken when there is room ([`ClientBuilder::in_flight`]), and its time
    /// starts when its server has room too.
    pub fn send_all<M, I>(&self, devices: I, notification: &Notification) -> SendAll<I::Source>
    where
        I: IntoSource<M>,
        I::Item: Device + Send + 'static,
    {
        let shared = Arc::new(notification.encode().map_err(Error::from));
        self.guarded(|crowd, room| {
            let begin = move |device| crowd.begin(shared.clone(), device);
            FanOut::new(devices.into_source(), room, begin)
        })
    }

    /// As [`send_all`](Self::send_all), for devices that come as results: the first error of the source
    /// ends the intake and comes last, after the outcomes of all devices before it.
    pub fn try_send_all<M, I, D, E>(
        &self,
        devices: I,
        notification: &Notification,
    ) -> TrySendAll<I::Source, D, E>
    where
        I: IntoSource<M, Item = Result<D, E>>,
        D: Device + Send + 'static,
    {
        let shared = Arc::new(notification.encode().map_err(Error::from));
        TryGuarded::new(self.guarded(|crowd, room| {
            let begin = move |device| crowd.begin(shared.clone(), device);
            TryFanOut::new(devices.into_source(), room, begin)
        }))
    }

    /// Sends each device a notification of its own: the items are pairs of both.
    pub fn send_each<M, I, D>(&self, pushes: I) -> SendEach<I::Source, D>
    where
        I: IntoSource<M, Item = (D, Notification)>,
        D: Device + Send + 'static,
    {
        self.guarded(|crowd, room| {
            let begin = move |(device, notification): (D, Notification)| {
                let encoded = notification.encode().map_err(Error::from);
                crowd.begin(Arc::new(encoded), device)
            };
            FanOut::new(pushes.into_source(), room, begin)
        })
    }

    /// Takes toasts away from a device that shows them. Only phones with Windows do so: other channels
    /// answer that the method is not allowed.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    ///
    /// # Cancel safety
    /// As [`send`](Self::send).
    pub async fn remove_toasts(&self, from: impl Device, which: &Match) -> Outcome {
        let headers = HeaderMap::from_iter([(MATCH, which.header_value()?)]);
        let channel = from.channel()?;
        let request = Request {
            method: Method::DELETE,
            headers: &headers,
            body: &Bytes::new(),
        };
        self.inner.send(channel, request, None).await
    }

    /// Gets an access token, unless there is one. Sends nothing, and connects to no server of WNS, which the
    /// channels name. Within the client's timeout.
    ///
    /// # Errors
    /// Why there is no token.
    pub async fn ready(&self) -> Result<(), Error> {
        let deadline = self.inner.deadline();
        self.inner
            .bearer()
            .token_for(&self.inner.session, deadline)
            .await?;
        Ok(())
    }

    /// Says all that is wrong with a notification, or with the channel, and sends nothing.
    ///
    /// # Errors
    /// [`Error::problems`] lists what is wrong with the notification.
    pub fn check(&self, to: impl Device, notification: &Notification) -> Result<(), Error> {
        notification.encode()?;
        self.inner.trusted.check(to.channel()?.uri())?;
        Ok(())
    }

    /// From now on, pushes go out with these credentials. Those that were begun with the former ones end
    /// with them.
    ///
    /// # Errors
    /// [`ErrorKind::Closed`] after a shutdown.
    pub fn replace_credentials(&self, credentials: Credentials) -> Result<(), Error> {
        let inner = &self.inner;
        if inner.session.is_closed() {
            let message = "the session was shut down";
            return Err(push_core::Error::new(ErrorKind::Closed, message).into());
        }
        let fresh = credentials.bearer(&inner.http);
        *inner.bearer.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    /// Shuts down the session, with all clients on it: takes no more pushes, ends those that wait as not
    /// sent, and lets those under way be answered within this time.
    pub async fn shutdown(&self, deadline: Duration) -> Shutdown {
        self.inner.session.shutdown(deadline).await
    }

    /// The session that this client sends over.
    pub fn session(&self) -> &Session {
        &self.inner.session
    }

    /// A fan-out in a room that slow pushes widen. What the guard holds back takes none of it.
    fn guarded<P: Pushes<Failure = Error>>(
        &self,
        pushes: impl FnOnce(Crowd, Room) -> P,
    ) -> Guarded<P> {
        let slow = Slow::default();
        let (in_flight, widens) = (self.inner.in_flight, slow.clone());
        let room = Box::new(move || widens.widens(in_flight));
        let crowd = Crowd {
            inner: self.inner.clone(),
            gates: Arc::default(),
            slow,
        };
        let backend = self.inner.session.backend().clone();
        let patience = self.inner.timeout;
        Guarded::new(pushes(crowd, room), Held::default(), (), backend, patience)
    }
}

/// The pushes of one bulk send.
struct Crowd {
    inner: Arc<Inner>,
    gates: Arc<Gates>,
    slow: Slow,
}

impl Crowd {
    fn begin<D: Device + Send + 'static>(
        &self,
        encoded: Arc<Result<Encoded, Error>>,
        device: D,
    ) -> BoxFuture<'static, (D, Outcome)> {
        let (inner, gates) = (self.inner.clone(), self.gates.clone());
        let sending = async move {
            let outcome = match (encoded.as_ref(), ready(&device)) {
                (Ok(encoded), Ok(channel)) => {
                    inner.push(encoded, Cow::Owned(channel), Some(&gates)).await
                }
                (Err(error), _) => Err(error.clone()),
                (_, Err(error)) => Err(error),
            };
            (device, outcome)
        };
        let session = &self.inner.session;
        self.slow.watch(sending.boxed(), session, PATIENCE).boxed()
    }
}

fn ready(device: &impl Device) -> Result<Channel, Error> {
    Ok(device.channel()?.into_owned())
}

impl Inner {
    fn bearer(&self) -> Bearer {
        self.bearer
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn deadline(&self) -> Instant {
        self.session.deadline(self.timeout)
    }

    async fn push(
        &self,
        encoded: &Encoded,
        channel: Cow<'_, Channel>,
        gates: Option<&Gates>,
    ) -> Outcome {
        let request = Request {
            method: Method::POST,
            headers: encoded.headers(),
            body: encoded.body(),
        };
        self.send(channel, request, gates).await
    }

    async fn send(
        &self,
        channel: Cow<'_, Channel>,
        request: Request<'_>,
        gates: Option<&Gates>,
    ) -> Outcome {
        let uri = channel.uri();
        // Before anything is got that could be stolen.
        self.trusted.check(uri)?;
        let backend = self.session.backend();
        if self.skip_expired && channel.is_expired(backend.system_time()) {
            return Err(Error::expired(&channel));
        }
        let way = self.origins.get(uri)?;
        let push = Push {
            request,
            channel: uri,
            one_of_many: gates.is_some(),
        };
        let gate = gates.map(|gates| gates.gate(uri.origin()).0);
        deliver::deliver(self, &way, gate, push).await
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("trusted_origins", &self.inner.trusted)
            .finish_non_exhaustive()
    }
}
