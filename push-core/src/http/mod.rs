//! HTTP: the client that anypush brings, and the trait by which a caller puts another one in its
//! place.
//!
//! The HTTP/2 client is on the `h2` crate: pooled, with a credential per connection, and sending
//! again only what was provably not processed, unless the caller allows more (feature `http2`). With
//! `http1` there is `HttpClient`, which speaks HTTP/1.1 where a server does not offer HTTP/2.
//! [`HttpTransport`] is for programs that have an HTTP client already, or need one that this crate is
//! not.

#[cfg(feature = "http2")]
mod acquire;
#[cfg(feature = "http1")]
mod apart;
#[cfg(feature = "http1")]
mod base_url;
#[cfg(feature = "http1")]
mod by_origin;
#[cfg(feature = "http2")]
mod course;
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
#[cfg(feature = "http1")]
mod http1;
#[cfg(feature = "http2")]
mod http2;
#[cfg(feature = "http1")]
mod http_client;
#[cfg(feature = "http1")]
mod hyper_io;
#[cfg(feature = "http2")]
mod limits;
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
#[cfg(feature = "http1")]
mod talk;
#[cfg(feature = "http2")]
pub(crate) mod tally;
mod transport;
#[cfg(feature = "http1")]
mod transported;
#[cfg(feature = "http2")]
mod upkeep;
#[cfg(feature = "http2")]
mod waiters;
#[cfg(feature = "http1")]
mod way;
#[cfg(feature = "http2")]
mod wire;

pub use transport::{BoundedBody, HttpTransport};

/// What this crate calls itself in requests: `anypush/0.1.0`.
pub const USER_AGENT: &str = concat!("anypush/", env!("CARGO_PKG_VERSION"));

#[cfg(feature = "http1")]
pub use base_url::BaseUrl;
#[cfg(feature = "http1")]
pub use by_origin::ByOrigin;
#[cfg(feature = "http2")]
pub use course::Course;
#[cfg(feature = "http2")]
pub use credential::{Authorize, ConnectionCredential, Rejected};
#[cfg(feature = "http2")]
pub use exchange::{Answer, Outgoing};
#[cfg(feature = "http2")]
pub use frames::GoAway;
#[cfg(feature = "http1")]
pub use http_client::HttpClient;
#[cfg(feature = "http2")]
pub use http2::{Destination, Http2};
#[cfg(feature = "http2")]
pub use limits::Limits;
#[cfg(feature = "http1")]
pub use way::Http;
