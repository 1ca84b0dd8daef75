use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::JoinHandle;

use push_core::{Roots, Target};
use rustls::ServerConfig;
use socket2::{Domain, Socket, Type};

use super::PATIENCE;
use super::socket::Cut;
use super::state::{Handshake, State};
use super::stream::Stream;
use super::tls::{TlsSettings, accept};

/// What a peer does with each connection, on a thread of that connection's own.
type Script = Arc<dyn Fn(&mut Stream) -> io::Result<()> + Send + Sync>;

/// A server on loopback, on threads, that does what its script says.
pub struct Peer {
    state: Arc<State>,
    address: SocketAddr,
    roots: Option<Roots>,
    acceptor: Option<JoinHandle<()>>,
}

/// How the connections of a peer are encrypted.
#[derive(Clone)]
struct Encryption {
    config: Arc<ServerConfig>,
    cut: Option<(usize, Cut)>,
}

/// Connections that wait to be accepted: a thousand may come at once.
const BACKLOG: i32 = 4096;

impl Peer {
    /// A server without encryption on 127.0.0.1.
    ///
    /// # Panics
    /// When the machine gives no socket, or no thread.
    pub fn plain(script: impl Fn(&mut Stream) -> io::Result<()> + Send + Sync + 'static) -> Self {
        Self::plain_at(Ipv4Addr::LOCALHOST.into(), script).expect("a socket on 127.0.0.1")
    }

    /// A server without encryption on this address of the machine.
    ///
    /// # Errors
    /// The machine has no such address, or no socket or thread to give.
    pub fn plain_at(
        address: IpAddr,
        script: impl Fn(&mut Stream) -> io::Result<()> + Send + Sync + 'static,
    ) -> io::Result<Self> {
        Self::start(address, None, None, Arc::new(script))
    }

    /// A server behind TLS on 127.0.0.1; its script begins when the handshake is made.
    ///
    /// # Panics
    /// When the machine gives no socket, or no thread.
    pub fn tls(
        settings: &TlsSettings,
        script: impl Fn(&mut Stream) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        Self::tls_at(Ipv4Addr::LOCALHOST.into(), settings, script).expect("a socket on 127.0.0.1")
    }

    /// A server behind TLS on this address of the machine.
    ///
    /// # Errors
    /// The machine has no such address, or no socket or thread to give.
    pub fn tls_at(
        address: IpAddr,
        settings: &TlsSettings,
        script: impl Fn(&mut Stream) -> io::Result<()> + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let encryption = Encryption {
            config: settings.config(),
            cut: settings.cut(),
        };
        let roots = settings.roots.clone();
        Self::start(address, Some(encryption), Some(roots), Arc::new(script))
    }

    fn start(
        address: IpAddr,
        encryption: Option<Encryption>,
        roots: Option<Roots>,
        script: Script,
    ) -> io::Result<Self> {
        let listener = listen(address)?;
        let address = listener.local_addr()?;
        let state = Arc::new(State::default());
        let acceptor = {
            let state = state.clone();
            std::thread::Builder::new()
                .name("conformance listener".to_owned())
                .spawn(move || accept_all(&listener, &state, encryption.as_ref(), &script))?
        };
        Ok(Self {
            state,
            address,
            roots,
            acceptor: Some(acceptor),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The port that it listens on.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The way to it: with TLS `localhost` and its authority's roots, else its address, plain.
    pub fn target(&self) -> Target {
        match &self.roots {
            Some(roots) => Target::tls("localhost", self.port()).roots(roots.clone()),
            None => Target::plain(self.address.ip().to_string(), self.port()),
        }
    }

    /// The same by its address instead of its name.
    pub fn target_by_address(&self) -> Target {
        let mut target = self.target();
        target.host = self.address.ip().to_string().into();
        target
    }

    /// How many connections it accepted.
    pub fn accepted(&self) -> usize {
        self.state.lock().accepted
    }

    /// How many of them are open, as far as the clients have not closed them.
    pub fn open(&self) -> usize {
        self.state.lock().open
    }

    /// How often its scripts called [`Stream::mark`].
    pub fn marks(&self) -> usize {
        self.state.lock().marks
    }

    /// What its scripts read, of all connections in the order of reading; the first 64 KiB.
    pub fn received(&self) -> Vec<u8> {
        self.state.lock().received.clone()
    }

    /// How many bytes its scripts read.
    pub fn received_bytes(&self) -> u64 {
        self.state.lock().received_bytes
    }

    /// The handshakes that ended, in the order in which they did.
    pub fn handshakes(&self) -> Vec<Handshake> {
        self.state.lock().handshakes.clone()
    }

    /// What the scripts failed with; ends that a test wants are among them.
    pub fn failures(&self) -> Vec<String> {
        self.state.lock().failures.clone()
    }

    /// Lets the scripts go on that [`hold`](Stream::hold): the n-th release the n-th hold of each
    /// stream.
    pub fn release(&self) {
        self.state.change(|inner| inner.releases += 1);
    }

    /// Waits until so many connections were accepted; `false` after [`PATIENCE`].
    #[must_use]
    pub fn wait_accepted(&self, count: usize) -> bool {
        self.state.wait(|inner| inner.accepted >= count)
    }

    /// Waits until so many marks were made; `false` after [`PATIENCE`].
    #[must_use]
    pub fn wait_marks(&self, count: usize) -> bool {
        self.state.wait(|inner| inner.marks >= count)
    }

    /// Waits until clients have closed all connections; `false` after [`PATIENCE`].
    #[must_use]
    pub fn wait_closed(&self) -> bool {
        self.state.wait(|inner| inner.open == 0)
    }

    /// Waits until so many bytes were read; `false` after [`PATIENCE`].
    #[must_use]
    pub fn wait_received(&self, bytes: u64) -> bool {
        self.state.wait(|inner| inner.received_bytes >= bytes)
    }

    /// Waits until so many handshakes have ended, and gives the last of these; `None` after
    /// [`PATIENCE`].
    pub fn wait_handshake(&self, count: usize) -> Option<Handshake> {
        self.state.wait(|inner| inner.handshakes.len() >= count);
        let inner = self.state.lock();
        inner.handshakes.get(count.checked_sub(1)?).cloned()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.state.stop();
        // Wakes the acceptor, which then sees that this is the end.
        let woken = TcpStream::connect_timeout(&self.address, PATIENCE);
        if let (Ok(_), Some(acceptor)) = (woken, self.acceptor.take()) {
            let _ = acceptor.join();
        }
        self.state.wait_for_threads();
    }
}

impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Peer")
            .field("address", &self.address)
            .field("tls", &self.roots.is_some())
            .finish_non_exhaustive()
    }
}

fn listen(address: IpAddr) -> io::Result<TcpListener> {
    let address = SocketAddr::new(address, 0);
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

fn accept_all(
    listener: &TcpListener,
    state: &Arc<State>,
    encryption: Option<&Encryption>,
    script: &Script,
) {
    let mut failures = 0;
    loop {
        match listener.accept() {
            Ok(_) if state.lock().stopping => return,
            Ok((tcp, _)) => begin(tcp, state, encryption.cloned(), script.clone()),
            // Too many open files, or a client that is gone again: told, and bounded.
            Err(error) => {
                failures += 1;
                state.change(|inner| inner.failures.push(error.to_string()));
                if failures > 10_000 || state.lock().stopping {
                    return;
                }
            }
        }
    }
}

fn begin(tcp: TcpStream, state: &Arc<State>, encryption: Option<Encryption>, script: Script) {
    let tcp = Arc::new(tcp);
    let _ = tcp.set_nodelay(true);
    if !state.adopt(&tcp) {
        return;
    }
    let number = state.change(|inner| {
        inner.open += 1;
        inner.accepted += 1;
        inner.accepted - 1
    });
    let open = Open(state.clone());
    let stream = Stream::new(tcp, state.clone(), number);
    let spawned = state.spawn(move || {
        let state = open.0.clone();
        let outcome = converse(stream, encryption.as_ref(), &script, &state);
        if let Err(error) = outcome {
            state.change(|inner| inner.failures.push(error.to_string()));
        }
        drop(open);
    });
    if let Err(error) = spawned {
        state.change(|inner| inner.failures.push(format!("no thread: {error}")));
    }
}

/// Counts a connection as open until it is dropped.
struct Open(Arc<State>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.change(|inner| inner.open -= 1);
    }
}

fn converse(
    mut stream: Stream,
    encryption: Option<&Encryption>,
    script: &Script,
    state: &State,
) -> io::Result<()> {
    let mut outcome = Ok(());
    if let Some(Encryption { config, cut }) = encryption {
        let (handshake, made) = accept(&mut stream, config, *cut);
        state.change(|inner| inner.handshakes.push(handshake));
        outcome = made;
    }
    let outcome = outcome.and_then(|()| script(&mut stream));
    stream.end(&outcome);
    outcome
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::time::Instant;

    use super::super::scripts;
    use super::*;

    #[test]
    fn a_peer_that_is_dropped_takes_its_connections_with_it() {
        let begun = Instant::now();
        for script in [
            scripts::hold,
            scripts::echo,
            // Nobody releases it.
            |stream: &mut Stream| stream.hold(),
            // Nobody reads it.
            |stream: &mut Stream| stream.write_all(&vec![0; 64 << 20]),
        ] {
            let peer = Peer::plain(script);
            let mut client = TcpStream::connect(peer.address()).expect("it listens");
            assert!(peer.wait_accepted(1));
            assert_eq!(peer.open(), 1);
            let state = peer.state.clone();
            drop(peer);
            assert_eq!(state.lock().open, 0);
            let mut rest = Vec::new();
            // To its end or a reset: it does not hang.
            let _ = client.read_to_end(&mut rest);
        }
        assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
    }

    #[test]
    fn the_nth_release_is_for_the_nth_hold_of_each_stream() {
        let peer = Peer::plain(|stream| {
            for word in ["one", "two"] {
                stream.hold()?;
                stream.write_all(word.as_bytes())?;
            }
            stream.finish()
        });
        let mut client = TcpStream::connect(peer.address()).expect("it listens");
        peer.release();
        let mut word = [0; 3];
        client.read_exact(&mut word).expect("the first word");
        assert_eq!(&word, b"one");
        peer.release();
        let mut late = TcpStream::connect(peer.address()).expect("it listens");
        let mut both = String::new();
        late.read_to_string(&mut both).expect("both words");
        assert_eq!(both, "onetwo");
    }

    #[test]
    fn a_connection_is_open_until_its_client_has_closed() {
        let peer = Peer::plain(|_| Ok(()));
        let client = TcpStream::connect(peer.address()).expect("it listens");
        assert_eq!((&client).read(&mut [0]).expect("an end"), 0);
        assert_eq!(peer.open(), 1);
        drop(client);
        assert!(peer.wait_closed());
    }

    #[test]
    fn a_reset_is_one_and_an_end_is_none() {
        let peer = Peer::plain(|stream| match stream.number() {
            0 => stream.reset(),
            _ => stream.finish(),
        });
        let mut client = TcpStream::connect(peer.address()).expect("it listens");
        let reset = client.read(&mut [0]).expect_err("a reset");
        assert_eq!(reset.kind(), io::ErrorKind::ConnectionReset);
        let mut client = TcpStream::connect(peer.address()).expect("it listens");
        assert_eq!(client.read(&mut [0]).expect("an end"), 0);
    }
}
