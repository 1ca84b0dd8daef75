//! FCM HTTP v1: messages, Google's credentials, the client, and topics.
//!
//! ```no_run
//! # use push_gcm::v1 as fcm;
//! # use push_core::{Outcome, Session, Verdict};
//! # async fn example(backend: impl push_core::Backend) -> Result<(), Box<dyn std::error::Error>> {
//! let session = Session::new(backend);
//! let client = fcm::Client::builder(session)
//!     .credentials(fcm::Credentials::from_file("service-account.json")?)
//!     .build()?;
//! let hello = fcm::Message::with_notification("anypush", "Hello");
//! match client.send("bk3RNwTe3H0:CI2k_HHwgIpoDKCIZvvDMExUdFQ3P1", &hello).await.verdict() {
//!     Verdict::Accepted => {}
//!     Verdict::RemoveToken { .. } => println!("gone"),
//!     other => println!("{}", other.name()),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! A bare text is a registration token; [`Target`] is also an installation id, a topic or a condition.
//!
//! # Answers and verdicts
//!
//! FCM's own code counts first, then what Apple's service answered to FCM, then the fields that are
//! named, then the class of the error, and the HTTP status only where there is nothing else.
//!
//! | answer | verdict |
//! |---|---|
//! | 200 with the message's name | [`Accepted`](push_core::Verdict::Accepted) |
//! | `UNREGISTERED`; APNs' `Unregistered`, `BadDeviceToken` and their like, whatever FCM makes of them | [`RemoveToken`](push_core::Verdict::RemoveToken) |
//! | `INVALID_ARGUMENT` that names a field; 400, 413 | [`FixMessage`](push_core::Verdict::FixMessage) |
//! | `INVALID_ARGUMENT` that speaks of the token: dead, malformed, or the message is wrong | [`FixMessage`](push_core::Verdict::FixMessage); [`RemoveToken`](push_core::Verdict::RemoveToken) in a bulk send that others of were taken |
//! | `SENDER_ID_MISMATCH`, `THIRD_PARTY_AUTH_ERROR`; 401, 403, 404, 405 and 410 without FCM's own code | [`FixCredentials`](push_core::Verdict::FixCredentials) |
//! | `QUOTA_EXCEEDED`, 429 | [`RetryAfter`](push_core::Verdict::RetryAfter) `Retry-After`, or a minute |
//! | `UNAVAILABLE`, `INTERNAL`, 5xx | [`RetryAfter`](push_core::Verdict::RetryAfter) `Retry-After`, or ten seconds |
//! | no connection, no access token for now | [`RetryAfter`](push_core::Verdict::RetryAfter) |
//! | none, after the request was written; 200 without a name | [`Unknown`](push_core::Verdict::Unknown) |
//!
//! No token is to be removed for a bare 400, 403, 404 or 410. What a bulk send makes of it when all its
//! devices seem gone, [`SendAll`] says.
//!
//! # Without I/O
//! [`Message::encode`] makes the body of a request for whichever HTTP client, and [`Receipt::read`] and
//! [`Rejection::read`] read its answer:
//!
//! ```
//! # use std::time::SystemTime;
//! # use push_core::{Outcome, Verdict};
//! use push_gcm::v1::{Message, Receipt, Rejection, Target};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let hello = Message::with_notification("anypush", "Hello").encode()?; // once for all targets
//! let device = Target::token("bk3RNwTe3H0:CI2k_HHwgIpoDKCIZvvDMExUdFQ3P1");
//! hello.check(&device)?;
//! let body = hello.body(&device);
//! # let (status, headers, body) = (http::StatusCode::UNAUTHORIZED, http::HeaderMap::new(), b"");
//! # let now = SystemTime::UNIX_EPOCH;
//!
//! // The request is sent, to /v1/projects/PROJECT/messages:send, and its answer has come.
//! let verdict = match Receipt::read(status, body, 1) {
//!     Some(receipt) => receipt.verdict(),
//!     None if status.is_success() => Verdict::Unknown,
//!     None => Rejection::read(status, &headers, body, now).verdict(),
//! };
//! assert_eq!(verdict, Verdict::FixCredentials);
//! # Ok(())
//! # }
//! ```
//!
//! # Access tokens
//! One token serves all requests of a client: fetched once for all who wait, renewed in the background
//! before it ends, and renewed once when the service refuses it. [`oauth`] has where it comes from.
//!
//! # Device groups
//! The notification key of a device group is taken as a registration token. Making and changing groups
//! is not here: Google ends them on 2027-09-29.

mod answer;
mod client;
mod error;
mod message;
pub mod oauth;
mod outcome;
mod retry;
mod send_all;
mod target;
mod timestamp;
mod topics;

pub use answer::{
    Advice, ApnsReason, Judgement, QuotaViolation, Reason, Rejection, Status, Violation,
};
pub use client::{Client, ClientBuilder};
pub use error::Error;
pub use message::{
    AndroidConfig, AndroidConfigV2, AndroidKind, AndroidNotification, AndroidNotificationV2,
    AndroidPriority, ApnsConfig, ApnsOptions, Aps, ApsAlert, ApsAlertFields, ApsCriticalSound,
    ApsSound, BackgroundSync, Color, Encoded, Fault, FcmOptions, Flag, Invalid, LightSettings,
    LiveActivityToken, Message, Notification, NotificationId, NotificationPriority,
    NotificationProxy, Problem, RemoteNotification, TextDirection, Vibration, Visibility,
    WebAction, WebNotification, WebpushConfig, WebpushOptions,
};
pub use oauth::{
    AccessToken, Credentials, Environment, OAuthCode, OAuthError, ProcessEnvironment, TokenProvider,
};
pub use outcome::{Outcome, Receipt};
pub use retry::google_retry;
pub use send_all::{SendAll, SendEach, TrySendAll};
pub use target::{Condition, Device, InvalidCondition, InvalidTarget, InvalidTopic, Target, Topic};
pub use topics::{SubscribeAll, Subscription, Topics, TrySubscribeAll};
