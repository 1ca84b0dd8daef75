mod access;
mod builder;
mod deliver;
mod request;

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use futures_util::future::FutureExt;
use http::Uri;
use push_core::fan_out::{FanOut, Guarded, Held, IntoSource, Pushes, TryFanOut, TryGuarded};
use push_core::http::{BaseUrl, Http, HttpClient};
use push_core::session::Shutdown;
use push_core::{ResendUnknown, RetryPolicy, Session};

pub use builder::ClientBuilder;
pub(crate) use request::{Call, unclear};

use self::access::Access;
use self::request::Push;
use super::{
    Credentials, Device, Encoded, Error, Message, Outcome, SendAll, SendEach, Target, Topics,
    TrySendAll,
};

/// How many pushes may be under way, from moment to moment.
pub(crate) type Room = Box<dyn Fn() -> usize + Send>;

/// A client of FCM HTTP v1.
///
/// Cheap to clone; clones share their connections and their access token, and clients of one session
/// that go to the same server share their connections.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    session: Session,
    http: HttpClient,
    way: Http,
    base: BaseUrl,
    /// By the caller's word; `None`: that of the credentials.
    project: Option<String>,
    timeout: Duration,
    in_flight: usize,
    retry: RetryPolicy,
    resend_unknown: ResendUnknown,
    validate_only: bool,
    access: RwLock<Arc<Access>>,
}

impl Client {
    /// A client over a session. Needs credentials.
    pub fn builder(session: Session) -> ClientBuilder {
        ClientBuilder::new(session)
    }

    /// Sends one message to one target: a device, a topic, or a condition.
    ///
    /// # Errors
    /// What is wrong with the message, all of it, before anything is sent; what the service
    /// answered; or why there is no answer. [`Error::verdict`] says what to do.
    ///
    /// # Cancel safety
    /// Dropping the future takes the push back unless it was handed to a connection.
    pub async fn send(&self, to: impl Device, message: &Message) -> Outcome {
        let target = to.target()?.into_owned();
        let encoded = self.inner.encode(message)?;
        self.inner.send(&encoded, &target, false).await
    }

    /// Sends one message to any number of devices, from an iterator or a stream; the outcomes come
    /// as a stream, in order of completion.
    ///
    /// The message is made ready at this call, once. Devices are [targets](Target), registration
    /// tokens as texts, or pairs of one of these and anything, and come back as they were given;
    /// duplicates are kept apart. A device is taken when there is room
    /// ([`ClientBuilder::in_flight`]), and its time starts then.
    pub fn send_all<M, I>(&self, devices: I, message: &Message) -> SendAll<I::Source>
    where
        I: IntoSource<M>,
        I::Item: Device + Send + 'static,
    {
        let shared = self.for_many(message);
        let inner = self.inner.clone();
        let begin = move |device| one_of_many(inner.clone(), shared.clone(), device).boxed();
        self.guarded(|room| FanOut::new(devices.into_source(), room, begin))
    }

    /// As [`send_all`](Self::send_all), for devices that come as results: the first error of the
    /// source ends the intake and comes last, after the outcomes of all devices before it.
    pub fn try_send_all<M, I, D, E>(
        &self,
        devices: I,
        message: &Message,
    ) -> TrySendAll<I::Source, D, E>
    where
        I: IntoSource<M, Item = Result<D, E>>,
        D: Device + Send + 'static,
    {
        let shared = self.for_many(message);
        let inner = self.inner.clone();
        let begin = move |device| one_of_many(inner.clone(), shared.clone(), device).boxed();
        TryGuarded::new(self.guarded(|room| TryFanOut::new(devices.into_source(), room, begin)))
    }

    /// Sends each device a message of its own: the items are pairs of both.
    pub fn send_each<M, I, D>(&self, pushes: I) -> SendEach<I::Source, D>
    where
        I: IntoSource<M, Item = (D, Message)>,
        D: Device + Send + 'static,
    {
        let inner = self.inner.clone();
        let begin = move |(device, message): (D, Message)| {
            let inner = inner.clone();
            let sending = async move {
                let encoded = inner.encode(&message);
                drop(message);
                let outcome = match (encoded, ready(&device)) {
                    (Ok(encoded), Ok(target)) => inner.send(&encoded, &target, true).await,
                    (Err(error), _) | (_, Err(error)) => Err(error),
                };
                (device, outcome)
            };
            sending.boxed()
        };
        self.guarded(|room| FanOut::new(pushes.into_source(), room, begin))
    }

    /// The topics that devices follow: subscribes, unsubscribes and lists.
    pub fn topics(&self) -> Topics {
        Topics::new(self.clone())
    }

    /// Gets an access token, unless there is one, and connects, unless a connection stands ready. Sends
    /// nothing. Within the client's timeout.
    ///
    /// # Errors
    /// Why there is no token or no connection.
    pub async fn ready(&self) -> Result<(), Error> {
        let deadline = self.inner.deadline();
        let access = self.inner.access();
        access.bearer.token(deadline).await?;
        self.inner.project(&access, deadline).await?;
        Ok(self.inner.way.ready(deadline).await?)
    }

    /// Says all that is wrong with a message for this target, and sends nothing.
    ///
    /// # Errors
    /// [`Error::problems`] lists what is wrong.
    pub fn check(&self, to: impl Device, message: &Message) -> Result<(), Error> {
        let target = to.target()?;
        self.inner.encode(message)?.check(&target)?;
        Ok(())
    }

    /// From now on, requests go out with these credentials. Those that were begun with the former ones
    /// end with them.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](push_core::ErrorKind::Config) when their project can't be one.
    pub fn replace_credentials(&self, credentials: Credentials) -> Result<(), Error> {
        let inner = &self.inner;
        let project = inner.project.as_deref();
        let fresh = Access::new(&inner.http, &inner.base, credentials, project)?;
        *inner.access.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(fresh);
        Ok(())
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

    /// Makes a request below the project other than a push, such as `/registrations/…`, and waits for
    /// what comes of it.
    pub(crate) async fn call<C: Call>(
        &self,
        below: &str,
        call: impl FnOnce(Uri) -> C,
    ) -> Result<C::Taken, Error> {
        let inner = &self.inner;
        let (access, deadline) = (inner.access(), inner.deadline());
        let project = inner.project(&access, deadline).await?;
        let path = format!("/v1/projects/{}{below}", project.id);
        let call = call(inner.base.join(&path)?);
        deliver::deliver(inner, &access, call, deadline).await
    }

    /// A fan-out in the room that the connections and the guard leave.
    pub(crate) fn guarded<P: Pushes<Failure = Error>>(
        &self,
        pushes: impl FnOnce(Room) -> P,
    ) -> Guarded<P> {
        let held = Held::default();
        let pushes = pushes(self.inner.clone().room(held.clone()));
        let backend = self.inner.session.backend().clone();
        Guarded::new(pushes, held, (), backend, self.inner.timeout)
    }

    /// Makes a message ready for many devices. What is wrong with it is told to each.
    fn for_many(&self, message: &Message) -> Arc<Result<Encoded, Error>> {
        Arc::new(self.inner.encode(message))
    }
}

fn ready(device: &impl Device) -> Result<Target, Error> {
    Ok(device.target()?.into_owned())
}

async fn one_of_many<D: Device>(
    inner: Arc<Inner>,
    shared: Arc<Result<Encoded, Error>>,
    device: D,
) -> (D, Outcome) {
    let outcome = match (shared.as_ref(), ready(&device)) {
        (Ok(encoded), Ok(target)) => inner.send(encoded, &target, true).await,
        (Err(error), _) => Err(error.clone()),
        (_, Err(error)) => Err(error),
    };
    (device, outcome.map_err(Error::one_of_many))
}

impl Inner {
    fn access(&self) -> Arc<Access> {
        self.access
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    async fn project<'a>(
        &self,
        access: &'a Access,
        deadline: Instant,
    ) -> push_core::Result<&'a access::Project> {
        access.project(&self.http, &self.base, deadline).await
    }

    /// How many pushes of a fan-out may be under way: as many as the connections take and as many
    /// again, which keeps them busy and lets them grow; more would only wait, at the cost of their
    /// deadlines. Another HTTP client has connections of its own, and gets all that may be.
    fn room(self: Arc<Self>, held: Held) -> Room {
        const AT_LEAST: usize = 16;
        Box::new(move || {
            let busy = match self.way.capacity() {
                Some(capacity) => capacity.saturating_mul(2).max(AT_LEAST),
                None => usize::MAX,
            };
            held.leaves_of(busy.min(self.in_flight))
        })
    }

    fn deadline(&self) -> Instant {
        self.session.deadline(self.timeout)
    }

    fn encode(&self, message: &Message) -> Result<Encoded, Error> {
        Ok(message.encode()?.validate_only(self.validate_only))
    }

    async fn send(
        self: &Arc<Self>,
        encoded: &Encoded,
        target: &Target,
        one_of_many: bool,
    ) -> Outcome {
        encoded.check(target)?;
        let deadline = self.deadline();
        let access = self.access();
        let project = self.project(&access, deadline).await?;
        let push = Push {
            uri: &project.messages,
            body: encoded.body(target),
            one_of_many,
            has_live_activity_token: encoded.has_live_activity_token(),
        };
        deliver::deliver(self, &access, push, deadline).await
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("endpoint", &self.inner.base)
            .field("project", &self.inner.project)
            .finish_non_exhaustive()
    }
}
