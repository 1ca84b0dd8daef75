//! GCM and FCM by the legacy HTTP protocol, which Google shut down in 2024: [`gcm`](crate::gcm), which
//! says more, with calls that wait.
//!
//! ```no_run
//! use anypush::prelude::*;
//! use anypush::{blocking, gcm};
//!
//! # #[cfg(all(feature = "tokio", feature = "rustls"))]
//! # fn example(ids: Vec<String>) -> Result<(), Box<dyn std::error::Error>> {
//! let session = Session::new(anypush::TokioBackend::start()?);
//! let client = blocking::gcm::Client::from(
//!     gcm::Client::builder(session)
//!         .endpoint("https://push.example/gcm/send")
//!         .api_key(std::fs::read_to_string("api.key")?)
//!         .build()?,
//! );
//!
//! let hello = gcm::Message::text("Hello");
//! for (id, outcome) in client.send_all(ids, &hello) {
//!     println!("{id}: {}", outcome.verdict().name());
//! }
//! # Ok(())
//! # }
//! ```

use std::time::Duration;

use push_core::Session;
use push_core::fan_out::IntoSource;
use push_core::session::Shutdown;
use push_gcm::legacy::{
    Device, Error, GroupReceipt, Message, Multicast, Outcome, Report, SendAll, TrySendAll,
};

use super::{InTurns, Outcomes, block_on};

/// So many devices are taken at a time, so that they fill one request.
const CHUNK: usize = 1000;

/// A client of the legacy HTTP protocol whose calls wait: [`gcm::Client`](crate::gcm::Client), which
/// says more of each.
///
/// Cheap to clone; clones share their connections and may be used from many threads at once.
///
/// # Sources that block
/// A source that is an iterator is asked for devices by the thread that waits for the outcomes: for as
/// many as one request carries, up to 1000, or as it gives within 10 ms. Where it blocks after that, as
/// one over a channel does, those wait with it. For devices that come now and then give a stream.
#[derive(Clone, Debug)]
pub struct Client(push_gcm::legacy::Client);

impl Client {
    /// Sends one message to one device, and waits for the answer.
    ///
    /// # Errors
    /// As [`gcm::Client::send`](crate::gcm::Client::send).
    pub fn send(&self, device: impl Device, message: &Message) -> Outcome {
        block_on(self.0.send(device, message))
    }

    /// As [`send`](Self::send), in the plain-text format.
    ///
    /// # Errors
    /// As [`gcm::Client::send_plain`](crate::gcm::Client::send_plain).
    pub fn send_plain(&self, device: impl Device, message: &Message) -> Outcome {
        block_on(self.0.send_plain(device, message))
    }

    /// Sends one message to all devices that listen to a topic.
    ///
    /// # Errors
    /// As [`gcm::Client::send_topic`](crate::gcm::Client::send_topic).
    pub fn send_topic(&self, topic: &str, message: &Message) -> Outcome {
        block_on(self.0.send_topic(topic, message))
    }

    /// Sends one message to all devices whose topics fulfil a condition.
    ///
    /// # Errors
    /// As [`gcm::Client::send_condition`](crate::gcm::Client::send_condition).
    pub fn send_condition(&self, condition: &str, message: &Message) -> Outcome {
        block_on(self.0.send_condition(condition, message))
    }

    /// Sends one message to a device group, by its notification key.
    ///
    /// # Errors
    /// As [`gcm::Client::send_group`](crate::gcm::Client::send_group).
    pub fn send_group(
        &self,
        notification_key: &str,
        message: &Message,
    ) -> Result<GroupReceipt, Error> {
        block_on(self.0.send_group(notification_key, message))
    }

    /// Sends one message to any number of devices; the outcomes come as the requests are answered.
    ///
    /// As [`gcm::Client::send_all`](crate::gcm::Client::send_all).
    pub fn send_all<M, I>(
        &self,
        devices: I,
        message: &Message,
    ) -> Outcomes<SendAll<InTurns<I::Source>>>
    where
        I: IntoSource<M>,
        I::Item: Device + Send + 'static,
    {
        Outcomes::of(devices, CHUNK, |devices| self.0.send_all(devices, message))
    }

    /// As [`send_all`](Self::send_all), for devices that come as results.
    ///
    /// As [`gcm::Client::try_send_all`](crate::gcm::Client::try_send_all).
    pub fn try_send_all<M, I, D, E>(
        &self,
        devices: I,
        message: &Message,
    ) -> Outcomes<TrySendAll<InTurns<I::Source>, D, E>>
    where
        I: IntoSource<M, Item = Result<D, E>>,
        D: Device + Send + 'static,
    {
        Outcomes::of(devices, CHUNK, |devices| {
            self.0.try_send_all(devices, message)
        })
    }

    /// Sends a message to its devices, and waits until there is an outcome for each.
    pub fn send_multicast(&self, multicast: &Multicast) -> Report {
        block_on(self.0.send_multicast(multicast))
    }

    /// Connects, unless a connection stands ready, and sends nothing.
    ///
    /// # Errors
    /// Why there is no connection.
    pub fn ready(&self) -> Result<(), Error> {
        block_on(self.0.ready())
    }

    /// Says all that is wrong with a message to devices, and sends nothing.
    ///
    /// # Errors
    /// [`Error::problems`] lists what is wrong.
    pub fn check(&self, message: &Message) -> Result<(), Error> {
        self.0.check(message)
    }

    /// From now on, requests are made with this API key.
    ///
    /// # Errors
    /// As [`gcm::Client::replace_credentials`](crate::gcm::Client::replace_credentials).
    pub fn replace_credentials(&self, api_key: &str) -> Result<(), Error> {
        self.0.replace_credentials(api_key)
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
    pub fn as_async(&self) -> &push_gcm::legacy::Client {
        &self.0
    }
}

impl From<push_gcm::legacy::Client> for Client {
    fn from(client: push_gcm::legacy::Client) -> Self {
        Self(client)
    }
}
