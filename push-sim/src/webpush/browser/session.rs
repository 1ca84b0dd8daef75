//! One user agent's talk with the service: what it says goes in, what is answered comes out.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::message::{Content, Headers, Incoming, Outgoing};
use crate::webpush::store::{Listener, Message, Store};
use crate::webpush::subscription::point;

/// A session, from its beginning.
pub(super) struct Session {
    store: Arc<Store>,
    /// By which the browser has reached the service, such as `https://127.0.0.1:8443`.
    origin: String,
    /// Once the user agent has said who it is.
    listener: Option<Listener>,
}

/// What a user agent may not say. It ends the session.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    #[error("the message is no JSON of this protocol")]
    Unreadable,
    #[error("the first message is not hello")]
    NotGreeted,
    #[error("hello was said before")]
    GreetedTwice,
    #[error("a channelID is not a UUID in lower case with dashes")]
    Channel,
}

impl Session {
    pub(super) fn new(store: Arc<Store>, origin: String) -> Self {
        Self {
            store,
            origin,
            listener: None,
        }
    }

    /// Whether it is known who talks.
    pub(super) fn is_greeted(&self) -> bool {
        self.listener.is_some()
    }

    /// Hears a message, and says what is answered, if anything is.
    pub(super) fn hear(&mut self, text: &str) -> Result<Option<Outgoing>, Refusal> {
        let message = Incoming::read(text).map_err(|_| Refusal::Unreadable)?;
        let Some(Listener { uaid, .. }) = &self.listener else {
            let Incoming::Hello { uaid } = message else {
                return Err(Refusal::NotGreeted);
            };
            return Ok(Some(self.greet(uaid.as_deref())));
        };
        Ok(match message {
            Incoming::Hello { .. } => return Err(Refusal::GreetedTwice),
            Incoming::Register { channel, key } => {
                check(&channel)?;
                let made = self.register(uaid, &channel, key.as_deref());
                let (status, endpoint) = match made {
                    Some(endpoint) => (200, endpoint),
                    None => (400, "Failed to generate endpoint".to_owned()),
                };
                Some(Outgoing::Register {
                    channel,
                    status,
                    endpoint,
                })
            }
            Incoming::Unregister { channel } => {
                check(&channel)?;
                // Gone already is gone as well.
                self.store.unregister(uaid, &channel);
                Some(Outgoing::Unregister {
                    channel,
                    status: 200,
                })
            }
            Incoming::Ack { updates } => {
                for update in updates {
                    check(&update.channel)?;
                    let code = update.code.unwrap_or(100);
                    self.store
                        .acknowledge(uaid, &update.channel, &update.version, code);
                }
                None
            }
            Incoming::Nack { version, code } => {
                tracing::debug!(version, code, "a browser could not use a message");
                None
            }
            Incoming::BroadcastSubscribe {} => None,
            Incoming::Ping => Some(Outgoing::Ping {}),
        })
    }

    /// An id that is not known is replaced, whatever it looks like.
    fn greet(&mut self, uaid: Option<&str>) -> Outgoing {
        let listener = self.store.listen(uaid.and_then(user_agent).as_deref());
        let uaid = listener.uaid.clone();
        self.listener = Some(listener);
        Outgoing::Hello {
            uaid,
            status: 200,
            use_webpush: true,
            broadcasts: BTreeMap::new(),
        }
    }

    /// The endpoint of a subscription.
    fn register(&self, uaid: &str, channel: &str, key: Option<&str>) -> Option<String> {
        let key = match key {
            Some(key) => Some(point(key)?),
            None => None,
        };
        let made = self
            .store
            .register(uaid, channel, key.as_deref(), &self.origin);
        made.inspect_err(|error| tracing::debug!(%error, "a browser's subscription was refused"))
            .ok()
    }

    /// Waits for the next message for this user agent. `None`: it has connected elsewhere, or everything
    /// was forgotten.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    pub(super) async fn next(&mut self) -> Option<Outgoing> {
        let Some(listener) = &mut self.listener else {
            return std::future::pending().await;
        };
        listener.messages.recv().await.map(|it| handed_over(&it))
    }
}

fn handed_over(message: &Message) -> Outgoing {
    let headers = Headers {
        encoding: message.encoding.clone(),
        encryption: message.encryption.clone(),
        crypto_key: message.crypto_key.clone(),
    };
    let channel = message.channel.as_ref();
    Outgoing::Notification {
        channel: channel.map_or_else(String::new, |channel| channel.channel_id.clone()),
        version: message.version.clone(),
        ttl: message.ttl.into(),
        content: Content::of(&message.data, headers),
    }
}

fn check(channel: &str) -> Result<(), Refusal> {
    is_channel(channel).then_some(()).ok_or(Refusal::Channel)
}

/// A user agent's id in the form in which they are given, if it is one.
fn user_agent(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(|it| *it != '-').collect();
    let is_id = digits.len() == 32 && digits.bytes().all(|octet| octet.is_ascii_hexdigit());
    is_id.then(|| digits.to_ascii_lowercase())
}

/// A UUID, in the one form in which Mozilla takes it.
fn is_channel(text: &str) -> bool {
    let is_right = |(at, octet): (usize, u8)| match at {
        8 | 13 | 18 | 23 => octet == b'-',
        _ => matches!(octet, b'0'..=b'9' | b'a'..=b'f'),
    };
    text.len() == 36 && text.bytes().enumerate().all(is_right)
}
