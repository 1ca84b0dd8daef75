//! The server's half of HTTP/2 (RFC 9113), without I/O, as far as a push service needs it.
//!
//! Common HTTP/2 servers hide what a simulator must do on command: change the
//! limit of streams in the middle of a connection, send GOAWAY with any last
//! stream and any text, or refuse a stream. Bytes go in and come out here;
//! the caller owns the socket.

mod connection;
mod error_code;
mod fields;
mod flow;
mod frame;
mod hpack;
mod hpack_tables;
mod huffman;
mod request;

pub use connection::{Connection, Event, Limits};
pub use error_code::ErrorCode;
pub use fields::Fields;
pub use frame::{Frame, FrameError, HEAD_LEN, Head, MAX_31, PREFACE, Settings};
pub use hpack::{DecodeError, Decoder, encode_field, encode_status};
pub use request::Request;
