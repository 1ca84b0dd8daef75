//! GCM and FCM by the legacy HTTP protocol, **which Google shut down in 2024**.
//!
//! Its servers answer no more: GCM's since 2019, and FCM's by this protocol since the summer of 2024.
//! To reach devices through Google, use [`v1`](crate::v1). This client is for servers that still speak
//! the protocol: compatible services, gateways of one's own, simulators, tests.
//!
//! ```no_run
//! # use push_gcm::legacy as gcm;
//! # use push_core::{Outcome, Session, Verdict};
//! # use futures_util::StreamExt;
//! # async fn example(backend: impl push_core::Backend, ids: Vec<String>) -> Result<(), Box<dyn std::error::Error>> {
//! let client = gcm::Client::builder(Session::new(backend))
//!     .endpoint("https://push.example/gcm/send")
//!     .api_key(std::fs::read_to_string("api.key")?)
//!     .build()?;
//! let hello = gcm::Message::text("Hello").collapse_key("greetings").high_priority();
//!
//! let receipt = client.send("dQw4w9WgXcQ:APA91bHun4M", &hello).await?; // one device
//! println!("taken as {}", receipt.message_id);
//!
//! let mut outcomes = client.send_all(ids, &hello); // any number, 1000 to a request
//! while let Some((id, outcome)) = outcomes.next().await {
//!     match outcome.verdict() {
//!         Verdict::ReplaceToken(new) => println!("store {new} in place of {id}"),
//!         Verdict::RemoveToken { .. } => println!("remove {id}"),
//!         Verdict::RetryAfter(wait) => println!("send to {id} again in {wait:?}"),
//!         other => println!("{}", other.name()),
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Many devices
//!
//! [`Client::send_all`] is a stream of outcomes in constant memory. [`Client::send_multicast`] takes a
//! [`Multicast`], which can be put on a queue, and gives a [`Report`]: who got the message, whose id is
//! to be replaced, who is gone, and a message for just those to whom it may be sent again.
//!
//! Nothing is sent again behind the caller's back but what was provably not processed:
//! [`Report::retry`] and [`Report::delay`] are for the caller's own clock and queue.
//!
//! # Without I/O
//!
//! [`Message::encode`] makes the body of a request for whichever HTTP client, and [`Reply::read`] reads its
//! answer.
//!
//! # Answers and verdicts
//!
//! | answer | verdict |
//! |---|---|
//! | a message id | [`Accepted`](push_core::Verdict::Accepted) |
//! | a message id and a registration id | [`ReplaceToken`](push_core::Verdict::ReplaceToken) |
//! | NotRegistered, InvalidRegistration | [`RemoveToken`](push_core::Verdict::RemoveToken); in a bulk send, what [`SendAll`] says |
//! | Unavailable, InternalServerError, 5xx | [`RetryAfter`](push_core::Verdict::RetryAfter) what the service says, or 10 seconds |
//! | DeviceMessageRateExceeded, TopicsMessageRateExceeded, 429 | [`RetryAfter`](push_core::Verdict::RetryAfter) what the service says, or 60 seconds |
//! | MismatchSenderId, InvalidApnsCredential, 401, 403, 404 | [`FixCredentials`](push_core::Verdict::FixCredentials) |
//! | 400, every other error | [`FixMessage`](push_core::Verdict::FixMessage) |
//! | none, or one that can't be read | [`Unknown`](push_core::Verdict::Unknown) |
//!
//! A request that failed with 5xx counts as not taken, as the protocol has it; a server that took it
//! before it failed shows the message twice when it is sent again. There is no key by which it would
//! know: a [collapse key](Message::collapse_key), or an id in the data, lets the app tell.

mod answer;
mod chunks;
mod client;
mod device;
mod error;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod message;
mod multicast;
mod outcome;
mod registration_id;
mod report;
mod send_all;
mod target;

pub use answer::{Advice, Judgement, Reason, Rejection, Reply};
pub use client::{Client, ClientBuilder, FCM, GCM, GCM_HTTP};
pub use device::Device;
pub use error::Error;
pub use message::{Encoded, Invalid, Message, Notification, Priority, Problem};
pub use multicast::Multicast;
pub use outcome::{GroupReceipt, Outcome, Receipt};
pub use registration_id::{InvalidRegistrationId, RegistrationId};
pub use report::{Report, Response};
pub use send_all::{SendAll, TrySendAll};
