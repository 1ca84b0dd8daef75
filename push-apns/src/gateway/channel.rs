//! One connection to the gateway: writes on one side, and at the same time listens for the only word
//! that the gateway ever says.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use push_core::session::Lease;
use push_core::{AsyncRead, AsyncWrite};
use push_core::{Error, ErrorKind};

use super::codec::{self, ErrorResponse};
use super::window::{Ending, Settled, Window};

/// How long after the handshake is over for us the server may still refuse it.
const HANDSHAKE: Duration = Duration::from_secs(30);

/// A connection, and the notifications that it carries.
#[derive(Debug)]
pub(super) struct Channel<T> {
    lease: Lease,
    is_open: bool,
    /// At the last look, all connections that may be were others'.
    waits_its_turn: bool,
    pub(super) window: Window<T>,
    /// Whole frames, of which so many bytes were handed to the connection.
    out: Vec<u8>,
    written: usize,
    /// How many frames are in there, and the length of the longest.
    frames: usize,
    longest: usize,
    unflushed: bool,
    answer: [u8; ErrorResponse::LEN],
    answered: usize,
    /// When the connection came about.
    opened_at: Instant,
    /// When something last went on: it was to be opened and its turn had come, or was opened, or was
    /// given something to take, or took bytes.
    pub(super) moved_at: Instant,
    /// When the last notification was put in.
    pub(super) filled_at: Instant,
}

/// The end of a connection, and why it was no better one.
#[derive(Debug)]
pub(super) struct End {
    pub(super) ending: Ending,
    pub(super) why: Option<Error>,
}

impl End {
    pub(super) fn unanswered(why: Error) -> Self {
        Self {
            ending: Ending::Unanswered,
            why: Some(why),
        }
    }
}

/// Memory for another channel: of entries, and of bytes.
pub(super) type Memory<T> = (VecDeque<T>, Vec<u8>);

impl<T> Channel<T> {
    pub(super) fn new(
        lease: Lease,
        (entries, mut out): Memory<T>,
        is_anonymous: bool,
        now: Instant,
    ) -> Self {
        out.clear();
        Self {
            lease,
            is_open: false,
            waits_its_turn: false,
            window: Window::new(entries, is_anonymous),
            out,
            written: 0,
            frames: 0,
            longest: 0,
            unflushed: false,
            answer: [0; ErrorResponse::LEN],
            answered: 0,
            opened_at: now,
            moved_at: now,
            filled_at: now,
        }
    }

    /// Whether the connection came about.
    pub(super) fn is_open(&self) -> bool {
        self.is_open
    }

    /// Whether others have all connections that may be.
    pub(super) fn waits_its_turn(&self) -> bool {
        self.waits_its_turn
    }

    /// Ready when it is open.
    pub(super) fn poll_open(
        &mut self,
        cx: &mut Context<'_>,
        now: Instant,
    ) -> Poll<Result<(), Error>> {
        if !self.is_open {
            let Poll::Ready(ready) = self.lease.poll_ready(cx) else {
                let waits = self.lease.waits_its_turn();
                if std::mem::replace(&mut self.waits_its_turn, waits) || waits {
                    self.moved_at = now;
                }
                return Poll::Pending;
            };
            ready?;
            self.is_open = true;
            self.opened_at = now;
            self.moved_at = now;
            self.filled_at = now;
        }
        Poll::Ready(Ok(()))
    }

    /// Whether another frame may be put in before these are written.
    pub(super) fn takes_more(&self, most_frames: usize, most_bytes: usize) -> bool {
        let fits = self.out.len() + self.longest <= most_bytes;
        self.written == 0 && self.frames < most_frames && (fits || self.frames == 0)
    }

    /// Puts a notification in, encoded by this under the identifier that it gets.
    ///
    /// # Errors
    /// The entry, where it could not be encoded: nothing was put in.
    #[inline(always)]
    pub(super) fn push<E>(
        &mut self,
        entry: T,
        encode: impl FnOnce(&T, u32, &mut Vec<u8>) -> Result<(), E>,
    ) -> Result<(), (T, E)> {
        let before = self.out.len();
        if let Err(error) = encode(&entry, self.window.next(), &mut self.out) {
            return Err((entry, error));
        }
        self.longest = self.longest.max(self.out.len() - before);
        self.frames += 1;
        self.window.push(entry);
        Ok(())
    }

    /// Puts in the notification that asks for a proof of all before it.
    pub(super) fn ask(&mut self, encode: impl FnOnce(u32, &mut Vec<u8>)) {
        encode(self.window.ask(), &mut self.out);
        self.frames += 1;
    }

    /// Whether there is something to write.
    pub(super) fn has_bytes(&self) -> bool {
        !self.out.is_empty()
    }

    /// Whether there is something to write, or on its way to the connection still.
    pub(super) fn is_busy(&self) -> bool {
        !self.out.is_empty() || self.unflushed
    }

    /// Ready when all was handed over. It fails as the connection does.
    pub(super) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        now: Instant,
    ) -> Poll<io::Result<()>> {
        while self.written < self.out.len() {
            let rest = self.out.get(self.written..).unwrap_or_default();
            match ready!(Pin::new(&mut self.lease).poll_write(cx, rest)) {
                Ok(0) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Ok(bytes) => self.written += bytes,
                Err(error) => {
                    // TLS may have sent some records of it before it failed at the next.
                    self.written = self.out.len();
                    return Poll::Ready(Err(error));
                }
            }
            self.unflushed = true;
            self.moved_at = now;
        }
        self.out.clear();
        self.written = 0;
        self.frames = 0;
        Poll::Ready(Ok(()))
    }

    /// Ready when what was handed over is on its way.
    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.unflushed {
            ready!(Pin::new(&mut self.lease).poll_flush(cx))?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    /// Ready when the connection has ended.
    pub(super) fn poll_end(&mut self, cx: &mut Context<'_>, now: Instant) -> Poll<End> {
        while let Some(rest) = self.answer.get_mut(self.answered..) {
            if rest.is_empty() {
                break;
            }
            match ready!(Pin::new(&mut self.lease).poll_read(cx, rest)) {
                Ok(0) => return Poll::Ready(self.end_of_file()),
                Ok(bytes) => self.answered += bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    let is_young = now.saturating_duration_since(self.opened_at) < HANDSHAKE;
                    return Poll::Ready(lost(error, is_young));
                }
            }
        }
        Poll::Ready(match ErrorResponse::decode(&self.answer) {
            Ok(Some((response, _))) => End {
                ending: Ending::Answered(response),
                why: None,
            },
            _ => {
                let why = "the server does not speak the protocol of the gateway";
                End::unanswered(Error::new(ErrorKind::Protocol, why))
            }
        })
    }

    fn end_of_file(&self) -> End {
        let why = match self.answered {
            0 => "the gateway closed the connection without an error response".to_owned(),
            bytes => format!(
                "the gateway closed the connection after {bytes} of the {} bytes of its error response",
                ErrorResponse::LEN
            ),
        };
        End::unanswered(Error::new(ErrorKind::Connect, why))
    }

    /// Whether somebody had used the connection before.
    pub(super) fn is_reused(&self) -> bool {
        self.lease.is_reused()
    }

    /// What the end means for the notifications, and how many of those that are untouched were not
    /// handed over: the last ones. Gives back the lease and the memory of the bytes.
    pub(super) fn settle(mut self, ending: Ending) -> (Settled<T>, usize, Lease, Vec<u8>) {
        let unwritten = self.unwritten();
        // It is the last to go out, and alone.
        if self.window.has_asked() && !self.out.is_empty() && self.written == 0 {
            self.window.unask();
        }
        let settled = self.window.settle(ending, unwritten);
        (settled, unwritten, self.lease, self.out)
    }

    /// The lease, of a connection on which nothing waits for a verdict.
    pub(super) fn into_lease(self) -> (Lease, Memory<T>) {
        (self.lease, (self.window.into_memory(), self.out))
    }

    /// How many notifications were not handed over whole. No gateway can have taken those.
    fn unwritten(&self) -> usize {
        let mut end = 0;
        let mut handed_over = 0;
        for _ in 0..self.frames {
            let rest = self.out.get(end..).unwrap_or_default();
            end += codec::frame_len(rest).unwrap_or(rest.len());
            handed_over += usize::from(end <= self.written);
        }
        let unwritten = self.frames - handed_over;
        // The last one is the question, which is no notification.
        unwritten - usize::from(unwritten > 0 && self.window.has_asked())
    }
}

fn lost(error: io::Error, is_young: bool) -> End {
    // A handshake that the server refuses after it is over for us: so the TLS stacks tell it. Later on
    // the same words prove nothing.
    if is_young && error.kind() == io::ErrorKind::PermissionDenied {
        let why = "the gateway refused the TLS handshake";
        return End {
            ending: Ending::Refused,
            why: Some(Error::new(ErrorKind::Tls, why).with_source(error)),
        };
    }
    let why = "the connection to the gateway was lost";
    End::unanswered(Error::new(ErrorKind::Connect, why).with_source(error))
}
