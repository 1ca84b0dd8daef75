use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use futures_io::{AsyncRead, AsyncWrite};

use super::frames::{GoAway, PREFACE_LEN, Scanner, Seen};
use super::streams::{Ended, Endings};
use crate::Connection;

/// How much is gathered before it is written: the size of the largest TLS record.
const GATHER: usize = 16 * 1024;

/// What stands between `h2` and a connection: gathers small writes into large ones, and reads
/// along, since `h2` does not tell what was written nor all of what a GOAWAY says.
///
/// Two hold it: `h2` as its transport, and the driver, which writes what was gathered once `h2`
/// has nothing more to say.
#[derive(Clone, Debug)]
pub(crate) struct Wire {
    inner: Arc<Mutex<Inner>>,
    observed: Arc<Observed>,
}

#[derive(Debug)]
struct Inner {
    /// `None` once the driver has ended: who still asks about a stream holds no socket open.
    connection: Option<Box<dyn Connection>>,
    gathered: Vec<u8>,
    /// How much of what was gathered is written.
    written: usize,
    /// How much of what was gathered the scanner has seen.
    scanned: usize,
    /// Nothing more is written: see [`Wire::was_written`].
    sealed: bool,
    /// Whether the connection has yet to be flushed.
    unflushed: bool,
    /// Whether the driver flushes: `h2` asks for a flush after each larger frame.
    lazy: bool,
    reading: Scanner,
    writing: Scanner,
    endings: Endings,
    peer: Option<SocketAddr>,
}

/// What was seen on a connection so far.
#[derive(Debug)]
pub(crate) struct Observed {
    settings: AtomicBool,
    max_streams: AtomicU32,
    highest_written: AtomicU32,
    not_http2: AtomicBool,
    going_away: AtomicBool,
    goaway: Mutex<Option<GoAway>>,
    news: AtomicBool,
    answers: AtomicU64,
}

impl Wire {
    pub(crate) fn new(connection: Box<dyn Connection>) -> Self {
        Self {
            inner: Arc::new(Mutex::new(Inner {
                peer: connection.peer_addr(),
                connection: Some(connection),
                gathered: Vec::with_capacity(GATHER),
                written: 0,
                scanned: 0,
                sealed: false,
                unflushed: false,
                lazy: false,
                reading: Scanner::new(0),
                writing: Scanner::new(PREFACE_LEN),
                endings: Endings::default(),
            })),
            observed: Arc::new(Observed {
                settings: AtomicBool::new(false),
                max_streams: AtomicU32::new(u32::MAX),
                highest_written: AtomicU32::new(0),
                not_http2: AtomicBool::new(false),
                going_away: AtomicBool::new(false),
                goaway: Mutex::new(None),
                news: AtomicBool::new(false),
                answers: AtomicU64::new(0),
            }),
        }
    }

    pub(crate) fn observed(&self) -> Arc<Observed> {
        self.observed.clone()
    }

    /// From now on the driver writes what was gathered, by [`poll_drain`](Self::poll_drain).
    pub(crate) fn drain_by_hand(&self) {
        self.lock().lazy = true;
    }

    /// Writes all that was gathered.
    pub(crate) fn poll_drain(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut inner = self.lock();
        let inner = &mut *inner;
        ready!(inner.poll_drain(&self.observed, cx))?;
        if inner.unflushed {
            ready!(Pin::new(inner.open()?).poll_flush(cx))?;
            inner.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    /// Whether any byte of this stream may have been written, of a connection that is lost. Where
    /// none was, none will be: `h2` can hold whole requests that it has given up and would still
    /// write before it closes, and a request that is sent again must not be among them.
    pub(crate) fn was_written(&self, stream: u32) -> bool {
        let mut inner = self.lock();
        if stream <= self.observed.highest_written.load(Ordering::Acquire) {
            return true;
        }
        inner.sealed = true;
        let offered = inner.scanned;
        inner.gathered.truncate(offered);
        false
    }

    /// Moves the streams that ended since this was called last to the end of the list.
    pub(crate) fn take_ended(&self, into: &mut Vec<Ended>) {
        self.lock().endings.take(into);
    }

    /// The address of the other side, where the connection knows it.
    pub(crate) fn peer_addr(&self) -> Option<SocketAddr> {
        self.lock().peer
    }

    /// Closes the connection, whoever still holds this.
    pub(crate) fn release(&self) {
        let connection = self.lock().connection.take();
        drop(connection);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn open(&mut self) -> io::Result<&mut Box<dyn Connection>> {
        self.connection
            .as_mut()
            .ok_or_else(|| io::ErrorKind::NotConnected.into())
    }

    fn poll_drain(&mut self, observed: &Observed, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.sealed {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        // Counted as written from the moment it is offered: a TLS stack may take a record and
        // still report an error, or that it is not ready.
        let new = &self.gathered[self.scanned..];
        let endings = &mut self.endings;
        self.writing
            .scan(new, |seen| observed.wrote(&seen, endings));
        self.scanned = self.gathered.len();
        while self.written < self.gathered.len() {
            let rest = &self.gathered[self.written..];
            let Some(connection) = &mut self.connection else {
                return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
            };
            match ready!(Pin::new(connection).poll_write(cx, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => {
                    self.written += written;
                    self.unflushed = true;
                }
            }
        }
        self.gathered.clear();
        self.written = 0;
        self.scanned = 0;
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let mut inner = self.lock();
        let inner = &mut *inner;
        let read = ready!(Pin::new(inner.open()?).poll_read(cx, buf))?;
        let bytes = &buf[..read];
        let endings = &mut inner.endings;
        let observed = &self.observed;
        inner
            .reading
            .scan(bytes, |seen| observed.read(seen, endings));
        Poll::Ready(Ok(read))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut inner = self.lock();
        if inner.sealed {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        if inner.gathered.len() + buf.len() > GATHER {
            ready!(inner.poll_drain(&self.observed, cx))?;
        }
        let taken = buf.len().min(GATHER);
        inner.gathered.extend_from_slice(&buf[..taken]);
        Poll::Ready(Ok(taken))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.lock().lazy {
            return Poll::Ready(Ok(()));
        }
        self.poll_drain(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut inner = self.lock();
        ready!(inner.poll_drain(&self.observed, cx))?;
        Pin::new(inner.open()?).poll_close(cx)
    }
}

impl Observed {
    fn wrote(&self, seen: &Seen, endings: &mut Endings) {
        match *seen {
            Seen::Headers { stream } => {
                self.highest_written.fetch_max(stream, Ordering::AcqRel);
                endings.begun(stream);
            }
            Seen::End { stream } => endings.written(stream),
            Seen::Reset { stream } => endings.reset(stream),
            _ => {}
        }
    }

    fn read(&self, seen: Seen, endings: &mut Endings) {
        match seen {
            Seen::Headers { .. } => {
                self.answers.fetch_add(1, Ordering::AcqRel);
                return;
            }
            Seen::End { stream } => {
                self.answers.fetch_add(1, Ordering::AcqRel);
                return endings.answered(stream);
            }
            Seen::Reset { stream } => return endings.reset(stream),
            Seen::NotHttp2 => self.not_http2.store(true, Ordering::Release),
            Seen::Settings { max_streams } => {
                if let Some(max) = max_streams {
                    self.max_streams.store(max, Ordering::Release);
                }
                self.settings.store(true, Ordering::Release);
            }
            Seen::GoAway(goaway) => {
                *self.goaway.lock().unwrap_or_else(PoisonError::into_inner) = Some(goaway);
                self.going_away.store(true, Ordering::Release);
            }
        }
        self.news.store(true, Ordering::Release);
    }

    /// Whether the peer's first SETTINGS have come.
    pub(crate) fn settings_came(&self) -> bool {
        self.settings.load(Ordering::Acquire)
    }

    /// Whether the peer has begun to answer any request.
    pub(crate) fn has_answered(&self) -> bool {
        self.answers() > 0
    }

    /// Counts the beginnings and the ends of answers.
    pub(crate) fn answers(&self) -> u64 {
        self.answers.load(Ordering::Acquire)
    }

    /// The highest stream whose HEADERS were offered to the connection.
    pub(crate) fn highest_written(&self) -> u32 {
        self.highest_written.load(Ordering::Acquire)
    }

    /// Whether the peer's first bytes are something else than HTTP/2.
    pub(crate) fn is_not_http2(&self) -> bool {
        self.not_http2.load(Ordering::Acquire)
    }

    /// How many streams the peer takes at once; `u32::MAX` when it did not say.
    pub(crate) fn max_streams(&self) -> u32 {
        self.max_streams.load(Ordering::Acquire)
    }

    /// The peer's farewell.
    pub(crate) fn goaway(&self) -> Option<GoAway> {
        if !self.going_away.load(Ordering::Acquire) {
            return None;
        }
        self.goaway
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Whether settings or a GOAWAY came since this was asked last.
    pub(crate) fn take_news(&self) -> bool {
        self.news.load(Ordering::Acquire) && self.news.swap(false, Ordering::AcqRel)
    }
}
