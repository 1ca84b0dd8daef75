//! Plain HTTP requests, by whichever version a server speaks: over real sockets and real TLS against
//! a small server that does what it is told, on every backend.

#![allow(clippy::unwrap_used)]

mod common;

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anypush::Reach;
use anypush::http::{Answer, BaseUrl, HttpClient};
use anypush::{ErrorKind, Proxy, Roots, Session};
use bytes::Bytes;
use common::*;
use futures_util::future::join_all;
use push_sim::{Authority, ServerProfile};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

on_every_backend! {
    the_version_is_the_one_that_the_server_chooses,
    a_server_may_choose_otherwise_for_each_connection,
    a_connection_is_used_again_unless_the_server_closes_it,
    what_is_not_encrypted_is_asked_by_http1,
    both_versions_go_through_a_proxy,
    an_early_refusal_is_heard_and_its_connection_left,
    a_deadline_ends_a_request_and_its_connection,
    a_shutdown_ends_what_is_under_way,
}

const SECONDS: Duration = Duration::from_secs(20);

/// A request as the server sees it.
struct Seen {
    path: String,
    connection: usize,
    http2: bool,
}

/// What it does about one.
enum Deed {
    /// An answer with the path as its body.
    Answer,
    /// These bytes.
    Say(&'static str),
    /// Nothing is read any more before there is another connection.
    Ignore,
    End,
}

type Script = Box<dyn Fn(&Seen) -> Vec<Deed> + Send + Sync>;

/// Which protocols a server offers to the connection of this number; `None`: it speaks no TLS.
type Offer = Option<Box<dyn Fn(usize) -> &'static [&'static str] + Send + Sync>>;

/// A server on plain threads.
struct Server {
    port: u16,
    roots: Option<Roots>,
    shared: Arc<Course>,
}

struct Course {
    script: Script,
    /// Each request that came whole.
    seen: Mutex<Vec<Seen>>,
    accepted: AtomicUsize,
}

impl Server {
    fn start(offer: Offer, script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Course {
            script,
            seen: Mutex::default(),
            accepted: AtomicUsize::new(0),
        });
        let authority = Authority::new("http test CA").unwrap();
        let issued = authority
            .issue_server(&ServerProfile::new(["localhost"]))
            .unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![issued.certificate_der().clone()], issued.key_der())
            .unwrap();
        let roots = offer
            .is_some()
            .then(|| Roots::from_pem(authority.certificate_pem()).unwrap());
        let serving = shared.clone();
        std::thread::spawn(move || {
            for (number, tcp) in listener.incoming().enumerate() {
                let tcp = tcp.unwrap();
                tcp.set_nodelay(true).unwrap();
                tcp.set_read_timeout(Some(SECONDS)).unwrap();
                tcp.set_write_timeout(Some(SECONDS)).unwrap();
                serving.accepted.fetch_add(1, Ordering::SeqCst);
                let shared = serving.clone();
                let tls = offer.as_ref().map(|offer| {
                    let mut config = config.clone();
                    let offered = offer(number).iter();
                    config.alpn_protocols = offered.map(|name| name.as_bytes().to_vec()).collect();
                    ServerConnection::new(Arc::new(config)).unwrap()
                });
                // What breaks off was not wanted any more.
                std::thread::spawn(move || match tls {
                    None => http1(&shared, tcp, number, Vec::new()),
                    Some(tls) => encrypted(&shared, StreamOwned::new(tls, tcp), number),
                });
            }
        });
        Self {
            port,
            roots,
            shared,
        }
    }

    /// One that offers this to all, and answers everything.
    fn kind(protocols: &'static [&'static str]) -> Self {
        Self::start(
            Some(Box::new(move |_| protocols)),
            Box::new(|_| vec![Deed::Answer]),
        )
    }

    fn url(&self) -> BaseUrl {
        let scheme = if self.roots.is_some() {
            "https"
        } else {
            "http"
        };
        let url = format!("{scheme}://localhost:{}/base", self.port);
        url.parse().unwrap()
    }

    fn client(&self, session: &Session) -> HttpClient {
        let mut reach = Reach::default();
        reach.roots = self.roots.clone().unwrap_or_else(Roots::system);
        HttpClient::new(session.clone(), reach)
    }

    async fn ask(&self, client: &HttpClient, path: &str) -> anypush::Result<Answer> {
        self.put(client, path, Bytes::from_static(b"{}")).await
    }

    async fn put(&self, client: &HttpClient, path: &str, body: Bytes) -> anypush::Result<Answer> {
        let request = http::Request::post(self.url().join(path).unwrap());
        let deadline = client.session().deadline(SECONDS);
        client.send(request.body(body).unwrap(), deadline).await
    }

    fn accepted(&self) -> usize {
        self.shared.accepted.load(Ordering::SeqCst)
    }

    /// On which connections the requests came, and by which version, in their order.
    fn seen(&self) -> Vec<(usize, bool)> {
        let seen = self.shared.seen.lock().unwrap();
        seen.iter().map(|one| (one.connection, one.http2)).collect()
    }
}

impl Course {
    fn deeds(&self, seen: Seen) -> Vec<Deed> {
        let deeds = (self.script)(&seen);
        self.seen.lock().unwrap().push(seen);
        deeds
    }
}

fn encrypted(
    shared: &Course,
    mut tls: StreamOwned<ServerConnection, TcpStream>,
    number: usize,
) -> io::Result<()> {
    let mut first = [0; 24];
    let count = tls.read(&mut first)?;
    if tls.conn.alpn_protocol() == Some(b"h2") {
        tls.read_exact(&mut first[count..])?;
        return http2(shared, tls, number);
    }
    let ended = http1(shared, &mut tls, number, first[..count].to_vec());
    tls.conn.send_close_notify();
    tls.flush()?;
    tls.sock.shutdown(Shutdown::Write)?;
    ended
}

fn http1(
    shared: &Course,
    mut stream: impl Read + Write,
    connection: usize,
    mut bytes: Vec<u8>,
) -> io::Result<()> {
    loop {
        let mut more = |bytes: &mut Vec<u8>| {
            let mut piece = [0; 4096];
            match stream.read(&mut piece)? {
                0 => Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
                count => {
                    bytes.extend(&piece[..count]);
                    Ok(())
                }
            }
        };
        let end = loop {
            if let Some(end) = bytes.windows(4).position(|part| part == b"\r\n\r\n") {
                break end + 4;
            }
            more(&mut bytes)?;
        };
        let head = String::from_utf8(bytes.drain(..end).collect()).unwrap();
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            (name == "content-length").then(|| value.parse::<usize>().unwrap())
        });
        let length = length.unwrap();
        let path = head.split(' ').nth(1).unwrap().to_owned();
        // What is too large is refused before it is read.
        if length < 1_000_000 {
            while bytes.len() < length {
                more(&mut bytes)?;
            }
            bytes.drain(..length);
        }
        let seen = Seen {
            path: path.clone(),
            connection,
            http2: false,
        };
        for deed in shared.deeds(seen) {
            match deed {
                Deed::Answer => {
                    let length = path.len();
                    write!(
                        stream,
                        "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{path}"
                    )?;
                    stream.flush()?;
                }
                Deed::Say(text) => {
                    stream.write_all(text.as_bytes())?;
                    stream.flush()?;
                }
                Deed::Ignore => {
                    // Reads nothing, so that the request is never written whole, until there is
                    // another connection.
                    let begun = Instant::now();
                    let alone = || shared.accepted.load(Ordering::SeqCst) <= connection + 1;
                    while alone() && begun.elapsed() < SECONDS {
                        std::thread::yield_now();
                    }
                    return Ok(());
                }
                Deed::End => return Ok(()),
            }
        }
    }
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut frame = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

fn http2(shared: &Course, mut stream: impl Read + Write, connection: usize) -> io::Result<()> {
    stream.write_all(&frame(4, 0, 0, &[]))?;
    stream.flush()?;
    let mut head = [0; 9];
    loop {
        stream.read_exact(&mut head)?;
        let [a, b, c, kind, flags, id @ ..] = head;
        let id = u32::from_be_bytes(id);
        let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
        stream.read_exact(&mut payload)?;
        let answer = match (kind, flags & 1) {
            (4, 0) => frame(4, 1, 0, &[]),
            (0, 1) => {
                let path = String::new();
                let deeds = shared.deeds(Seen {
                    path,
                    connection,
                    http2: true,
                });
                if !matches!(deeds.first(), Some(Deed::Answer)) {
                    continue;
                }
                // `:status: 200` of the static table.
                frame(1, 5, id, &[0x88])
            }
            _ => continue,
        };
        stream.write_all(&answer)?;
        stream.flush()?;
    }
}

async fn the_version_is_the_one_that_the_server_chooses(backend: Shared) {
    for (protocols, http2) in [
        (&["http/1.1"][..], false),
        (&[], false),
        (&["h2"], true),
        (&["h2", "http/1.1"], true),
        (&["http/1.1", "h2"], false),
    ] {
        let server = Server::kind(protocols);
        let session = Session::new(backend.clone());
        let client = server.client(&session);
        let paths: Vec<_> = (0..40).map(|number| format!("/{number}")).collect();
        let asked = paths.iter().map(|path| server.ask(&client, path));
        for (path, answer) in paths.iter().zip(join_all(asked).await) {
            let answer = answer.unwrap();
            assert_eq!((answer.status.as_u16(), answer.complete), (200, true));
            if !http2 {
                assert_eq!(answer.body, format!("/base{path}"));
            }
        }
        let seen = server.seen();
        assert_eq!(seen.len(), 40, "each once");
        assert!(seen.iter().all(|one| one.1 == http2), "{protocols:?}");
        let stats = session.stats();
        assert_eq!((stats.answered, stats.lost, stats.failed_dials), (40, 0, 0));
        session.shutdown(SECONDS).await;
    }
}

async fn a_server_may_choose_otherwise_for_each_connection(backend: Shared) {
    // In pairs, so that both are met by whoever asks for either.
    let offer = |number: usize| -> &'static [&'static str] {
        match number / 2 % 2 {
            0 => &["http/1.1"],
            _ => &["h2"],
        }
    };
    let server = Server::start(
        Some(Box::new(offer)),
        Box::new(|seen| match seen.path.contains("last") {
            true => vec![
                Deed::Say("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
                Deed::End,
            ],
            false => vec![Deed::Answer],
        }),
    );
    let session = Session::builder(backend)
        .max_connections_per_destination(2)
        .build();
    let client = server.client(&session);
    for round in 0..4 {
        let paths: Vec<_> = (0..50).map(|number| format!("/{round}/{number}")).collect();
        let asked = paths.iter().map(|path| server.ask(&client, path));
        for answer in join_all(asked).await {
            assert_eq!(answer.unwrap().status, 200);
        }
        server.ask(&client, "/last").await.unwrap();
        session.outdate(Duration::ZERO);
    }
    assert_eq!(server.seen().len(), 4 * 51, "each once");
    let by_http2 = server.seen().iter().filter(|one| one.1).count();
    assert!(0 < by_http2 && by_http2 < 4 * 51, "{by_http2}");
    session.shutdown(SECONDS).await;
}

async fn a_connection_is_used_again_unless_the_server_closes_it(backend: Shared) {
    let script = |seen: &Seen| match seen.path.as_str() {
        "/base/close" => vec![
            Deed::Say("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
            Deed::End,
        ],
        "/base/end" => vec![Deed::Answer, Deed::End],
        _ => vec![Deed::Answer],
    };
    let server = Server::start(Some(Box::new(|_| &["http/1.1"])), Box::new(script));
    let session = Session::new(backend);
    let client = server.client(&session);
    for path in ["/1", "/2", "/close", "/3", "/end"] {
        server.ask(&client, path).await.unwrap();
    }
    // It ends though it did not say so: that is noticed while it idles.
    wait_until(|| session.stats().connections == 0).await;
    server.ask(&client, "/4").await.unwrap();
    let connections: Vec<_> = server.seen().iter().map(|one| one.0).collect();
    // The first one asked for HTTP/2 in vain.
    assert_eq!(connections, [1, 1, 1, 2, 2, 3]);
    assert_eq!(server.accepted(), 4);
}

async fn what_is_not_encrypted_is_asked_by_http1(backend: Shared) {
    let server = Server::start(None, Box::new(|_| vec![Deed::Answer]));
    let session = Session::new(backend);
    let client = server.client(&session);
    for _ in 0..3 {
        let answer = server.ask(&client, "/x?y=%2F").await.unwrap();
        assert_eq!(answer.body, "/base/x?y=%2F");
    }
    assert_eq!(server.seen(), [(0, false); 3]);
}

/// A proxy that makes tunnels, and counts them.
fn proxy() -> (Proxy, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let counter = Arc::<AtomicUsize>::default();
    let tunnels = counter.clone();
    std::thread::spawn(move || {
        for client in listener.incoming() {
            tunnels.fetch_add(1, Ordering::SeqCst);
            std::thread::spawn(move || tunnel(client.unwrap()));
        }
    });
    (Proxy::new("127.0.0.1", port), counter)
}

fn tunnel(mut client: TcpStream) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        client.read_exact(&mut byte)?;
        head.extend(byte);
    }
    let head = String::from_utf8(head).unwrap();
    let mut server = TcpStream::connect(head.split(' ').nth(1).unwrap())?;
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
    let (mut from_server, mut to_client) = (server.try_clone()?, client.try_clone()?);
    std::thread::spawn(move || {
        let _ = io::copy(&mut from_server, &mut to_client);
        let _ = to_client.shutdown(Shutdown::Write);
    });
    io::copy(&mut client, &mut server)?;
    server.shutdown(Shutdown::Write)
}

async fn both_versions_go_through_a_proxy(backend: Shared) {
    let plain = Server::start(None, Box::new(|_| vec![Deed::Answer]));
    let servers = [
        (Server::kind(&["http/1.1"]), 2),
        (Server::kind(&["h2"]), 1),
        (plain, 1),
    ];
    for (server, dials) in servers {
        let (proxy, tunnels) = proxy();
        let session = Session::new(backend.clone());
        let mut reach = Reach::default();
        reach.roots = server.roots.clone().unwrap_or_else(Roots::system);
        reach.proxy = Some(proxy);
        let client = HttpClient::new(session.clone(), reach);
        for _ in 0..3 {
            server.ask(&client, "/x").await.unwrap();
        }
        assert_eq!(tunnels.load(Ordering::SeqCst), dials);
        assert_eq!(server.accepted(), dials);
        session.shutdown(SECONDS).await;
    }
}

async fn an_early_refusal_is_heard_and_its_connection_left(backend: Shared) {
    let refusal = "HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno";
    let script = move |seen: &Seen| match seen.path.as_str() {
        "/base/large" => vec![Deed::Say(refusal), Deed::Ignore],
        _ => vec![Deed::Answer],
    };
    let offer = |_| -> &'static [&'static str] { &["http/1.1"] };
    let server = Server::start(Some(Box::new(offer)), Box::new(script));
    let session = Session::builder(backend)
        .max_connections_per_destination(1)
        .build();
    let client = server.client(&session);
    // More than all sockets hold.
    let large = Bytes::from(vec![b'x'; 32 << 20]);
    let answer = server.put(&client, "/large", large).await.unwrap();
    assert_eq!(
        (answer.status.as_u16(), &answer.body[..]),
        (413, &b"no"[..])
    );
    let answer = server.ask(&client, "/small").await.unwrap();
    assert_eq!(answer.body, "/base/small");
    assert_eq!(server.seen(), [(1, false), (2, false)]);
}

async fn a_deadline_ends_a_request_and_its_connection(backend: Shared) {
    for protocols in [&["http/1.1"][..], &["h2"]] {
        let server = Server::start(Some(Box::new(move |_| protocols)), Box::new(|_| vec![]));
        let session = Session::new(backend.clone());
        let client = server.client(&session);
        let request = http::Request::post(server.url().join("/x").unwrap());
        let request = request.body(Bytes::from_static(b"{}")).unwrap();
        let deadline = session.deadline(Duration::from_millis(400));
        let error = client.send(request, deadline).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unanswered, "{}", error.report());
        assert_eq!(session.stats().timed_out, 1);
        if protocols == ["http/1.1"] {
            assert_eq!(session.stats().connections, 0);
        }
        session.shutdown(Duration::ZERO).await;
    }
}

async fn a_shutdown_ends_what_is_under_way(backend: Shared) {
    let server = Server::start(Some(Box::new(|_| &["http/1.1"])), Box::new(|_| vec![]));
    let session = Session::new(backend);
    let client = server.client(&session);
    let course = async {
        wait_until(|| server.seen().len() == 1).await;
        session.shutdown(Duration::ZERO).await
    };
    let (asked, shutdown) = futures_util::future::join(server.ask(&client, "/x"), course).await;
    assert_eq!(asked.unwrap_err().kind(), ErrorKind::Lost);
    assert_eq!(shutdown.broken_leases, 1);
    let error = server.ask(&client, "/y").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed);
}
