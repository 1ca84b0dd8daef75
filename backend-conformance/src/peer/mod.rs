//! A server on this machine that misbehaves on command, and what it needs: certificates of every
//! kind, and a proxy.
//!
//! It knows no runtime and no asynchronous code: a [`Peer`] is a listening socket on loopback and
//! one small thread per connection, which runs a script over a [`Stream`]. Scripts wait for
//! [`Peer::release`] and never sleep; everything a test waits for is bounded by [`PATIENCE`]; a peer
//! that is dropped takes its sockets and threads with it.
//!
//! ```
//! use std::io::Write;
//!
//! use backend_conformance::peer::{Authority, Peer, TlsSettings};
//!
//! let authority = Authority::new();
//! // Says one word, and ends without the farewell of TLS.
//! let peer = Peer::tls(&TlsSettings::new(&authority), |stream| {
//!     stream.write_all(b"hello")?;
//!     stream.finish()
//! });
//! let target = peer.target();
//! assert_eq!(target.port, peer.port());
//! ```

mod authority;
mod hello;
mod key;
mod listener;
mod proxy;
pub mod scripts;
mod socket;
mod state;
mod stream;
mod tls;

use std::time::Duration;

pub(crate) use authority::certificate_pem;
pub use authority::{Authority, Leaf, ServerIdentity};
pub use hello::ClientHello;
pub use key::KeyForm;
pub use listener::Peer;
pub use proxy::{ConnectRequest, ProxyAnswer, ProxyPeer};
pub use socket::Cut;
pub use state::Handshake;
pub use stream::Stream;
pub use tls::{ClientCertificates, TlsSettings, Versions};

/// How long anything in the suite may take before it counts as hanging.
///
/// A correct backend never waits that long: the figure only bounds a failure.
pub const PATIENCE: Duration = Duration::from_secs(10);
