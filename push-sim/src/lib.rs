//! Simulators of push services, on loopback, with faults on command: for tests,
//! demonstrations and benchmarks.
//!
//! They check what the real services check, and answer as those answer. So far
//! there are Apple's provider API over HTTP/2, with broadcasts and their channels ([`apns`]), the
//! binary gateway and feedback service that it has replaced ([`gateway`], [`feedback`]), Google's FCM
//! with its token endpoint ([`fcm`]), GCM, its predecessor ([`gcm`]), Microsoft's WNS with its two
//! token endpoints ([`wns`]), and the push services of browsers ([`webpush`]).
//!
//! A [`Sim`] runs on a thread of its own, with certificates of its own, which it
//! also writes into a folder. Tests on any runtime can use it:
//!
//! ```
//! use push_sim::{Action, Answer, Fault, Service, Sim};
//!
//! let sim = Sim::builder().apns_any().start()?;
//! let gone = Answer::new(410).reason("Unregistered");
//! sim.fault(Fault::new(Service::Apns, Action::Answer(gone)).token("00fc13ad").times(1))?;
//!
//! // Point a client at sim.apns_addr(), let it trust sim.files().ca_pem() …
//! assert_eq!(sim.stats()[&Service::Apns].accepted, 0);
//! # Ok::<(), push_sim::Error>(())
//! ```
//!
//! The control address ([`Sim::control_addr`]) offers the same over plain HTTP:
//! `GET /stats`, `GET /received?service=apns&limit=10`, `GET /tokens?service=fcm`,
//! `POST /faults`, `DELETE /faults`, `POST /apply`, `POST /feedback`, `GET /subscriptions`, `POST
//! /subscriptions`, `DELETE /subscriptions/ID`, `GET /channels`, `POST /channels`, `DELETE
//! /channels/ID`, `DELETE /access_tokens?service=wns`, `POST /reset`.

pub mod apns;
pub mod fcm;
pub mod feedback;
pub mod gateway;
pub mod gcm;
pub mod http2;
pub mod webpush;
pub mod wns;

mod address;
mod armed;
mod authority;
mod control;
mod ending;
mod error;
mod fault;
mod files;
mod handshake;
mod hex;
mod journal;
mod ledger;
mod listener;
mod now;
mod random;
mod registry;
#[cfg(test)]
mod replay;
mod service;
mod service_account;
mod services;
mod sim;
mod stats;
mod taken;
mod tls;
mod topics;
mod web;

pub use address::{WebAddress, parse_address};
pub use authority::{Authority, ClientProfile, Issued, ServerProfile};
pub use error::{Error, Result};
pub use fault::{
    Action, Answer, Body, Close, Farewell, Fault, GoAway, Handshake, Kind, Malformed, Notice, On,
    Point, Refusal, Rejection, Storm,
};
pub use files::{Files, PKCS12_PASSWORD};
pub use journal::Received;
pub use service::Service;
pub use service_account::ServiceAccount;
pub use services::Stats;
pub use sim::{Sim, SimBuilder};
pub use stats::ServiceStats;
