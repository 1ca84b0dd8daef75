//! Web Push (RFC 8030): message encryption (RFC 8188, RFC 8291), VAPID (RFC 8292), and a client for
//! subscriptions at any number of push services.
//!
//! ```no_run
//! # use push_web as web;
//! # use futures_util::StreamExt;
//! # use push_core::{Outcome, Session, Verdict};
//! # async fn example(backend: impl push_core::Backend, subscriptions: Vec<String>) -> Result<(), Box<dyn std::error::Error>> {
//! let session = Session::new(backend);
//! let key = web::VapidKey::from_pem_file("vapid.pem")?;
//! let client = web::Client::builder(session)
//!     .vapid(web::Vapid::new(key).subject("mailto:ops@example.org"))
//!     .build()?;
//!
//! // What `JSON.stringify(subscription)` gave in each browser.
//! let subscriptions: Vec<web::Subscription> =
//!     subscriptions.iter().map(|json| json.parse()).collect::<Result<_, _>>()?;
//! let hello = web::Message::text("Hello").topic("greetings");
//! let mut outcomes = client.send_all(subscriptions, &hello);
//! while let Some((subscription, outcome)) = outcomes.next().await {
//!     match outcome.verdict() {
//!         Verdict::Accepted => {}
//!         Verdict::RemoveToken { .. } => println!("remove {}", subscription.endpoint().url()),
//!         Verdict::RetryAfter(wait) => println!("{} again in {wait:?}", subscription.endpoint()),
//!         _ => println!("{}: {outcome:?}", subscription.endpoint()),
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! One push is [`Client::send`]. Whatever stands beside a subscription, as a row's number, comes back with
//! its outcome: [`Device`].
//!
//! # Without I/O
//!
//! All but [`Client`] is pure: bytes, headers, and times that the caller gives. [`Encoded::request`] makes
//! the whole request for whichever HTTP client, and [`Receipt::read`] and [`Rejection::read`] read its
//! answer:
//!
//! ```
//! # use std::time::SystemTime;
//! # use push_core::{Outcome, Verdict};
//! use push_web::{
//!     EndpointPolicy, Message, Profile, PushService, Receipt, Receiver, Rejection, Subscription, Vapid,
//!     VapidKey, VapidTokens,
//! };
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let browser = Receiver::generate()?;
//! # let subscription = Subscription::with_keys("https://push.example.net/v1/abc", browser.keys())?;
//! # let now = SystemTime::UNIX_EPOCH;
//! # let (status, headers, body) = (http::StatusCode::GONE, http::HeaderMap::new(), b"");
//! let tokens = VapidTokens::new(Vapid::new(VapidKey::generate()?).subject("mailto:ops@example.org"));
//! let hello = Message::text("Hello").encode()?; // once for all subscriptions
//!
//! subscription.check(&EndpointPolicy::public())?;
//! let endpoint = subscription.endpoint();
//! let profile = Profile::of(PushService::of(endpoint.host()));
//! let token = tokens.get(endpoint.origin(), now)?; // signed once for each push service
//! let request = hello.request(&subscription, &profile, Some(&token))?;
//! # assert_eq!(browser.decrypt_aes128gcm(request.body())?, b"Hello");
//!
//! // The request is sent, and its answer has come.
//! let verdict = match Receipt::read(profile.service(), status, &headers, 1) {
//!     Some(receipt) => receipt.verdict(),
//!     None => Rejection::read(profile.service(), status, &headers, body, now).verdict(),
//! };
//! assert_eq!(verdict, Verdict::remove_token(None));
//! # Ok(())
//! # }
//! ```
//!
//! Such an HTTP client has to filter addresses and to leave redirects alone by itself: see
//! [hostile endpoints](#hostile-endpoints). [`Receiver`] is the other end, what a browser keeps: for tests,
//! and for those who write clients.
//!
//! # Answers and verdicts
//!
//! The HTTP status counts first. The service's own word says more where the status leaves it open; it is
//! read in the form of the service to which the endpoint belongs, and at a host that is not known in
//! whichever form it has, as push services can be hosted by anyone.
//!
//! | answer | verdict |
//! |---|---|
//! | 200, 201, 202, 204 | [`Accepted`](push_core::Verdict::Accepted): taken, which is not to say delivered |
//! | 410; 404 with Mozilla's 103, 105 or 106 | [`RemoveToken`](push_core::Verdict::RemoveToken) |
//! | 404 | [`RemoveToken`](push_core::Verdict::RemoveToken); in a bulk send held back until the same push service takes another, and [`RetryAfter`](push_core::Verdict::RetryAfter) an hour where five and more are not found and it takes none: see [`SendAll`] |
//! | another VAPID key than the subscription's: Apple's `VapidPkHashMismatch`, Mozilla's 109 and FCM's 403 that say so, WNS's 403 | [`FixCredentials`](push_core::Verdict::FixCredentials), of this subscription |
//! | 401; any other 403; Mozilla's 109; Apple's `BadJwtToken`, `BadVapidPublicKey`, `BadAuthorizationHeader`; FCM's 400 `UnauthorizedRegistration`; WNS's 410 "Domain Blocked" | [`FixCredentials`](push_core::Verdict::FixCredentials) |
//! | any other 400; 413; 3xx, since no redirect is followed; any other 4xx | [`FixMessage`](push_core::Verdict::FixMessage) |
//! | 429; WNS's 406, and its 200 with the status `channelthrottled` | [`RetryAfter`](push_core::Verdict::RetryAfter) `Retry-After`, or a minute |
//! | 200 of WNS with the status `dropped`: it threw the push away | [`RetryAfter`](push_core::Verdict::RetryAfter) `Retry-After`, or half an hour; never sent again by the client itself |
//! | 408; 5xx | [`RetryAfter`](push_core::Verdict::RetryAfter) `Retry-After`, or ten seconds |
//! | any other 2xx; none, after the request was written | [`Unknown`](push_core::Verdict::Unknown) |
//! | no connection | [`RetryAfter`](push_core::Verdict::RetryAfter) |
//! | no certificate that holds | [`FixMessage`](push_core::Verdict::FixMessage) at a host that is not known, since anybody can name one; else [`FixCredentials`](push_core::Verdict::FixCredentials): the roots, or a proxy |
//! | nothing was sent: the message, the subscription or the addresses that its host has can't be taken | [`FixMessage`](push_core::Verdict::FixMessage) |
//!
//! Only [`RemoveToken`](push_core::Verdict::RemoveToken) is a reason to delete a subscription. What an
//! answer means is [`Rejection::reason`], the same words for all services; what the service itself said are
//! [`Rejection::code`] and [`Rejection::detail`].
//!
//! # Push services
//!
//! The browser chooses the push service: Mozilla's for Firefox, Google's FCM for Chrome and most of its
//! relatives, Microsoft's WNS for Edge, Apple's for Safari. [`PushService::of`] knows them by the endpoint's
//! host, and [`Profile`] in what they differ: WNS wants a header more with a TTL of zero, Apple refuses some
//! lengths of topics, answers have four forms. [`ClientBuilder::profile`] says it for a push service of
//! one's own, or otherwise for one of these. An endpoint is sent to as it was given; nothing in it is
//! rewritten.
//!
//! # Hostile endpoints
//!
//! An endpoint comes from a user, and makes the sender connect to whatever it names. So:
//!
//! - [`EndpointPolicy`] says which are taken, by what is written in them: by default `https` on port 443 at a
//!   public name, and no address in any notation. [`known_services`](EndpointPolicy::known_services) takes
//!   those of the four large services only, [`ports`](EndpointPolicy::ports) other ports.
//!   [`Subscription::check`] asks it before a subscription is stored; a client asks it before each push.
//! - What a name leads to is judged when it is dialled, on the very address that is connected to: loopback,
//!   private, link-local, shared, multicast and reserved addresses are refused, and the forms of IPv6 that
//!   hold one of them. A name that changes between check and dial gains nothing by it. The filter holds behind
//!   a proxy, too: names are resolved here.
//! - No redirect is followed. Of an answer 16 KiB are read at most, and nothing of it is shown but a line
//!   without endpoints and keys.
//! - One slow push service holds up none of the others: see [`SendAll`]. Connections are limited for each
//!   origin and closed when they are idle.
//! - An endpoint is a secret, since whoever knows it can send to it where the subscription has no key:
//!   `Debug` and `Display` show its host and a fingerprint.
//!
//! [`EndpointPolicy::private`] lifts all of it: for tests, and for push services in one's own network. Over
//! an HTTP client of one's own ([`ClientBuilder::trusted_endpoints_only`]) the policy on URLs holds, but
//! **nothing filters addresses**.
//!
//! # VAPID
//!
//! A [`VapidKey`] is made once ([`VapidKey::generate`], or `anypush keys vapid`), and read in every form in
//! which other libraries keep theirs. Pages subscribe with its public part,
//! [`VapidKey::application_server_key`], and from then on **the subscription belongs to that key**: who sends
//! with another is refused. [`Vapid::subject`] names whom a push service may turn to, and Apple takes nothing
//! without.
//!
//! A token is signed once for each origin of a push service and lives for 12 hours
//! ([`Vapid::lifetime`]); [`VapidTokens`] renews it an hour before its end. Its audience is the endpoint's
//! origin, with the port where it is not the usual one. Messages without a payload have a token as well.
//!
//! To change the key, every browser has to unsubscribe and to subscribe again, when its user next visits the
//! page. Until then store with each subscription the key it was made with, and keep a client for each key:
//! clients of one session share its connections. [`Client::replace_credentials`] changes the key of all that a
//! client sends.
//!
//! # Sizes and padding
//!
//! A body has 4096 bytes at most (RFC 8030, section 7.2), into which 3993 bytes of payload and padding
//! fit. What is larger is told before anything is sent, with both numbers. [`Message::padding`] hides a
//! payload's size; by default there is none. [`Profile::max_body_bytes`] is for services that take less.
//! Mozilla's takes some 2744 bytes of those that it hands on to FCM, for Firefox on Android, which nobody can
//! tell from the endpoint.
//!
//! # The older encoding
//!
//! Messages are encrypted with [`Encoding::Aes128Gcm`], which every browser of today reads.
//! [`Encoding::AesGcm`], of the draft before, is there for subscriptions of old clients:
//! [`Message::encoding`] chooses it for a message, and the VAPID token then goes in the older form, too
//! ([`VapidForm::Draft01`]).
//!
//! # Declarative Web Push
//!
//! A [`Declarative`] message says itself what is to be shown, so that Safari shows it without a service worker.
//! All other browsers hand the same JSON to the service worker, which can show it.
//!
//! # What is not here
//!
//! - Delivery receipts: [`Message::respond_async`] asks for them and [`Receipt::receipts`] says where to
//!   fetch them, but none is fetched. None of the four large services gives any.
//! - Deleting a message that still waits: [`Receipt::location`] is its address where the service has
//!   one. A message with the same [`topic`](Message::topic) takes its place.
//! - `aesgcm128`, the coding before the older one, and endpoints of GCM with server keys in place of VAPID.
//!   Both are gone from browsers.

mod answer;
mod base64;
mod client;
mod device;
mod encryption;
mod error;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod hosts;
mod message;
mod outcome;
mod profile;
mod request;
mod send_all;
mod subscription;
mod vapid;

pub use answer::{Advice, Judgement, Reason, Rejection, WnsStatus};
pub use client::{Client, ClientBuilder};
pub use device::Device;
pub use encryption::{
    DecryptError, Encoding, EncryptError, Encrypted, Encryption, Ephemeral, MAX_BODY_BYTES,
    Receiver, UnknownEncoding,
};
pub use error::Error;
pub use message::{
    Action, Declarative, Encoded, Fault, Invalid, InvalidUrgency, Message, Notification, Padding,
    Problem, TextDirection, Urgency,
};
pub use outcome::{Outcome, Receipt};
pub use profile::{Profile, PushService};
pub use send_all::{SendAll, SendEach, TrySendAll};
pub use subscription::{
    Endpoint, EndpointPolicy, InvalidEndpoint, InvalidKeys, InvalidSubscription, Keys, Subscription,
};
pub use vapid::{InvalidVapid, Vapid, VapidForm, VapidKey, VapidToken, VapidTokens};
