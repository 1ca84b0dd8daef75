use std::time::Duration;

use push_apns::{
    Channel, ChannelId, Device, Error, Notification, Outcome, ProviderToken, SendAll, SendEach,
    StoragePolicy, TrySendAll,
};
use push_core::fan_out::IntoSource;
use push_core::session::Shutdown;
use push_core::{Identity, Session};

use super::{InTurns, Outcomes, block_on};

pub mod gateway;

/// A client of the HTTP/2 provider API whose calls wait: [`apns::Client`](crate::apns::Client),
/// which says more of each.
///
/// Cheap to clone; clones share their connections and may be used from many threads at once.
#[derive(Clone, Debug)]
pub struct Client(push_apns::Client);

impl Client {
    /// Sends one notification to one device, and waits for the answer.
    ///
    /// # Errors
    /// As [`apns::Client::send`](crate::apns::Client::send).
    pub fn send(&self, device: impl Device, notification: &Notification) -> Outcome {
        block_on(self.0.send(device, notification))
    }

    /// Sends one notification to any number of devices; the outcomes come in order of completion.
    ///
    /// As [`apns::Client::send_all`](crate::apns::Client::send_all). A source that is an iterator
    /// is asked for devices by the thread that waits for the outcomes. It may block, as a channel
    /// does: what it gave is on its way meanwhile, but no outcome is told.
    pub fn send_all<M, I>(
        &self,
        devices: I,
        notification: &Notification,
    ) -> Outcomes<SendAll<InTurns<I::Source>>>
    where
        I: IntoSource<M>,
        I::Item: Device + Send + 'static,
    {
        Outcomes::of(devices, 1, |devices| self.0.send_all(devices, notification))
    }

    /// As [`send_all`](Self::send_all), for devices that come as results.
    ///
    /// As [`apns::Client::try_send_all`](crate::apns::Client::try_send_all).
    pub fn try_send_all<M, I, D, E>(
        &self,
        devices: I,
        notification: &Notification,
    ) -> Outcomes<TrySendAll<InTurns<I::Source>, D, E>>
    where
        I: IntoSource<M, Item = Result<D, E>>,
        D: Device + Send + 'static,
    {
        Outcomes::of(devices, 1, |devices| {
            self.0.try_send_all(devices, notification)
        })
    }

    /// Sends each device a notification of its own: the items are pairs of both.
    pub fn send_each<M, I, D>(&self, pushes: I) -> Outcomes<SendEach<InTurns<I::Source>, D>>
    where
        I: IntoSource<M, Item = (D, Notification)>,
        D: Device + Send + 'static,
    {
        Outcomes::of(pushes, 1, |pushes| self.0.send_each(pushes))
    }

    /// Sends one notification to a channel, and waits for the answer.
    ///
    /// # Errors
    /// As [`apns::Client::broadcast`](crate::apns::Client::broadcast).
    pub fn broadcast(&self, channel: &ChannelId, notification: &Notification) -> Outcome {
        block_on(self.0.broadcast(channel, notification))
    }

    /// The channels of the client's app.
    pub fn channels(&self) -> Channels {
        Channels(self.0.channels())
    }

    /// Connects, unless a connection stands ready, and sends nothing.
    ///
    /// # Errors
    /// Why there is no connection.
    pub fn ready(&self) -> Result<(), Error> {
        block_on(self.0.ready())
    }

    /// Says all that is wrong with a notification for this client, and sends nothing.
    ///
    /// # Errors
    /// [`Error::problems`] lists what is wrong.
    pub fn check(&self, notification: &Notification) -> Result<(), Error> {
        self.0.check(notification)
    }

    /// Says all that is wrong with a notification as one that goes to a channel, and sends nothing.
    ///
    /// # Errors
    /// [`Error::problems`] lists what is wrong.
    pub fn check_broadcast(&self, notification: &Notification) -> Result<(), Error> {
        self.0.check_broadcast(notification)
    }

    /// From now on, new connections are made with this provider token.
    ///
    /// # Errors
    /// As [`apns::Client::replace_credentials`](crate::apns::Client::replace_credentials).
    pub fn replace_credentials(&self, token: ProviderToken) -> Result<(), Error> {
        self.0.replace_credentials(token)
    }

    /// From now on, new connections are made with this certificate.
    ///
    /// # Errors
    /// As [`apns::Client::replace_certificate`](crate::apns::Client::replace_certificate).
    pub fn replace_certificate(&self, identity: &Identity) -> Result<(), Error> {
        self.0.replace_certificate(identity)
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
    pub fn as_async(&self) -> &push_apns::Client {
        &self.0
    }
}

/// The broadcast channels of an app: [`apns::Channels`](crate::apns::Channels), which says more, with
/// calls that wait.
#[derive(Clone, Debug)]
pub struct Channels(push_apns::Channels);

impl Channels {
    /// The channels of another app: its bundle id.
    #[must_use]
    pub fn topic(self, bundle_id: impl Into<String>) -> Self {
        Self(self.0.topic(bundle_id))
    }

    /// Makes a channel.
    ///
    /// # Errors
    /// As [`apns::Channels::create`](crate::apns::Channels::create).
    pub fn create(&self, policy: StoragePolicy) -> Result<ChannelId, Error> {
        block_on(self.0.create(policy))
    }

    /// What the service knows of a channel.
    ///
    /// # Errors
    /// As [`apns::Channels::show`](crate::apns::Channels::show).
    pub fn show(&self, id: &ChannelId) -> Result<Channel, Error> {
        block_on(self.0.show(id))
    }

    /// All channels of the app.
    ///
    /// # Errors
    /// As [`apns::Channels::list`](crate::apns::Channels::list).
    pub fn list(&self) -> Result<Vec<ChannelId>, Error> {
        block_on(self.0.list())
    }

    /// Deletes a channel.
    ///
    /// # Errors
    /// As [`apns::Channels::delete`](crate::apns::Channels::delete).
    pub fn delete(&self, id: &ChannelId) -> Result<(), Error> {
        block_on(self.0.delete(id))
    }
}

impl From<push_apns::Client> for Client {
    fn from(client: push_apns::Client) -> Self {
        Self(client)
    }
}
