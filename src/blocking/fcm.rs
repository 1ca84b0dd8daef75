//! Firebase Cloud Messaging, HTTP v1: [`fcm`](crate::fcm), which says more, with calls that wait.
//!
//! ```no_run
//! use anypush::prelude::*;
//! use anypush::{blocking, fcm};
//!
//! # #[cfg(all(feature = "tokio", feature = "rustls"))]
//! # fn example(tokens: Vec<String>) -> Result<(), Box<dyn std::error::Error>> {
//! let session = Session::new(anypush::TokioBackend::start()?);
//! let client = blocking::fcm::Client::from(
//!     fcm::Client::builder(session)
//!         .credentials(fcm::Credentials::from_file("service-account.json")?)
//!         .build()?,
//! );
//!
//! let hello = fcm::Message::with_notification("anypush", "Hello");
//! for (token, outcome) in client.send_all(tokens, &hello) {
//!     println!("{token}: {}", outcome.verdict().name());
//! }
//! # Ok(())
//! # }
//! ```

use std::time::Duration;

use push_core::Session;
use push_core::fan_out::IntoSource;
use push_core::session::Shutdown;
use push_gcm::v1::{
    Credentials, Device, Error, Message, Outcome, SendAll, SendEach, SubscribeAll, Subscription,
    Topic, TrySendAll,
};

use super::{InTurns, Outcomes, block_on};

/// A client of FCM HTTP v1 whose calls wait: [`fcm::Client`](crate::fcm::Client), which says more of
/// each.
///
/// Cheap to clone; clones share their connections and their access token, and may be used from many
/// threads at once.
#[derive(Clone, Debug)]
pub struct Client(push_gcm::v1::Client);

impl Client {
    /// Sends one message to one target, and waits for the answer.
    ///
    /// # Errors
    /// As [`fcm::Client::send`](crate::fcm::Client::send).
    pub fn send(&self, to: impl Device, message: &Message) -> Outcome {
        block_on(self.0.send(to, message))
    }

    /// Sends one message to any number of devices; the outcomes come in order of completion.
    ///
    /// As [`fcm::Client::send_all`](crate::fcm::Client::send_all). A source that is an iterator is
    /// asked for devices by the thread that waits for the outcomes. It may block, as a channel does:
    /// what it gave is on its way meanwhile, but no outcome is told.
    pub fn send_all<M, I>(
        &self,
        devices: I,
        message: &Message,
    ) -> Outcomes<SendAll<InTurns<I::Source>>>
    where
        I: IntoSource<M>,
        I::Item: Device + Send + 'static,
    {
        Outcomes::of(devices, 1, |devices| self.0.send_all(devices, message))
    }

    /// As [`send_all`](Self::send_all), for devices that come as results.
    ///
    /// As [`fcm::Client::try_send_all`](crate::fcm::Client::try_send_all).
    pub fn try_send_all<M, I, D, E>(
        &self,
        devices: I,
        message: &Message,
    ) -> Outcomes<TrySendAll<InTurns<I::Source>, D, E>>
    where
        I: IntoSource<M, Item = Result<D, E>>,
        D: Device + Send + 'static,
    {
        Outcomes::of(devices, 1, |devices| self.0.try_send_all(devices, message))
    }

    /// Sends each device a message of its own: the items are pairs of both.
    pub fn send_each<M, I, D>(&self, pushes: I) -> Outcomes<SendEach<InTurns<I::Source>, D>>
    where
        I: IntoSource<M, Item = (D, Message)>,
        D: Device + Send + 'static,
    {
        Outcomes::of(pushes, 1, |pushes| self.0.send_each(pushes))
    }

    /// The topics that devices follow.
    pub fn topics(&self) -> Topics {
        Topics(self.0.topics())
    }

    /// Gets an access token, unless there is one, and connects, unless a connection stands ready.
    /// Sends nothing.
    ///
    /// # Errors
    /// Why there is no token or no connection.
    pub fn ready(&self) -> Result<(), Error> {
        block_on(self.0.ready())
    }

    /// Says all that is wrong with a message for this target, and sends nothing.
    ///
    /// # Errors
    /// [`Error::problems`] lists what is wrong.
    pub fn check(&self, to: impl Device, message: &Message) -> Result<(), Error> {
        self.0.check(to, message)
    }

    /// From now on, requests go out with these credentials.
    ///
    /// # Errors
    /// As [`fcm::Client::replace_credentials`](crate::fcm::Client::replace_credentials).
    pub fn replace_credentials(&self, credentials: Credentials) -> Result<(), Error> {
        self.0.replace_credentials(credentials)
    }

    /// Shuts down the session, with all clients on it, and waits for what is under way, so long at
    /// most.
    pub fn shutdown(&self, deadline: Duration) -> Shutdown {
        block_on(self.0.shutdown(deadline))
    }

    /// The session that this client sends over.
    pub fn session(&self) -> &Session {
        self.0.session()
    }

    /// The async client that this one is made of.
    pub fn as_async(&self) -> &push_gcm::v1::Client {
        &self.0
    }
}

impl From<push_gcm::v1::Client> for Client {
    fn from(client: push_gcm::v1::Client) -> Self {
        Self(client)
    }
}

/// The topics that devices follow: [`fcm::Topics`](crate::fcm::Topics), which says more, with calls
/// that wait.
#[derive(Clone, Debug)]
pub struct Topics(push_gcm::v1::Topics);

impl Topics {
    /// Has a device follow a topic. It is no error where it does already.
    ///
    /// # Errors
    /// As [`fcm::Topics::subscribe`](crate::fcm::Topics::subscribe).
    pub fn subscribe(&self, device: impl Device, topic: &Topic) -> Result<Subscription, Error> {
        block_on(self.0.subscribe(device, topic))
    }

    /// Has a device no longer follow a topic. It is no error where it did not.
    ///
    /// # Errors
    /// As [`fcm::Topics::unsubscribe`](crate::fcm::Topics::unsubscribe).
    pub fn unsubscribe(&self, device: impl Device, topic: &Topic) -> Result<Subscription, Error> {
        block_on(self.0.unsubscribe(device, topic))
    }

    /// Whether a device follows a topic; if so, since when.
    ///
    /// # Errors
    /// As [`fcm::Topics::get`](crate::fcm::Topics::get).
    pub fn get(&self, device: impl Device, topic: &Topic) -> Result<Option<Subscription>, Error> {
        block_on(self.0.get(device, topic))
    }

    /// All topics that a device follows.
    ///
    /// # Errors
    /// As [`fcm::Topics::list`](crate::fcm::Topics::list).
    pub fn list(&self, device: impl Device) -> Result<Vec<Subscription>, Error> {
        block_on(self.0.list(device))
    }

    /// Has any number of devices follow a topic; the outcomes come in order of completion.
    ///
    /// As [`fcm::Topics::subscribe_all`](crate::fcm::Topics::subscribe_all), with the sources of
    /// [`Client::send_all`].
    pub fn subscribe_all<M, I>(
        &self,
        devices: I,
        topic: &Topic,
    ) -> Outcomes<SubscribeAll<InTurns<I::Source>>>
    where
        I: IntoSource<M>,
        I::Item: Device + Send + 'static,
    {
        Outcomes::of(devices, 1, |devices| self.0.subscribe_all(devices, topic))
    }

    /// Has any number of devices no longer follow a topic: as [`subscribe_all`](Self::subscribe_all).
    pub fn unsubscribe_all<M, I>(
        &self,
        devices: I,
        topic: &Topic,
    ) -> Outcomes<SubscribeAll<InTurns<I::Source>>>
    where
        I: IntoSource<M>,
        I::Item: Device + Send + 'static,
    {
        Outcomes::of(devices, 1, |devices| self.0.unsubscribe_all(devices, topic))
    }
}
