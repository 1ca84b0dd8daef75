//! The topics that devices follow.

mod call;
mod many;

use std::time::SystemTime;

use bytes::Bytes;
use http::Method;
use push_core::fan_out::{Grouped, IntoSource};
use push_core::http::Answer;
use push_core::{ErrorKind, Verdict};

use self::call::{Page, TopicCall};
use self::many::Change;
use super::{Client, Device, Error, Target, Topic};

pub use many::{SubscribeAll, TrySubscribeAll};

/// The topics that devices follow, by the API that knows one registration per request. From
/// [`Client::topics`].
///
/// A registration is a token or a Firebase installation id. Many are [worked on at
/// once](Self::subscribe_all), over the connections of the client. Google allows 3,000 such requests a
/// second for a project, and 2,000 topics for a device.
///
/// The calls of the Instance ID service (`iid.googleapis.com`, with up to 1,000 tokens each) are not
/// here: Google ends them on 2027-09-29.
#[derive(Clone, Debug)]
pub struct Topics {
    client: Client,
}

/// That a device follows a topic, or no longer does.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Subscription {
    /// The topic's name.
    pub topic: String,
    /// Since when the device follows it, where the service says so.
    pub since: Option<SystemTime>,
    /// The device followed it before this request.
    pub already: bool,
    /// How often the request was handed to a connection.
    pub attempts: u32,
}

impl Grouped for Subscription {}

impl push_core::Outcome for Subscription {
    fn verdict(&self) -> Verdict {
        Verdict::Accepted
    }
}

/// How many topics are asked for at a time.
const PAGE: usize = 500;

/// A device follows at most 2,000 topics; a service that goes on is not followed for ever.
const MOST_PAGES: usize = 64;

impl Topics {
    pub(super) fn new(client: Client) -> Self {
        Self { client }
    }

    /// Has a device follow a topic. It is no error where it does already.
    ///
    /// # Errors
    /// What the service answered, or why there is no answer. [`Error::verdict`] says what to do.
    ///
    /// # Cancel safety
    /// Dropping the future takes the request back unless it was handed to a connection.
    pub async fn subscribe(
        &self,
        device: impl Device,
        topic: &Topic,
    ) -> Result<Subscription, Error> {
        let below = below(&device)?;
        self.add(below, topic.clone(), false).await
    }

    async fn add(
        &self,
        below: String,
        topic: Topic,
        one_of_many: bool,
    ) -> Result<Subscription, Error> {
        let rest = format!("{below}?topic_name={}", encoded(topic.as_str()));
        let taken = move |answer: &Answer, attempts| call::added(answer, &topic, attempts);
        let body = Bytes::from_static(b"{}");
        let call = |uri| TopicCall::new(Method::POST, uri, body, taken).one_of_many(one_of_many);
        self.client.call(&rest, call).await
    }

    /// Has a device no longer follow a topic. It is no error where it did not.
    ///
    /// # Errors
    /// As [`subscribe`](Self::subscribe).
    ///
    /// # Cancel safety
    /// As [`subscribe`](Self::subscribe).
    pub async fn unsubscribe(
        &self,
        device: impl Device,
        topic: &Topic,
    ) -> Result<Subscription, Error> {
        let below = below(&device)?;
        self.remove(below, topic.clone(), false).await
    }

    async fn remove(
        &self,
        below: String,
        topic: Topic,
        one_of_many: bool,
    ) -> Result<Subscription, Error> {
        let rest = format!("{below}/{}?allow_missing=true", segment(topic.as_str())?);
        let taken = move |answer: &Answer, attempts| call::removed(answer, &topic, attempts);
        let call =
            |uri| TopicCall::new(Method::DELETE, uri, Bytes::new(), taken).one_of_many(one_of_many);
        self.client.call(&rest, call).await
    }

    /// Whether a device follows a topic; if so, since when.
    ///
    /// # Errors
    /// As [`subscribe`](Self::subscribe). A device that is gone is an error too.
    ///
    /// # Cancel safety
    /// As [`subscribe`](Self::subscribe).
    pub async fn get(
        &self,
        device: impl Device,
        topic: &Topic,
    ) -> Result<Option<Subscription>, Error> {
        let rest = format!("{}/{}", below(&device)?, segment(topic.as_str())?);
        let topic = topic.clone();
        let taken = move |answer: &Answer, attempts| call::found(answer, &topic, attempts);
        let call = |uri| TopicCall::new(Method::GET, uri, Bytes::new(), taken);
        self.client.call(&rest, call).await
    }

    /// All topics that a device follows.
    ///
    /// # Errors
    /// As [`subscribe`](Self::subscribe).
    ///
    /// # Cancel safety
    /// Nothing is changed by it.
    pub async fn list(&self, device: impl Device) -> Result<Vec<Subscription>, Error> {
        let below = below(&device)?;
        let mut all = Vec::new();
        let first = format!("{below}?pageSize={PAGE}");
        let mut rest = first.clone();
        for _ in 0..MOST_PAGES {
            let call = |uri| TopicCall::new(Method::GET, uri, Bytes::new(), call::listed);
            let Page { topics, next } = self.client.call(&rest, call).await?;
            all.extend(topics);
            match next {
                Some(next) => {
                    let asked = std::mem::take(&mut rest);
                    rest = format!("{first}&pageToken={}", encoded(&next));
                    // It would go on for ever.
                    if rest == asked {
                        break;
                    }
                }
                None => return Ok(all),
            }
        }
        let message = format!(
            "the service lists topics without an end: {} so far",
            all.len()
        );
        Err(push_core::Error::new(ErrorKind::Protocol, message).into())
    }

    /// Has any number of devices follow a topic, from an iterator or a stream; the outcomes come as
    /// a stream, in order of completion, as those of [`Client::send_all`].
    pub fn subscribe_all<M, I>(&self, devices: I, topic: &Topic) -> SubscribeAll<I::Source>
    where
        I: IntoSource<M>,
        I::Item: Device + Send + 'static,
    {
        many::all(self, devices.into_source(), Change::Subscribe, topic)
    }

    /// As [`subscribe_all`](Self::subscribe_all), for devices that come as results: the first error of
    /// the source ends the intake and comes last.
    pub fn try_subscribe_all<M, I, D, E>(
        &self,
        devices: I,
        topic: &Topic,
    ) -> TrySubscribeAll<I::Source, D, E>
    where
        I: IntoSource<M, Item = Result<D, E>>,
        D: Device + Send + 'static,
    {
        many::try_all(self, devices.into_source(), Change::Subscribe, topic)
    }

    /// Has any number of devices no longer follow a topic: as [`subscribe_all`](Self::subscribe_all).
    pub fn unsubscribe_all<M, I>(&self, devices: I, topic: &Topic) -> SubscribeAll<I::Source>
    where
        I: IntoSource<M>,
        I::Item: Device + Send + 'static,
    {
        many::all(self, devices.into_source(), Change::Unsubscribe, topic)
    }

    /// Has any number of devices no longer follow a topic: as
    /// [`try_subscribe_all`](Self::try_subscribe_all).
    pub fn try_unsubscribe_all<M, I, D, E>(
        &self,
        devices: I,
        topic: &Topic,
    ) -> TrySubscribeAll<I::Source, D, E>
    where
        I: IntoSource<M, Item = Result<D, E>>,
        D: Device + Send + 'static,
    {
        many::try_all(self, devices.into_source(), Change::Unsubscribe, topic)
    }

    /// One of many.
    async fn change(
        &self,
        change: Change,
        below: String,
        topic: Topic,
    ) -> Result<Subscription, Error> {
        match change {
            Change::Subscribe => self.add(below, topic, true).await,
            Change::Unsubscribe => self.remove(below, topic, true).await,
        }
    }
}

/// The collection of a device's topics, below the project.
fn below(device: &impl Device) -> Result<String, Error> {
    let target = device.target()?;
    match &*target {
        Target::Token(id) | Target::Fid(id) => Ok(format!(
            "/registrations/{}/topicSubscriptions",
            segment(id)?
        )),
        other => {
            let message = format!(
                "a {} follows no topic: expected a registration token or an installation id",
                other.field()
            );
            Err(push_core::Error::new(ErrorKind::InvalidMessage, message).into())
        }
    }
}

/// One segment of a path. Those of dots alone would lead elsewhere, encoded or not.
fn segment(text: &str) -> Result<String, Error> {
    if text == "." || text == ".." {
        let message = format!("{text:?} is no registration and no topic that could be asked for");
        return Err(push_core::Error::new(ErrorKind::InvalidMessage, message).into());
    }
    Ok(encoded(text))
}

/// Percent-encoded: everything but what is never reserved (RFC 3986, section 2.3).
fn encoded(text: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(text.len() + 16);
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(byte));
            }
            // A text can be written to.
            _ => drop(write!(out, "%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_reserved_in_a_path_is_encoded() {
        assert_eq!(encoded("ab:c_-.~%/é"), "ab%3Ac_-.~%25%2F%C3%A9");
        let below = below(&"a/b?c").unwrap();
        assert_eq!(below, "/registrations/a%2Fb%3Fc/topicSubscriptions");
    }

    #[test]
    fn what_would_lead_elsewhere_is_refused() {
        for text in [".", ".."] {
            assert_eq!(below(&text).unwrap_err().verdict(), Verdict::FixMessage);
            assert!(segment(text).is_err());
        }
        assert_eq!(segment("...").unwrap(), "...");
    }

    #[test]
    fn a_topic_is_no_registration() {
        let error = below(&Target::topic("news").unwrap()).unwrap_err();
        assert_eq!(error.verdict(), Verdict::FixMessage);
    }
}
