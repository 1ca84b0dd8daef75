//! What a push says, the same for every subscription.

mod check;
mod declarative;
mod encode;
mod notification;
mod padding;
mod part;
mod problem;
mod urgency;
mod wire;

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;

pub use self::declarative::Declarative;
pub use self::encode::Encoded;
pub use self::notification::{Action, Notification, TextDirection};
pub use self::padding::Padding;
pub use self::problem::{Fault, Invalid, Problem};
pub use self::urgency::{InvalidUrgency, Urgency};
use crate::encryption::Encoding;

/// Four weeks: what others send too, and about as much as Mozilla and Apple store.
const DEFAULT_TTL: Duration = Duration::from_secs(2_419_200);

/// A message: the payload that the page's service worker gets, and how the push service is to treat
/// it. Where it goes is not part of it.
///
/// It is built by methods, none of which fail but [`Message::json`]: all that is wrong is said at once
/// when it is encoded or sent, before any I/O.
///
/// ```
/// # use std::time::Duration;
/// # use push_web::{Message, Urgency};
/// let goal = Message::text("1:0")
///     .ttl(Duration::from_secs(90 * 60))
///     .urgency(Urgency::High)
///     .topic("match-4711");
/// let queued = serde_json::to_string(&goal)?;
/// assert_eq!(
///     queued,
///     r#"{"body":"1:0","ttl":5400,"urgency":"high","topic":"match-4711"}"#
/// );
/// assert_eq!(serde_json::from_str::<Message>(&queued)?, goal);
/// # Ok::<_, serde_json::Error>(())
/// ```
///
/// As JSON the payload is `body` where it is text, else `body_base64`, or `declarative`; beside it stand
/// `ttl` in seconds, `urgency`, `topic`, `respond_async`, `content_type`, `encoding`, `padding` and
/// `record_size`. Other members are refused.
///
/// # Sizes
///
/// A body has at most 4096 bytes, into which fit 3993 bytes of payload and padding (4077 with
/// [`Encoding::AesGcm`]). A push service that hands pushes on may take less: Mozilla's hands those for
/// Firefox on Android on to FCM, and takes some 2744 bytes there
/// ([`Reason::TooLarge`](crate::Reason::TooLarge), errno 104).
#[derive(Clone, PartialEq)]
#[must_use]
pub struct Message {
    payload: Payload,
    ttl_secs: u64,
    urgency: Option<Urgency>,
    topic: Option<String>,
    respond_async: bool,
    content_type: Option<String>,
    encoding: Encoding,
    padding: Padding,
    record_size: Option<u32>,
}

#[derive(Clone, PartialEq)]
enum Payload {
    /// The push has no body.
    None,
    Bytes(Bytes),
    Declarative(Box<Declarative>),
}

impl Message {
    fn new(payload: Payload) -> Self {
        Self {
            payload,
            ttl_secs: DEFAULT_TTL.as_secs(),
            urgency: None,
            topic: None,
            respond_async: false,
            content_type: None,
            encoding: Encoding::default(),
            padding: Padding::None,
            record_size: None,
        }
    }

    /// A message with a text. An empty text is a payload all the same: [`Message::empty`] has none.
    pub fn text(text: impl Into<String>) -> Self {
        Self::bytes(text.into())
    }

    /// A message with a value as JSON.
    ///
    /// # Errors
    /// When the value can't be written as JSON.
    pub fn json(value: &impl Serialize) -> Result<Self, Invalid> {
        match serde_json::to_vec(value) {
            Ok(json) => Ok(Self::bytes(json)),
            Err(error) => {
                let reason = error.to_string();
                Err(Invalid::one(Problem::new(
                    "payload",
                    Fault::Unwritable { reason },
                )))
            }
        }
    }

    /// A message with any bytes.
    pub fn bytes(bytes: impl Into<Bytes>) -> Self {
        Self::new(Payload::Bytes(bytes.into()))
    }

    /// A message without a payload: it wakes the service worker, and needs no keys of the subscription.
    pub fn empty() -> Self {
        Self::new(Payload::None)
    }

    /// A message that a browser shows by itself where it can, and else gives to the service worker.
    pub fn declarative(declarative: impl Into<Declarative>) -> Self {
        Self::new(Payload::Declarative(Box::new(declarative.into())))
    }

    /// How long the push service keeps it for a browser that can't be reached: the header `TTL`, in
    /// whole seconds, rounded up. At most 2,147,483,647 s; services may keep it for less, and
    /// [`Receipt::ttl`](crate::Receipt::ttl) tells for how long.
    ///
    /// Zero means now or never: who is not online at this moment does not get it. So the default is four
    /// weeks, which is as long as most services keep anything.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        let rest = u64::from(ttl.subsec_nanos() > 0);
        self.ttl_secs = ttl.as_secs().saturating_add(rest);
        self
    }

    /// How urgent it is: the header `Urgency`. Default: none, which is [`Urgency::Normal`].
    pub fn urgency(mut self, urgency: Urgency) -> Self {
        self.urgency = Some(urgency);
        self
    }

    /// Takes the place of a message with the same topic that still waits for the browser: the header
    /// `Topic`. At most 32 of `A-Z a-z 0-9 - _` (RFC 8030, section 5.4); with Apple the length is none of 1,
    /// 5, 9, …, since it has to decode as base64url (else 400 `BadWebPushTopic`). The browser does not get it. Default: none.
    pub fn topic(mut self, topic: impl Into<String>) -> Self {
        self.topic = Some(topic.into());
        self
    }

    /// Asks for a receipt of the delivery: the header `Prefer: respond-async`. None of the four large
    /// services gives any; one that does answers 202, and says in
    /// [`Receipt::receipts`](crate::Receipt::receipts) where to fetch them.
    pub fn respond_async(mut self) -> Self {
        self.respond_async = true;
        self
    }

    /// The header `Content-Type`, of which the browser gets nothing. Default: `application/octet-stream`,
    /// for a declarative message `application/notification+json`, as WebKit proposes it, none without a
    /// payload.
    pub fn content_type(mut self, content_type: impl Into<String>) -> Self {
        self.content_type = Some(content_type.into());
        self
    }

    /// How the payload is encrypted. Default: `aes128gcm`, which every browser of today reads.
    pub fn encoding(mut self, encoding: Encoding) -> Self {
        self.encoding = encoding;
        self
    }

    /// How many bytes hide the payload's size. Default: none.
    pub fn padding(mut self, padding: Padding) -> Self {
        self.padding = padding;
        self
    }

    /// The record size that the body tells (RFC 8188, section 2). The payload with its padding has to fit
    /// into one record. Default: 4096.
    pub fn record_size(mut self, bytes: u32) -> Self {
        self.record_size = Some(bytes);
        self
    }
}

impl From<Declarative> for Message {
    fn from(declarative: Declarative) -> Self {
        Self::declarative(declarative)
    }
}

impl fmt::Debug for Message {
    /// Without what the payload says: its size only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Message");
        match &self.payload {
            Payload::None => {}
            Payload::Bytes(bytes) => {
                shown.field("payload_bytes", &bytes.len());
            }
            Payload::Declarative(_) => {
                shown.field("payload", &"declarative");
            }
        }
        shown
            .field("ttl_secs", &self.ttl_secs)
            .field("urgency", &self.urgency)
            .field("topic", &self.topic)
            .field("encoding", &self.encoding)
            .field("padding", &self.padding)
            .finish_non_exhaustive()
    }
}
