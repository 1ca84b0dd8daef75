#![doc = include_str!("../README.md")]

mod request;
mod response;
mod transport;

pub use transport::SurfTransport;
