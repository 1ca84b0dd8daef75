//! Messages of the TLS stack that come in parts, and records that wait: nobody is forgotten.

#![allow(clippy::unwrap_used)]

mod common;

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use backend_openssl::Openssl;
use common::*;
use push_core::{Connection, Target, Tls};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection};
use smol::io::{AsyncRead, AsyncWrite};

/// A stream in memory, with a waker for each direction; only the last.
#[derive(Clone, Default, Debug)]
struct Pipe(Arc<Mutex<Inner>>);

#[derive(Default, Debug)]
struct Inner {
    inbound: VecDeque<u8>,
    ended: bool,
    reader: Option<Waker>,
    outbound: Vec<u8>,
    full: bool,
    writer: Option<Waker>,
}

impl Pipe {
    fn deliver(&self, bytes: &[u8]) {
        let mut inner = self.0.lock().unwrap();
        inner.inbound.extend(bytes);
        let waker = inner.reader.take();
        drop(inner);
        waker.into_iter().for_each(Waker::wake);
    }

    fn end(&self) {
        self.0.lock().unwrap().ended = true;
        self.deliver(&[]);
    }

    fn fill(&self) {
        self.0.lock().unwrap().full = true;
    }

    fn make_room(&self) {
        let mut inner = self.0.lock().unwrap();
        inner.full = false;
        let waker = inner.writer.take();
        drop(inner);
        waker.into_iter().for_each(Waker::wake);
    }

    fn taken(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().unwrap().outbound)
    }
}

impl Connection for Pipe {
    fn alpn(&self) -> Option<&[u8]> {
        None
    }

    fn peer_addr(&self) -> Option<SocketAddr> {
        None
    }
}

impl AsyncRead for Pipe {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let mut inner = self.0.lock().unwrap();
        if inner.inbound.is_empty() && !inner.ended {
            inner.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(inner.inbound.read(buf))
    }
}

impl AsyncWrite for Pipe {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut inner = self.0.lock().unwrap();
        if inner.full {
            inner.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        inner.outbound.extend_from_slice(buf);
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_write(cx, &[]).map_ok(|_| ())
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// A task, as far as it can be woken.
struct Task {
    woken: Arc<Woken>,
    waker: Waker,
}

#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Task {
    fn new() -> Self {
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(woken.clone());
        Self { woken, waker }
    }

    /// Whether it was woken since it was asked last.
    fn was_woken(&self) -> bool {
        self.woken.0.swap(0, Ordering::SeqCst) > 0
    }

    fn read(&self, client: &mut Box<dyn Connection>) -> Poll<io::Result<Vec<u8>>> {
        let mut buf = [0; 64];
        let mut cx = Context::from_waker(&self.waker);
        let read = Pin::new(client).poll_read(&mut cx, &mut buf);
        read.map_ok(|read| buf[..read].to_vec())
    }

    fn write(&self, client: &mut Box<dyn Connection>) -> Poll<io::Result<usize>> {
        Pin::new(client).poll_write(&mut Context::from_waker(&self.waker), b"hello")
    }

    fn flush(&self, client: &mut Box<dyn Connection>) -> Poll<io::Result<()>> {
        Pin::new(client).poll_flush(&mut Context::from_waker(&self.waker))
    }
}

/// A connection to a server that sends its tickets in records of 64 bytes.
struct Scene {
    client: Box<dyn Connection>,
    pipe: Pipe,
    server: ServerConnection,
    /// The tickets, record by record.
    tickets: Vec<Vec<u8>>,
    reader: Task,
    writer: Task,
}

impl Scene {
    fn new() -> Self {
        let authority = authority();
        let issued = Wish::server().by(&authority);
        let mut server = server(&issued);
        let target = Target::tls("localhost", 1).roots(authority.roots());
        let pipe = Pipe::default();
        let tls = Openssl::new();
        let mut handshake = tls.handshake(Box::new(pipe.clone()), &target, None);
        let mut cx = Context::from_waker(Waker::noop());
        for _ in 0..50 {
            let outcome = handshake.as_mut().poll(&mut cx);
            hear(&mut server, &pipe.taken());
            let answer = said(&mut server);
            if let Poll::Ready(client) = outcome {
                let (reader, writer) = (Task::new(), Task::new());
                let client = client.unwrap();
                let tickets = records(&answer);
                assert!(tickets.len() > 2, "the tickets are not in parts");
                return Self {
                    client,
                    pipe,
                    server,
                    tickets,
                    reader,
                    writer,
                };
            }
            pipe.deliver(&answer);
        }
        panic!("the handshake does not end");
    }

    /// With the beginning of a ticket read, but not its rest, and both halves waiting.
    fn amid_a_ticket() -> Self {
        let mut scene = Self::new();
        assert!(scene.reader.read(&mut scene.client).is_pending());
        scene.pipe.deliver(&scene.tickets.remove(0));
        assert!(scene.reader.was_woken());
        assert!(scene.reader.read(&mut scene.client).is_pending());
        assert!(scene.writer.write(&mut scene.client).is_pending());
        scene
    }

    /// With a write that was taken, and which the stream does not take.
    fn with_more_written_than_goes_out() -> Self {
        let mut scene = Self::new();
        scene.pipe.fill();
        assert!(scene.writer.write(&mut scene.client).is_ready());
        scene
    }

    /// The rest of the tickets, and something for the reader.
    fn go_on(&mut self) {
        self.server.writer().write_all(b"answer").unwrap();
        let rest = [self.tickets.concat(), said(&mut self.server)].concat();
        self.pipe.deliver(&rest);
    }

    fn heard(&mut self) -> Vec<u8> {
        hear(&mut self.server, &self.pipe.taken());
        let mut data = [0; 64];
        let read = self.server.reader().read(&mut data).unwrap();
        data[..read].to_vec()
    }
}

fn server(issued: &Issued) -> ServerConnection {
    let certificate = CertificateDer::from(issued.certificate.to_der().unwrap());
    let key = PrivatePkcs8KeyDer::from(issued.key.private_key_to_pkcs8().unwrap());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], PrivateKeyDer::Pkcs8(key))
        .unwrap();
    config.max_fragment_size = Some(64);
    ServerConnection::new(Arc::new(config)).unwrap()
}

fn hear(server: &mut ServerConnection, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        server.read_tls(&mut bytes).unwrap();
        server.process_new_packets().unwrap();
    }
}

fn said(server: &mut ServerConnection) -> Vec<u8> {
    let mut bytes = Vec::new();
    while server.wants_write() {
        server.write_tls(&mut bytes).unwrap();
    }
    bytes
}

fn records(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut records = Vec::new();
    while !bytes.is_empty() {
        let length = usize::from(u16::from_be_bytes([bytes[3], bytes[4]]));
        let (record, rest) = bytes.split_at(5 + length);
        records.push(record.to_vec());
        bytes = rest;
    }
    records
}

#[test]
fn both_halves_are_woken_by_the_rest_of_a_message() {
    for writer_first in [false, true] {
        let mut scene = Scene::amid_a_ticket();
        scene.go_on();
        assert!(scene.reader.was_woken());
        assert!(scene.writer.was_woken());
        let Scene {
            client,
            reader,
            writer,
            ..
        } = &mut scene;
        if writer_first {
            assert!(matches!(writer.write(client), Poll::Ready(Ok(5))));
        }
        let read = reader.read(client);
        assert!(matches!(&read, Poll::Ready(Ok(data)) if data == b"answer"));
        if !writer_first {
            assert!(matches!(writer.write(client), Poll::Ready(Ok(5))));
        }
        assert_eq!(scene.heard(), b"hello");
    }
}

#[test]
fn what_one_half_takes_from_the_stream_wakes_the_other() {
    for writer_first in [false, true] {
        let mut scene = Scene::amid_a_ticket();
        // The stream is faster than its wakeup, which then does not come at all.
        let lost = scene.pipe.0.lock().unwrap().reader.take();
        scene.go_on();
        drop(lost);
        let Scene {
            client,
            reader,
            writer,
            ..
        } = &mut scene;
        if writer_first {
            assert!(matches!(writer.write(client), Poll::Ready(Ok(5))));
            assert!(reader.was_woken());
        } else {
            assert!(reader.read(client).is_ready());
            assert!(writer.was_woken());
        }
    }
}

#[test]
fn a_writer_alone_gets_the_rest_of_a_message_by_itself() {
    let mut scene = Scene::amid_a_ticket();
    // Nobody reads any more.
    scene.pipe.deliver(&scene.tickets.concat());
    assert!(scene.writer.was_woken());
    let written = scene.writer.write(&mut scene.client);
    assert!(matches!(written, Poll::Ready(Ok(5))), "{written:?}");
    assert_eq!(scene.heard(), b"hello");
}

#[test]
fn an_end_amid_a_message_ends_a_write_that_waits() {
    for writer_first in [false, true] {
        let mut scene = Scene::amid_a_ticket();
        scene.pipe.end();
        assert!(scene.reader.was_woken());
        assert!(scene.writer.was_woken());
        let Scene {
            client,
            reader,
            writer,
            ..
        } = &mut scene;
        if !writer_first {
            assert!(matches!(reader.read(client), Poll::Ready(Ok(data)) if data.is_empty()));
        }
        for _ in 0..2 {
            let Poll::Ready(Err(error)) = writer.write(client) else {
                panic!("the write does not fail");
            };
            assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
        }
        assert!(matches!(reader.read(client), Poll::Ready(Ok(data)) if data.is_empty()));
    }
}

#[test]
fn a_reader_does_not_take_the_wakeup_of_a_flush_that_waits() {
    let mut scene = Scene::with_more_written_than_goes_out();
    assert!(scene.writer.flush(&mut scene.client).is_pending());
    assert!(scene.reader.read(&mut scene.client).is_pending());
    scene.pipe.make_room();
    assert!(scene.writer.was_woken());
    assert!(scene.writer.flush(&mut scene.client).is_ready());
    assert_eq!(scene.heard(), b"hello");
}

#[test]
fn a_write_that_was_given_up_does_not_hold_up_what_was_taken() {
    let mut scene = Scene::with_more_written_than_goes_out();
    assert!(scene.writer.write(&mut scene.client).is_pending());
    // Nobody writes any more.
    assert!(scene.reader.read(&mut scene.client).is_pending());
    scene.pipe.make_room();
    assert!(scene.reader.was_woken());
    assert!(scene.reader.read(&mut scene.client).is_pending());
    assert_eq!(scene.heard(), b"hello");
}
