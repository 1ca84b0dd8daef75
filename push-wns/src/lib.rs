//! Windows Push Notification Services (WNS): toasts, tiles, badges and raw notifications, to UWP apps and to
//! those of the Windows App SDK.
//!
//! ```no_run
//! # use push_wns as wns;
//! # use futures_util::StreamExt;
//! # use push_core::{Outcome, Session, Verdict};
//! # async fn example(backend: impl push_core::Backend, channels: Vec<String>, secret: String) -> Result<(), Box<dyn std::error::Error>> {
//! let session = Session::new(backend);
//! let client = wns::Client::builder(session)
//!     .credentials(wns::Credentials::package("ms-app://S-1-15-2-1004590123", secret)?)
//!     .build()?;
//!
//! let goal = wns::Toast::new("Goal").text("1:0 in the 89th minute").launch("match=4711");
//! let goal = wns::Notification::toast(goal);
//! // The URIs that the app has got and handed on, from an iterator or a stream.
//! let mut outcomes = client.send_all(channels, &goal);
//! while let Some((channel, outcome)) = outcomes.next().await {
//!     match outcome.verdict() {
//!         Verdict::Accepted => {}
//!         Verdict::RemoveToken { .. } => println!("remove {channel}"),
//!         Verdict::RetryAfter(wait) => println!("{channel} again in {wait:?}"),
//!         _ => println!("{channel}: {outcome:?}"),
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! One push is [`Client::send`]. Whatever stands beside a channel, as a row's number, comes back with its
//! outcome: [`Device`].
//!
//! # Notifications
//!
//! A [`Notification`] is a [`Toast`] of today or one of the old templates ([`TemplateToast`]), a [`Tile`] with
//! a [`TileBinding`] for each size or old templates ([`TemplateBinding`]), a [`Badge`], raw bytes, or XML of
//! one's own, with every header of the protocol. WNS looks at no XML, and Windows shows nothing of what it does
//! not understand: so all that is wrong is said at once, before anything is sent, its size too, of which
//! 5000 bytes are the most.
//!
//! # Channels, and where the access token goes
//!
//! An app gets a [`ChannelUri`] on the device and hands it on. Whoever registers one names the host that gets
//! the access token, so [`TrustedOrigins`] are asked before anything else: by default `https` on port 443 at
//! `notify.windows.com` and below it, and nothing that merely looks so. No redirect is followed. A [`Channel`]
//! keeps when it was registered: it lives for 30 days, unless the app asks for it again. `Debug` and `Display`
//! show its host and a fingerprint only.
//!
//! # Credentials
//!
//! [`Credentials::package`] is for UWP apps: the Package SID and the secret of the Partner Center.
//! [`Credentials::entra`] is for the Windows App SDK: tenant, application id and secret of Entra ID. The channels
//! of one kind refuse the tokens of the other. A client has one access token for all its pushes, fetched once for
//! all who wait, renewed in the background, and once more where WNS refuses it.
//!
//! # Without I/O
//!
//! All but [`Client`] and the fetching of tokens is pure. [`Encoded`] has headers and body for whichever HTTP
//! client, and [`Receipt::read`] and [`Rejection::read`] read its answer:
//!
//! ```
//! # use std::time::SystemTime;
//! # use push_core::{Outcome, Verdict};
//! use push_wns::{Badge, ChannelUri, Notification, Receipt, Rejection, TrustedOrigins};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let now = SystemTime::UNIX_EPOCH;
//! # let (status, headers, body) = (http::StatusCode::GONE, http::HeaderMap::new(), b"");
//! let badge = Notification::badge(Badge::number(7)).encode()?; // once for all channels
//! assert_eq!(badge.body(), &b"<badge value=\"7\"/>"[..]);
//! assert_eq!(badge.headers()["x-wns-type"], "wns/badge");
//!
//! let channel: ChannelUri = "https://db5p.notify.windows.com/?token=AwYAAAD8".parse()?;
//! TrustedOrigins::windows().check(&channel)?; // before the access token is put on
//!
//! // The request is sent, and its answer has come.
//! let verdict = match Receipt::read(status, &headers, 1) {
//!     Some(receipt) => receipt.verdict(),
//!     None => Rejection::read(status, Some("Gone"), &headers, body, now).verdict(),
//! };
//! assert_eq!(verdict, Verdict::remove_token(None));
//! # Ok(())
//! # }
//! ```
//!
//! # Answers and verdicts
//!
//! What WNS says stands in headers, also with status 200: `X-WNS-Status`, which it spells
//! `X-WNS-NotificationStatus` as well.
//!
//! | answer | verdict |
//! |---|---|
//! | 200, unless it says `dropped` or `channelthrottled` | [`Accepted`](push_core::Verdict::Accepted): taken, which is not to say delivered |
//! | 200 `dropped`: thrown away, as the device is offline or takes no such ones | [`RetryAfter`](push_core::Verdict::RetryAfter) half an hour; never sent again by the client itself |
//! | 200 `channelthrottled`; 406; 429 | [`RetryAfter`](push_core::Verdict::RetryAfter) `Retry-After`, or a minute |
//! | 410 | [`RemoveToken`](push_core::Verdict::RemoveToken) |
//! | 404 | [`RemoveToken`](push_core::Verdict::RemoveToken); in a bulk send held back until WNS takes another, and [`RetryAfter`](push_core::Verdict::RetryAfter) an hour where five and more are not known and it takes none: see [`SendAll`] |
//! | 401, after the access token was renewed once; 403; 410 "Domain Blocked" | [`FixCredentials`](push_core::Verdict::FixCredentials): no channel is gone |
//! | 400; 405; 413; 3xx; any other 4xx | [`FixMessage`](push_core::Verdict::FixMessage) |
//! | 408; 5xx | [`RetryAfter`](push_core::Verdict::RetryAfter) `Retry-After`, or ten seconds |
//! | any other 2xx; none, after the request was written | [`Unknown`](push_core::Verdict::Unknown) |
//! | no connection | [`RetryAfter`](push_core::Verdict::RetryAfter) |
//! | no certificate that holds; no access token, for good | [`FixCredentials`](push_core::Verdict::FixCredentials) |
//! | nothing was sent: the notification or the channel can't be taken, or the channel is not trusted | [`FixMessage`](push_core::Verdict::FixMessage) |
//!
//! Source: Microsoft, "Push notification service request and response headers".

mod answer;
mod channel;
mod client;
mod device;
mod error;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod notification;
pub mod oauth;
mod outcome;
mod send_all;

pub use answer::{Advice, DeviceStatus, Reason, Rejection};
pub use channel::{Channel, ChannelUri, InvalidChannel, TrustedOrigins};
pub use client::{Client, ClientBuilder};
pub use device::Device;
pub use error::Error;
pub use notification::{
    ActivationType, AfterActivation, Audio, Badge, Binding, Branding, Button, ButtonStyle,
    CachePolicy, Command, CommandId, CommandScenario, Commands, Crop, Encoded, Fault, Glyph, Group,
    Image, ImageAlign, Input, InputKind, Invalid, InvalidBadge, Kind, MAX_BODY_BYTES, Match,
    Notification, Presentation, Priority, Problem, Progress, ProgressValue, Scenario, Selection,
    Sound, Subgroup, SubgroupItem, TemplateBinding, TemplateToast, Text, TextAlign, TextStacking,
    TextStyle, Tile, TileBinding, TileItem, TileSize, TileTemplate, TileVisual, Toast,
    ToastBinding, ToastDuration, ToastHeader, ToastItem, ToastTemplate, ToastText, ToastVisual,
    UnknownTemplate, UnknownWord,
};
pub use oauth::Credentials;
pub use outcome::{Outcome, Receipt};
pub use push_core::WnsStatus;
pub use push_core::fan_out::Judgement;
pub use send_all::{SendAll, SendEach, TrySendAll};
