mod builder;
mod crowd;
mod deliver;
mod origins;
mod profiles;
mod silence;

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use futures_util::future::FutureExt;
use push_core::fan_out::{FanOut, Guarded, Held, IntoSource, Pushes, Slow, TryFanOut, TryGuarded};
use push_core::session::Shutdown;
use push_core::{ErrorKind, ResendUnknown, RetryPolicy, Session};

pub use builder::ClientBuilder;

use self::crowd::Crowd;
use self::deliver::Push;
use self::origins::Origins;
use self::profiles::Profiles;
use crate::{
    Device, Encoded, EndpointPolicy, Error, Message, Outcome, Profile, SendAll, SendEach,
    Subscription, TrySendAll, Vapid, VapidToken, VapidTokens,
};

/// How many pushes may be under way, from moment to moment.
type Room = Box<dyn Fn() -> usize + Send>;

/// A push that takes longer leaves its place in a bulk send to others.
const PATIENCE: Duration = Duration::from_secs(2);

/// A client of push services: of all to which subscriptions lead.
///
/// Cheap to clone; clones share their connections and their VAPID tokens, and clients of one session share
/// their connections where they go to the same push services with the same limits.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    session: Session,
    origins: Origins,
    /// `None`: without VAPID.
    vapid: RwLock<Option<Arc<VapidTokens>>>,
    policy: EndpointPolicy,
    profiles: Profiles,
    timeout: Duration,
    in_flight: usize,
    parallel: bool,
    retry: RetryPolicy,
    resend_unknown: ResendUnknown,
}

impl Client {
    /// A client over a session. Needs a VAPID key, or the word that there is none.
    pub fn builder(session: Session) -> ClientBuilder {
        ClientBuilder::new(session)
    }

    /// Sends one message to one subscription.
    ///
    /// # Errors
    /// What is wrong with the message, all of it, or with the subscription, before anything is sent; what
    /// the push service answered; or why there is no answer. [`Error::verdict`] says what to do.
    ///
    /// # Cancel safety
    /// Dropping the future takes the push back unless it was handed to a connection.
    pub async fn send(&self, to: impl Device, message: &Message) -> Outcome {
        let encoded = Arc::new(message.encode()?);
        self.inner.send(&encoded, to.subscription(), None).await
    }

    /// Sends one message to any number of subscriptions, from an iterator or a stream; the outcomes come as
    /// a stream, in order of completion.
    ///
    /// The message is made ready at this call, once, and encrypted for each subscription apart.
    /// Subscriptions come as they are, as references, or as pairs of one of these and anything, and come
    /// back as they were given; duplicates are kept apart. One is taken when there is room
    /// ([`ClientBuilder::in_flight`]), and its time starts when its push service has room too.
    pub fn send_all<M, I>(&self, devices: I, message: &Message) -> SendAll<I::Source>
    where
        I: IntoSource<M>,
        I::Item: Device + Send + 'static,
    {
        let begin = self.one_of_many(message);
        self.guarded(|room, crowd| {
            FanOut::new(devices.into_source(), room, move |device| {
                begin(&crowd, device)
            })
        })
    }

    /// As [`send_all`](Self::send_all), for subscriptions that come as results: the first error of the
    /// source ends the intake and comes last, after the outcomes of all before it.
    pub fn try_send_all<M, I, D, E>(
        &self,
        devices: I,
        message: &Message,
    ) -> TrySendAll<I::Source, D, E>
    where
        I: IntoSource<M, Item = Result<D, E>>,
        D: Device + Send + 'static,
    {
        let begin = self.one_of_many(message);
        TryGuarded::new(self.guarded(|room, crowd| {
            TryFanOut::new(devices.into_source(), room, move |device| {
                begin(&crowd, device)
            })
        }))
    }

    /// Sends each subscription a message of its own: the items are pairs of both.
    pub fn send_each<M, I, D>(&self, pushes: I) -> SendEach<I::Source, D>
    where
        I: IntoSource<M, Item = (D, Message)>,
        D: Device + Send + 'static,
    {
        let inner = self.inner.clone();
        self.guarded(|room, crowd| {
            FanOut::new(pushes.into_source(), room, move |(device, message)| {
                let encoded = message.encode().map(Arc::new).map_err(Error::from);
                inner.clone().begin(&crowd, encoded, device)
            })
        })
    }

    /// Connects to the push service of a subscription, unless a connection stands ready. Sends nothing.
    /// Within the client's timeout.
    ///
    /// # Errors
    /// Why there is no connection, or what is wrong with the subscription.
    pub async fn ready(&self, to: impl Device) -> Result<(), Error> {
        let endpoint = to.subscription().endpoint();
        self.inner.policy.check(endpoint)?;
        let origin = self.inner.origins.get(endpoint)?;
        Ok(origin.way.ready(self.inner.deadline()).await?)
    }

    /// Says all that is wrong with a message for this subscription, and with its endpoint, and sends
    /// nothing.
    ///
    /// # Errors
    /// [`Error::problems`] lists what is wrong with the message.
    pub fn check(&self, to: impl Device, message: &Message) -> Result<(), Error> {
        let subscription = to.subscription();
        self.inner.policy.check(subscription.endpoint())?;
        let profile = self.inner.profiles.of(subscription.endpoint().host());
        message.encode()?.check(subscription, &profile)
    }

    /// From now on, pushes are signed by this key. Those that were begun with the former one end with it.
    /// Subscriptions belong to the key that they were made with: those of another one refuse these pushes.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when the subject or the lifetime can't be used.
    pub fn replace_credentials(&self, vapid: Vapid) -> Result<(), Error> {
        let fresh = tokens(vapid)?;
        let mut vapid = self
            .inner
            .vapid
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *vapid = Some(fresh);
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

    /// A fan-out in a room that slow pushes widen. What the guard holds back takes none of it: the pushes to
    /// other services are not to wait for it.
    fn guarded<P: Pushes<Failure = Error>>(
        &self,
        pushes: impl FnOnce(Room, Arc<Crowd>) -> P,
    ) -> Guarded<P> {
        let slow = Slow::default();
        let in_flight = self.inner.in_flight;
        let widens = slow.clone();
        let room = Box::new(move || widens.widens(in_flight));
        let session = &self.inner.session;
        let crowd = Arc::new(Crowd::new(slow, session.max_connections(), in_flight));
        let backend = session.backend().clone();
        let patience = self.inner.timeout;
        Guarded::new(pushes(room, crowd), Held::default(), (), backend, patience)
    }

    /// Makes a message ready for many devices. What is wrong with it is told to each.
    fn one_of_many<D: Device + Send + 'static>(
        &self,
        message: &Message,
    ) -> impl Fn(&Arc<Crowd>, D) -> push_core::BoxFuture<'static, (D, Outcome)> + Send + 'static + use<D>
    {
        let shared = message.encode().map(Arc::new).map_err(Error::from);
        let inner = self.inner.clone();
        move |crowd, device| inner.clone().begin(crowd, shared.clone(), device)
    }
}

/// The tokens of a key whose other particulars can be used.
fn tokens(vapid: Vapid) -> Result<Arc<VapidTokens>, Error> {
    vapid.check().map_err(push_core::Error::from)?;
    Ok(Arc::new(VapidTokens::new(vapid)))
}

impl Inner {
    fn deadline(&self) -> Instant {
        self.session.deadline(self.timeout)
    }

    /// Begins one push of a bulk send.
    fn begin<D: Device + Send + 'static>(
        self: Arc<Self>,
        crowd: &Arc<Crowd>,
        encoded: Result<Arc<Encoded>, Error>,
        device: D,
    ) -> push_core::BoxFuture<'static, (D, Outcome)> {
        let session = self.session.clone();
        let all = crowd.clone();
        let sending = async move {
            let outcome = match encoded {
                Ok(encoded) => {
                    let device = device.subscription();
                    self.send(&encoded, device, Some(&all)).await
                }
                Err(error) => Err(error),
            };
            (device, outcome)
        };
        crowd
            .slow
            .watch(sending.boxed(), &session, PATIENCE)
            .boxed()
    }

    async fn send(
        self: &Arc<Self>,
        encoded: &Arc<Encoded>,
        subscription: &Subscription,
        crowd: Option<&Crowd>,
    ) -> Outcome {
        let endpoint = subscription.endpoint();
        self.policy.check(endpoint)?;
        let profile = self.profiles.of(endpoint.host());
        encoded.check(subscription, &profile)?;
        let origin = self.origins.get(endpoint)?;
        let _admitted = match crowd {
            Some(crowd) => {
                let now = self.session.backend().now();
                let admitted = crowd.enter(endpoint, &origin, profile.service(), now);
                Some(admitted.await?)
            }
            None => None,
        };
        let backend = self.session.backend();
        let begun = match crowd {
            Some(_) => origin.silence.begin(backend.now()).map_err(left_alone)?,
            None => origin.silence.begin_anyway(backend.now()),
        };
        let deadline = self.deadline();
        let vapid = self.vapid();
        let request = self
            .request(encoded, subscription, &profile, vapid.clone())
            .await?;
        let push = Push {
            request,
            vapid,
            profile: &profile,
            origin: endpoint.origin(),
            form: profile.vapid_form_for(encoded.encoding()),
            one_of_many: crowd.is_some(),
        };
        deliver::deliver(self, &origin, push, &begun, deadline).await
    }

    /// Who sends, as of now.
    fn vapid(&self) -> Option<Arc<VapidTokens>> {
        self.vapid
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The VAPID token for an origin; `None` without VAPID.
    fn token(
        &self,
        vapid: Option<&VapidTokens>,
        origin: &str,
    ) -> Result<Option<Arc<VapidToken>>, Error> {
        let Some(tokens) = vapid else {
            return Ok(None);
        };
        let now = self.session.backend().system_time();
        let token = tokens.get(origin, now);
        Ok(Some(token.map_err(push_core::Error::from)?))
    }

    /// The request that sends a message to a subscription.
    async fn request(
        self: &Arc<Self>,
        encoded: &Arc<Encoded>,
        subscription: &Subscription,
        profile: &Profile,
        vapid: Option<Arc<VapidTokens>>,
    ) -> Result<http::Request<bytes::Bytes>, Error> {
        if !self.parallel {
            let token = self.token(vapid.as_deref(), subscription.endpoint().origin())?;
            return encoded.request(subscription, profile, token.as_deref());
        }
        let (tell, told) = async_channel::bounded(1);
        let (inner, encoded) = (self.clone(), encoded.clone());
        let (subscription, profile) = (subscription.clone(), profile.clone());
        let work = async move {
            let made = inner
                .token(vapid.as_deref(), subscription.endpoint().origin())
                .and_then(|token| encoded.request(&subscription, &profile, token.as_deref()));
            // Nobody listens any more where the push was dropped.
            drop(tell.try_send(made));
        };
        self.session.backend().spawn(work.boxed());
        told.recv().await.map_err(|_| {
            let message = "not sent: the runtime that should have encrypted it has ended";
            Error::from(push_core::Error::new(ErrorKind::RuntimeGone, message))
        })?
    }
}

/// The error of a push that was not begun.
fn left_alone(wait: Duration) -> push_core::Error {
    let message = "not sent: the push service answered nothing to those before it";
    push_core::Error::new(ErrorKind::Connect, message).with_retry_after(wait)
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("endpoints", &self.inner.policy)
            .finish_non_exhaustive()
    }
}
