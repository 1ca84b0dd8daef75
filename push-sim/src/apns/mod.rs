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

mod check;
mod config;
mod credentials;
mod driver;
mod headers;
mod ids;
mod listener;
mod provider_key;
mod push_type;
mod reason;
mod reply;
mod session;

pub use config::{Config, Environment};
pub use provider_key::ProviderKey;
pub use reason::Reason;

pub(crate) use listener::listen;
pub(crate) use session::Shared;
