//! Simulators of push services, on loopback, with faults on command: for tests,
//! demonstrations and benchmarks.
//!
//! They check what the real services check, and answer as those answer. So far
//! there is Apple's provider API over HTTP/2, with broadcasts and their channels.
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
//! `GET /stats`, `GET /received?service=apns&limit=10`, `POST /faults`,
//! `DELETE /faults`, `POST /apply`, `POST /reset`.

pub mod apns;
pub mod http2;

mod address;
mod armed;
mod authority;
mod control;
mod error;
mod fault;
mod files;
mod journal;
mod ledger;
mod registry;
mod service;
mod services;
mod sim;
mod stats;
mod taken;
mod tls;
mod topics;

pub use address::parse_address;
pub use authority::{Authority, ClientProfile, Issued, ServerProfile};
pub use error::{Error, Result};
pub use fault::{
    Action, Answer, Body, Close, Fault, GoAway, Handshake, Kind, Malformed, Notice, On, Point,
    Rejection, Storm,
};
pub use files::{Files, PKCS12_PASSWORD};
pub use journal::Received;
pub use service::Service;
pub use services::Stats;
pub use sim::{Sim, SimBuilder};
pub use stats::ServiceStats;
