//! A blocking TCP socket that looks asynchronous: one thread reads, one writes, and the task sees
//! two bounded buffers.

use std::fmt;
use std::io;
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};
use std::thread;
use std::time::Duration;

use futures_util::io::{AsyncRead, AsyncWrite};

use super::blocking;
use super::inbound::Inbound;
use super::outbound::Outbound;

/// The threads of a socket copy bytes and no more.
const STACK_BYTES: usize = 128 * 1024;

/// Where giving up does not reach the system's call, it ends by itself after this time.
const CONNECT_LIMIT: Duration = Duration::from_secs(60);

/// A TCP connection. What was written and not flushed is lost when it is dropped.
pub(crate) struct Socket {
    shared: Arc<Shared>,
    peer: SocketAddr,
}

struct Shared {
    stream: TcpStream,
    inbound: Inbound,
    outbound: Outbound,
}

impl Socket {
    /// Connects, with `TCP_NODELAY`.
    ///
    /// # Errors
    /// Whatever the operating system says.
    pub(crate) async fn connect(address: SocketAddr) -> io::Result<Self> {
        // The standard library gives no handle to a socket that is still connecting, and so no way
        // to give up. This is the one place where it is not enough.
        let domain = socket2::Domain::for_address(address);
        let socket = Arc::new(socket2::Socket::new(domain, socket2::Type::STREAM, None)?);
        let dial = Dial {
            socket: Arc::downgrade(&socket),
            given_up: Arc::default(),
        };
        let given_up = Arc::clone(&dial.given_up);
        let socket = blocking(move || {
            if !given_up.load(Ordering::Acquire) {
                socket.connect_timeout(&address.into(), CONNECT_LIMIT)?;
            }
            Ok(socket)
        });
        let socket = Arc::into_inner(socket.await?)
            .ok_or_else(|| io::Error::other("the socket has another owner"))?;
        drop(dial);
        let stream = TcpStream::from(socket);
        stream.set_nodelay(true)?;
        Self::start(stream)
    }

    fn start(stream: TcpStream) -> io::Result<Self> {
        let peer = stream.peer_addr()?;
        let shared = Arc::new(Shared {
            stream,
            inbound: Inbound::default(),
            outbound: Outbound::default(),
        });
        // Made first: when the second thread can't be started, dropping it ends the first one.
        let socket = Self { shared, peer };
        let thread = |name: &str| {
            let builder = thread::Builder::new().name(name.into());
            builder.stack_size(STACK_BYTES)
        };
        let shared = Arc::clone(&socket.shared);
        thread("socket-in").spawn(move || shared.inbound.fill(&shared.stream))?;
        let shared = Arc::clone(&socket.shared);
        thread("socket-out").spawn(move || shared.outbound.drain(&shared.stream))?;
        Ok(socket)
    }

    pub(crate) fn peer_addr(&self) -> SocketAddr {
        self.peer
    }
}

/// Gives up connecting when it is dropped before the connection is there.
struct Dial {
    socket: Weak<socket2::Socket>,
    given_up: Arc<AtomicBool>,
}

impl Drop for Dial {
    fn drop(&mut self) {
        self.given_up.store(true, Ordering::Release);
        if let Some(socket) = self.socket.upgrade() {
            // On Linux this wakes the thread that waits for the peer's answer.
            let _ = socket.shutdown(Shutdown::Both);
        }
    }
}

impl Drop for Socket {
    /// Wakes both threads, wherever they wait; the last one closes the socket.
    fn drop(&mut self) {
        self.shared.inbound.abandon();
        self.shared.outbound.abandon();
        let _ = self.shared.stream.shutdown(Shutdown::Both);
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.shared.inbound.poll_read(context, buffer)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.shared.outbound.poll_write(context, buffer)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.shared.outbound.poll_flush(context)
    }

    fn poll_close(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.shared.outbound.poll_close(context)
    }
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket").field("peer", &self.peer).finish()
    }
}
