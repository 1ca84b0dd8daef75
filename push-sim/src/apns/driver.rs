//! Serves one connection, and ends it.

use std::future::poll_fn;
use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_rustls::server::TlsStream;

use super::pipe::Pipe;
use super::session::{Ending, Session};
use crate::fault::{Action, Close};

/// How long a closed connection is still emptied; to drop it with unread data
/// would reset it, and take back what the client has not read yet.
const LINGER: Duration = Duration::from_secs(5);

const OLD_HTTP_ANSWER: &[u8] = b"HTTP/1.1 505 HTTP Version Not Supported\r\n\
    content-type: text/plain\r\ncontent-length: 33\r\nconnection: close\r\n\r\n\
    this service speaks HTTP/2 only.\n";

pub(super) struct Driver {
    pipe: Pipe,
    session: Session,
    /// What it is told to do at once.
    orders: UnboundedReceiver<Action>,
}

/// Why a connection is looked at.
enum Woken {
    /// The client has sent something.
    Read,
    /// The client is gone.
    Left,
    /// Something that was put off is due.
    Due,
    Ordered(Action),
}

impl Driver {
    pub(super) fn new(
        stream: TlsStream<TcpStream>,
        session: Session,
        orders: UnboundedReceiver<Action>,
    ) -> Self {
        Self {
            pipe: Pipe::new(stream),
            session,
            orders,
        }
    }

    /// Serves until the client leaves, or a fault ends the connection, perhaps at once.
    pub(super) async fn run(mut self, first: Option<Ending>) -> io::Result<()> {
        let mut ending = first;
        loop {
            if self.session.http2().is_finished() {
                ending = ending.or(Some(Ending::Close(Close::Tls)));
            }
            if let Some(ending) = ending {
                return self.end(ending).await;
            }
            ending = match self.wait().await? {
                Woken::Left => return Ok(()),
                Woken::Ordered(action) => self.session.order(&action),
                Woken::Due => self.session.send_due(Instant::now().into_std()),
                Woken::Read => None,
            };
            // What was read before may have waited for what was done now.
            ending = ending.or_else(|| self.receive());
        }
    }

    fn receive(&mut self) -> Option<Ending> {
        let mut input = self.pipe.input();
        let ending = self.session.receive(&mut input);
        let left = input.len();
        self.pipe.keep(left);
        if !self.session.http2().is_new() {
            self.pipe.open_writing();
        }
        ending
    }

    async fn wait(&mut self) -> io::Result<Woken> {
        let Self {
            pipe,
            session,
            orders,
        } = self;
        let due = session.next_due().map(Instant::from_std);
        let due_at = due.unwrap_or_else(Instant::now);
        if session.reads() {
            let http2 = session.http2();
            return Ok(tokio::select! {
                biased;
                read = poll_fn(|cx| pipe.poll(http2, cx)) => match read? {
                    true => Woken::Read,
                    false => Woken::Left,
                },
                Some(action) = orders.recv() => Woken::Ordered(action),
                () = sleep_until(due_at), if due.is_some() => Woken::Due,
            });
        }
        let http2 = session.http2();
        let served = async {
            while !http2.output().is_empty() {
                poll_fn(|cx| pipe.poll_write(http2, cx)).await?;
            }
            closed(pipe.stream.get_ref().0).await;
            Ok(Woken::Left)
        };
        tokio::select! {
            biased;
            woken = served => woken,
            Some(action) = orders.recv() => Ok(Woken::Ordered(action)),
            () = sleep_until(due_at), if due.is_some() => Ok(Woken::Due),
        }
    }

    /// What was answered before goes out in every case.
    async fn end(mut self, ending: Ending) -> io::Result<()> {
        let Self { pipe, session, .. } = &mut self;
        if ending == Ending::OldHttp {
            let _ = timeout(LINGER, async {
                pipe.stream.write_all(OLD_HTTP_ANSWER).await?;
                pipe.stream.flush().await
            })
            .await;
        } else {
            let http2 = session.http2();
            let _ = timeout(LINGER, poll_fn(|cx| pipe.poll_write(http2, cx))).await;
        }
        match ending {
            Ending::Stall | Ending::Wedge => self.linger(ending).await,
            Ending::Close(close) => self.close(close).await,
            Ending::OldHttp => self.close(Close::Tls).await,
        }
    }

    async fn close(mut self, close: Close) -> io::Result<()> {
        let stream = &mut self.pipe.stream;
        match close {
            Close::Rst => stream.get_ref().0.set_zero_linger(),
            Close::Fin => {
                let tcp = stream.get_mut().0;
                tcp.shutdown().await?;
                drain(tcp).await
            }
            Close::Tls => {
                stream.shutdown().await?;
                drain(stream.get_mut().0).await
            }
        }
    }

    /// Does nothing useful any more, until the client leaves or a command closes the connection.
    async fn linger(mut self, ending: Ending) -> io::Result<()> {
        let Self { pipe, orders, .. } = &mut self;
        let tcp = pipe.stream.get_mut().0;
        let left = async {
            match ending {
                Ending::Wedge => discard(tcp).await,
                _ => {
                    closed(tcp).await;
                    Ok(())
                }
            }
        };
        let ordered = async {
            loop {
                match orders.recv().await {
                    Some(Action::Close(close)) => return close,
                    Some(_) => {}
                    None => std::future::pending().await,
                }
            }
        };
        tokio::select! {
            ended = left => ended,
            close = ordered => self.close(close).await,
        }
    }
}

/// Waits until the client has closed the connection, without reading anything.
pub(super) async fn closed(tcp: &TcpStream) {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        // Urgent data is never expected; what this waits for is the end of the stream.
        let interest = tokio::io::Interest::PRIORITY;
        while let Ok(ready) = tcp.ready(interest).await {
            if ready.is_read_closed() {
                return;
            }
            tokio::time::sleep(CLOSED_EVERY).await;
        }
    }
    // Elsewhere only a reset shows.
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    while let Ok(None) = tcp.take_error() {
        tokio::time::sleep(CLOSED_EVERY).await;
    }
}

/// How often a connection is asked whether it has ended, where the system does not tell.
const CLOSED_EVERY: Duration = Duration::from_millis(100);

/// Reads until the client has closed the connection, for so long as it was told to go away.
pub(super) async fn drain(tcp: &mut TcpStream) -> io::Result<()> {
    timeout(LINGER, discard(tcp)).await.unwrap_or(Ok(()))
}

async fn discard(tcp: &mut TcpStream) -> io::Result<()> {
    let mut scrap = [0; 4096];
    while tcp.read(&mut scrap).await? > 0 {}
    Ok(())
}
