//! The gateway: it reads what comes and counts it, as cheaply as it can, so that it holds nobody
//! up. A notification with an empty token is answered with the error response; then it closes.
//!
//! One thread serves all connections, and never sleeps while there is one: whoever writes to a
//! process that sleeps pays for waking it, the more often the slower he is.

use std::io::ErrorKind::{ConnectionReset, NotConnected, UnexpectedEof, WouldBlock};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use harness::Child;
use push_sim::Sim;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, crypto};
use serde::{Deserialize, Serialize};

use crate::frames::Frame;
use crate::load::Load;

/// Nobody is silent for longer, unless something hangs.
pub(crate) const SILENCE: Duration = Duration::from_secs(60);

/// How much is read from the socket at a time: contestants are not to wait for system calls here.
const ROOM: usize = 256 * 1024;

/// So often the connections are looked at before others on this processor have their turn.
const PATIENCE: u64 = 256;

const ERROR_RESPONSE: u8 = 8;
const MISSING_TOKEN: u8 = 2;

/// Where the server is.
#[derive(Debug, Clone, Serialize, Deserialize, Args)]
pub(crate) struct Place {
    /// The port on localhost.
    #[arg(long)]
    pub(crate) port: u16,
    /// The folder with `ca.pem` and `client.pem`.
    #[arg(long)]
    pub(crate) dir: PathBuf,
}

impl Place {
    /// The root of the server's certificate.
    pub(crate) fn ca_pem(&self) -> Result<Vec<u8>> {
        self.read("ca.pem")
    }

    /// The provider's certificate with its key.
    pub(crate) fn client_pem(&self) -> Result<Vec<u8>> {
        self.read("client.pem")
    }

    fn read(&self, name: &str) -> Result<Vec<u8>> {
        let path = self.dir.join(name);
        std::fs::read(&path).with_context(|| format!("can't read {}", path.display()))
    }

    /// The arguments that say the same.
    pub(crate) fn arguments(&self) -> [String; 4] {
        let dir = self.dir.to_string_lossy().into_owned();
        ["--port".into(), self.port.to_string(), "--dir".into(), dir]
    }
}

/// What has come.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counts {
    /// Notifications with a token.
    pub(crate) notifications: u64,
    /// The length of their payloads.
    pub(crate) payload_bytes: u64,
    /// Connections that have ended.
    pub(crate) connections: u64,
    /// Those that were asked for a proof.
    pub(crate) proofs: u64,
    /// What was wrong, if anything was.
    pub(crate) trouble: Option<String>,
}

/// A server on a thread of its own, which ends with the process.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) place: Place,
    shared: Arc<Shared>,
    /// Whose folder the certificates are in.
    _files: Sim,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    ended: Condvar,
}

#[derive(Debug, Default)]
struct State {
    open: usize,
    counts: Counts,
    /// The first bytes of the connection that said something last.
    beginning: Vec<u8>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    /// A connection has ended.
    fn end(&self, counts: Counts) {
        let mut state = self.lock();
        state.open -= 1;
        let so_far = &mut state.counts;
        so_far.connections += 1;
        so_far.notifications += counts.notifications;
        so_far.payload_bytes += counts.payload_bytes;
        so_far.proofs += counts.proofs;
        so_far.trouble = so_far.trouble.take().or(counts.trouble);
        self.ended.notify_all();
    }
}

impl Counts {
    fn of_trouble(error: &anyhow::Error) -> Self {
        Self {
            trouble: Some(format!("{error:#}")),
            ..Self::default()
        }
    }
}

impl Server {
    /// Listens on a free port.
    pub(crate) fn start() -> Result<Self> {
        let files = Sim::builder().start()?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let place = Place {
            port: listener.local_addr()?.port(),
            dir: files.dir().to_owned(),
        };
        let config = Arc::new(config(&place)?);
        let shared = Arc::<Shared>::default();
        let theirs = Arc::clone(&shared);
        std::thread::spawn(move || serve(&listener, &config, &theirs));
        Ok(Self {
            place,
            shared,
            _files: files,
        })
    }

    /// What has come since this was asked last, once every connection has ended.
    pub(crate) fn counts(&self) -> Result<Counts> {
        let state = self.shared.lock();
        let (mut state, waited) = self
            .shared
            .ended
            .wait_timeout_while(state, SILENCE, |state| state.open > 0)
            .unwrap_or_else(PoisonError::into_inner);
        ensure!(!waited.timed_out(), "{} connections never end", state.open);
        Ok(std::mem::take(&mut state.counts))
    }

    /// The first bytes of the connection that said something last: its first frame at least.
    #[cfg(test)]
    pub(crate) fn beginning(&self) -> Vec<u8> {
        self.shared.lock().beginning.clone()
    }
}

/// One suite of TLS 1.3 is what all contestants agree on. Session tickets confuse the peers, which
/// take a readable socket for an error response.
fn config(place: &Place) -> Result<ServerConfig> {
    let provider = Arc::new(crypto::aws_lc_rs::default_provider());
    let certificates = CertificateDer::pem_slice_iter(&place.read("server.pem")?)
        .collect::<Result<Vec<_>, _>>()
        .context("the server's certificate can't be read")?;
    let key = PrivateKeyDer::from_pem_slice(&place.read("server.key")?)
        .context("the server's key can't be read")?;
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(certificates, key)?;
    config.send_tls13_tickets = 0;
    Ok(config)
}

/// Serves whoever comes.
fn serve(listener: &TcpListener, config: &Arc<ServerConfig>, shared: &Shared) {
    let mut connections = Vec::new();
    for round in 1_u64.. {
        while let Ok((stream, _)) = listener.accept() {
            shared.lock().open += 1;
            match Connection::new(stream, Arc::clone(config)) {
                Ok(connection) => connections.push(connection),
                Err(error) => shared.end(Counts::of_trouble(&error)),
            }
        }
        connections.retain_mut(|connection| match connection.go_on(shared) {
            Ok(true) => true,
            Ok(false) => {
                shared.end(std::mem::take(&mut connection.counts));
                false
            }
            Err(error) => {
                shared.end(Counts::of_trouble(&error));
                false
            }
        });
        if connections.is_empty() {
            std::thread::sleep(Duration::from_millis(1));
        } else if round % PATIENCE == 0 {
            std::thread::yield_now();
        }
    }
}

struct Connection {
    tls: ServerConnection,
    reader: BufReader<TcpStream>,
    writer: TcpStream,
    /// What was read and is not counted.
    bytes: Vec<u8>,
    filled: usize,
    last: Option<u32>,
    counts: Counts,
    /// It was closed, and what still comes is passed over.
    is_closed: bool,
    heard_at: Instant,
}

impl Connection {
    fn new(stream: TcpStream, config: Arc<ServerConfig>) -> Result<Self> {
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?;
        Ok(Self {
            tls: ServerConnection::new(config)?,
            reader: BufReader::with_capacity(ROOM, stream.try_clone()?),
            writer: stream,
            bytes: vec![0; 64 * 1024],
            filled: 0,
            last: None,
            counts: Counts::default(),
            is_closed: false,
            heard_at: Instant::now(),
        })
    }

    /// Takes what has come; whether there may be more.
    fn go_on(&mut self, shared: &Shared) -> Result<bool> {
        if self.is_closed {
            return self.pass_over();
        }
        let read = match self.tls.read_tls(&mut self.reader) {
            Err(error) if error.kind() == WouldBlock => {
                ensure!(self.heard_at.elapsed() < SILENCE, "it says nothing more");
                return Ok(true);
            }
            // Opened ahead, and not needed after all.
            Err(error) if error.kind() == ConnectionReset && self.last.is_none() => {
                return Ok(false);
            }
            read => read?,
        };
        self.heard_at = Instant::now();
        self.tls.process_new_packets()?;
        self.write()?;
        while self.take(shared)? {}
        if read == 0 {
            let rest = self.filled;
            ensure!(rest == 0, "the last {rest} bytes are not a whole frame");
        }
        Ok(read > 0)
    }

    /// Takes what is decrypted; whether there was something.
    fn take(&mut self, shared: &Shared) -> Result<bool> {
        let read = match self.tls.reader().read(&mut self.bytes[self.filled..]) {
            // Some close without saying so in TLS.
            Err(error) if matches!(error.kind(), WouldBlock | UnexpectedEof) => 0,
            read => read?,
        };
        self.filled += read;
        if self.last.is_none() && read > 0 {
            shared.lock().beginning = self.bytes[..self.filled].to_vec();
        }
        let mut done = 0;
        while let Some((frame, length)) = Frame::read(&self.bytes[done..self.filled])? {
            let number = frame.identifier;
            if frame.token.is_empty() {
                self.close(number)?;
                return Ok(false);
            }
            // They start anew with each bulk send of some, which keep their connection.
            let follows = self.last.is_none_or(|last| number == last.wrapping_add(1));
            ensure!(
                follows || number < 2,
                "identifier {number} does not follow on {:?}",
                self.last
            );
            self.last = Some(number);
            self.counts.notifications += 1;
            self.counts.payload_bytes += frame.payload.len() as u64;
            done += length;
        }
        self.bytes.copy_within(done..self.filled, 0);
        self.filled -= done;
        Ok(read > 0)
    }

    /// Refuses a notification, and closes. What still comes is read all the same: it must not make a
    /// reset of the answer.
    fn close(&mut self, identifier: u32) -> Result<()> {
        self.counts.proofs += 1;
        self.filled = 0;
        self.is_closed = true;
        let response = [ERROR_RESPONSE, MISSING_TOKEN].into_iter();
        let response: Vec<u8> = response.chain(identifier.to_be_bytes()).collect();
        self.tls.writer().write_all(&response)?;
        self.tls.send_close_notify();
        self.write()?;
        match self.writer.shutdown(Shutdown::Write) {
            // It has closed already.
            Err(error) if error.kind() == NotConnected => Ok(()),
            done => Ok(done?),
        }
    }

    fn pass_over(&mut self) -> Result<bool> {
        match self.reader.read(&mut self.bytes) {
            Err(error) if error.kind() == WouldBlock => {
                ensure!(self.heard_at.elapsed() < SILENCE, "it never closes");
                Ok(true)
            }
            // It has closed already, and did not read the end of TLS.
            Err(error) if error.kind() == ConnectionReset => Ok(false),
            read => Ok(read? > 0),
        }
    }

    /// Writes what TLS has to say. It is little, and so there is room for it.
    fn write(&mut self) -> Result<()> {
        while self.tls.wants_write() {
            self.tls.write_tls(&mut self.writer)?;
        }
        Ok(())
    }
}

/// Is the server, until the input ends; tells its counts for each line.
pub(crate) fn run() -> Result<()> {
    let server = Server::start()?;
    crate::say(&server.place)?;
    for line in std::io::stdin().lock().lines() {
        line?;
        crate::say(&server.counts()?)?;
    }
    Ok(())
}

/// The server, in a process of its own.
#[derive(Debug)]
pub(crate) struct Gateway {
    child: Child,
    pub(crate) place: Place,
}

impl Gateway {
    /// With the simulator instead of the server.
    pub(crate) fn start(simulator: bool) -> Result<Self> {
        let role = if simulator { "simulator" } else { "server" };
        let mut child = Child::start([role.to_owned()], [])?;
        let place = child.hear()?;
        Ok(Self { child, place })
    }

    /// Whether just this has come since it was asked last.
    pub(crate) fn check(&mut self, load: &Load) -> Result<Counts> {
        self.child.tell("counts")?;
        let counts: Counts = self.child.hear()?;
        if let Some(trouble) = &counts.trouble {
            bail!("the server complains: {trouble}");
        }
        let expected = (load.sent(), load.sent() * load.payload_bytes as u64);
        ensure!(
            (counts.notifications, counts.payload_bytes) == expected,
            "{} notifications of {} bytes were to be sent, but the server counts {counts:?}",
            load.sent(),
            load.payload_bytes,
        );
        Ok(counts)
    }
}
