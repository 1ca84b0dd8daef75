//! HTTP: the HTTP/2 client that anypush brings (feature `http2`), and the trait by which a caller
//! puts another client in its place.
//!
//! The HTTP/2 client is on the `h2` crate: pooled, with a credential per connection, and sending
//! again only what was provably not processed, unless the caller allows more. [`HttpTransport`] is
//! for programs that have an HTTP client already, or need one that this crate is not.

#[cfg(feature = "http2")]
mod acquire;
#[cfg(feature = "http2")]
mod client;
#[cfg(feature = "http2")]
mod credential;
#[cfg(feature = "http2")]
mod dial;
#[cfg(feature = "http2")]
mod driver;
#[cfg(feature = "http2")]
mod endings;
#[cfg(feature = "http2")]
mod exchange;
#[cfg(feature = "http2")]
mod flight;
#[cfg(feature = "http2")]
pub(crate) mod frames;
#[cfg(feature = "http2")]
mod link;
#[cfg(all(feature = "http2", feature = "metrics"))]
mod meters;
#[cfg(feature = "http2")]
mod seat;
#[cfg(feature = "http2")]
pub(crate) mod set;
#[cfg(feature = "http2")]
mod streams;
#[cfg(feature = "http2")]
pub(crate) mod tally;
mod transport;
#[cfg(feature = "http2")]
mod upkeep;
#[cfg(feature = "http2")]
mod waiters;
#[cfg(feature = "http2")]
mod wire;

pub use transport::{BoundedBody, HttpTransport};

#[cfg(feature = "http2")]
pub use client::{Destination, Http2};
#[cfg(feature = "http2")]
pub use credential::{Authorize, ConnectionCredential, Rejected};
#[cfg(feature = "http2")]
pub use exchange::{Answer, Outgoing};
#[cfg(feature = "http2")]
pub use frames::GoAway;
