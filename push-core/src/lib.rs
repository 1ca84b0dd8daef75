//! The core of [anypush](https://docs.rs/anypush), on no runtime and no TLS stack.
//!
//! Three traits say what an environment gives: a [`Certificate`] loaded by its TLS stack, a
//! [`Connection`] ready for use, and a [`Backend`] that makes both and knows tasks, time and
//! locks. [`Compose`] builds a `Backend` from two smaller pieces, a [`Runtime`] and a [`Tls`].
//! Everything else stands on them: the session with its pool of HTTP/2 connections and its leases,
//! errors and verdicts, the retry policy, signatures.
//!
//! # Features
//!
//! - `http1`: [`http::HttpClient`] and HTTP/1.1, over leases; with `http2`.
//! - `http2`: `session` with its leases, the HTTP/2 client of [`http`], `bearer` tokens and bulk sends
//!   (`fan_out`). The author of a backend needs none of them.
//! - `oauth`: [`bearer::oauth`], for services whose tokens come from a token server; with `http1`.
//! - `sign`: ES256 and RS256 signatures, for provider tokens and assertions.
//! - `pkcs12`: identities from PKCS#12 files.
//! - `wns`: [`WnsStatus`].

mod backend;
mod capability_url;
mod certificate;
mod clock;
mod compose;
mod egress;
mod error;
mod failure;
mod failure_methods;
mod identity;
mod invalid;
mod open_enum;
mod pem_fault;
mod proxy;
mod reach;
mod retry;
mod roots;
mod target;
mod verdict;
#[cfg(feature = "wns")]
mod wns_status;

#[cfg(feature = "http2")]
pub mod bearer;
#[cfg(feature = "http2")]
pub mod fan_out;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
pub mod hosts;
pub mod http;
#[cfg(feature = "http2")]
pub mod session;
#[cfg(feature = "sign")]
pub mod sign;
pub mod text;

pub use async_trait::async_trait;
pub use backend::{Backend, BoxFuture, Certificate, Connection, Lock, LockGuard};
pub use capability_url::{CapabilityUrl, UrlFault};
pub use certificate::{CertificateInfo, Fingerprint};
pub use compose::{Compose, Runtime, Tls};
pub use egress::Egress;
pub use error::{Error, ErrorKind, Result};
pub use failure::{Failure, Rejection};
pub use futures_io::{AsyncRead, AsyncWrite};
pub use identity::{Identity, KeyFormat};
pub use invalid::Invalid;
pub use proxy::Proxy;
pub use reach::Reach;
pub use retry::{
    BELIEVABLE_WAIT, ResendUnknown, RetryPolicy, answer_date, parse_retry_after, retry_after,
};
pub use roots::Roots;
pub use target::{Security, Target};
pub use verdict::{Outcome, Verdict};

#[cfg(feature = "http2")]
pub use session::Session;
#[cfg(feature = "wns")]
pub use wns_status::WnsStatus;
