//! Exclusive connections over real sockets, on every backend, against small servers of plain TCP and
//! of TLS.

#![cfg(feature = "full")]
#![allow(clippy::unwrap_used)]

mod common;

use std::cell::RefCell;
use std::io::{self, ErrorKind as IoKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use anypush::session::Lease;
use anypush::{Error, ErrorKind, Roots, Session, Target};
use common::*;
use futures_util::future::join;
use futures_util::{AsyncReadExt, AsyncWriteExt};
use push_sim::{Authority, ServerProfile};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

on_every_backend! {
    a_connection_serves_one_lease_after_the_other,
    session_tickets_are_no_bytes_that_nobody_asked_for,
    an_idle_connection_that_its_peer_ends_is_closed,
    an_idle_connection_on_which_the_peer_speaks_is_closed,
    bytes_that_nobody_has_read_are_seen_and_not_clean,
    an_end_is_seen_and_not_clean,
    one_lease_more_than_allowed_waits_for_its_turn,
    both_directions_go_at_once,
    closing_loses_nothing_that_was_written,
    closing_loses_nothing_though_something_is_unread,
    what_keeps_a_connection_from_coming_about_is_told_by_those_who_write,
    a_shutdown_breaks_what_is_not_given_back,
    many_who_share_few_connections_all_get_their_own_answers,
}

const SECONDS: Duration = Duration::from_secs(10);

/// A line echo, but for some lines that ask for something else.
struct Echo {
    port: u16,
    /// `None`: plain TCP.
    roots: Option<Roots>,
    accepted: Arc<AtomicUsize>,
    /// What was done about each line, as soon as it is done.
    done: Mutex<mpsc::Receiver<usize>>,
}

/// Says a byte that nobody asked for, a little later: when the next connection says `go`.
const SPEAK: &[u8] = b"speak";
/// Ends the connection then.
const END: &[u8] = b"end!!";
const GO: &[u8] = b"go!!!";
/// Ends the connection at once.
const BYE: &[u8] = b"bye!!";
/// Reads to the end, and tells how much it was.
const SINK: &[u8] = b"sink!";
/// Likewise, answers nothing, and takes its time.
const LATE_SINK: &[u8] = b"late!";

impl Echo {
    fn plain() -> Self {
        Self::start(None)
    }

    /// TLS 1.3, with the two session tickets that servers send after the handshake.
    fn tls() -> Self {
        let authority = Authority::new("lease test CA").unwrap();
        let issued = authority
            .issue_server(&ServerProfile::new(["localhost"]))
            .unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![issued.certificate_der().clone()], issued.key_der())
            .unwrap();
        assert_eq!(config.send_tls13_tickets, 2);
        let roots = Roots::from_pem(authority.certificate_pem()).unwrap();
        Self::start(Some((Arc::new(config), roots)))
    }

    fn both() -> [Self; 2] {
        [Self::plain(), Self::tls()]
    }

    fn start(tls: Option<(Arc<ServerConfig>, Roots)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let accepted = Arc::new(AtomicUsize::new(0));
        let (sender, done) = mpsc::channel();
        let (config, roots) = tls.unzip();
        let counter = accepted.clone();
        std::thread::spawn(move || {
            // Those who were told to wait for `go`.
            let (go, gone) = mpsc::channel::<()>();
            let gone = Arc::new(Mutex::new(gone));
            for stream in listener.incoming() {
                counter.fetch_add(1, Ordering::SeqCst);
                let stream = stream.unwrap();
                stream.set_nodelay(true).unwrap();
                let (config, sender) = (config.clone(), sender.clone());
                let (go, gone) = (go.clone(), gone.clone());
                let wait = move || gone.lock().unwrap().recv_timeout(SECONDS).unwrap();
                std::thread::spawn(move || match config {
                    None => serve(stream, &sender, &go, wait),
                    Some(config) => {
                        let tls = ServerConnection::new(config).unwrap();
                        serve(StreamOwned::new(tls, stream), &sender, &go, wait);
                    }
                });
            }
        });
        Self {
            port,
            roots,
            accepted,
            done: Mutex::new(done),
        }
    }

    fn target(&self) -> Target {
        match &self.roots {
            None => Target::plain("localhost", self.port),
            Some(roots) => Target::tls("localhost", self.port).roots(roots.clone()),
        }
    }

    fn lease(&self, session: &Session) -> Lease {
        session.connection(self.target(), None).unwrap()
    }

    async fn used(&self, session: &Session) -> Lease {
        let mut lease = self.lease(session);
        ask(&mut lease, b"hello").await.unwrap();
        lease
    }

    /// Waits until the server has done what some line asked for; tells how much it was.
    fn done(&self) -> usize {
        self.done.lock().unwrap().recv_timeout(SECONDS).unwrap()
    }

    fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }
}

fn serve(
    mut stream: impl Read + Write + Stream,
    done: &mpsc::Sender<usize>,
    go: &mpsc::Sender<()>,
    wait: impl Fn(),
) {
    let mut line = [0; 5];
    while stream.read_exact(&mut line).is_ok() {
        if line == LATE_SINK {
            let _ = done.send(sink(&mut stream));
            return;
        }
        if stream
            .write_all(&line)
            .and_then(|()| stream.flush())
            .is_err()
        {
            return;
        }
        match &line[..] {
            SPEAK => {
                wait();
                stream.write_all(b"!").unwrap();
                stream.flush().unwrap();
                let _ = done.send(1);
            }
            END => {
                wait();
                stream.end();
                let _ = done.send(0);
                // Not the socket's end: what is unread would reset the connection.
                let _ = stream.read_to_end(&mut Vec::new());
                return;
            }
            GO => go.send(()).unwrap(),
            BYE => {
                stream.end();
                let _ = stream.read_to_end(&mut Vec::new());
                return;
            }
            SINK => {
                let _ = done.send(sink(&mut stream));
                return;
            }
            _ => {}
        }
    }
}

/// Reads to the end, a little now and then; tells how much there was.
fn sink(stream: &mut impl Read) -> usize {
    let mut part = [0; 16 * 1024];
    let mut all = 0;
    while let Ok(more @ 1..) = stream.read(&mut part) {
        all += more;
        std::thread::sleep(Duration::from_micros(500));
    }
    all
}

/// What both kinds of streams can do.
trait Stream {
    /// Ends the writing half, with TLS's farewell where there is TLS.
    fn end(&mut self);
}

impl Stream for TcpStream {
    fn end(&mut self) {
        self.shutdown(std::net::Shutdown::Write).unwrap();
    }
}

impl Stream for StreamOwned<ServerConnection, TcpStream> {
    fn end(&mut self) {
        self.conn.send_close_notify();
        self.flush().unwrap();
        self.sock.shutdown(std::net::Shutdown::Write).unwrap();
    }
}

async fn ask(lease: &mut Lease, line: &[u8]) -> io::Result<()> {
    lease.write_all(line).await?;
    lease.flush().await?;
    let mut answer = [0; 5];
    lease.read_exact(&mut answer).await?;
    assert_eq!(answer, line);
    Ok(())
}

/// The error of the core that stands inside.
fn inner(error: &io::Error) -> ErrorKind {
    let inner = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<Error>());
    inner.unwrap().kind()
}

async fn a_connection_serves_one_lease_after_the_other(backend: Shared) {
    let session = Session::new(backend);
    for echo in Echo::both() {
        for round in 0..5 {
            let lease = echo.used(&session).await;
            assert_eq!(lease.is_reused(), round > 0);
            assert!(lease.peer_addr().unwrap().ip().is_loopback());
            lease.release();
            assert_eq!(session.stats().leased, 0);
        }
        assert_eq!(echo.accepted(), 1);
    }
    assert_eq!(session.stats().idle_leases, 2);
}

async fn session_tickets_are_no_bytes_that_nobody_asked_for(backend: Shared) {
    let session = Session::new(backend);
    let echo = Echo::tls();
    // Given back before anything was read: the tickets come while it idles, or while it is leased.
    let mut lease = echo.lease(&session);
    lease.ready().await.unwrap();
    lease.release();
    let mut other = session.new_connection(echo.target(), None).unwrap();
    for _ in 0..20 {
        ask(&mut other, b"hello").await.unwrap();
        assert!(other.reset().await && !other.is_closed());
        assert!(other.peek().unwrap().is_empty());
    }
    assert_eq!(session.stats().idle_leases, 1);
    let mut lease = echo.lease(&session);
    lease.ready().await.unwrap();
    assert!(lease.is_reused() && lease.reset().await);
    ask(&mut lease, b"hello").await.unwrap();
    assert!(lease.reset().await);
    lease.release();
    assert_eq!(echo.accepted(), 2);
}

async fn an_idle_connection_that_its_peer_ends_is_closed(backend: Shared) {
    let session = Session::new(backend);
    for echo in Echo::both() {
        let mut lease = echo.lease(&session);
        ask(&mut lease, END).await.unwrap();
        let mut other = session.new_connection(echo.target(), None).unwrap();
        lease.release();
        assert_eq!(session.stats().idle_leases, 1);
        ask(&mut other, GO).await.unwrap();
        wait_until(|| session.stats().idle_leases == 0).await;
        assert!(!echo.used(&session).await.is_reused());
    }
}

async fn an_idle_connection_on_which_the_peer_speaks_is_closed(backend: Shared) {
    let session = Session::new(backend);
    for echo in Echo::both() {
        let mut lease = echo.lease(&session);
        ask(&mut lease, SPEAK).await.unwrap();
        let mut other = session.new_connection(echo.target(), None).unwrap();
        lease.release();
        assert_eq!(session.stats().idle_leases, 1);
        ask(&mut other, GO).await.unwrap();
        wait_until(|| session.stats().idle_leases == 0).await;
        assert!(!echo.used(&session).await.is_reused());
    }
}

async fn bytes_that_nobody_has_read_are_seen_and_not_clean(backend: Shared) {
    let session = Session::new(backend);
    for echo in Echo::both() {
        let mut lease = echo.lease(&session);
        ask(&mut lease, SPEAK).await.unwrap();
        assert!(lease.reset().await);
        let mut other = echo.lease(&session);
        ask(&mut other, GO).await.unwrap();
        echo.done();
        let lease = RefCell::new(lease);
        wait_until(|| lease.borrow_mut().peek().unwrap() == b"!").await;
        let mut lease = lease.into_inner();
        assert!(!lease.is_closed());
        assert!(!lease.reset().await && lease.is_closed());
        lease.reconnect().await.unwrap();
        ask(&mut lease, b"hello").await.unwrap();
    }
}

async fn an_end_is_seen_and_not_clean(backend: Shared) {
    let session = Session::new(backend);
    for echo in Echo::both() {
        let mut lease = echo.lease(&session);
        ask(&mut lease, END).await.unwrap();
        let mut other = echo.lease(&session);
        ask(&mut other, GO).await.unwrap();
        echo.done();
        wait_until(|| lease.is_closed()).await;
        assert!(lease.peek().unwrap().is_empty());
        assert_eq!(lease.read(&mut [0]).await.unwrap(), 0);
        assert!(!lease.reset().await);
    }
}

async fn one_lease_more_than_allowed_waits_for_its_turn(backend: Shared) {
    let session = Session::builder(backend).max_connections_per_destination(2);
    let session = session.build();
    let echo = Echo::tls();
    let (one, two) = (echo.used(&session).await, echo.used(&session).await);
    let waiting = async {
        let lease = echo.used(&session).await;
        assert!(lease.is_reused());
        lease.release();
    };
    let releasing = async {
        wait_until(|| session.stats().waiting_leases == 1).await;
        one.release();
    };
    join(waiting, releasing).await;
    drop(two);
    assert_eq!(echo.accepted(), 2);
}

async fn both_directions_go_at_once(backend: Shared) {
    const LINES: usize = 20_000;
    let session = Session::new(backend);
    for echo in Echo::both() {
        let (mut reader, mut writer) = echo.lease(&session).split();
        let text: Vec<u8> = (0..LINES)
            .flat_map(|n| format!("{n:05}").into_bytes())
            .collect();
        let write = async {
            writer.write_all(&text).await.unwrap();
            writer.flush().await.unwrap();
        };
        let mut back = vec![0; text.len()];
        let (read, ()) = join(reader.read_exact(&mut back), write).await;
        read.unwrap();
        assert!(back == text);
        reader.reunite(writer).unwrap().release();
    }
    assert_eq!(session.stats().idle_leases, 2);
}

async fn closing_loses_nothing_that_was_written(backend: Shared) {
    const BYTES: usize = 1_000_000;
    let session = Session::new(backend);
    for echo in Echo::both() {
        let mut lease = echo.lease(&session);
        ask(&mut lease, SINK).await.unwrap();
        lease.write_all(&vec![7; BYTES]).await.unwrap();
        lease.close().await.unwrap();
        assert_eq!(echo.done(), BYTES);
        assert_eq!(session.stats().connections, 0);
    }
}

async fn closing_loses_nothing_though_something_is_unread(backend: Shared) {
    // More than the server takes in before it reads, so that it is on its way as it is closed.
    const BYTES: usize = 1_500_000;
    let session = Session::new(backend);
    let echo = Echo::tls();
    // The session tickets of the handshake are never read by the one who only writes.
    let mut lease = echo.lease(&session);
    lease.write_all(LATE_SINK).await.unwrap();
    lease.write_all(&vec![7; BYTES]).await.unwrap();
    lease.close().await.unwrap();
    assert_eq!(echo.done(), BYTES);
}

async fn what_keeps_a_connection_from_coming_about_is_told_by_those_who_write(backend: Shared) {
    let session = Session::new(backend);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let target = Target::plain("127.0.0.1", port);
    let mut lease = session.connection(target, None).unwrap();
    let error = lease.write_all(b"hello").await.unwrap_err();
    assert_eq!(
        (error.kind(), inner(&error)),
        (IoKind::NotConnected, ErrorKind::Connect)
    );

    // A server that nobody trusts.
    let echo = Echo::tls();
    let other = Authority::new("another CA").unwrap();
    let roots = Roots::from_pem(other.certificate_pem()).unwrap();
    let mut lease = session
        .connection(echo.target().roots(roots), None)
        .unwrap();
    let error = lease.read(&mut [0]).await.unwrap_err();
    assert_eq!(
        (error.kind(), inner(&error)),
        (IoKind::NotConnected, ErrorKind::Tls)
    );
    assert_eq!(session.stats().failed_dials, 2);
}

async fn a_shutdown_breaks_what_is_not_given_back(backend: Shared) {
    for echo in Echo::both() {
        let session = Session::new(backend.clone());
        let mut reading = echo.used(&session).await;
        echo.used(&session).await.release();
        let reads = async { reading.read(&mut [0]).await.unwrap_err() };
        let shutdown = async {
            wait_until(|| session.stats().idle_leases == 1).await;
            session.shutdown(Duration::from_millis(50)).await
        };
        let (error, shutdown) = join(reads, shutdown).await;
        assert_eq!(
            (error.kind(), inner(&error)),
            (IoKind::ConnectionAborted, ErrorKind::Closed)
        );
        assert_eq!(shutdown.broken_leases, 1);
        let error = session.connection(echo.target(), None).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Closed);
        assert_eq!(session.stats().connections, 0);
    }
}

async fn many_who_share_few_connections_all_get_their_own_answers(backend: Shared) {
    const WORKERS: usize = 24;
    const ROUNDS: usize = 30;
    let session = Session::builder(backend.clone())
        .max_connections_per_destination(3)
        .max_connections(4)
        .build();
    let done = Arc::new(AtomicUsize::new(0));
    let echoes = Echo::both().map(Arc::new);
    for worker in 0..WORKERS {
        let (session, done) = (session.clone(), done.clone());
        let echo = echoes[worker % 2].clone();
        let target = echo.target();
        backend.spawn(Box::pin(async move {
            for round in 0..ROUNDS {
                let lease = match (worker + round) % 7 {
                    0 => session.new_connection(target.clone(), None),
                    _ => session.connection(target.clone(), None),
                };
                let mut lease = lease.unwrap();
                let line = format!("{:05}", worker * ROUNDS + round).into_bytes();
                // One that said goodbye may be taken before its end has come.
                while ask(&mut lease, &line).await.is_err() {
                    assert!(lease.is_reused());
                    lease.redial();
                }
                if (worker + round) % 5 == 0 {
                    ask(&mut lease, BYE).await.unwrap();
                }
                match (worker + round) % 4 {
                    0 => drop(lease),
                    _ => lease.release(),
                }
            }
            done.fetch_add(1, Ordering::SeqCst);
        }));
    }
    wait_until(|| {
        let stats = session.stats();
        assert!(stats.connections <= 4, "{stats:?}");
        done.load(Ordering::SeqCst) == WORKERS
    })
    .await;
    drop(echoes);
    let stats = session.stats();
    assert_eq!((stats.leased, stats.waiting_leases), (0, 0));
}
