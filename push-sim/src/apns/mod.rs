//! Apple's provider API over HTTP/2.
//!
//! Every device token in hexadecimal is registered, unless a fault says
//! otherwise. Where Apple's pages are silent, the choices are:
//! - a payload that is no JSON object is answered with `PayloadEmpty`;
//! - a topic without the suffix of its push type, or with that of another, is a `BadTopic`;
//! - a token that isn't as long as one of Apple's can be (16 to 200 octets) is a `BadDeviceToken`;
//! - a token of another key than the first one on its connection is an `UnrelatedKeyIdInToken`;
//! - a location push with a certificate alone is `Forbidden`;
//! - a missing priority breaks no rule of a push type, nor does a missing expiration.
//!
//! Broadcasts and their channels are served on the same address, and of those:
//! - a broadcast without `apns-priority` is a `BadPriority`, one without `apns-expiration` a
//!   `BadExpirationDate`;
//! - one that neither updates nor ends an activity is a `BadRequestParams`, one that is no JSON
//!   object a `BadRequestPayload`;
//! - an identifier of a channel is in base64 with padding, and of 64 octets at most;
//! - channels outlive [`reset`](crate::Sim::reset), since clients hold on to their identifiers.

mod answer;
mod broadcast;
mod channels;
mod check;
mod config;
mod credentials;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod headers;
mod ids;
mod listener;
mod management;
mod provider_key;
mod push_type;
mod reason;
mod reply;
mod route;
mod session;

pub use channels::StoragePolicy;
pub use config::{Config, Environment};
pub use provider_key::ProviderKey;
pub use reason::Reason;

pub(crate) use channels::Channels;
pub(crate) use listener::listen;
pub(crate) use session::Shared;
