//! What an established connection does: data, ends, farewells.

#![allow(clippy::unwrap_used)]

mod common;

use std::future::poll_fn;
use std::io::{self, IoSlice, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use backend_openssl::Openssl;
use backend_smol::SmolRuntime;
use common::*;
use openssl::ssl::{ShutdownResult, SslStream, SslVersion};
use push_core::{Backend, Connection, Runtime, Tls};
use smol::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

const VERSIONS: [SslVersion; 2] = [SslVersion::TLS1_2, SslVersion::TLS1_3];

type Client = Box<dyn Connection>;

/// A server with its script, and a client connected to it.
fn pair(
    version: SslVersion,
    script: impl FnOnce(SslStream<TcpStream>) + Send + 'static,
) -> (Client, Server) {
    let authority = authority();
    let issued = Wish::server().by(&authority);
    let server = Server::tls(&issued, only(version), script);
    let client = connect(&server.target(&authority.roots())).unwrap();
    (client, server)
}

fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at * 31 % 251) as u8).collect()
}

#[test]
fn large_data_goes_both_ways_whole() {
    for version in VERSIONS {
        let (mut client, server) = pair(version, |mut stream| {
            let mut data = vec![0; 3_000_000];
            stream.read_exact(&mut data).unwrap();
            stream.write_all(&data).unwrap();
        });
        let sent = pattern(3_000_000);
        block_on(async {
            client.write_all(&sent).await.unwrap();
            client.flush().await.unwrap();
            let mut back = vec![0; sent.len()];
            client.read_exact(&mut back).await.unwrap();
            assert!(back == sent);
        });
        server.finish();
    }
}

/// Writes until the stream takes no more; gives what was taken.
async fn fill(client: &mut Client, piece: &[u8]) -> Vec<u8> {
    let mut taken = Vec::new();
    loop {
        let outcome = poll_fn(|cx| Poll::Ready(Pin::new(&mut *client).poll_write(cx, piece))).await;
        match outcome {
            Poll::Ready(written) => taken.extend_from_slice(&piece[..written.unwrap()]),
            Poll::Pending => return taken,
        }
        assert!(taken.len() < 100_000_000, "it takes everything");
    }
}

#[test]
fn a_pending_write_can_give_way_to_another() {
    for version in VERSIONS {
        let (go, gone) = channel();
        let (tell, told) = channel();
        let (mut client, server) = pair(version, move |mut stream| {
            gone.recv_timeout(PATIENCE).unwrap();
            let mut all = Vec::new();
            stream.read_to_end(&mut all).unwrap();
            tell.send(all).unwrap();
        });
        block_on(async {
            let mut expected = fill(&mut client, &[b'a'; 20_000]).await;
            // What was pending is dropped; another, shorter, takes its place.
            go.send(()).unwrap();
            client.write_all(b"something else").await.unwrap();
            client.close().await.unwrap();
            expected.extend_from_slice(b"something else");
            assert!(told.recv_timeout(PATIENCE).unwrap() == expected);
        });
        server.finish();
    }
}

#[test]
fn reading_and_writing_from_two_tasks_hangs_neither() {
    for version in VERSIONS {
        let (client, server) = pair(version, move |mut stream| {
            // Back and forth, with more than fits under way.
            let mut data = vec![0; 4_000_000];
            for _ in 0..2 {
                stream.write_all(&data[..1000]).unwrap();
                stream.read_exact(&mut data).unwrap();
            }
        });
        let (mut reader, mut writer) = smol::io::split(client);
        let writing = smol::spawn(async move {
            writer.write_all(&pattern(8_000_000)).await.unwrap();
            writer.flush().await.unwrap();
        });
        block_on(async {
            let mut data = Vec::new();
            reader.read_to_end(&mut data).await.unwrap();
            assert_eq!(data.len(), 2000);
            writing.await;
        });
        server.finish();
    }
}

/// A stream whose writing can be held up, and which keeps but the last waker, as sockets may.
#[derive(Clone, Debug)]
struct Gate(Arc<Mutex<Gated>>);

#[derive(Debug)]
struct Gated {
    stream: Client,
    shut: bool,
    waiting: Option<Waker>,
}

impl Connection for Gate {
    fn alpn(&self) -> Option<&[u8]> {
        None
    }

    fn peer_addr(&self) -> Option<SocketAddr> {
        None
    }
}

impl AsyncRead for Gate {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0.lock().unwrap().stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Gate {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut gated = self.0.lock().unwrap();
        if gated.shut {
            gated.waiting = Some(cx.waker().clone());
            return Poll::Pending;
        }
        Pin::new(&mut gated.stream).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0.lock().unwrap().stream).poll_flush(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0.lock().unwrap().stream).poll_close(cx)
    }
}

#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn a_reader_does_not_take_the_wakeup_of_a_writer_that_waits() {
    let authority = authority();
    let issued = Wish::server().by(&authority);
    let server = Server::tls(
        &issued,
        |_| {},
        |mut stream| {
            let mut data = [0; 10];
            stream.read_exact(&mut data).unwrap();
            assert_eq!(&data, b"firstagain");
        },
    );
    let target = server.target(&authority.roots());
    let stream = block_on(SmolRuntime::new().connect_tcp(server.address)).unwrap();
    let gate = Gate(Arc::new(Mutex::new(Gated {
        stream,
        shut: false,
        waiting: None,
    })));
    let tls = Openssl::new();
    let mut client = block_on(tls.handshake(Box::new(gate.clone()), &target, None)).unwrap();
    gate.0.lock().unwrap().shut = true;
    let (writer, reader) = (Arc::new(Woken::default()), Arc::new(Woken::default()));
    let (writers, readers) = (Waker::from(writer.clone()), Waker::from(reader));
    let mut cx = Context::from_waker(&writers);
    // Taken, and kept; what comes behind it waits.
    let outcome = Pin::new(&mut client).poll_write(&mut cx, b"first");
    assert!(matches!(outcome, Poll::Ready(Ok(5))), "{outcome:?}");
    assert!(
        Pin::new(&mut client)
            .poll_write(&mut cx, b"again")
            .is_pending()
    );
    let mut cx = Context::from_waker(&readers);
    assert!(
        Pin::new(&mut client)
            .poll_read(&mut cx, &mut [0; 8])
            .is_pending()
    );
    let waiting = {
        let mut gated = gate.0.lock().unwrap();
        gated.shut = false;
        gated.waiting.take().unwrap()
    };
    waiting.wake();
    assert_eq!(writer.0.load(Ordering::SeqCst), 1);
    block_on(async {
        client.write_all(b"again").await.unwrap();
        client.flush().await.unwrap();
    });
    server.finish();
}

#[test]
fn small_pieces_arrive_in_order_and_together() {
    let (tell, told) = channel();
    let (mut client, _server) = pair(SslVersion::TLS1_3, move |mut stream| {
        let mut record = vec![0; 16_384];
        let read = stream.read(&mut record).unwrap();
        tell.send(record[..read].to_vec()).unwrap();
    });
    let written = block_on(async {
        let pieces = [b"".as_slice(), b"one ", b"", b"two ", b"three"].map(IoSlice::new);
        let written = client.write_vectored(&pieces).await.unwrap();
        client.flush().await.unwrap();
        written
    });
    assert_eq!(written, 13);
    assert_eq!(told.recv_timeout(PATIENCE).unwrap(), b"one two three");
    // More than a record holds, of many and of one.
    let (mut client, server) = pair(SslVersion::TLS1_3, |mut stream| {
        let mut data = vec![0; 60_000];
        stream.read_exact(&mut data).unwrap();
        assert!(data == pattern(60_000));
    });
    block_on(async {
        let data = pattern(60_000);
        let mut sent = 0;
        while sent < data.len() {
            let pieces: Vec<_> = data[sent..].chunks(7_000).map(IoSlice::new).collect();
            sent += client.write_vectored(&pieces).await.unwrap();
        }
        client.flush().await.unwrap();
    });
    server.finish();
}

#[test]
fn an_end_without_farewell_is_an_end() {
    for version in VERSIONS {
        let (mut client, server) = pair(version, |mut stream| {
            stream.write_all(b"part").unwrap();
            stream.get_ref().shutdown(Shutdown::Write).unwrap();
            // The other direction goes on.
            let mut answer = [0; 6];
            stream.read_exact(&mut answer).unwrap();
            assert_eq!(&answer, b"answer");
        });
        block_on(async {
            let mut data = Vec::new();
            client.read_to_end(&mut data).await.unwrap();
            assert_eq!(data, b"part");
            assert_eq!(client.read(&mut [0; 8]).await.unwrap(), 0);
            client.write_all(b"answer").await.unwrap();
            client.flush().await.unwrap();
        });
        server.finish();
    }
}

#[test]
fn an_end_in_the_middle_of_a_record_is_an_end() {
    let (mut client, _server) = pair(SslVersion::TLS1_3, |mut stream| {
        stream.write_all(b"part").unwrap();
        stream.get_mut().write_all(&[23, 3, 3, 1, 0, 5, 5]).unwrap();
    });
    block_on(async {
        let mut data = Vec::new();
        client.read_to_end(&mut data).await.unwrap();
        assert_eq!(data, b"part");
    });
}

#[test]
fn a_farewell_is_an_end_and_writing_goes_on() {
    for version in VERSIONS {
        let (mut client, server) = pair(version, |mut stream| {
            assert_eq!(stream.shutdown().unwrap(), ShutdownResult::Sent);
            let mut answer = [0; 6];
            stream.get_mut().read_exact(&mut answer).unwrap();
        });
        block_on(async {
            assert_eq!(client.read(&mut [0; 8]).await.unwrap(), 0);
            client.write_all(b"answer").await.unwrap();
            client.flush().await.unwrap();
        });
        server.finish();
    }
}

#[test]
fn closing_says_farewell_and_ends_the_stream_while_reading_goes_on() {
    for version in VERSIONS {
        let (mut client, server) = pair(version, |mut stream| {
            let mut data = Vec::new();
            // Ends well only with a farewell.
            stream.read_to_end(&mut data).unwrap();
            assert_eq!(data, b"all");
            assert!(
                stream
                    .get_shutdown()
                    .contains(openssl::ssl::ShutdownState::RECEIVED)
            );
            // And the end of the stream behind it.
            assert_eq!(stream.get_mut().read(&mut [0; 8]).unwrap(), 0);
            stream.write_all(&pattern(100_000)).unwrap();
        });
        block_on(async {
            client.write_all(b"all").await.unwrap();
            client.close().await.unwrap();
            // Again is nothing.
            client.close().await.unwrap();
            let error = client.write(b"more").await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
            let mut data = Vec::new();
            client.read_to_end(&mut data).await.unwrap();
            assert!(data == pattern(100_000));
        });
        server.finish();
    }
}

#[test]
fn closing_under_back_pressure_loses_nothing() {
    let (go, gone) = channel();
    let (tell, told) = channel();
    let (mut client, server) = pair(SslVersion::TLS1_3, move |mut stream| {
        gone.recv_timeout(PATIENCE).unwrap();
        let mut all = Vec::new();
        stream.read_to_end(&mut all).unwrap();
        tell.send(all).unwrap();
    });
    block_on(async {
        let expected = fill(&mut client, &pattern(20_000)).await;
        let pending = poll_fn(|cx| Poll::Ready(Pin::new(&mut client).poll_close(cx))).await;
        assert!(pending.is_pending());
        go.send(()).unwrap();
        client.close().await.unwrap();
        assert!(told.recv_timeout(PATIENCE).unwrap() == expected);
    });
    server.finish();
}

#[test]
fn a_reset_is_told_once_and_hangs_nobody() {
    let (go, gone) = channel();
    let (mut client, server) = pair(SslVersion::TLS1_3, move |mut stream| {
        gone.recv_timeout(PATIENCE).unwrap();
        stream.write_all(b"x").unwrap();
        // Unread data makes the system answer with a reset.
    });
    block_on(async {
        client.write_all(&[1; 1000]).await.unwrap();
        client.flush().await.unwrap();
        client.read_exact(&mut []).await.unwrap();
        go.send(()).unwrap();
        server.finish();
        let mut buffer = [0; 8];
        let mut errors = 0;
        for _ in 0..4 {
            errors += usize::from(client.read(&mut buffer).await.is_err());
        }
        assert!(errors <= 1, "told {errors} times");
        let mut refusals = 0;
        for _ in 0..4 {
            let outcome = async {
                client.write_all(&[2; 1000]).await?;
                client.flush().await
            };
            refusals += usize::from(outcome.await.is_err());
        }
        assert!(refusals >= 2, "{refusals}");
        let _ = client.close().await;
        client.close().await.unwrap();
    });
}

#[test]
fn a_record_that_was_tampered_with_is_told_once() {
    for version in VERSIONS {
        let (mut client, _server) = pair(version, |mut stream| {
            let mut forged = vec![23, 3, 3, 0, 40];
            forged.extend([7; 40]);
            stream.get_mut().write_all(&forged).unwrap();
            let _ = stream.get_mut().read_to_end(&mut Vec::new());
        });
        block_on(async {
            let error = client.read(&mut [0; 8]).await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData);
            let text = error.to_string();
            assert!(text.contains("mac"), "{text}");
            assert!(!text.contains("routines"), "{text}");
            assert_eq!(client.read(&mut [0; 8]).await.unwrap(), 0);
            assert!(client.write(b"more").await.is_err());
            let _ = client.close().await;
        });
    }
}

#[test]
fn a_handshake_that_is_dropped_closes_the_stream() {
    let (begun, has_begun) = channel();
    let server = Server::plain(move |mut stream| {
        stream.read_exact(&mut [0; 16]).unwrap();
        begun.send(()).unwrap();
        // Until the client goes.
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let target = server.target(&authority().roots());
    block_on(async {
        let backend = backend();
        let connecting = backend.connect(&target, None);
        let begun = smol::unblock(move || has_begun.recv_timeout(PATIENCE).unwrap());
        smol::future::or(async { drop(connecting.await) }, begun).await;
    });
    server.finish();
}
