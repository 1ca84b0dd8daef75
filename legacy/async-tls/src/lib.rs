#![doc = include_str!("../README.md")]

mod certificate;
mod config;
mod stream;
mod tls;

pub use certificate::AsyncTlsCertificate;
pub use tls::AsyncTls;
