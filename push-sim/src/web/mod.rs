//! The server of all services that speak plain requests and answers: HTTP/2 and HTTP/1.1, over TLS
//! and without.
//!
//! What a service has to say is a [`Site`], which knows of no connection; everything else is here,
//! faults among it.

mod client_connection;
mod farewell;
pub(crate) mod form;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod http1;
pub(crate) mod http2;
mod listener;
mod reply;
mod shared;
mod site;
mod tokens;
mod upgrade;

pub(crate) use listener::{ALPN, listen};
pub(crate) use shared::Shared;
pub(crate) use site::{Asked, Notice, Phrase, Site, Told};
pub(crate) use tokens::{Tokens, Verdict};
pub(crate) use upgrade::{Duplex, Speak, Speaking, Upgrade};
