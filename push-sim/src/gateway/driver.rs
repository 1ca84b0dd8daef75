//! Serves one connection, and ends it.

use std::future::poll_fn;
use std::io;
use std::num::NonZeroU32;
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_rustls::server::TlsStream;

use super::frame::MOST_FRAME_BYTES;
use super::refuse::{Answer, Ending};
use super::session::Session;
use crate::ending::{LINGER, closed};
use crate::fault::{Action, Close};

/// Enough that frames come hundreds at a time, and little enough to stay in the cache.
const BUFFER_BYTES: usize = 64 << 10;
/// Between the bytes of an answer that is split.
const PAUSE: Duration = Duration::from_millis(2);

const GARBAGE: &[u8] = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n";

pub(super) struct Driver {
    stream: TlsStream<TcpStream>,
    input: Input,
    session: Session,
    /// What it is told to do at once.
    orders: UnboundedReceiver<Action>,
    linger: Duration,
    /// Before that nothing is read, since the connection is slow.
    next_read: Instant,
}

/// Why a connection is looked at.
enum Woken {
    /// The client has sent something.
    Read,
    /// The client has said all that it has to say.
    Ended,
    /// The client is gone.
    Left,
    /// Something that was put off is due.
    Due,
    Ordered(Box<Action>),
}

impl Driver {
    pub(super) fn new(
        stream: TlsStream<TcpStream>,
        session: Session,
        orders: UnboundedReceiver<Action>,
        linger: Duration,
    ) -> Self {
        Self {
            stream,
            input: Input::new(),
            session,
            orders,
            linger,
            next_read: Instant::now(),
        }
    }

    /// Serves until the client leaves, or the connection is to end, perhaps at once.
    pub(super) async fn run(mut self, first: Option<Ending>) -> io::Result<()> {
        let mut ending = first;
        loop {
            match ending {
                None => {}
                Some(Ending::Answer(answer)) => {
                    self.answer(&answer).await?;
                    if let Some(close) = answer.close {
                        return self.close(close, answer.drain).await;
                    }
                    self.receive();
                }
                Some(Ending::Close(close)) => return self.close(close, true).await,
                Some(Ending::Garbage) => {
                    self.write(GARBAGE).await?;
                    return self.close(Close::Tls, true).await;
                }
                Some(Ending::Stall) => return self.stall().await,
            }
            ending = match self.wait().await? {
                Woken::Left => return Ok(()),
                Woken::Ended => match self.session.end_of_input() {
                    None => return Ok(()),
                    ending => ending,
                },
                Woken::Ordered(action) => self.session.order(&action, now()),
                Woken::Due => self.session.due(now()),
                Woken::Read => None,
            };
            // What was read before may have waited for what was done now.
            ending = ending.or_else(|| self.receive());
        }
    }

    fn receive(&mut self) -> Option<Ending> {
        let mut input = self.input.filled();
        let ending = self.session.receive(&mut input, now());
        let left = input.len();
        self.input.keep(left);
        ending
    }

    async fn wait(&mut self) -> io::Result<Woken> {
        let due = self.session.next_due().map(Instant::from_std);
        let due_at = due.unwrap_or_else(Instant::now);
        let pace = self.session.pace();
        let (reads, reads_again, slow) = (pace.reads(), pace.reads_again(), pace.bytes_per_s());
        let Self {
            stream,
            input,
            orders,
            next_read,
            ..
        } = self;
        let read = async {
            if !reads_again {
                closed(stream.get_ref().0).await;
                return Ok(Woken::Left);
            }
            let read = match slow {
                None => input.read(stream).await?,
                Some(bytes_per_s) => input.read_slowly(stream, bytes_per_s, next_read).await?,
            };
            Ok(if read { Woken::Read } else { Woken::Ended })
        };
        tokio::select! {
            // What is sent after an order finds it carried out.
            biased;
            Some(action) = orders.recv() => Ok(Woken::Ordered(Box::new(action))),
            () = sleep_until(due_at), if due.is_some() => Ok(Woken::Due),
            woken = read, if reads || !reads_again => woken,
        }
    }

    /// What is written goes out with the end of the connection, where that is possible.
    async fn answer(&mut self, answer: &Answer) -> io::Result<()> {
        if answer.split {
            for octet in answer.octets().chunks(1) {
                self.write(octet).await?;
                sleep(PAUSE).await;
            }
            return Ok(());
        }
        if matches!(answer.close, Some(Close::Tls | Close::Fin)) {
            cork(self.stream.get_ref().0);
        }
        self.write(answer.octets()).await
    }

    async fn write(&mut self, octets: &[u8]) -> io::Result<()> {
        let written = timeout(LINGER, async {
            self.stream.write_all(octets).await?;
            self.stream.flush().await
        });
        written.await.unwrap_or(Ok(()))
    }

    /// Ends the connection, and throws away what still comes.
    async fn close(mut self, close: Close, drain: bool) -> io::Result<()> {
        self.session.wedge();
        self.receive();
        match close {
            Close::Rst => return self.stream.get_ref().0.set_zero_linger(),
            Close::Fin => self.stream.get_mut().0.shutdown().await?,
            Close::Tls => self.stream.shutdown().await?,
        }
        if !drain {
            return Ok(());
        }
        let drained = timeout(self.linger, async {
            while self.input.read(&mut self.stream).await? {
                let mut input = self.input.filled();
                self.session.receive(&mut input, now());
                let left = input.len();
                self.input.keep(left);
            }
            Ok(())
        });
        drained.await.unwrap_or(Ok(()))
    }

    /// Does nothing any more, until the client leaves or a command closes the connection.
    async fn stall(mut self) -> io::Result<()> {
        let ordered = async {
            loop {
                match self.orders.recv().await {
                    Some(Action::Close(close)) => return close,
                    Some(_) => {}
                    None => std::future::pending().await,
                }
            }
        };
        let close = tokio::select! {
            () = closed(self.stream.get_ref().0) => return Ok(()),
            close = ordered => close,
        };
        self.close(close, true).await
    }
}

fn now() -> std::time::Instant {
    std::time::Instant::now()
}

/// Keeps what is written from now on until the connection is shut down, where the system can.
fn cork(tcp: &TcpStream) {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let _ = SockRef::from(tcp).set_tcp_cork(true);
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _ = tcp;
}

/// What was read and not taken yet.
struct Input {
    buffer: Vec<u8>,
    filled: Range<usize>,
}

impl Input {
    fn new() -> Self {
        Self {
            buffer: vec![0; BUFFER_BYTES],
            filled: 0..0,
        }
    }

    fn filled(&self) -> &[u8] {
        &self.buffer[self.filled.clone()]
    }

    /// Keeps only the last `left` bytes of what was read.
    fn keep(&mut self, left: usize) {
        self.filled.start = self.filled.end - left;
    }

    /// Reads as much as there is; `false` at the end.
    async fn read(&mut self, stream: &mut TlsStream<TcpStream>) -> io::Result<bool> {
        poll_fn(|cx| self.poll_read(stream, usize::MAX, cx)).await
    }

    /// Reads so many bytes in a second.
    async fn read_slowly(
        &mut self,
        stream: &mut TlsStream<TcpStream>,
        bytes_per_s: NonZeroU32,
        next_read: &mut Instant,
    ) -> io::Result<bool> {
        let rate = bytes_per_s.get();
        let _ = SockRef::from(stream.get_ref().0).set_recv_buffer_size(rate as usize);
        sleep_until(*next_read).await;
        let before = self.filled.len();
        let most = (rate / 1000).max(1) as usize;
        let read = poll_fn(|cx| self.poll_read(stream, most, cx)).await?;
        let count = self.filled.len() - before;
        *next_read = Instant::now() + Duration::from_secs(count as u64) / rate;
        Ok(read)
    }

    fn poll_read(
        &mut self,
        stream: &mut TlsStream<TcpStream>,
        most: usize,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<bool>> {
        let length = self.filled.len();
        self.buffer.copy_within(self.filled.clone(), 0);
        self.filled = 0..length;
        if length >= BUFFER_BYTES / 2 {
            // A frame that takes most of the buffer.
            self.buffer.resize(MOST_FRAME_BYTES + BUFFER_BYTES, 0);
        }
        let room = self.buffer.len().min(length.saturating_add(most));
        let mut ended = false;
        while self.filled.end < room {
            let mut space = ReadBuf::new(&mut self.buffer[self.filled.end..room]);
            match Pin::new(&mut *stream).poll_read(cx, &mut space) {
                Poll::Ready(Ok(())) if space.filled().is_empty() => {
                    ended = true;
                    break;
                }
                Poll::Ready(Ok(())) => self.filled.end += space.filled().len(),
                // Many old clients close without a word of TLS.
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    ended = true;
                    break;
                }
                // What came before the connection broke is still looked at.
                Poll::Ready(Err(error)) if self.filled.len() == length => {
                    return Poll::Ready(Err(error));
                }
                Poll::Ready(Err(_)) | Poll::Pending => break,
            }
        }
        if self.filled.len() > length {
            Poll::Ready(Ok(true))
        } else if ended {
            Poll::Ready(Ok(false))
        } else {
            Poll::Pending
        }
    }
}
