//! TLS by [rustls](https://docs.rs/rustls) with aws-lc-rs, over any byte stream: the
//! [`Tls`](push_core::Tls) that the runtime backends of anypush share.
//!
//! The crypto provider is passed explicitly; the process-wide default of rustls is neither read
//! nor set.

mod certificate;
mod config;
mod failure;
mod handshake;
mod tls;

pub use certificate::RustlsCertificate;
pub use tls::Rustls;
