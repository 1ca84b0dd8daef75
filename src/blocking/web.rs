//! Web Push: [`web`](crate::web), which says more, with calls that wait.
//!
//! ```no_run
//! use anypush::prelude::*;
//! use anypush::{blocking, web};
//!
//! # #[cfg(all(feature = "tokio", feature = "rustls"))]
//! # fn example(subscriptions: Vec<web::Subscription>) -> Result<(), Box<dyn std::error::Error>> {
//! let session = Session::new(anypush::TokioBackend::start()?);
//! let key = web::VapidKey::from_pem_file("vapid.pem")?;
//! let client = blocking::web::Client::from(
//!     web::Client::builder(session)
//!         .vapid(web::Vapid::new(key).subject("mailto:ops@example.com"))
//!         .build()?,
//! );
//!
//! let hello = web::Message::text("Hello");
//! for (subscription, outcome) in client.send_all(subscriptions, &hello) {
//!     println!("{}: {}", subscription.endpoint(), outcome.verdict().name());
//! }
//! # Ok(())
//! # }
//! ```

use std::time::Duration;

use push_core::Session;
use push_core::fan_out::IntoSource;
use push_core::session::Shutdown;
use push_web::{Device, Error, Message, Outcome, SendAll, SendEach, TrySendAll, Vapid};

use super::{InTurns, Outcomes, block_on};

/// A client of push services whose calls wait: [`web::Client`](crate::web::Client), which says more of
/// each.
///
/// Cheap to clone; clones share their connections and their VAPID tokens, and may be used from many
/// threads at once.
#[derive(Clone, Debug)]
pub struct Client(push_web::Client);

impl Client {
    /// Sends one message to one subscription, and waits for the answer.
    ///
    /// # Errors
    /// As [`web::Client::send`](crate::web::Client::send).
    pub fn send(&self, to: impl Device, message: &Message) -> Outcome {
        block_on(self.0.send(to, message))
    }

    /// Sends one message to any number of subscriptions; the outcomes come in order of completion.
    ///
    /// As [`web::Client::send_all`](crate::web::Client::send_all). A source that is an iterator is
    /// asked for subscriptions by the thread that waits for the outcomes. It may block, as a channel does:
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

    /// As [`send_all`](Self::send_all), for subscriptions that come as results.
    ///
    /// As [`web::Client::try_send_all`](crate::web::Client::try_send_all).
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

    /// Sends each subscription a message of its own: the items are pairs of both.
    pub fn send_each<M, I, D>(&self, pushes: I) -> Outcomes<SendEach<InTurns<I::Source>, D>>
    where
        I: IntoSource<M, Item = (D, Message)>,
        D: Device + Send + 'static,
    {
        Outcomes::of(pushes, 1, |pushes| self.0.send_each(pushes))
    }

    /// Connects to the push service of a subscription, unless a connection stands ready. Sends nothing.
    ///
    /// # Errors
    /// Why there is no connection.
    pub fn ready(&self, device: impl Device) -> Result<(), Error> {
        block_on(self.0.ready(device))
    }

    /// Says all that is wrong with a message for this subscription, and sends nothing.
    ///
    /// # Errors
    /// [`Error::problems`] lists what is wrong.
    pub fn check(&self, to: impl Device, message: &Message) -> Result<(), Error> {
        self.0.check(to, message)
    }

    /// From now on, pushes are signed by this key.
    ///
    /// # Errors
    /// As [`web::Client::replace_credentials`](crate::web::Client::replace_credentials).
    pub fn replace_credentials(&self, vapid: Vapid) -> Result<(), Error> {
        self.0.replace_credentials(vapid)
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
    pub fn as_async(&self) -> &push_web::Client {
        &self.0
    }
}

impl From<push_web::Client> for Client {
    fn from(client: push_web::Client) -> Self {
        Self(client)
    }
}
