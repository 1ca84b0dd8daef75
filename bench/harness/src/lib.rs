//! What side-by-side benchmarks share.
//!
//! A benchmark is a program that starts itself again: once as the server that all contestants
//! talk to, and for each contestant and round once more, so that none inherits another's heap,
//! caches or threads. A contestant prints a [`Sample`] as one line of JSON; the rounds are
//! interleaved, and ratios are taken within a round, so that a busy machine slows all alike.

mod child;
mod machine;
mod memory;
mod sample;
mod standings;

pub use child::Child;
pub use machine::Machine;
pub use memory::Memory;
pub use sample::{Sample, Stopwatch};
pub use standings::{Spread, Standing, Standings, Work};
