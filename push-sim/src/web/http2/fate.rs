//! What a fault makes of a request, and of a connection.

use std::sync::Arc;
use std::time::Instant;

use super::malformed;
use super::session::Session;
use super::trouble::{Answered, Order};
use super::{Reply, Serve};
use crate::fault::{Action, GoAway, Notice, Point};
use crate::http2::{ErrorCode, MAX_31, Request};
use crate::ledger::Book;
use crate::web::farewell::Ending;

/// What becomes of a request.
pub(super) enum Fate {
    Served,
    /// It is not looked at; the connection may end with it.
    Unserved(Option<Ending>),
}

impl<S: Serve> Session<S> {
    /// The fields of a request have come.
    pub(super) fn head(&mut self, stream: u32, book: &mut Book, now: Instant) -> Option<Ending> {
        let request = self.http2.head(stream)?;
        let action = self.service.strike_head(request, book)?;
        match self.befall(&action, stream, book, now) {
            Fate::Unserved(ending) => ending,
            Fate::Served => None,
        }
    }

    /// What would have befallen the request before its body, had it come apart from its fields.
    pub(super) fn late_head(&mut self, request: &Request, book: &mut Book) -> Option<Action> {
        let missed = book.watches_heads() && !request.was_announced();
        missed
            .then(|| self.service.strike_head(request, book))
            .flatten()
    }

    /// What a fault does before a request is served.
    pub(super) fn befall(
        &mut self,
        action: &Action,
        stream: u32,
        book: &mut Book,
        now: Instant,
    ) -> Fate {
        let ending = match action {
            Action::Answer(_)
            | Action::Body(_)
            | Action::Delay(_)
            | Action::DropAnswer
            | Action::Malformed(_)
            | Action::CloseAt(_, Point::BeforeAnswer | Point::MidAnswer | Point::AfterAnswer)
            | Action::ResetAt(_, Point::BeforeAnswer | Point::MidAnswer | Point::AfterAnswer)
            | Action::Handshake(_)
            | Action::Random(_)
            // Of other services.
            | Action::Code(_)
            | Action::Slow(_)
            | Action::Idle(..) => return Fate::Served,
            Action::Streams(_)
            | Action::StreamsFor { .. }
            | Action::Window { .. }
            | Action::Starve(_)
            | Action::StopReading(_)
            | Action::IgnorePings => {
                self.apply(action, book, now);
                return Fate::Served;
            }
            Action::GoAway(goaway) => {
                let last = goaway.last.unwrap_or(self.processed);
                let ending = self.apply(action, book, now);
                if goaway.graceful.is_some() || ending.is_none() && stream <= last {
                    return Fate::Served;
                }
                ending
            }
            Action::Reset(code) | Action::ResetAt(code, _) => {
                self.http2.reset(stream, ErrorCode(*code));
                None
            }
            Action::CloseAt(close, _) => Some(Ending::Close(*close)),
            Action::Close(_) | Action::Stall | Action::Wedge => self.apply(action, book, now),
        };
        book.stats.unprocessed += 1;
        Fate::Unserved(ending)
    }

    /// Carries out what needs no request.
    pub(super) fn apply(
        &mut self,
        action: &Action,
        book: &mut Book,
        now: Instant,
    ) -> Option<Ending> {
        match action {
            Action::Close(close) | Action::CloseAt(close, _) => {
                return Some(Ending::Close(*close));
            }
            Action::Stall => return Some(Ending::Stall),
            Action::Wedge => return Some(Ending::Wedge),
            Action::GoAway(goaway) => return self.leave(goaway, book, now),
            Action::Streams(limit) => self.command_limit(*limit),
            Action::StreamsFor { limit, time, then } => {
                self.command_limit(*limit);
                let then = then.unwrap_or_else(|| self.service.max_streams());
                self.trouble.put_off(now + *time, Order::Streams(then));
            }
            Action::Window {
                initial,
                time,
                then,
            } => {
                self.http2.resize_stream_windows(*initial);
                if let Some(time) = time {
                    let then = then.unwrap_or(DEFAULT_WINDOW);
                    self.trouble.put_off(now + *time, Order::Window(then));
                }
            }
            Action::Starve(time) => {
                self.http2.starve();
                if let Some(time) = time {
                    self.trouble.put_off(now + *time, Order::Feed);
                }
            }
            Action::StopReading(time) => {
                self.trouble.stop_reading();
                if let Some(time) = time {
                    self.trouble.put_off(now + *time, Order::Read);
                }
            }
            Action::IgnorePings => self.http2.ignore_pings(),
            Action::Malformed(kind) => malformed::send(*kind, None, &mut self.http2),
            // The rest needs a request, or a connection that is still to come about.
            _ => {}
        }
        None
    }

    /// Carries out what was commanded for the connection itself.
    pub(super) fn order(&mut self, action: &Action) -> Option<Ending> {
        let ledger = Arc::clone(self.service.ledger());
        let mut book = ledger.open();
        self.apply(action, &mut book, Instant::now())
    }

    fn leave(&mut self, goaway: &GoAway, book: &mut Book, now: Instant) -> Option<Ending> {
        let Some(notice) = goaway.graceful else {
            let last = goaway.last.unwrap_or(self.processed);
            return self.go_away(last, goaway, book);
        };
        let text = goaway.debug_data();
        self.http2
            .go_away(MAX_31, ErrorCode::NO_ERROR, text.as_bytes());
        match notice {
            Notice::After(time) => {
                let order = Order::GoAway(goaway.clone());
                self.trouble.put_off(now + time, order);
            }
            Notice::RoundTrip => {
                let payload = self.trouble.await_pong(goaway.clone());
                self.http2.ping(payload);
            }
        }
        None
    }

    /// The second step of a graceful GOAWAY: what has come until now is served.
    pub(super) fn leave_after_notice(
        &mut self,
        goaway: &GoAway,
        book: &mut Book,
    ) -> Option<Ending> {
        let last = goaway.last.unwrap_or_else(|| self.http2.last_stream());
        self.go_away(last, goaway, book)
    }

    fn go_away(&mut self, last: u32, goaway: &GoAway, book: &mut Book) -> Option<Ending> {
        let text = goaway.debug_data();
        self.http2
            .go_away(last, ErrorCode(goaway.code), text.as_bytes());
        self.abandon(|stream| stream > last, book);
        goaway.close.map(Ending::Close)
    }

    /// Answers a request that was served, as the fault wants it.
    pub(super) fn answer(
        &mut self,
        action: Option<Action>,
        answer: Answered<S::Reply>,
        book: &mut Book,
        now: Instant,
    ) -> Option<Ending> {
        let Answered { stream, ref reply } = answer;
        let lost = reply.accepted();
        match action {
            Some(Action::DropAnswer) => book.stats.unanswered += lost,
            Some(Action::Delay(delay)) => {
                self.trouble.put_off(now + delay, Order::Answer(answer));
            }
            Some(Action::CloseAt(close, Point::BeforeAnswer)) => {
                book.stats.unanswered += lost;
                return Some(Ending::Close(close));
            }
            Some(Action::CloseAt(close, Point::MidAnswer)) => {
                book.stats.unanswered += lost;
                let start = self.http2.output().len();
                reply.send(&mut self.http2, stream);
                malformed::cut(self.http2.output(), start);
                return Some(Ending::Close(close));
            }
            Some(Action::CloseAt(close, Point::AfterAnswer)) => {
                reply.send(&mut self.http2, stream);
                return Some(Ending::Close(close));
            }
            Some(Action::ResetAt(code, Point::BeforeAnswer)) => {
                book.stats.unanswered += lost;
                self.http2.reset(stream, ErrorCode(code));
            }
            Some(Action::ResetAt(code, Point::MidAnswer)) => {
                book.stats.unanswered += lost;
                let start = self.http2.output().len();
                reply.send(&mut self.http2, stream);
                malformed::keep_open(self.http2.output(), start);
                self.http2.reset(stream, ErrorCode(code));
            }
            Some(Action::ResetAt(code, Point::AfterAnswer)) => {
                reply.send(&mut self.http2, stream);
                self.http2.reset(stream, ErrorCode(code));
            }
            Some(Action::Malformed(kind)) => {
                malformed::send(kind, Some(stream), &mut self.http2);
                if kind.is_harmless() {
                    reply.send(&mut self.http2, stream);
                } else {
                    book.stats.unanswered += lost;
                    self.http2.forget(stream);
                }
            }
            Some(Action::Body(body)) if body.status == reply.status() => {
                if body.bytes.is_none() {
                    book.stats.unanswered += lost;
                }
                self.http2.pad_answer(stream, body.bytes);
                reply.send(&mut self.http2, stream);
            }
            _ => reply.send(&mut self.http2, stream),
        }
        None
    }
}

/// What a stream's window is unless a fault changes it, in bytes.
const DEFAULT_WINDOW: u32 = 65_535;
