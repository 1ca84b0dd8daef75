//! Serves one connection, and ends it.

use std::future::poll_fn;
use std::io;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_rustls::server::TlsStream;

use super::Serve;
use super::pipe::Pipe;
use super::session::Session;
use crate::ending::{LINGER, closed};
use crate::fault::{Action, Close, Point};
use crate::listener::Connected;
use crate::web::farewell::{Ending, end};

const OLD_HTTP_ANSWER: &[u8] = b"HTTP/1.1 505 HTTP Version Not Supported\r\n\
    content-type: text/plain\r\ncontent-length: 33\r\nconnection: close\r\n\r\n\
    this service speaks HTTP/2 only.\n";

/// Serves a connection until it ends; what befalls it does so as soon as both sides can speak.
pub(crate) async fn talk<S: Serve>(connected: Connected, service: S) {
    let mut session = Session::new(service);
    let Connected {
        stream,
        action,
        orders,
        open: _open,
    } = connected;
    let first = match action {
        Some(Action::Handshake(_)) => {
            session.http2().output().clear();
            Some(Ending::Wedge)
        }
        Some(Action::CloseAt(close, Point::Accept)) => {
            session.http2().output().clear();
            Some(Ending::Close(close))
        }
        Some(action) => session.order(&action),
        None => None,
    };
    if let Err(error) = Driver::new(stream, session, orders).run(first).await {
        tracing::debug!(%error, "a connection broke");
    }
}

struct Driver<S: Serve> {
    pipe: Pipe,
    session: Session<S>,
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
    Ordered(Box<Action>),
}

impl<S: Serve> Driver<S> {
    fn new(
        stream: TlsStream<TcpStream>,
        session: Session<S>,
        orders: UnboundedReceiver<Action>,
    ) -> Self {
        Self {
            pipe: Pipe::new(stream),
            session,
            orders,
        }
    }

    /// Serves until the client leaves, or a fault ends the connection, perhaps at once.
    async fn run(mut self, first: Option<Ending>) -> io::Result<()> {
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
                // An order comes before what the client sent after it was given.
                biased;
                Some(action) = orders.recv() => Woken::Ordered(Box::new(action)),
                read = poll_fn(|cx| pipe.poll(http2, cx)) => match read? {
                    true => Woken::Read,
                    false => Woken::Left,
                },
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
            Some(action) = orders.recv() => Ok(Woken::Ordered(Box::new(action))),
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
        end(self.pipe.stream, ending, &mut self.orders).await
    }
}
