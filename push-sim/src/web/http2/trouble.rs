//! What faults have put off on one connection.

use std::sync::Arc;
use std::time::Instant;

use super::session::Session;
use super::{Reply, Serve};
use crate::fault::GoAway;
use crate::ledger::Book;
use crate::web::farewell::Ending;

/// What faults have still to do to a connection, and what they have stopped.
#[derive(Debug)]
pub(super) struct Trouble<R> {
    later: Vec<Later<R>>,
    /// GOAWAYs that wait for their PINGs.
    noticed: Vec<GoAway>,
    is_deaf: bool,
}

#[derive(Debug)]
struct Later<R> {
    due: Instant,
    order: Order<R>,
}

/// What is to be done.
#[derive(Debug)]
pub(super) enum Order<R> {
    Answer(Answered<R>),
    Streams(u32),
    Window(u32),
    Feed,
    Read,
    GoAway(GoAway),
}

/// The answer to a request that was served.
#[derive(Debug)]
pub(super) struct Answered<R> {
    pub(super) stream: u32,
    pub(super) reply: R,
}

/// What the PINGs of a graceful GOAWAY hold.
const NOTICE: [u8; 8] = *b"goaway\0\0";

impl<R> Default for Trouble<R> {
    fn default() -> Self {
        Self {
            later: Vec::new(),
            noticed: Vec::new(),
            is_deaf: false,
        }
    }
}

impl<R> Trouble<R> {
    pub(super) fn put_off(&mut self, due: Instant, order: Order<R>) {
        self.later.push(Later { due, order });
    }

    pub(super) fn stop_reading(&mut self) {
        self.is_deaf = true;
    }

    /// What the PING holds that has to come back before this is said.
    pub(super) fn await_pong(&mut self, goaway: GoAway) -> [u8; 8] {
        self.noticed.push(goaway);
        NOTICE
    }
}

impl<S: Serve> Session<S> {
    /// Whether the client is listened to.
    pub(crate) fn reads(&self) -> bool {
        !self.trouble.is_deaf
    }

    /// A PING has come back.
    pub(super) fn pong(&mut self, payload: [u8; 8], book: &mut Book) -> Option<Ending> {
        if payload != NOTICE || self.trouble.noticed.is_empty() {
            return None;
        }
        let goaway = self.trouble.noticed.remove(0);
        self.leave_after_notice(&goaway, book)
    }

    /// Does what is due.
    pub(crate) fn send_due(&mut self, now: Instant) -> Option<Ending> {
        let due: Vec<_> = self
            .trouble
            .later
            .extract_if(.., |later| later.due <= now)
            .collect();
        let mut ending = None;
        for Later { order, .. } in due {
            match order {
                Order::Answer(answer) => answer.reply.send(&mut self.http2, answer.stream),
                Order::Streams(limit) => self.command_limit(limit),
                Order::Window(bytes) => self.http2.resize_stream_windows(bytes),
                Order::Feed => self.http2.feed(),
                Order::Read => self.trouble.is_deaf = false,
                Order::GoAway(goaway) => {
                    let ledger = Arc::clone(self.service.ledger());
                    let mut book = ledger.open();
                    let left = self.leave_after_notice(&goaway, &mut book);
                    ending = ending.or(left);
                }
            }
        }
        ending
    }

    /// When there is something to be done next.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.trouble.later.iter().map(|later| later.due).min()
    }

    /// Forgets the answers that were put off on these streams.
    pub(super) fn abandon(&mut self, streams: impl Fn(u32) -> bool, book: &mut Book) {
        self.trouble.later.retain(|later| match &later.order {
            Order::Answer(answer) if streams(answer.stream) => {
                book.stats.unanswered += answer.reply.accepted();
                false
            }
            _ => true,
        });
    }
}

/// What was put off never comes when the connection has ended.
impl<S: Serve> Drop for Session<S> {
    fn drop(&mut self) {
        if !self.trouble.later.is_empty() {
            let ledger = Arc::clone(self.service.ledger());
            self.abandon(|_| true, &mut ledger.open());
        }
    }
}
