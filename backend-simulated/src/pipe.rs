use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use crate::timers::{TimerKey, Timers, Waiter};

/// One direction of a connection: bytes on their way, each piece with the time of its arrival.
#[derive(Debug, Default)]
pub(crate) struct Pipe {
    pieces: VecDeque<Piece>,
    /// Bytes that were written and not read.
    pub(crate) held: usize,
    /// Bytes that were written at all.
    pub(crate) sent: u64,
    /// When the latest piece arrives: none overtakes another.
    last_due: Duration,
    /// Until when the line is taken by what was written before.
    line_busy: Duration,
    /// The writer has ended its half.
    pub(crate) ended: bool,
    /// Nothing arrives.
    pub(crate) cut: bool,
    /// The reading end was dropped; the writer learns it then.
    pub(crate) reader_gone: Option<Duration>,
    pub(crate) failure: Option<Failure>,
    reader: Option<Waiter>,
    writer: Option<Waiter>,
    timer: Option<TimerKey>,
}

#[derive(Debug)]
struct Piece {
    due: Duration,
    content: Content,
}

#[derive(Debug)]
enum Content {
    Bytes { bytes: Vec<u8>, read: usize },
    End,
}

/// What the ends are told, instead of bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Failure {
    pub(crate) reading: io::ErrorKind,
    pub(crate) told: bool,
}

/// Who is to be woken once the lock is free.
pub(crate) type Wakers = Vec<Waiter>;

impl Pipe {
    /// The number of bytes that can be read now; `None` when there is nothing to say yet, zero at
    /// the end.
    pub(crate) fn arrived(&self, now: Duration) -> Option<usize> {
        let front = self.pieces.front()?;
        if self.cut || front.due > now {
            return None;
        }
        let due = self.pieces.iter().take_while(|piece| piece.due <= now);
        Some(due.map(|piece| piece.content.len()).sum())
    }

    /// Reads what has arrived; `buf` is no longer than that.
    pub(crate) fn read(&mut self, buf: &mut [u8], wakers: &mut Wakers) {
        let mut filled = 0;
        while filled < buf.len() {
            let Some(Piece {
                content: Content::Bytes { bytes, read },
                ..
            }) = self.pieces.front_mut()
            else {
                break;
            };
            let count = (bytes.len() - *read).min(buf.len() - filled);
            buf[filled..filled + count].copy_from_slice(&bytes[*read..*read + count]);
            filled += count;
            *read += count;
            if *read == bytes.len() {
                self.pieces.pop_front();
            }
        }
        self.held -= filled;
        wakers.extend(self.writer.take());
    }

    /// Takes bytes that arrive after this time on the way. `per_byte` is what one byte takes of the
    /// line.
    pub(crate) fn write(&mut self, bytes: &[u8], now: Duration, way: Duration, line: Duration) {
        self.line_busy = self.line_busy.max(now) + line;
        self.held += bytes.len();
        self.sent += bytes.len() as u64;
        let content = Content::Bytes {
            bytes: bytes.to_vec(),
            read: 0,
        };
        self.push(content, self.line_busy + way);
    }

    /// Ends the writing half.
    pub(crate) fn end(&mut self, now: Duration, way: Duration) {
        if !self.ended {
            self.ended = true;
            self.push(Content::End, self.line_busy.max(now) + way);
        }
    }

    fn push(&mut self, content: Content, due: Duration) {
        self.last_due = self.last_due.max(due);
        self.pieces.push_back(Piece {
            due: self.last_due,
            content,
        });
    }

    /// The reading end is gone: what is there is lost, and the writer learns it later.
    pub(crate) fn abandon(&mut self, learns: Duration, timers: &mut Timers) -> Wakers {
        self.reader_gone = Some(learns);
        self.discard(timers);
        let mut wakers = Wakers::new();
        wakers.extend(self.reader.take());
        wakers.extend(self.writer.take());
        wakers
    }

    /// Both ends are told that it broke.
    pub(crate) fn fail(&mut self, reading: io::ErrorKind, timers: &mut Timers) -> Wakers {
        self.failure = Some(Failure {
            reading,
            told: false,
        });
        self.discard(timers);
        self.everybody()
    }

    /// Throws away what is on its way.
    fn discard(&mut self, timers: &mut Timers) {
        self.pieces.clear();
        self.held = 0;
        if let Some(key) = self.timer.take() {
            timers.disarm(key);
        }
    }

    /// Bytes that were held up arrive after this time, and those after them later.
    pub(crate) fn heal(&mut self, now: Duration, way: Duration) -> Wakers {
        self.cut = false;
        let earliest = now + way;
        for piece in &mut self.pieces {
            piece.due = piece.due.max(earliest);
        }
        self.last_due = self.last_due.max(earliest);
        self.everybody()
    }

    fn everybody(&mut self) -> Wakers {
        let both = [self.reader.take(), self.writer.take()];
        both.into_iter().flatten().collect()
    }

    /// Somebody waits for bytes.
    pub(crate) fn await_bytes(&mut self, waiter: Waiter, timers: &mut Timers) -> Option<Waiter> {
        let former = self.reader.replace(waiter);
        self.arm(timers);
        former
    }

    /// Somebody waits for room. There is always room where the reader is gone.
    pub(crate) fn await_room(&mut self, waiter: Waiter) -> Option<Waiter> {
        self.writer.replace(waiter)
    }

    /// Sets the timer for what comes next, if anybody waits for it.
    pub(crate) fn arm(&mut self, timers: &mut Timers) {
        let stale = self.timer.take().and_then(|key| timers.disarm(key));
        drop(stale);
        if let (Some(reader), Some(front), false) = (&self.reader, self.pieces.front(), self.cut) {
            self.timer = Some(timers.arm(front.due, reader.clone(), false));
        }
    }

    /// Cuts it: what is on its way does not arrive.
    pub(crate) fn sever(&mut self, timers: &mut Timers) {
        self.cut = true;
        self.arm(timers);
    }

    /// Who waits at which end, reader first.
    pub(crate) fn waiting(&self) -> [Option<&Waiter>; 2] {
        [self.reader.as_ref(), self.writer.as_ref()]
    }

    /// Nobody waits for bytes any more: there are some.
    pub(crate) fn served(&mut self, timers: &mut Timers) -> Option<Waiter> {
        if let Some(key) = self.timer.take() {
            timers.disarm(key);
        }
        self.reader.take()
    }
}

impl Content {
    fn len(&self) -> usize {
        match self {
            Self::Bytes { bytes, read } => bytes.len() - read,
            Self::End => 0,
        }
    }
}
