//! Moves bytes between a socket and a session.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_rustls::server::TlsStream;

use super::session::{Ending, Session};
use crate::fault::Close;

/// Holds the longest frame, and enough more that requests come many at a time.
const BUFFER_BYTES: usize = 64 << 10;
/// With so much unwritten nothing is read.
const MOST_UNWRITTEN_BYTES: usize = 256 << 10;
/// How long a closed connection is still emptied; to drop it with unread data
/// would reset it, and take back what the client has not read yet.
const LINGER: Duration = Duration::from_secs(5);

const OLD_HTTP_ANSWER: &[u8] = b"HTTP/1.1 505 HTTP Version Not Supported\r\n\
    content-type: text/plain\r\ncontent-length: 33\r\nconnection: close\r\n\r\n\
    this service speaks HTTP/2 only.\n";

pub(super) struct Driver {
    stream: TlsStream<TcpStream>,
    session: Session,
    buffer: Box<[u8]>,
    /// What is in the buffer and not taken yet.
    filled: std::ops::Range<usize>,
    written: usize,
    needs_flush: bool,
    /// The peer is known to speak HTTP/2, so it may be spoken to.
    may_write: bool,
}

impl Driver {
    pub(super) fn new(stream: TlsStream<TcpStream>, session: Session) -> Self {
        let may_write = stream.get_ref().1.alpn_protocol().is_some();
        Self {
            stream,
            session,
            buffer: vec![0; BUFFER_BYTES].into(),
            filled: 0..0,
            written: 0,
            needs_flush: false,
            may_write,
        }
    }

    /// Serves until the client leaves, or a fault ends the connection.
    pub(super) async fn run(mut self) -> io::Result<()> {
        loop {
            let due = self.session.next_due().map(Instant::from_std);
            let more = tokio::select! {
                biased;
                more = poll_fn(|cx| self.poll(cx)) => more?,
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                    self.session.send_due(Instant::now().into_std());
                    true
                }
            };
            if !more {
                return Ok(());
            }
            let mut input = &self.buffer[self.filled.clone()];
            let ending = self.session.receive(&mut input);
            self.filled.start = self.filled.end - input.len();
            self.may_write |= !self.session.http2().is_new();
            match ending {
                None if self.session.http2().is_finished() => {
                    return self.end(Ending::Close(Close::Tls)).await;
                }
                None => {}
                Some(ending) => return self.end(ending).await,
            }
        }
    }

    /// Ready with `true` when something was read, with `false` at the end.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        if let Poll::Ready(Err(error)) = self.poll_write(cx) {
            return Poll::Ready(Err(error));
        }
        if self.session.http2().output().len() - self.written > MOST_UNWRITTEN_BYTES {
            return Poll::Pending;
        }
        let length = self.filled.len();
        self.buffer.copy_within(self.filled.clone(), 0);
        self.filled = 0..length;
        let mut ended = false;
        while self.filled.end < self.buffer.len() {
            let mut space = ReadBuf::new(&mut self.buffer[self.filled.end..]);
            match Pin::new(&mut self.stream).poll_read(cx, &mut space) {
                Poll::Ready(Ok(())) if space.filled().is_empty() => {
                    ended = true;
                    break;
                }
                Poll::Ready(Ok(())) => self.filled.end += space.filled().len(),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => break,
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

    /// Ready when all is written.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.may_write {
            return Poll::Ready(Ok(()));
        }
        let http2 = self.session.http2();
        while self.written < http2.output().len() {
            let rest = &http2.output()[self.written..];
            let length = ready!(Pin::new(&mut self.stream).poll_write(cx, rest))?;
            if length == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.written += length;
            self.needs_flush = true;
        }
        if self.needs_flush {
            http2.output().clear();
            http2.flushed();
            self.written = 0;
            ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
            self.needs_flush = false;
        }
        Poll::Ready(Ok(()))
    }

    /// What was answered before goes out in every case.
    async fn end(mut self, ending: Ending) -> io::Result<()> {
        if ending == Ending::OldHttp {
            let _ = timeout(LINGER, async {
                self.stream.write_all(OLD_HTTP_ANSWER).await?;
                self.stream.flush().await
            })
            .await;
        } else {
            let _ = timeout(LINGER, poll_fn(|cx| self.poll_write(cx))).await;
        }
        match ending {
            Ending::Stall => std::future::pending().await,
            Ending::Close(Close::Rst) => {
                self.stream.get_ref().0.set_zero_linger()?;
                Ok(())
            }
            Ending::Close(Close::Fin) => {
                let tcp = self.stream.get_mut().0;
                tcp.shutdown().await?;
                drain(tcp).await
            }
            Ending::Close(Close::Tls) | Ending::OldHttp => {
                self.stream.shutdown().await?;
                drain(self.stream.get_mut().0).await
            }
        }
    }
}

async fn drain(tcp: &mut TcpStream) -> io::Result<()> {
    let mut scrap = [0; 4096];
    let emptied = async {
        while tcp.read(&mut scrap).await? > 0 {}
        Ok(())
    };
    timeout(LINGER, emptied).await.unwrap_or(Ok(()))
}
