use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::{Arc, Mutex, PoisonError};

use push_core::Proxy;

use super::PATIENCE;
use super::listener::Peer;
use super::state::State;
use super::stream::Stream;

/// What a proxy does about a request for a tunnel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProxyAnswer {
    /// Makes the tunnel.
    Tunnel,
    /// Refuses with this status.
    Status(u16),
    /// Answers exactly this, and then says nothing until the client closes.
    Bytes(Vec<u8>),
    /// Begins an answer whose head never ends.
    EndlessHead,
    /// Closes after the request.
    HangUp,
    /// Resets the connection after the request.
    Reset,
    /// Says nothing, until the client closes.
    Stall,
}

/// What a proxy was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectRequest {
    /// The first line.
    pub line: String,
    /// The fields, names in lower case.
    pub headers: Vec<(String, String)>,
}

impl ConnectRequest {
    /// Where the tunnel is to lead: `HOST:PORT`; empty when it was no CONNECT.
    pub fn authority(&self) -> &str {
        let mut words = self.line.split(' ');
        match (words.next(), words.next()) {
            (Some("CONNECT"), Some(authority)) => authority,
            _ => "",
        }
    }

    /// The value of a field, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(known, _)| known == name);
        found.next().map(|(_, value)| value.as_str())
    }
}

/// An HTTP proxy on loopback that makes real tunnels, or misbehaves.
#[derive(Debug)]
pub struct ProxyPeer {
    peer: Peer,
    book: Arc<Mutex<Book>>,
}

#[derive(Debug, Default)]
struct Book {
    requests: Vec<ConnectRequest>,
    names: HashMap<String, SocketAddr>,
}

/// An endless head stops here, and the proxy waits for the client to have had enough: whoever reads
/// so much has no bound.
const ENDLESS_BYTES: usize = 4 * 1024 * 1024;

impl ProxyPeer {
    /// A proxy on 127.0.0.1.
    ///
    /// # Panics
    /// When the machine gives no socket, or no thread.
    pub fn new(answer: ProxyAnswer) -> Self {
        let book = Arc::new(Mutex::new(Book::default()));
        let shared = book.clone();
        let peer = Peer::plain(move |stream| serve(stream, &answer, &shared));
        Self { peer, book }
    }

    /// The way through it.
    pub fn proxy(&self) -> Proxy {
        Proxy::new(self.peer.address().ip().to_string(), self.peer.port())
    }

    /// Teaches it an authority (`HOST:PORT`) that nobody else resolves.
    pub fn knows(&self, authority: &str, address: SocketAddr) {
        let mut book = lock(&self.book);
        book.names.insert(authority.to_owned(), address);
    }

    /// What it was asked, in order.
    pub fn requests(&self) -> Vec<ConnectRequest> {
        lock(&self.book).requests.clone()
    }

    /// The listening half, for its counts and waits; each request is a mark.
    pub fn peer(&self) -> &Peer {
        &self.peer
    }
}

fn lock(book: &Mutex<Book>) -> std::sync::MutexGuard<'_, Book> {
    book.lock().unwrap_or_else(PoisonError::into_inner)
}

fn serve(stream: &mut Stream, answer: &ProxyAnswer, book: &Mutex<Book>) -> io::Result<()> {
    let request = read_request(stream)?;
    let authority = request.authority().to_owned();
    lock(book).requests.push(request);
    stream.mark();
    match answer {
        ProxyAnswer::Tunnel if authority.is_empty() => {
            stream.write_all(b"HTTP/1.1 405 Method Not Allowed\r\nAllow: CONNECT\r\n\r\n")
        }
        ProxyAnswer::Tunnel => {
            let known = lock(book).names.get(&authority).copied();
            tunnel(stream, &authority, known)
        }
        ProxyAnswer::Status(status) => {
            let head = format!("HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n");
            stream.write_all(head.as_bytes())?;
            stream.hold_until_closed()
        }
        ProxyAnswer::Bytes(bytes) => {
            stream.write_all(bytes)?;
            stream.hold_until_closed()
        }
        ProxyAnswer::EndlessHead => {
            stream.write_all(b"HTTP/1.1 200 OK\r\n")?;
            let lines = b"x-more: 0123456789abcdef\r\n".repeat(64);
            for _ in 0..ENDLESS_BYTES / lines.len() {
                stream.write_all(&lines)?;
            }
            stream.hold_until_closed()
        }
        ProxyAnswer::HangUp => stream.finish(),
        ProxyAnswer::Reset => stream.reset(),
        ProxyAnswer::Stall => stream.hold_until_closed(),
    }
}

/// Reads to the end of the head and no byte further: what follows is the tunnel's.
fn read_request(stream: &mut Stream) -> io::Result<ConnectRequest> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.extend(byte);
        if head.len() > 16 * 1024 {
            return Err(io::Error::other("the request's head has no end"));
        }
    }
    let text = String::from_utf8_lossy(&head);
    let mut lines = text.lines();
    let line = lines.next().unwrap_or_default().to_owned();
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    Ok(ConnectRequest { line, headers })
}

fn tunnel(stream: &mut Stream, authority: &str, known: Option<SocketAddr>) -> io::Result<()> {
    let server = match dial(authority, known) {
        Ok(server) => Arc::new(server),
        Err(error) => {
            stream.write_all(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")?;
            return Err(error);
        }
    };
    let _ = server.set_nodelay(true);
    let state: Arc<State> = stream.state().clone();
    if !state.adopt(&server) {
        return Ok(());
    }
    stream.write_all(b"HTTP/1.1 200 Connection established\r\nVia: 1.1 conformance\r\n\r\n")?;
    let client = stream.tcp()?.clone();
    let back = {
        let (server, client) = (server.clone(), client.clone());
        state.spawn(move || carry(&server, &client))?
    };
    carry(&client, &server);
    let _ = back.join();
    Ok(())
}

fn dial(authority: &str, known: Option<SocketAddr>) -> io::Result<TcpStream> {
    let addresses = match known {
        Some(address) => vec![address],
        None => authority.to_socket_addrs()?.collect(),
    };
    let mut failure = io::Error::new(io::ErrorKind::NotFound, "it has no address");
    for address in addresses {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(stream) => return Ok(stream),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

/// One direction, to its end; the end is passed on.
fn carry(mut from: &TcpStream, mut to: &TcpStream) {
    let mut heap = vec![0; 16 * 1024];
    loop {
        match from.read(&mut heap) {
            Ok(0) => break,
            Ok(count) if to.write_all(&heap[..count]).is_ok() => {}
            _ => {
                // Broken: neither side has anything more to expect.
                let _ = from.shutdown(Shutdown::Both);
                break;
            }
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}
