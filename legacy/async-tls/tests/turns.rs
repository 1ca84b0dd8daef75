//! What async-tls does with the socket below it.

#![allow(clippy::unwrap_used)]

use std::io::{self, Write};
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use backend_conformance::peer::{Authority, Peer, TlsSettings, scripts};
use backend_smol::SmolRuntime;
use futures_util::io::{AsyncRead, AsyncWrite};
use futures_util::{AsyncReadExt, AsyncWriteExt};
use legacy_async_tls::AsyncTls;
use push_core::{Connection, ErrorKind, Runtime, Target, Tls};

/// How often a socket was asked to read, and to write; and whether it takes anything.
#[derive(Debug, Default)]
struct Polls {
    reads: AtomicUsize,
    writes: AtomicUsize,
    full: AtomicBool,
}

impl Polls {
    fn so_far(&self) -> (usize, usize) {
        let count = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
        (count(&self.reads), count(&self.writes))
    }
}

/// Counts the polls of a connection.
#[derive(Debug)]
struct Counted {
    inner: Box<dyn Connection>,
    polls: Arc<Polls>,
}

impl Connection for Counted {
    fn alpn(&self) -> Option<&[u8]> {
        None
    }

    fn peer_addr(&self) -> Option<SocketAddr> {
        self.inner.peer_addr()
    }
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.polls.reads.fetch_add(1, Ordering::Relaxed);
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.polls.writes.fetch_add(1, Ordering::Relaxed);
        if self.polls.full.load(Ordering::Relaxed) {
            return Poll::Pending;
        }
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_close(cx)
    }
}

#[test]
fn who_writes_does_not_take_the_wakeup_of_who_reads_nor_the_other_way_round() {
    smol::block_on(async {
        let peer = Peer::tls(&TlsSettings::new(&Authority::new()), |stream| {
            stream.write_all(b"!")?;
            scripts::echo(stream)
        });
        let polls = Arc::new(Polls::default());
        let socket = Counted {
            inner: SmolRuntime::new()
                .connect_tcp(peer.address())
                .await
                .unwrap(),
            polls: polls.clone(),
        };
        let tls = AsyncTls::new();
        let target = peer.target();
        let stream = tls.handshake(Box::new(socket), &target, None).await;
        let mut stream = stream.unwrap();
        // The tickets and the first byte, so that the next read waits.
        stream.read_exact(&mut [0]).await.unwrap();

        let (reads, _) = polls.so_far();
        stream.write_all(&[7; 100_000]).await.unwrap();
        stream.flush().await.unwrap();
        assert_eq!(polls.so_far().0, reads, "a write reads nothing");

        // A record that the socket does not take waits below TLS.
        polls.full.store(true, Ordering::Relaxed);
        stream.write_all(b"late").await.unwrap();
        let (_, writes) = polls.so_far();
        let mut echoed = vec![0; 100_000];
        stream.read_exact(&mut echoed).await.unwrap();
        assert_eq!(polls.so_far().1, writes, "a read writes nothing");

        polls.full.store(false, Ordering::Relaxed);
        stream.flush().await.unwrap();
        let mut late = [0; 4];
        stream.read_exact(&mut late).await.unwrap();
        assert_eq!(&late, b"late");
    });
}

/// A peer that refuses the connection, and is gone when we write.
#[derive(Debug)]
struct Gone(&'static [u8]);

impl Connection for Gone {
    fn alpn(&self) -> Option<&[u8]> {
        None
    }

    fn peer_addr(&self) -> Option<SocketAddr> {
        None
    }
}

impl AsyncRead for Gone {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Gone {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[test]
fn a_peer_that_hangs_up_is_heard_to_its_last_word() {
    let target = Target::tls("localhost", 1).roots(Authority::new().roots());
    let handshake = |said| {
        let tls = AsyncTls::new();
        let handshake = tls.handshake(Box::new(Gone(said)), &target, None);
        let mut cx = Context::from_waker(Waker::noop());
        match pin!(handshake).poll(&mut cx) {
            Poll::Ready(outcome) => outcome.unwrap_err(),
            Poll::Pending => panic!("nothing is left to wait for"),
        }
    };
    // An alert: fatal, access_denied.
    let error = handshake(&[21, 3, 3, 0, 2, 2, 49]);
    assert_eq!(error.kind(), ErrorKind::Tls);
    assert!(error.report().contains("refused the client certificate"));
    assert_eq!(handshake(&[]).kind(), ErrorKind::Connect);
}
