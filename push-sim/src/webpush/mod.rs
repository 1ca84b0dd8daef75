//! Push services for browsers (Web Push: RFC 8030, 8188, 8291, 8292), each with its own rules and words.
//!
//! All of them share one address, and a request is told by its path ([`Flavour`]), whatever its host
//! is. Subscriptions are made on request ([`Sim::subscribe`](crate::Sim::subscribe), or `POST
//! /subscriptions` on the control address), with keys that stay here, so that what arrives is
//! decrypted and shown; or by a browser.
//!
//! An endpoint that nobody has made here is taken like one that was, but what arrives there is not
//! decrypted. One that was is bound to its service, its path, and its key if it has one. Where the
//! services' pages are silent, the choices are:
//! - FCM and Apple want a sender to identify himself in every case, since browsers subscribe there
//!   only with a key; Mozilla does at `/wpush/v2/`; the others where the subscription has a key;
//! - whatever is missing or wrong in a token is FCM's `UnauthorizedRegistration`, but for its audience;
//! - an audience is the origin by which the client reached the service, whatever the service's own
//!   name is, and its port may be left out;
//! - Mozilla has no number for a bad urgency, which gets 400 without one;
//! - messages are stored up to their TTL, and nobody fetches those of subscriptions that no browser
//!   has made; with a TTL of 0 they are dropped, which the answer does not tell;
//! - `DELETE` of a message's `Location` takes it back at Mozilla's service and at the plain one;
//! - receipts are granted by the plain service, and never come.

pub(crate) mod base64;
mod browser;
mod config;
mod delivery;
mod flavour;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod parameters;
mod problem;
mod push;
mod receiver;
mod route;
mod site;
mod store;
mod subscription;
#[cfg(test)]
#[path = "../../tests/support/sender.rs"]
pub(crate) mod testing;
mod vapid;
mod vapid_key;
mod words;

pub use config::Config;
pub use delivery::{Delivery, State};
pub use flavour::Flavour;
pub use subscription::{Channel, Keys, Known, Subscription, Wish};
pub use vapid_key::VapidKey;

pub(crate) use delivery::Tracked;
pub(crate) use site::Shared;
pub(crate) use store::Store;
pub(crate) use subscription::{is_id, is_origin};
