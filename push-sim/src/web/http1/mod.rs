//! One connection of HTTP/1.1, with what faults can make of it.
//!
//! A connection is one stream here, so `reset` resets the connection. `goaway` lets the answer say
//! that it is the last one. What is about streams and windows, PINGs and frames is passed over.

mod answer;
mod body;
mod driver;
mod raw;

pub(super) use driver::talk;
