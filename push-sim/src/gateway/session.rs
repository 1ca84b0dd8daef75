//! One connection of a provider, without its socket: frames in, at most one answer out.

use std::sync::Arc;
use std::time::Instant;

use super::Config;
use super::frame::{self, Frame, Next};
use super::pace::Pace;
use super::refuse::{Answer, Doom, Ending};
use super::status::{self, name};
use crate::fault::{Action, Point, Refusal};
use crate::ledger::{Book, Ledger};
use crate::topics::Provider;

/// What a payload may have, in bytes.
const PAYLOAD_BYTES: usize = 2048;
const VOIP_PAYLOAD_BYTES: usize = 4096;

/// What all connections of the service share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) ledger: Arc<Ledger>,
}

#[derive(Debug)]
pub(super) struct Session {
    shared: Arc<Shared>,
    payload_bytes: usize,
    /// The identifier of the last notification that was taken, if it had one.
    last_taken: Option<u32>,
    pace: Pace,
    /// Set when everything that comes is thrown away.
    doom: Option<Doom>,
}

/// What becomes of a notification.
enum Fate {
    Taken(Option<Ending>),
    Left(Option<Ending>),
}

impl Session {
    pub(super) fn new(shared: Arc<Shared>, certificate: Option<&[u8]>) -> Self {
        let is_voip = || {
            let topics = certificate.map(|der| Provider::of(der).topics);
            let topics = topics.unwrap_or_default();
            topics.first().is_some_and(|topic| topic.ends_with(".voip"))
        };
        let payload_bytes = shared.config.payload_bytes.unwrap_or_else(|| {
            if is_voip() {
                VOIP_PAYLOAD_BYTES
            } else {
                PAYLOAD_BYTES
            }
        });
        Self {
            shared,
            payload_bytes,
            last_taken: None,
            pace: Pace::default(),
            doom: None,
        }
    }

    /// Takes the frames that have come whole, and leaves the rest.
    pub(super) fn receive(&mut self, input: &mut &[u8], now: Instant) -> Option<Ending> {
        let shared = Arc::clone(&self.shared);
        let mut book = shared.ledger.open();
        self.pace.heard(now);
        let whole = *input;
        // Once one is not taken, none behind it is: what is taken stands together.
        let (mut taken, mut taken_bytes) = (0, 0);
        let mut ending = None;
        while ending.is_none() && self.doom.is_none() && self.pace.reads() {
            let (frame, length) = match frame::next(input) {
                Next::Partial => break,
                Next::Whole(frame, length) => (frame, length),
                Next::Malformed(identifier) => {
                    ending = self.give_up(identifier, &mut book);
                    break;
                }
            };
            *input = &input[length..];
            match self.fate(&frame, &mut book, now) {
                Fate::Taken(then) => {
                    taken += 1;
                    taken_bytes += length;
                    self.last_taken = frame.identifier;
                    book.take_frame(frame.token, frame.payload.len());
                    ending = then;
                }
                Fate::Left(then) => ending = then,
            }
        }
        book.frames.push(&whole[..taken_bytes], taken);
        match &mut self.doom {
            Some(doom) if ending.is_none() => doom.discard(input, &mut book),
            _ => ending,
        }
    }

    fn fate(&mut self, frame: &Frame<'_>, book: &mut Book, now: Instant) -> Fate {
        let Some(action) = book.frame(frame.token) else {
            return match self.check(frame) {
                None => Fate::Taken(None),
                Some(code) => self.refuse(&Refusal::new(code), frame, book, now),
            };
        };
        let fault = self.check(frame).map(Refusal::new);
        match (action, fault) {
            (Action::Code(refusal), fault) if refusal.is_shutdown() => {
                if fault.is_some() {
                    book.stats.unprocessed += 1;
                    return Fate::Left(self.shut_down(&refusal, self.last_taken, now));
                }
                Fate::Taken(self.shut_down(&refusal, frame.identifier, now))
            }
            (Action::Code(refusal), _) => self.refuse(&refusal, frame, book, now),
            (Action::Close(close) | Action::CloseAt(close, Point::Request), _) => {
                book.stats.unprocessed += 1;
                Fate::Left(Some(Ending::Close(close)))
            }
            (Action::Stall, _) => {
                book.stats.unprocessed += 1;
                Fate::Left(Some(Ending::Stall))
            }
            (Action::Wedge, _) => {
                book.stats.unprocessed += 1;
                self.wedge();
                Fate::Left(None)
            }
            (Action::CloseAt(close, _), None) => Fate::Taken(Some(Ending::Close(close))),
            (Action::CloseAt(close, _), Some(refusal)) => {
                self.refuse(&refusal.close(close), frame, book, now)
            }
            (Action::Delay(time), None) => {
                self.pace.pause(time, now);
                Fate::Taken(None)
            }
            (Action::Delay(time), Some(refusal)) => {
                self.refuse(&refusal.delay(time), frame, book, now)
            }
            (Action::Malformed(_), None) => Fate::Taken(Some(Ending::Garbage)),
            (_, Some(refusal)) => self.refuse(&refusal, frame, book, now),
            (action, None) => {
                self.pace.apply(&action, now);
                Fate::Taken(None)
            }
        }
    }

    /// The status of the answer, if there is something wrong.
    fn check(&self, frame: &Frame<'_>) -> Option<u8> {
        let config = &self.shared.config;
        if frame.token.is_empty() {
            Some(status::MISSING_TOKEN)
        } else if !config.token_bytes.contains(&frame.token.len()) {
            Some(status::INVALID_TOKEN_SIZE)
        } else if frame.payload.is_empty() {
            Some(status::MISSING_PAYLOAD)
        } else if frame.payload.len() > self.payload_bytes {
            Some(status::INVALID_PAYLOAD_SIZE)
        } else {
            None
        }
    }

    fn refuse(
        &mut self,
        refusal: &Refusal,
        frame: &Frame<'_>,
        book: &mut Book,
        now: Instant,
    ) -> Fate {
        book.stats.reject(&name(refusal.code));
        let identifier = match frame.command {
            0 => None,
            _ => Some(frame.identifier.unwrap_or(0)),
        };
        Fate::Left(self.doom(Answer::new(refusal, identifier), refusal, now))
    }

    /// The gateway ends; `last` was taken, and nothing behind it.
    fn shut_down(&mut self, refusal: &Refusal, last: Option<u32>, now: Instant) -> Option<Ending> {
        self.doom(Answer::new(refusal, last), refusal, now)
    }

    fn doom(&mut self, answer: Answer, refusal: &Refusal, now: Instant) -> Option<Ending> {
        match Doom::of(answer, refusal, now) {
            Ok(doom) => {
                self.doom = Some(doom);
                None
            }
            Err(ending) => {
                self.wedge();
                Some(ending)
            }
        }
    }

    /// What comes can't be read.
    fn give_up(&mut self, identifier: Option<u32>, book: &mut Book) -> Option<Ending> {
        book.stats.requests += 1;
        book.stats.reject(&name(status::PROTOCOL_ERROR));
        self.doom = Some(Doom::silent(true));
        let refusal = Refusal::new(status::PROTOCOL_ERROR);
        let answer = Answer::new(&refusal, Some(identifier.unwrap_or(0)));
        Some(Ending::Answer(answer))
    }

    /// Throws away what comes from now on.
    pub(super) fn wedge(&mut self) {
        if self.doom.is_none() {
            self.doom = Some(Doom::silent(false));
        }
    }

    /// Carries out what needs no notification.
    pub(super) fn order(&mut self, action: &Action, now: Instant) -> Option<Ending> {
        match action {
            Action::Close(close) | Action::CloseAt(close, _) => Some(Ending::Close(*close)),
            Action::Stall => Some(Ending::Stall),
            Action::Malformed(_) => Some(Ending::Garbage),
            Action::Code(refusal) if self.doom.is_none() => {
                self.shut_down(refusal, self.last_taken, now)
            }
            Action::Wedge | Action::Handshake(_) => {
                self.doom = Some(Doom::silent(false));
                None
            }
            action => {
                self.pace.apply(action, now);
                None
            }
        }
    }

    /// Does what is due.
    pub(super) fn due(&mut self, now: Instant) -> Option<Ending> {
        if let Some(doom) = &mut self.doom
            && doom.next_due().is_some_and(|due| due <= now)
        {
            return doom.say();
        }
        self.pace.due(now).map(Ending::Close)
    }

    /// When there is something to be done next.
    pub(super) fn next_due(&self) -> Option<Instant> {
        let answer = self.doom.as_ref().and_then(Doom::next_due);
        answer.into_iter().chain(self.pace.next_due()).min()
    }

    /// The client has said all that it has to say.
    pub(super) fn end_of_input(&mut self) -> Option<Ending> {
        self.doom.as_mut().and_then(Doom::say)
    }

    pub(super) fn pace(&self) -> &Pace {
        &self.pace
    }
}
