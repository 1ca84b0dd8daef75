//! The broadcast channels of an app.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method};
use push_core::ErrorKind;
use push_core::http::Answer;
use serde::{Deserialize, Serialize};

use crate::app::{AppRequest, BundleId, CHANNEL_ID};
use crate::client::Way;
use crate::notification::Invalid;
use crate::{ApnsId, ChannelId, Client, Error, StoragePolicy};

/// The longest list of channels that is read, in bytes: 10,000 ids of 16 octets are some 270 KB.
const LONGEST_LIST: usize = 2 << 20;

/// The broadcast channels of an app, in one environment: [`Client::channels`].
///
/// Live Activities that follow a channel get what is [broadcast](Client::broadcast) to it. An app may
/// have 10,000 of them in each environment, and they stay until they are deleted, whether anyone
/// listens or not. Source: Apple, "Sending channel management requests to APNs".
///
/// Nothing that the service may have done is asked for again. So an error whose verdict is
/// [`Unknown`](push_core::Verdict::Unknown) can leave a channel behind that nobody knows of, which
/// [`list`](Self::list) tells, or one that is deleted already. After a mere question that verdict says
/// no more than that there is no answer: ask again.
///
/// # Cancel safety
/// Dropping a future takes its request back unless it was handed to a connection.
#[derive(Clone, Debug)]
pub struct Channels {
    client: Client,
    topic: Option<String>,
}

/// What the service knows of a channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Channel {
    /// Its id.
    pub id: ChannelId,
    /// What it keeps for devices that can't be reached.
    pub storage_policy: StoragePolicy,
    /// What it is for, as the service writes it: `LiveActivity`.
    pub push_type: String,
}

/// The body of a request that creates a channel, and of the answer that shows one.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Configuration {
    message_storage_policy: StoragePolicy,
    push_type: String,
}

/// What channels are for; the service knows nothing else yet.
const PUSH_TYPE: &str = "LiveActivity";

impl Channels {
    pub(crate) fn new(client: Client) -> Self {
        Self {
            client,
            topic: None,
        }
    }

    /// The channels of another app: its bundle id. Default: the client's topic, or the first one of
    /// its certificate.
    #[must_use]
    pub fn topic(mut self, bundle_id: impl Into<String>) -> Self {
        self.topic = Some(bundle_id.into());
        self
    }

    /// Makes a channel. What it keeps for devices that can't be reached can't be changed later.
    ///
    /// # Errors
    /// What the service answered, such as
    /// [`Reason::FeatureNotEnabled`](crate::Reason::FeatureNotEnabled) for an app without the
    /// capability, or [`Reason::CannotCreateChannelConfig`](crate::Reason::CannotCreateChannelConfig)
    /// when there are too many; or why there is no answer.
    pub async fn create(&self, policy: StoragePolicy) -> Result<ChannelId, Error> {
        let configuration = Configuration {
            message_storage_policy: policy,
            push_type: PUSH_TYPE.to_owned(),
        };
        let body = serde_json::to_vec(&configuration).map_err(|error| {
            let message = "the channel can't be written as JSON";
            push_core::Error::new(ErrorKind::InvalidMessage, message).with_source(error)
        })?;
        let request = self
            .request(Method::POST, "channels", created)?
            .header(&CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .body(Bytes::from(body));
        self.client.call(request).await
    }

    /// What the service knows of a channel.
    ///
    /// # Errors
    /// What the service answered, such as
    /// [`Reason::ChannelNotRegistered`](crate::Reason::ChannelNotRegistered) when there is no such
    /// channel; or why there is no answer.
    pub async fn show(&self, id: &ChannelId) -> Result<Channel, Error> {
        let request = self.request(Method::GET, "channels", shown)?.channel(id);
        let configuration = self.client.call(request).await?;
        Ok(Channel {
            id: id.clone(),
            storage_policy: configuration.message_storage_policy,
            push_type: configuration.push_type,
        })
    }

    /// All channels of the app, in the service's order: up to 10,000, as Apple allows.
    ///
    /// # Errors
    /// What the service answered, or why there is no answer.
    pub async fn list(&self) -> Result<Vec<ChannelId>, Error> {
        let request = self.request(Method::GET, "all-channels", listed)?;
        self.client
            .call(request.max_answer_bytes(LONGEST_LIST))
            .await
    }

    /// Deletes a channel; who listens to it gets nothing more by it.
    ///
    /// # Errors
    /// What the service answered: a channel that is deleted a second time, or never was, is
    /// [`Reason::ChannelNotRegistered`](crate::Reason::ChannelNotRegistered). Or why there is no
    /// answer.
    pub async fn delete(&self, id: &ChannelId) -> Result<(), Error> {
        let request = self.request(Method::DELETE, "channels", deleted)?;
        self.client.call(request.channel(id)).await
    }

    fn request<T>(
        &self,
        method: Method,
        what: &str,
        read: fn(&Answer, ApnsId, u32) -> Result<T, Error>,
    ) -> Result<AppRequest<T>, Error> {
        let topic = self.topic.clone().or_else(|| self.client.default_topic());
        let bundle_id =
            BundleId::of_topic(topic.as_deref()).map_err(|invalid| Invalid::one(invalid.into()))?;
        let request = AppRequest::new(Way::Channels, method, self.client.next_id(), read);
        let authority = self.client.authority(Way::Channels);
        Ok(request.to(authority, format!("/1/apps/{bundle_id}/{what}")))
    }
}

fn created(answer: &Answer, id: ApnsId, attempts: u32) -> Result<ChannelId, Error> {
    let header = answer.headers.get(&CHANNEL_ID);
    let channel = header.and_then(|value| value.to_str().ok()?.parse().ok());
    channel.ok_or_else(|| {
        // There is a channel, or there is none: who asks again may have two.
        let message = "the service created a channel and named no id: list the channels to find it";
        let error = push_core::Error::new(ErrorKind::Lost, message);
        Error::from(error).sent_as(id, attempts)
    })
}

fn shown(answer: &Answer, id: ApnsId, attempts: u32) -> Result<Configuration, Error> {
    read(answer, id, attempts, "the configuration of a channel")
}

fn listed(answer: &Answer, id: ApnsId, attempts: u32) -> Result<Vec<ChannelId>, Error> {
    #[derive(Deserialize)]
    struct List {
        channels: Vec<ChannelId>,
    }

    let list: List = read(answer, id, attempts, "a list of channels")?;
    Ok(list.channels)
}

fn deleted(_: &Answer, _: ApnsId, _: u32) -> Result<(), Error> {
    Ok(())
}

/// Reads the body of an answer to a question.
fn read<T: for<'de> Deserialize<'de>>(
    answer: &Answer,
    id: ApnsId,
    attempts: u32,
    what: &str,
) -> Result<T, Error> {
    let failed = |message: String| push_core::Error::new(ErrorKind::Protocol, message);
    let error = if answer.complete {
        match serde_json::from_slice(&answer.body) {
            Ok(value) => return Ok(value),
            Err(error) => {
                failed(format!("the service answered with what is not {what}")).with_source(error)
            }
        }
    } else {
        let bytes = answer.body.len();
        failed(format!(
            "the answer broke off after {bytes} bytes, which is not yet {what}: ask again"
        ))
    };
    Err(Error::from(error).sent_as(id, attempts))
}
