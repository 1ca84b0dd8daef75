//! Apple Push Notification service: notifications, provider tokens, and a client for the HTTP/2
//! provider API on any backend. The binary gateway that was before it is in [`gateway`].
//!
//! ```no_run
//! # use push_apns as apns;
//! # use push_core::{Outcome, Session, Verdict};
//! # async fn example(backend: impl push_core::Backend) -> Result<(), Box<dyn std::error::Error>> {
//! let session = Session::new(backend);
//! let key = std::fs::read("AuthKey.p8")?;
//! let client = apns::Client::builder(session)
//!     .provider_token(apns::ProviderToken::from_p8(key, "KEYID12345", "TEAMID1234")?)
//!     .topic("com.example.app")
//!     .build()?;
//! let hello = apns::Notification::alert("Hello").title("anypush").badge(1);
//! let token: apns::DeviceToken = "00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0".parse()?;
//! match client.send(&token, &hello).await.verdict() {
//!     Verdict::Accepted => {}
//!     Verdict::RemoveToken { since, .. } => println!("gone since {since:?}"),
//!     other => println!("{}", other.name()),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Answers and verdicts
//!
//! | answer | verdict |
//! |---|---|
//! | 200 | [`Accepted`](push_core::Verdict::Accepted) |
//! | 410 | [`RemoveToken`](push_core::Verdict::RemoveToken) since the timestamp |
//! | 400 that names token, topic, payload or a header | [`FixMessage`](push_core::Verdict::FixMessage) |
//! | 403, TopicDisallowed, TLS faults | [`FixCredentials`](push_core::Verdict::FixCredentials) |
//! | 429, 5xx | [`RetryAfter`](push_core::Verdict::RetryAfter) `Retry-After`, or a minute |
//! | IdleTimeout, no connection | [`RetryAfter`](push_core::Verdict::RetryAfter) |
//! | none, after the request was written | [`Unknown`](push_core::Verdict::Unknown) |
//!
//! A single `BadDeviceToken` asks to fix the message, not to remove the token: it is also what a
//! development token gets from the production service, and a burst of them must not empty a
//! registry. A bulk send knows more: what it makes of them by the other outcomes, [`SendAll`] says.
//!
//! # Broadcast
//!
//! One push to a channel reaches every Live Activity that follows it:
//!
//! ```no_run
//! # use push_apns as apns;
//! # use apns::{Expiration, Notification, Priority, StoragePolicy};
//! # #[derive(serde::Serialize)]
//! # struct Score { home: u8, away: u8 }
//! # async fn example(client: apns::Client) -> Result<(), Box<dyn std::error::Error>> {
//! let channel = client.channels().create(StoragePolicy::None).await?;
//! let score = Score { home: 1, away: 0 };
//! let goal = Notification::live_activity_update(std::time::SystemTime::now(), score)
//!     .priority(Priority::Immediate)
//!     .expiration(Expiration::Once);
//! let receipt = client.broadcast(&channel, &goal).await?;
//! println!("taken as {}", receipt.id);
//! # Ok(())
//! # }
//! ```

mod answer;
mod apns_id;
mod app;
mod channel_id;
mod channels;
mod client;
mod collapse_id;
mod device;
mod device_token;
mod endpoint;
mod error;
mod expiration;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
pub mod gateway;
mod ids;
mod judgement;
mod notification;
mod outcome;
mod payload;
mod priority;
mod provider_token;
mod push_type;
mod send_all;
mod storage_policy;
mod truncate;
mod validity;

pub use answer::{Advice, Judgement, Reason, Rejection, parse_body};
pub use apns_id::{ApnsId, InvalidApnsId};
pub use channel_id::{ChannelId, InvalidChannelId};
pub use channels::{Channel, Channels};
pub use client::{Client, ClientBuilder};
pub use collapse_id::{CollapseId, InvalidCollapseId};
pub use device::Device;
pub use device_token::{DeviceToken, InvalidDeviceToken};
pub use endpoint::Endpoint;
pub use error::Error;
pub use expiration::Expiration;
pub use notification::{
    EncodeContext, Encoded, EncodedBroadcast, GatewayContext, Invalid, Notification, Problem,
};
pub use outcome::{Outcome, Receipt};
pub use payload::{
    Alert, AlertFields, Aps, CriticalSound, Event, InterruptionLevel, LiveActivity, Payload, Sound,
    Text, Timestamp,
};
pub use priority::{InvalidPriority, Priority};
pub use provider_token::ProviderToken;
pub use push_type::{InvalidPushType, PushType};
pub use send_all::{SendAll, SendEach, TrySendAll};
pub use storage_policy::{InvalidStoragePolicy, StoragePolicy};
pub use truncate::Truncation;
