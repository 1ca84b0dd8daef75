//! One connection of HTTP/2, for every service that speaks it, with all that faults can make of it.

mod driver;
mod fate;
mod malformed;
mod pipe;
mod session;
mod trouble;

use std::fmt;
use std::sync::Arc;

use crate::fault::Action;
use crate::http2::{Connection, Limits, Request};
use crate::ledger::{Book, Ledger};
use crate::now::Now;

pub(crate) use driver::talk;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use session::Session;

/// What a service makes of one connection.
pub(crate) trait Serve: Send {
    type Reply: Reply;

    fn ledger(&self) -> &Arc<Ledger>;

    /// What the first SETTINGS say.
    fn limits(&self) -> Limits;

    /// The limit of streams to which the service returns when that of a fault has ended.
    fn max_streams(&self) -> u32;

    /// Another limit of streams, to be announced once, now that a request was served.
    fn raised_limit(&mut self) -> Option<u32> {
        None
    }

    /// What befalls a request of which only the fields have come.
    fn strike_head(&mut self, request: &Request, book: &mut Book) -> Option<Action>;

    /// Counts a request, and says what befalls it, unless `early` has.
    fn strike(
        &mut self,
        request: &Request,
        early: Option<Action>,
        book: &mut Book,
    ) -> Option<Action>;

    /// Answers a request, or says what the action has in place of its answer, and counts what
    /// becomes of it. [`Self::strike`] was asked about the same request just before.
    fn serve(
        &mut self,
        request: &Request,
        action: Option<&Action>,
        book: &mut Book,
        now: Now,
    ) -> Self::Reply;
}

/// An answer, ready to be sent.
pub(crate) trait Reply: fmt::Debug + Send {
    fn status(&self) -> u16;

    /// How many notifications it says were taken.
    fn accepted(&self) -> u64;

    fn send(&self, http2: &mut Connection, stream: u32);
}
