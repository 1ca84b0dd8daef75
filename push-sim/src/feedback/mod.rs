//! The feedback service that went with Apple's binary gateway.
//!
//! Whoever connects is told of all devices in the list, each by a tuple of time and token, and then
//! the connection ends by close_notify. A list that was written whole is forgotten; one that was not,
//! since a fault or the client ended the connection, is told again to the next one. Entries come from
//! [`Sim::feedback`](crate::Sim::feedback) or from `POST /feedback` on the control address, and from
//! nowhere else: the gateway's refusals make none, nor did those of the real one.
//!
//! The reading of the list is the request that faults befall; they are counted in readings, and have
//! no token.

mod config;
mod driver;
mod list;
mod listener;

pub use config::Config;
pub use list::Entry;

pub(crate) use list::List;
pub(crate) use listener::{Shared, listen};
