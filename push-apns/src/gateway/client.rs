use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use push_core::fan_out::{Guarded, Held, IntoSource, Pushes, TryGuarded, UntilError};
use push_core::session::Shutdown;
use push_core::{Identity, Session};

use super::intake::{Alike, Each};
use super::multicast::{Multicast, Report};
use super::pipeline::{Content, Pipeline, TakeIn};
use super::send_all::{SendAll, SendEach, Sending, TrySendAll, TrySending};
use super::sender::Sender;
use super::settings::Settings;
use super::{ClientBuilder, Error, Feedback, Outcome};
use crate::{Device, Notification};

/// A client of the binary gateway.
///
/// Cheap to clone. A send takes a connection that stands ready in the session's cache, or dials, and
/// has it to itself; the gateway's last word ends it. For one connection over time there is the
/// [`Sender`].
///
/// # How a send goes
/// Notifications are written one behind the other, in batches, while at the same time the error
/// response is listened for that the gateway may send at any time. It names a notification and proves
/// that all before it was taken. What came behind it on that connection was thrown away, and is sent
/// again over a new one, by itself. At the end, and each time that there are more without a verdict
/// than the [window](ClientBuilder::window) holds, the gateway is asked for a proof: a notification
/// with an empty token, which it refuses. So every notification has a proven verdict:
///
/// | what happened | outcome |
/// |---|---|
/// | the gateway spoke of a later one | taken |
/// | it was named with any other status than 10 | [`ErrorKind::Rejected`], [`Error::status`] |
/// | it was named with 3, 4, 6 or 7 | this too, and the send ends: the rest is [`ErrorKind::Ended`] |
/// | it was named with 1 or an undocumented status | sent again as [`ClientBuilder::retry`] says |
/// | its connection ended without a word, or was wordless for too long | [`Verdict::Unknown`], or sent again as [`ClientBuilder::resend_unknown`] says |
/// | it never went out, for there was no connection | what was wrong with the connection |
///
/// Status 4 and 7, about the payload, end no send whose devices have payloads of their own.
///
/// [`ErrorKind::Rejected`]: push_core::ErrorKind::Rejected
/// [`ErrorKind::Ended`]: push_core::ErrorKind::Ended
/// [`Verdict::Unknown`]: push_core::Verdict::Unknown
#[derive(Clone)]
pub struct Client {
    settings: Arc<Settings>,
}

impl Client {
    /// A client over a session. Needs an [endpoint](ClientBuilder::endpoint), since Apple's own is gone.
    pub fn builder(session: Session) -> ClientBuilder {
        ClientBuilder::new(session)
    }

    pub(super) fn new(settings: Settings) -> Self {
        Self {
            settings: Arc::new(settings),
        }
    }

    /// Sends to one device, and asks for the proof. That costs a connection: for many devices use
    /// [`Client::send_all`], and over time a [`Sender`].
    ///
    /// # Errors
    /// Why it was not taken, or is not known to have been.
    ///
    /// # Cancel safety
    /// Dropping the future closes the connection; the notification may have been taken.
    pub async fn send(&self, device: impl Device, notification: &Notification) -> Outcome {
        let template = self.settings.encode(notification)?;
        let token = device.device_token()?.into_owned();
        let mut pipeline = self.pipeline(
            Content::Shared(template),
            stream::iter([token]),
            Alike::new(None),
        );
        let next = std::future::poll_fn(|cx| pipeline.poll(cx)).await;
        next.map_or_else(
            || {
                let message = "the send ended without an outcome";
                Err(push_core::Error::new(push_core::ErrorKind::Ended, message).into())
            },
            |(_, outcome)| outcome,
        )
    }

    /// Sends one notification to any number of devices, from an iterator or a stream; the outcomes come
    /// as a stream, in the order in which they become known.
    ///
    /// The notification is made ready at this call, once; what is wrong with it is told to each device.
    /// Devices are tokens, their texts, or pairs of one of these and anything, and come back as they were
    /// given; duplicates are kept apart. Memory does not grow with their number. Nothing goes on while the
    /// stream is not polled.
    pub fn send_all<M, I>(&self, devices: I, notification: &Notification) -> SendAll<I::Source>
    where
        I: IntoSource<M>,
        I::Item: Device + Send + 'static,
    {
        let (content, invalid) = self.shared(notification);
        let pipeline = self.pipeline(content, devices.into_source(), Alike::new(invalid));
        SendAll(self.guarded(Sending(pipeline)))
    }

    /// As [`Client::send_all`], with a badge for each device that this closure says, once for each:
    /// `None` says nothing of the badge.
    pub fn send_all_with_badges<M, I>(
        &self,
        devices: I,
        notification: &Notification,
        badge: impl FnMut(&I::Item) -> Option<u32> + Send + 'static,
    ) -> SendAll<I::Source>
    where
        I: IntoSource<M>,
        I::Item: Device + Send + 'static,
    {
        let encoded = notification.encode_for_gateway_with_badge(&self.settings.context());
        let (content, invalid) = match encoded {
            Ok(template) => (Content::Badges(Arc::new(template)), None),
            Err(invalid) => (Content::Each, Some(Error::from(invalid))),
        };
        let alike = Alike::new(invalid).with_badges(badge);
        let pipeline = self.pipeline(content, devices.into_source(), alike);
        SendAll(self.guarded(Sending(pipeline)))
    }

    /// As [`Client::send_all`], for a source whose items are results. Its first error ends the intake
    /// and comes last, after the outcomes of all devices before it.
    pub fn try_send_all<M, I, D, E>(
        &self,
        devices: I,
        notification: &Notification,
    ) -> TrySendAll<I::Source, D, E>
    where
        I: IntoSource<M, Item = Result<D, E>>,
        D: Device + Send + 'static,
    {
        let (content, invalid) = self.shared(notification);
        let source = UntilError::new(devices.into_source());
        let pipeline = self.pipeline(content, source, Alike::new(invalid));
        TrySendAll(TryGuarded::new(self.guarded(TrySending(pipeline))))
    }

    /// Sends each device a notification of its own: the items are pairs of both.
    pub fn send_each<M, I, D>(&self, pushes: I) -> SendEach<I::Source, D>
    where
        I: IntoSource<M, Item = (D, Notification)>,
        D: Device + Send + 'static,
    {
        let each = Each(self.settings.clone());
        let pipeline = self.pipeline(Content::Each, pushes.into_source(), each);
        SendEach(self.guarded(Sending(pipeline)))
    }

    /// Sends a notification to its devices, and reports what became of each when all of them have an
    /// outcome.
    pub async fn send_multicast(&self, multicast: &Multicast) -> Report {
        let devices = multicast.devices.clone();
        let outcomes = self.send_all(devices, &multicast.notification);
        let report = Report::new(multicast.notification.clone());
        outcomes
            .fold(report, |mut report, (device, outcome)| {
                report.add(device, outcome);
                std::future::ready(report)
            })
            .await
    }

    /// A sender for as long as a program runs: it takes notifications one by one, and tells this
    /// listener which of them failed.
    ///
    /// The listener is called on the sender's task, and should not take long. If it panics, the sender
    /// ends: what has no verdict then is counted, and not told.
    pub fn sender<D>(&self, listener: impl FnMut(D, Error) + Send + 'static) -> Sender<D>
    where
        D: Device + Send + 'static,
    {
        Sender::start(self, listener)
    }

    /// Asks the feedback service which devices lack the app.
    ///
    /// Reading makes the service forget. Ask daily, and [compare](super::Inactive::outdates) each time
    /// with that of the device's last registration.
    ///
    /// # Errors
    /// Why there is no connection; [`ErrorKind::Config`](push_core::ErrorKind::Config) where
    /// [the service](ClientBuilder::feedback_endpoint) is not known.
    pub async fn feedback(&self) -> Result<Feedback, Error> {
        let mut lease = self.settings.feedback_lease()?;
        lease.ready().await?;
        Ok(Feedback::new(lease, &self.settings))
    }

    /// Connects, unless a good connection stands ready, and sends nothing. Whether the gateway takes the
    /// certificate may show only later: over TLS 1.3 it may refuse it when the handshake is over.
    ///
    /// # Errors
    /// Why there is no connection.
    pub async fn ready(&self) -> Result<(), Error> {
        let mut lease = self.settings.lease()?;
        lease.ready().await?;
        lease.release();
        Ok(())
    }

    /// Says all that is wrong with a notification for this client, and sends nothing.
    ///
    /// # Errors
    /// [`Error::problems`] lists what is wrong.
    pub fn check(&self, notification: &Notification) -> Result<(), Error> {
        self.settings.encode(notification)?;
        Ok(())
    }

    /// From now on, new connections are made with this certificate.
    ///
    /// # Errors
    /// [`ErrorKind::Identity`](push_core::ErrorKind::Identity) when it can't be used or has expired.
    pub fn replace_certificate(&self, identity: &Identity) -> Result<(), Error> {
        let settings = &self.settings;
        Ok(settings.certificate.replace(&settings.session, identity)?)
    }

    /// Shuts down the session, with all clients on it. What is under way has so long to end.
    pub async fn shutdown(&self, deadline: Duration) -> Shutdown {
        self.settings.session.shutdown(deadline).await
    }

    /// The session that this client sends over.
    pub fn session(&self) -> &Session {
        &self.settings.session
    }

    pub(super) fn settings(&self) -> &Arc<Settings> {
        &self.settings
    }

    /// What many devices get, and what is wrong with it.
    fn shared(&self, notification: &Notification) -> (Content, Option<Error>) {
        match self.settings.encode(notification) {
            Ok(template) => (Content::Shared(template), None),
            Err(invalid) => (Content::Each, Some(invalid.into())),
        }
    }

    pub(super) fn pipeline<S: stream::Stream, D: Device, I: TakeIn<S::Item, D>>(
        &self,
        content: Content,
        source: S,
        intake: I,
    ) -> Pipeline<S, D, I> {
        Pipeline::new(self.settings.clone(), content, source, intake)
    }

    fn guarded<P: Pushes<Failure = Error>>(&self, pushes: P) -> Guarded<P> {
        let endpoint = self.settings.endpoint.clone();
        let backend = self.settings.session.backend().clone();
        let patience = self.settings.timeout;
        Guarded::new(pushes, Held::default(), endpoint, backend, patience)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("target", &self.settings.target)
            .field("command", &self.settings.command)
            .finish_non_exhaustive()
    }
}
