//! Apple's binary gateway, as it was until it was switched off on 2021-03-31.
//!
//! It takes notifications in frames of commands 0, 1 and 2, and says nothing to those that it takes.
//! To one that it refuses it says six bytes, then it closes the connection; whatever has come behind
//! it is thrown away. What it checks, in this order, and the status of its answer:
//!
//! | wrong | status |
//! |---|---|
//! | the token is missing, or of no length | 2, MissingToken |
//! | the token is not of 32 bytes ([`Config::token_bytes`]) | 5, InvalidTokenSize |
//! | the payload is missing, or of no length | 4, MissingPayload |
//! | the payload is longer than 2,048 bytes ([`Config::payload_bytes`]) | 7, InvalidPayloadSize |
//! | the frame can't be read | 128, ProtocolError |
//!
//! Every other status comes by an [`Action::Code`](crate::Action::Code). Every token is registered,
//! unless a fault says otherwise. Where Apple's pages are silent, the choices are:
//! - a payload is not looked into: it need not be JSON, and may hold a NUL;
//! - items 3, 4 and 5 of command 2 may be missing, and items may come in any order; an item that is
//!   there twice, that has another length or another number, or a priority other than 5 and 10, can't
//!   be read;
//! - an answer to a notification without an identifier has the identifier 0, as has that to a frame
//!   which can't be read before its identifier is known;
//! - of the identifiers nothing is expected: they may begin anywhere, and repeat.
//!
//! A notification of command 0 gets no answer: the connection just ends ("APNs responds by severing
//! the connection. It gives no indication why", Apple's "Binary Provider API" on that format).
//!
//! It was seen that the real gateway answers a token of no length with the identifier 0. This one
//! names the identifier that was sent; to have it like that one, arm this fault:
//!
//! ```json
//! {"service":"apns-gateway","token":"","do":{"code":{"code":2,"identifier":0}}}
//! ```
//!
//! What is counted: a frame that is looked at is a request, and `accepted`, `rejected` or
//! `unprocessed`; one that is thrown away behind a refusal is `discarded`, and no request.

mod config;
mod driver;
mod frame;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod listener;
mod log;
mod pace;
mod refuse;
mod session;
mod status;

pub use config::Config;

pub(crate) use listener::listen;
pub(crate) use log::FrameLog;
pub(crate) use session::Shared;
