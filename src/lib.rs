//! Push notifications to any device, from any async runtime, through any TLS stack.
//!
//! This crate is the facade: it re-exports the core, the services and the backends that its
//! features choose. The README shows how to begin; [`apns`], [`fcm`], [`wns`] and [`web`] are the services,
//! [`apns::gateway`] and [`gcm`] the protocols of old.
//!
//! ```no_run
//! use anypush::prelude::*;
//! use anypush::apns;
//!
//! # #[cfg(all(feature = "tokio", feature = "rustls"))]
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let session = Session::new(anypush::TokioBackend::new()?);
//! let client = apns::Client::builder(session)
//!     .provider_token(apns::ProviderToken::from_p8(
//!         std::fs::read("AuthKey.p8")?,
//!         "KEYID12345",
//!         "TEAMID1234",
//!     )?)
//!     .topic("com.example.app")
//!     .build()?;
//!
//! let hello = apns::Notification::alert("Hello").title("anypush").badge(1);
//! let tokens = ["00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0", "b4ad28809a3420982341241421348097878e577c991de8f000fc13adff785122"];
//! let mut outcomes = client.send_all(tokens, &hello);
//! while let Some((token, outcome)) = outcomes.next().await {
//!     match outcome.verdict() {
//!         Verdict::Accepted => {}
//!         Verdict::RemoveToken { since, .. } => println!("{token} is gone since {since:?}"),
//!         Verdict::RetryAfter(wait) => println!("{token} again in {wait:?}"),
//!         _ => println!("{token}: {outcome:?}"),
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//!
//! Each feature only adds; all combinations build, and all backends fit into one process.
//!
//! - Backends: `tokio` (default), `smol`, and `async-std`, which is discontinued.
//! - TLS stacks: `rustls` (default) and `openssl`, which links the system's OpenSSL; with
//!   `openssl-vendored` one is built from source instead.
//! - `pkcs12`: certificates from PKCS#12 files, for every TLS stack.
//! - `metrics`: what the connections do, told to the `metrics` facade: see [`session`].
//! - Services: `apns`, `fcm`, `web` and `wns` (default), and `gcm`, the legacy protocol of GCM and FCM.
//! - `full`: all of these, with the system's OpenSSL.
//!
//! Without a backend there are the core and the services, for a [`Backend`] of your own: the chapter
//! [`writing_a_backend`] shows how.
//!
//! Programs without async use [`blocking`]. Those who come from the Python libraries pushjack, PyAPNs
//! and apns-client find each of their calls in [`migrating_from_python`]; those who come from other
//! clients of FCM and GCM, in [`migrating_to_fcm`]; those who come from other libraries of Web Push, in
//! [`migrating_to_web_push`]; those who come from django-push-notifications, in [`migrating_from_django`].
//!
//! What each service answers, and what is to be done about it, is one table: [`verdicts`].

pub mod blocking;

#[doc = include_str!("../docs/writing-a-backend.md")]
pub mod writing_a_backend {}

#[cfg(all(feature = "apns", feature = "tokio", feature = "rustls"))]
#[doc = include_str!("../docs/migrating-from-python.md")]
pub mod migrating_from_python {}

#[cfg(all(
    feature = "fcm",
    feature = "gcm",
    feature = "tokio",
    feature = "rustls"
))]
#[doc = include_str!("../docs/migrating-to-fcm.md")]
pub mod migrating_to_fcm {}

#[cfg(all(feature = "web", feature = "tokio", feature = "rustls"))]
#[doc = include_str!("../docs/migrating-to-web-push.md")]
pub mod migrating_to_web_push {}

#[cfg(all(
    feature = "apns",
    feature = "fcm",
    feature = "web",
    feature = "wns",
    feature = "tokio",
    feature = "rustls"
))]
#[doc = include_str!("../docs/migrating-from-django.md")]
pub mod migrating_from_django {}

#[doc = include_str!("../docs/verdicts.md")]
pub mod verdicts {}

#[cfg(feature = "apns")]
pub use push_apns as apns;
pub use push_core::{
    AsyncRead, AsyncWrite, Backend, BoxFuture, Certificate, CertificateInfo, Compose, Connection,
    Egress, Error, ErrorKind, Fingerprint, Identity, KeyFormat, Lock, LockGuard, Outcome, Proxy,
    Reach, ResendUnknown, Result, RetryPolicy, Roots, Runtime, Security, Target, Tls, Verdict,
    async_trait, delegate_backend, parse_retry_after, retry_after,
};
pub use push_core::{Session, fan_out, http, session};
#[cfg(feature = "gcm")]
pub use push_gcm::legacy as gcm;
#[cfg(feature = "fcm")]
pub use push_gcm::v1 as fcm;
#[cfg(feature = "web")]
pub use push_web as web;
#[cfg(feature = "wns")]
pub use push_wns as wns;

#[cfg(all(feature = "async-std", feature = "rustls"))]
pub use backend_async_std::AsyncStdBackend;
#[cfg(feature = "async-std")]
pub use backend_async_std::AsyncStdRuntime;
#[cfg(feature = "openssl")]
pub use backend_openssl::{Openssl, OpensslBackend, OpensslCertificate};
#[cfg(all(feature = "smol", feature = "rustls"))]
pub use backend_smol::SmolBackend;
#[cfg(feature = "smol")]
pub use backend_smol::SmolRuntime;
#[cfg(all(feature = "tokio", feature = "rustls"))]
pub use backend_tokio::TokioBackend;
#[cfg(feature = "tokio")]
pub use backend_tokio::TokioRuntime;
#[cfg(feature = "rustls")]
pub use tls_rustls::{Rustls, RustlsCertificate};

/// What most programs use: import it whole.
pub mod prelude {
    pub use crate::{Backend, Identity, Outcome, RetryPolicy, Roots, Session, Verdict};
    pub use futures_util::stream::StreamExt;
}
