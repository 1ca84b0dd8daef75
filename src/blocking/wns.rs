//! WNS: [`wns`](crate::wns), which says more, with calls that wait.
//!
//! ```no_run
//! use anypush::prelude::*;
//! use anypush::{blocking, wns};
//!
//! # #[cfg(all(feature = "tokio", feature = "rustls"))]
//! # fn example(channels: Vec<wns::ChannelUri>, secret: String) -> Result<(), Box<dyn std::error::Error>> {
//! let session = Session::new(anypush::TokioBackend::start()?);
//! let client = blocking::wns::Client::from(
//!     wns::Client::builder(session)
//!         .credentials(wns::Credentials::package("ms-app://S-1-15-2-1", secret)?)
//!         .build()?,
//! );
//!
//! let hello = wns::Notification::text("Hello");
//! for (channel, outcome) in client.send_all(channels, &hello) {
//!     println!("{channel}: {}", outcome.verdict().name());
//! }
//! # Ok(())
//! # }
//! ```

use std::time::Duration;

use push_core::Session;
use push_core::fan_out::IntoSource;
use push_core::session::Shutdown;
use push_wns::{
    Credentials, Device, Error, Match, Notification, Outcome, SendAll, SendEach, TrySendAll,
};

use super::{InTurns, Outcomes, block_on};

/// A client of WNS whose calls wait: [`wns::Client`](crate::wns::Client), which says more of
/// each.
///
/// Cheap to clone; clones share their connections and their access token, and may be used from many
/// threads at once.
#[derive(Clone, Debug)]
pub struct Client(push_wns::Client);

impl Client {
    /// Sends one notification to one channel, and waits for the answer.
    ///
    /// # Errors
    /// As [`wns::Client::send`](crate::wns::Client::send).
    pub fn send(&self, to: impl Device, notification: &Notification) -> Outcome {
        block_on(self.0.send(to, notification))
    }

    /// Sends one notification to any number of channels; the outcomes come in order of completion.
    ///
    /// As [`wns::Client::send_all`](crate::wns::Client::send_all). A source that is an iterator is
    /// asked for devices by the thread that waits for the outcomes. It may block, as a channel does:
    /// what it gave is on its way meanwhile, but no outcome is told.
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
    /// As [`wns::Client::try_send_all`](crate::wns::Client::try_send_all).
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

    /// Takes toasts away from a device that shows them, and waits for the answer.
    ///
    /// # Errors
    /// As [`wns::Client::remove_toasts`](crate::wns::Client::remove_toasts).
    pub fn remove_toasts(&self, from: impl Device, which: &Match) -> Outcome {
        block_on(self.0.remove_toasts(from, which))
    }

    /// Gets an access token, unless there is one. Sends nothing.
    ///
    /// # Errors
    /// Why there is no token.
    pub fn ready(&self) -> Result<(), Error> {
        block_on(self.0.ready())
    }

    /// Says all that is wrong with a notification, or with the channel, and sends nothing.
    ///
    /// # Errors
    /// [`Error::problems`] lists what is wrong with the notification.
    pub fn check(&self, to: impl Device, notification: &Notification) -> Result<(), Error> {
        self.0.check(to, notification)
    }

    /// From now on, pushes go out with these credentials.
    ///
    /// # Errors
    /// As [`wns::Client::replace_credentials`](crate::wns::Client::replace_credentials).
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
    pub fn as_async(&self) -> &push_wns::Client {
        &self.0
    }
}

impl From<push_wns::Client> for Client {
    fn from(client: push_wns::Client) -> Self {
        Self(client)
    }
}
