//! The binary gateway, which Apple switched off on 2021-03-31:
//! [`apns::gateway`](crate::apns::gateway), which says more, with calls that wait.
//!
//! ```no_run
//! use anypush::prelude::*;
//! use anypush::{apns, blocking};
//!
//! # #[cfg(all(feature = "tokio", feature = "rustls"))]
//! # fn example(tokens: Vec<String>) -> Result<(), Box<dyn std::error::Error>> {
//! let session = Session::new(anypush::TokioBackend::start()?);
//! let client = blocking::apns::gateway::Client::from(
//!     apns::gateway::Client::builder(session)
//!         .certificate(Identity::from_pem_file("apns.pem")?)
//!         .endpoint(apns::Endpoint::new("gateway.example", 2195))
//!         .build()?,
//! );
//!
//! let hello = apns::Notification::alert("Hello");
//! for (token, outcome) in client.send_all(tokens, &hello) {
//!     println!("{token}: {}", outcome.verdict().name());
//! }
//! # Ok(())
//! # }
//! ```

use std::time::Duration;

use push_apns::gateway::{
    Error, Inactive, Multicast, Outcome, Report, SendAll, SendEach, Totals, TrySendAll,
};
use push_apns::{Device, Notification};
use push_core::fan_out::IntoSource;
use push_core::session::Shutdown;
use push_core::{Identity, Session};

use crate::blocking::{InTurns, Outcomes, block_on};

/// So many devices are taken at a time, so that one write carries them all: as many as the client
/// writes at once by default.
const BATCH: usize = 256;

/// A client of the binary gateway whose calls wait:
/// [`gateway::Client`](crate::apns::gateway::Client), which says more of each.
///
/// Cheap to clone. Each bulk send has its connections to itself.
///
/// # Sources that block
/// A source that is an iterator is asked for devices by the thread that waits for the outcomes: for as
/// many as go out together, up to 256, or as it gives within 10 ms. Where it blocks after that, as one
/// over a channel does, those wait with it. For devices that come now and then give a stream, or use a
/// [`Sender`].
#[derive(Clone, Debug)]
pub struct Client(push_apns::gateway::Client);

impl Client {
    /// Sends to one device, and waits for the proof.
    ///
    /// # Errors
    /// As [`gateway::Client::send`](crate::apns::gateway::Client::send).
    pub fn send(&self, device: impl Device, notification: &Notification) -> Outcome {
        block_on(self.0.send(device, notification))
    }

    /// Sends one notification to any number of devices; the outcomes come as they become known.
    ///
    /// As [`gateway::Client::send_all`](crate::apns::gateway::Client::send_all).
    pub fn send_all<M, I>(
        &self,
        devices: I,
        notification: &Notification,
    ) -> Outcomes<SendAll<InTurns<I::Source>>>
    where
        I: IntoSource<M>,
        I::Item: Device + Send + 'static,
    {
        Outcomes::of(devices, BATCH, |devices| {
            self.0.send_all(devices, notification)
        })
    }

    /// As [`send_all`](Self::send_all), with a badge for each device that this closure says, once for
    /// each: `None` says nothing of the badge.
    ///
    /// As [`gateway::Client::send_all_with_badges`](crate::apns::gateway::Client::send_all_with_badges).
    pub fn send_all_with_badges<M, I>(
        &self,
        devices: I,
        notification: &Notification,
        badge: impl FnMut(&I::Item) -> Option<u32> + Send + 'static,
    ) -> Outcomes<SendAll<InTurns<I::Source>>>
    where
        I: IntoSource<M>,
        I::Item: Device + Send + 'static,
    {
        Outcomes::of(devices, BATCH, |devices| {
            self.0.send_all_with_badges(devices, notification, badge)
        })
    }

    /// As [`send_all`](Self::send_all), for devices that come as results.
    ///
    /// As [`gateway::Client::try_send_all`](crate::apns::gateway::Client::try_send_all).
    pub fn try_send_all<M, I, D, E>(
        &self,
        devices: I,
        notification: &Notification,
    ) -> Outcomes<TrySendAll<InTurns<I::Source>, D, E>>
    where
        I: IntoSource<M, Item = Result<D, E>>,
        D: Device + Send + 'static,
    {
        Outcomes::of(devices, BATCH, |devices| {
            self.0.try_send_all(devices, notification)
        })
    }

    /// Sends each device a notification of its own: the items are pairs of both.
    ///
    /// As [`gateway::Client::send_each`](crate::apns::gateway::Client::send_each).
    pub fn send_each<M, I, D>(&self, pushes: I) -> Outcomes<SendEach<InTurns<I::Source>, D>>
    where
        I: IntoSource<M, Item = (D, Notification)>,
        D: Device + Send + 'static,
    {
        Outcomes::of(pushes, BATCH, |pushes| self.0.send_each(pushes))
    }

    /// Sends a notification to its devices, and reports what became of each when all of them have an
    /// outcome.
    pub fn send_multicast(&self, multicast: &Multicast) -> Report {
        block_on(self.0.send_multicast(multicast))
    }

    /// A sender for as long as a program runs: it takes notifications one by one, and tells this
    /// listener which of them failed.
    ///
    /// The listener is called on a thread of the backend, and should not take long.
    pub fn sender<D>(&self, listener: impl FnMut(D, Error) + Send + 'static) -> Sender<D>
    where
        D: Device + Send + 'static,
    {
        Sender(self.0.sender(listener))
    }

    /// Asks the feedback service which devices lack the app; `next` waits for one.
    ///
    /// # Errors
    /// Why there is no connection.
    pub fn feedback(&self) -> Result<Feedback, Error> {
        let feedback = block_on(self.0.feedback())?;
        Ok(Feedback(Outcomes::new(feedback)))
    }

    /// Connects, unless a good connection stands ready, and sends nothing.
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

    /// From now on, new connections are made with this certificate.
    ///
    /// # Errors
    /// As [`gateway::Client::replace_certificate`](crate::apns::gateway::Client::replace_certificate).
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
    pub fn as_async(&self) -> &push_apns::gateway::Client {
        &self.0
    }
}

impl From<push_apns::gateway::Client> for Client {
    fn from(client: push_apns::gateway::Client) -> Self {
        Self(client)
    }
}

/// A sender whose calls wait: [`gateway::Sender`](crate::apns::gateway::Sender), which says more of
/// each.
///
/// Clones share one connection, and may be used from many threads at once. It works on a thread of the
/// backend, whoever waits.
#[derive(Debug)]
pub struct Sender<D>(push_apns::gateway::Sender<D>);

impl<D: Device + Send + 'static> Sender<D> {
    /// Hands a notification over, and waits while too many are on their way. The listener is told if
    /// it fails.
    ///
    /// # Errors
    /// As [`gateway::Sender::send`](crate::apns::gateway::Sender::send).
    pub fn send(&self, device: D, notification: &Notification) -> Result<(), Error> {
        block_on(self.0.send(device, notification))
    }

    /// As [`Sender::send`], without waiting.
    ///
    /// # Errors
    /// As [`gateway::Sender::try_send`](crate::apns::gateway::Sender::try_send).
    pub fn try_send(&self, device: D, notification: &Notification) -> Result<(), Error> {
        self.0.try_send(device, notification)
    }

    /// Waits until all that was handed over before has its verdict, and answers the totals so far.
    pub fn confirm(&self) -> Totals {
        block_on(self.0.confirm())
    }

    /// Takes no more, from this sender or its clones, waits until all has its verdict, and answers the
    /// totals.
    pub fn close(self) -> Totals {
        block_on(self.0.close())
    }

    /// Breaks off at once. The listener is told of all that has no verdict.
    pub fn abort(&self) {
        self.0.abort();
    }

    /// What it did so far.
    pub fn totals(&self) -> Totals {
        self.0.totals()
    }

    /// The async sender that this one is made of.
    pub fn as_async(&self) -> &push_apns::gateway::Sender<D> {
        &self.0
    }
}

impl<D> Clone for Sender<D> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// The devices that lack the app, as an iterator: [`gateway::Feedback`](crate::apns::gateway::Feedback),
/// which says more.
///
/// The service forgets what it has told. An error comes last; what came before it stands, and the rest
/// is likely lost. Dropping it closes the connection.
#[derive(Debug)]
#[must_use = "the service forgets what it tells"]
pub struct Feedback(Outcomes<push_apns::gateway::Feedback>);

impl Iterator for Feedback {
    type Item = Result<Inactive, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
    }
}
