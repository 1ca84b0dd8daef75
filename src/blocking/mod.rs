//! For programs without async: the same clients, with calls that wait.
//!
//! Nothing else is different: the connections are the session's, and the backend's own threads
//! carry them, whoever waits. So the backend must not need the calling thread to run on. These don't:
//! [`TokioBackend::start`](crate::TokioBackend::start), which brings a runtime of its own;
//! [`SmolBackend::new`](crate::SmolBackend::new) and
//! [`AsyncStdBackend::new`](crate::AsyncStdBackend::new), which start theirs when they are used.
//!
//! ```no_run
//! use anypush::prelude::*;
//! use anypush::{apns, blocking};
//!
//! # #[cfg(all(feature = "tokio", feature = "rustls", feature = "apns"))]
//! # fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let session = Session::new(anypush::TokioBackend::start()?);
//! let client = blocking::apns::Client::from(
//!     apns::Client::builder(session)
//!         .provider_token(apns::ProviderToken::from_p8(
//!             std::fs::read("AuthKey.p8")?,
//!             "KEYID12345",
//!             "TEAMID1234",
//!         )?)
//!         .topic("com.example.app")
//!         .build()?,
//! );
//!
//! let hello = apns::Notification::alert("Hello");
//! let tokens = ["00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0"];
//! for (token, outcome) in client.send_all(tokens, &hello) {
//!     println!("{token}: {}", outcome.verdict().name());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Inside an async task these calls would hold up its thread: use the clients themselves there.

use std::future::poll_fn;
use std::task::Poll;

use futures_util::stream::{Stream, StreamExt};
use push_core::fan_out::IntoSource;

use turns::Gate;
pub use turns::InTurns;

/// The Apple Push Notification service.
#[cfg(feature = "apns")]
pub mod apns;
#[cfg(feature = "fcm")]
pub mod fcm;
#[cfg(feature = "gcm")]
pub mod gcm;
mod turns;
#[cfg(feature = "web")]
pub mod web;
#[cfg(feature = "wns")]
pub mod wns;

/// Waits on this thread until the future is done, whatever carries it.
///
/// Everything that is async can be called by it; the clients of this module are made of it.
pub fn block_on<F: IntoFuture>(future: F) -> F::Output {
    pollster::block_on(future)
}

/// The outcomes of a fan-out as an iterator, in order of completion; `next` waits for one.
///
/// The work goes on only while `next` waits, but for what was handed to a connection. Dropping it
/// takes back the pushes that were not.
///
/// So ask for the next outcome steadily. An answer that came while nobody asked keeps its place on the
/// connection, and the pushes that wait for one stand in line before those of others: a loop that
/// pauses for long holds up whoever else sends to that service over the same session. The source of
/// the devices must not send by the same client.
#[derive(Debug)]
#[must_use = "nothing is sent until it is iterated over"]
pub struct Outcomes<S> {
    stream: S,
    gate: Gate,
}

impl<S: Stream + Unpin> Outcomes<S> {
    /// Makes an iterator of a stream.
    pub fn new(stream: S) -> Self {
        Self::gated(stream, Gate::default())
    }

    fn gated(stream: S, gate: Gate) -> Self {
        Self { stream, gate }
    }

    /// Those of a fan-out over a source that may block, of which so many devices are taken at a time.
    #[cfg_attr(
        not(any(feature = "apns", feature = "fcm", feature = "gcm")),
        allow(dead_code)
    )]
    fn of<M, I: IntoSource<M>>(
        source: I,
        at_a_time: usize,
        fan_out: impl FnOnce(InTurns<I::Source>) -> S,
    ) -> Self {
        let gate = Gate::new(at_a_time);
        let source = InTurns::new(source.into_source(), gate.clone());
        Self::gated(fan_out(source), gate)
    }

    /// The stream that this iterates over, to call its own methods: `stop`, say.
    pub fn stream(&mut self) -> &mut S {
        &mut self.stream
    }
}

impl<S: Stream + Unpin> Iterator for Outcomes<S> {
    type Item = S::Item;

    fn next(&mut self) -> Option<S::Item> {
        block_on(poll_fn(|cx| {
            // What was taken comes first, whatever has changed since.
            self.gate.shut();
            loop {
                if let Poll::Ready(next) = self.stream.poll_next_unpin(cx) {
                    return Poll::Ready(next);
                }
                // All that was taken is on its way: more may be taken, though that can block.
                if !self.gate.open() {
                    return Poll::Pending;
                }
            }
        }))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.stream.size_hint()
    }
}
