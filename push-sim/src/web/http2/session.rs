//! One connection of a client, without its socket: requests in, answers out.

use std::fmt;
use std::sync::Arc;

use super::Serve;
use super::fate::Fate;
use super::trouble::{Answered, Trouble};
use crate::http2::{Connection, Event, Request};
use crate::ledger::Book;
use crate::now::Now;
use crate::web::farewell::Ending;

pub(crate) struct Session<S: Serve> {
    pub(super) service: S,
    pub(super) http2: Connection,
    pub(super) trouble: Trouble<S::Reply>,
    /// The highest stream that was served.
    pub(super) processed: u32,
    /// The limit of streams that a fault has set.
    commanded: Option<u32>,
}

impl<S: Serve> fmt::Debug for Session<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("http2", &self.http2)
            .field("processed", &self.processed)
            .field("commanded", &self.commanded)
            .finish_non_exhaustive()
    }
}

impl<S: Serve> Session<S> {
    pub(crate) fn new(service: S) -> Self {
        Self {
            http2: Connection::new(service.limits()),
            trouble: Trouble::default(),
            processed: 0,
            commanded: None,
            service,
        }
    }

    /// Serves all requests that are whole, and takes them off the front of `input`.
    pub(crate) fn receive(&mut self, input: &mut &[u8]) -> Option<Ending> {
        if self.http2.is_new() {
            if is_old_http(input) {
                return Some(Ending::OldHttp);
            }
            // Too little to tell the one from the other.
            if input.len() < 3 {
                return None;
            }
        }
        let ledger = Arc::clone(self.service.ledger());
        let now = Now::read();
        let mut book = ledger.open();
        self.http2.watch_heads(book.watches_heads());
        while self.reads()
            && let Some(event) = self.http2.receive(input)
        {
            match event {
                Event::Head { stream } => {
                    let ending = self.head(stream, &mut book, now.instant);
                    if ending.is_some() {
                        return ending;
                    }
                }
                Event::Request(request) => {
                    let ending = self.request(&request, &mut book, now);
                    self.http2.recycle(request);
                    if ending.is_some() {
                        return ending;
                    }
                }
                Event::Reset { stream, code } => {
                    tracing::trace!(stream, ?code, "the client gave a stream up");
                    self.abandon(|answered| answered == stream, &mut book);
                }
                Event::Pong { payload } => {
                    let ending = self.pong(payload, &mut book);
                    if ending.is_some() {
                        return ending;
                    }
                }
                Event::GoAway { code } => tracing::debug!(?code, "the client leaves"),
            }
        }
        None
    }

    fn request(&mut self, request: &Request, book: &mut Book, now: Now) -> Option<Ending> {
        let stream = request.stream();
        let early = self.late_head(request, book);
        let action = self.service.strike(request, early, book);
        if let Some(action) = &action
            && let Fate::Unserved(ending) = self.befall(action, stream, book, now.instant)
        {
            return ending;
        }
        self.processed = self.processed.max(stream);
        let reply = self.service.serve(request, action.as_ref(), book, now);
        if self.commanded.is_none()
            && let Some(streams) = self.service.raised_limit()
        {
            self.http2.limit_streams(streams, true);
        }
        self.answer(action, Answered { stream, reply }, book, now.instant)
    }

    pub(super) fn command_limit(&mut self, limit: u32) {
        if self.commanded != Some(limit) {
            self.commanded = Some(limit);
            self.http2.limit_streams(limit, true);
        }
    }

    /// Bytes to write; the caller takes off what it has written, and says when all is.
    pub(crate) fn http2(&mut self) -> &mut Connection {
        &mut self.http2
    }
}

/// A request line of HTTP/1 instead of `PRI * HTTP/2.0`.
fn is_old_http(input: &[u8]) -> bool {
    input
        .first_chunk::<3>()
        .is_some_and(|start| start != b"PRI" && start.iter().all(u8::is_ascii_uppercase))
}
