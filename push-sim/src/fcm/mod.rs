//! Firebase Cloud Messaging: its HTTP v1 API, and the endpoints where clients get access tokens.
//!
//! All of them share one address; a request is told by its path, whatever its host is:
//! - `POST /v1/projects/P/messages:send`;
//! - `/v1/projects/P/registrations/R/topicSubscriptions`, the topics of one registration;
//! - `POST /token`, for service accounts and refresh tokens; `POST /v1/token`, the exchange of other
//!   parties' tokens; `…:generateAccessToken`, for another account's; `/computeMetadata/v1/`, the
//!   metadata server;
//! - `/iid/`, the Instance ID service for topics, which Google ends in 2027 and published clients
//!   still use. `/batch` is gone, and answers 404.
//!
//! Every registration that looks like one is registered, unless a fault says otherwise. Where
//! Google's pages are silent, the choices are:
//! - a registration token, or an installation id, is any text of letters, digits and `_:.-`;
//! - what goes to Android, to Apple's devices and to browsers is counted apart when the size of a
//!   message is looked at, by the bytes of keys and values;
//! - a message is refused for the first thing that is wrong with its content, but for all that is
//!   wrong with its form;
//! - an assertion may name the endpoint as audience by the address where it was sent to;
//! - a registration beyond its last topic gets `FAILED_PRECONDITION`;
//! - a validated message is called `fake_message_id`, is not listed, and counts as managed;
//! - subscriptions are forgotten on [`reset`](crate::Sim::reset), access tokens are not.

mod access;
mod check;
mod clock;
mod condition;
mod config;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod ids;
mod iid;
mod oauth;
mod refuse;
mod route;
mod schema;
mod send;
mod shared;
mod site;
mod status;
mod subscriptions;
mod target;
mod topics;

pub use config::{AuthorizedUser, Config};

pub(crate) use check::is_reserved;
pub(crate) use condition::{is_condition, is_topic};
pub(crate) use ids::Ids;
pub(crate) use shared::Shared;
pub(crate) use target::is_registration;

#[cfg(test)]
mod tests;
