//! Google Cloud Messaging, and what its successor took over of it: the legacy HTTP protocol, in JSON
//! and in plain text, at `/gcm/send` and `/fcm/send`.
//!
//! Every id that looks like one is registered, unless a fault says otherwise. Where Google's pages
//! are silent, the choices are:
//! - an id is any text of letters, digits and `_:.-`, an empty one is a `MissingRegistration`, and
//!   any other an `InvalidRegistration`;
//! - a notification key is one of a device group that was made by `POST /gcm/notification`, or that
//!   the [`Config`] has; any other `to` is an id, unless it starts with `/topics/`;
//! - what is wrong with a message (`InvalidTtl`, `InvalidDataKey`, `MessageTooBig`,
//!   `InvalidPackageName`) is said for each of its ids with status 200, as the reference has it; what
//!   is wrong with the form of a request is a text with status 400;
//! - the size of a message is that of the keys and values of its data, and of the values of its
//!   notification;
//! - with `dry_run` a message is called `fake_message_id`, is not listed, and counts as managed;
//! - the payload of a message to several ids is listed without them.

mod config;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod groups;
mod reply;
mod request;
mod site;
mod verdict;

pub use config::Config;

pub(crate) use site::Shared;
