mod api_key;
mod builder;
mod many;
mod request;

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::StreamExt;
use http::Uri;
use push_core::fan_out::{Guarded, Held, IntoSource, Pushes, TryGuarded};
use push_core::http::Http;
use push_core::session::Shutdown;
use push_core::{ResendUnknown, Session};

pub use builder::{ClientBuilder, FCM, GCM, GCM_HTTP};

use super::answer::Reply;
use super::registration_id::check;
use super::target::To;
use super::{
    Device, Error, GroupReceipt, Message, Multicast, Outcome, Report, SendAll, TrySendAll,
};
use api_key::ApiKey;
use request::{Format, Post};

/// A client of the legacy HTTP protocol.
///
/// Cheap to clone; clones share their connections, and so do clients of one session that go to the
/// same server.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    session: Session,
    http: Http,
    uri: Uri,
    key: RwLock<Arc<ApiKey>>,
    timeout: Duration,
    in_flight: usize,
    resend_unknown: ResendUnknown,
    back_off: Duration,
}

impl Client {
    /// A client over a session. Needs an API key, and an endpoint that still answers.
    pub fn builder(session: Session) -> ClientBuilder {
        ClientBuilder::new(session)
    }

    /// Sends one message to one device.
    ///
    /// # Errors
    /// What is wrong with the message, all of it, before anything is sent; what the service answered;
    /// or why there is no answer. [`Error::verdict`] says what to do.
    ///
    /// # Cancel safety
    /// Dropping the future takes the request back unless it was handed to a connection.
    pub async fn send(&self, device: impl Device, message: &Message) -> Outcome {
        let id = device.registration_id();
        let body = message.encode()?.body(&[valid(id)?]);
        let reply = self.inner.post(Format::Json, body, false).await?;
        reply.devices(&[id]).pop().unwrap_or_else(many::untold)
    }

    /// As [`send`](Self::send), in the plain-text format: for servers that speak no other.
    ///
    /// # Errors
    /// As [`send`](Self::send). A message says less in this format: [`Message::encode_plain`].
    ///
    /// # Cancel safety
    /// As [`send`](Self::send).
    pub async fn send_plain(&self, device: impl Device, message: &Message) -> Outcome {
        let id = device.registration_id();
        let body = message.encode_plain(valid(id)?)?;
        let reply = self.inner.post(Format::PlainText, body, false).await?;
        reply.plain(id)
    }

    /// Sends one message to all devices that listen to a topic, with or without `/topics/` in its name.
    ///
    /// # Errors
    /// As [`send`](Self::send). The payload may have 2048 bytes.
    ///
    /// # Cancel safety
    /// As [`send`](Self::send).
    pub async fn send_topic(&self, topic: &str, message: &Message) -> Outcome {
        self.inner.to(To::Topic(topic), message).await?.topic()
    }

    /// Sends one message to all devices that listen to some topics, and not to others: `'news' in
    /// topics && !('sport' in topics)`.
    ///
    /// # Errors
    /// As [`send`](Self::send). The payload may have 2048 bytes.
    ///
    /// # Cancel safety
    /// As [`send`](Self::send).
    pub async fn send_condition(&self, condition: &str, message: &Message) -> Outcome {
        let to = To::Condition(condition);
        self.inner.to(to, message).await?.topic()
    }

    /// Sends one message to a device group, by its notification key.
    ///
    /// # Errors
    /// As [`send`](Self::send). That some devices of the group did not get it is none: the receipt says
    /// which.
    ///
    /// # Cancel safety
    /// As [`send`](Self::send).
    pub async fn send_group(
        &self,
        notification_key: &str,
        message: &Message,
    ) -> Result<GroupReceipt, Error> {
        let to = To::Group(notification_key);
        self.inner.to(to, message).await?.group()
    }

    /// Sends one message to any number of devices, from an iterator or a stream; the outcomes come as
    /// a stream.
    ///
    /// The message is made ready at this call, once, and goes out to up to 1000 devices in a request.
    /// What a stream has ready goes out without waiting for more. Devices are registration ids, their
    /// texts, or pairs of one of these and anything, and come back as they were given; duplicates are
    /// kept apart. Memory does not grow with their number: they are taken when there is room for a
    /// request ([`ClientBuilder::in_flight`]), and its time starts then.
    pub fn send_all<M, I>(&self, devices: I, message: &Message) -> SendAll<I::Source>
    where
        I: IntoSource<M>,
        I::Item: Device + Send + 'static,
    {
        self.guarded(many::fan_out(&self.inner, devices.into_source(), message))
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
        let requests = many::try_fan_out(&self.inner, devices.into_source(), message);
        TryGuarded::new(self.guarded(requests))
    }

    /// Sends a message to its devices, and tells when there is an outcome for each. None is lost,
    /// whatever becomes of the requests.
    ///
    /// # Cancel safety
    /// Dropping the future takes back the requests that were not handed to a connection, and nothing
    /// tells what became of the others.
    pub async fn send_multicast(&self, multicast: &Multicast) -> Report {
        let inner = &self.inner;
        let (mut requests, responses) = many::recorded(inner, multicast);
        let devices = multicast.devices.iter().cloned();
        let mut outcomes: Vec<_> = devices.map(|device| (device, many::untold())).collect();
        while let Some(chunk) = requests.next().await {
            for ((_, index), outcome) in chunk.0 {
                if let Some((_, place)) = outcomes.get_mut(index) {
                    *place = outcome;
                }
            }
        }
        let jitter = inner.session.backend().jitter();
        let message = multicast.message.clone();
        Report::new(message, outcomes, responses.taken(), inner.back_off, jitter)
    }

    /// Connects, unless a connection stands ready, and sends nothing. Within the client's timeout.
    ///
    /// # Errors
    /// Why there is no connection.
    pub async fn ready(&self) -> Result<(), Error> {
        let deadline = self.inner.session.deadline(self.inner.timeout);
        Ok(self.inner.http.ready(deadline).await?)
    }

    /// Says all that is wrong with a message to devices, and sends nothing.
    ///
    /// # Errors
    /// [`Error::problems`] lists what is wrong.
    pub fn check(&self, message: &Message) -> Result<(), Error> {
        message.encode()?;
        Ok(())
    }

    /// From now on, requests are made with this API key.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](push_core::ErrorKind::Config) when it can't be sent.
    pub fn replace_credentials(&self, api_key: &str) -> Result<(), Error> {
        let fresh = Arc::new(ApiKey::new(api_key)?);
        let key = self.inner.key.write();
        *key.unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    /// Shuts down the session, with all clients on it: takes no more requests, ends those that wait as
    /// not sent, and lets those under way be answered within this time.
    pub async fn shutdown(&self, deadline: Duration) -> Shutdown {
        self.inner.session.shutdown(deadline).await
    }

    /// The session that this client sends over.
    pub fn session(&self) -> &Session {
        &self.inner.session
    }

    /// Behind the guard against mass deletion. What it holds back takes no room from requests, which are
    /// about many devices each.
    fn guarded<P: Pushes<Failure = Error>>(&self, pushes: P) -> Guarded<P> {
        let backend = self.inner.session.backend().clone();
        Guarded::new(pushes, Held::default(), (), backend, self.inner.timeout)
    }
}

fn valid(id: &str) -> Result<&str, Error> {
    check(id)?;
    Ok(id)
}

impl Inner {
    fn key(&self) -> Arc<ApiKey> {
        self.key
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Sends a message to another target than devices.
    async fn to(&self, to: To<'_>, message: &Message) -> Result<Reply, Error> {
        let body = message.encode_for(&to)?.body_to(&to);
        self.post(Format::Json, body, false).await
    }

    /// Sends one request. Of a bulk send, it may wait where others are turned away.
    async fn post(&self, format: Format, body: Bytes, one_of_many: bool) -> Result<Reply, Error> {
        let key = self.key();
        let post = Post {
            uri: &self.uri,
            authorization: key.header(),
            format,
            body,
            one_of_many,
            resend_unknown: self.resend_unknown,
        };
        let deadline = self.session.deadline(self.timeout);
        let answer = self.http.exchange(&post, deadline).await?;
        let now = self.session.backend().system_time();
        Ok(Reply::of(&answer, now, key.secret()))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("endpoint", &self.inner.uri)
            .finish_non_exhaustive()
    }
}
