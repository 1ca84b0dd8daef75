//! The server: it takes every message, or refuses every so many-th, as cheaply as it can, so that it
//! holds nobody up.
//!
//! One thread serves all connections, and never sleeps while there is one: whoever writes to a
//! process that sleeps pays for waking it, the more often the slower he is.

use std::io::ErrorKind::{ConnectionAborted, ConnectionReset, UnexpectedEof, WouldBlock};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Args;
use push_sim::{ServiceAccount, Sim};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, crypto};

use crate::answers::{Answer, Answers};
use crate::http2::{Http2, Judge};
use crate::place::{Counts, Place};

/// Nobody is silent for longer, unless something hangs.
pub(crate) const SILENCE: Duration = Duration::from_secs(60);

/// How much is read from the socket at a time: contestants are not to wait for system calls here.
const ROOM: usize = 256 * 1024;

/// So often the connections are looked at before others on this processor have their turn.
const PATIENCE: u64 = 256;

/// How the server behaves.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Manner {
    /// Refuses every so many-th message.
    #[arg(long)]
    pub(crate) refuse: Option<u64>,
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
    /// Messages since the counters were asked for.
    messages: AtomicU64,
    state: Mutex<State>,
    ended: Condvar,
}

#[derive(Debug, Default)]
struct State {
    open: usize,
    counts: Counts,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection has ended.
    fn end(&self, counts: Counts) {
        let mut state = self.lock();
        state.open -= 1;
        let so_far = &mut state.counts;
        so_far.connections += 1;
        so_far.messages += counts.messages;
        so_far.refused += counts.refused;
        so_far.body_bytes += counts.body_bytes;
        so_far.trouble = so_far.trouble.take().or(counts.trouble);
        self.ended.notify_all();
    }
}

impl Server {
    /// Listens on a free port.
    pub(crate) fn start(manner: &Manner) -> Result<Self> {
        let files = Sim::builder().start()?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let place = Place {
            port: listener.local_addr()?.port(),
            dir: files.dir().to_owned(),
        };
        let account = ServiceAccount::generate(format!("https://{}/token", place.authority()))?;
        std::fs::write(place.service_account(), account.json())?;
        let config = Arc::new(config(&place)?);
        let shared = Arc::<Shared>::default();
        let judging = Judging {
            answers: Answers::new(),
            refuse: manner.refuse,
            shared: Arc::clone(&shared),
        };
        std::thread::spawn(move || serve(&listener, &config, judging));
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
        self.shared.messages.store(0, Ordering::Relaxed);
        Ok(std::mem::take(&mut state.counts))
    }
}

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
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(config)
}

/// Who is refused.
#[derive(Debug)]
struct Judging {
    answers: Answers,
    refuse: Option<u64>,
    shared: Arc<Shared>,
}

impl Judge for Judging {
    fn next(&mut self, counts: &mut Counts) -> &Answer {
        counts.messages += 1;
        let number = self.shared.messages.fetch_add(1, Ordering::Relaxed) + 1;
        match self.refuse {
            Some(every) if number.is_multiple_of(every) => {
                counts.refused += 1;
                let turn = (number / every) as usize % self.answers.refused.len();
                &self.answers.refused[turn]
            }
            _ => &self.answers.taken,
        }
    }

    fn answers(&self) -> &Answers {
        &self.answers
    }
}

/// Serves whoever comes.
fn serve(listener: &TcpListener, config: &Arc<ServerConfig>, mut judging: Judging) {
    let shared = Arc::clone(&judging.shared);
    let mut connections = Vec::new();
    for round in 1_u64.. {
        while let Ok((stream, _)) = listener.accept() {
            shared.lock().open += 1;
            match Connection::new(stream, Arc::clone(config)) {
                Ok(connection) => connections.push(connection),
                Err(error) => shared.end(Counts::of_trouble(&error)),
            }
        }
        connections.retain_mut(|connection| {
            let gone_on = connection.go_on(&mut judging);
            if let Ok(true) = gone_on {
                return true;
            }
            let mut counts = std::mem::take(&mut connection.http2.counts);
            if let Err(error) = gone_on {
                counts.trouble = Some(format!("{error:#}"));
            }
            shared.end(counts);
            false
        });
        if connections.is_empty() {
            std::thread::sleep(Duration::from_millis(1));
        } else if round.is_multiple_of(PATIENCE) {
            std::thread::yield_now();
        }
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

struct Connection {
    tls: ServerConnection,
    reader: BufReader<TcpStream>,
    writer: TcpStream,
    http2: Http2,
    /// What was read and is not taken.
    bytes: Vec<u8>,
    filled: usize,
    /// What is to be said.
    out: Vec<u8>,
    heard_at: Instant,
}

impl Connection {
    fn new(stream: TcpStream, config: Arc<ServerConfig>) -> Result<Self> {
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?;
        let mut tls = ServerConnection::new(config)?;
        tls.set_buffer_limit(None);
        Ok(Self {
            tls,
            reader: BufReader::with_capacity(ROOM, stream.try_clone()?),
            writer: stream,
            http2: Http2::default(),
            bytes: vec![0; 4 * Http2::ROOM],
            filled: 0,
            out: Http2::GREETING.to_vec(),
            heard_at: Instant::now(),
        })
    }

    /// Takes what has come; whether there may be more.
    fn go_on(&mut self, judging: &mut Judging) -> Result<bool> {
        match self.read(judging) {
            // It has ended; some do so without a word.
            Err(error) if is_end(&error) => Ok(false),
            read => read,
        }
    }

    fn read(&mut self, judging: &mut Judging) -> Result<bool> {
        if !self.write()? {
            // It does not read what it is told: then it says nothing either.
            ensure!(self.heard_at.elapsed() < SILENCE, "it reads nothing more");
            return Ok(true);
        }
        let read = match self.tls.read_tls(&mut self.reader) {
            Err(error) if error.kind() == WouldBlock => {
                ensure!(self.heard_at.elapsed() < SILENCE, "it says nothing more");
                return Ok(true);
            }
            read => read?,
        };
        self.heard_at = Instant::now();
        self.tls.process_new_packets()?;
        while self.take(judging)? {}
        if !self.tls.is_handshaking() && !self.out.is_empty() {
            self.tls.writer().write_all(&self.out)?;
            self.out.clear();
        }
        self.write()?;
        Ok(read > 0)
    }

    /// Takes what is decrypted; whether there was something.
    fn take(&mut self, judging: &mut Judging) -> Result<bool> {
        let read = match self.tls.reader().read(&mut self.bytes[self.filled..]) {
            Err(error) if matches!(error.kind(), WouldBlock | UnexpectedEof) => 0,
            read => read?,
        };
        self.filled += read;
        let bytes = &self.bytes[..self.filled];
        let done = self.http2.take(bytes, judging, &mut self.out)?;
        self.bytes.copy_within(done..self.filled, 0);
        self.filled -= done;
        Ok(read > 0)
    }

    /// Writes what TLS has to say; whether that was all.
    fn write(&mut self) -> Result<bool> {
        while self.tls.wants_write() {
            match self.tls.write_tls(&mut self.writer) {
                Err(error) if error.kind() == WouldBlock => return Ok(false),
                written => written?,
            };
        }
        Ok(true)
    }
}

fn is_end(error: &anyhow::Error) -> bool {
    let kind = error.downcast_ref().map(std::io::Error::kind);
    matches!(
        kind,
        Some(ConnectionReset | ConnectionAborted | std::io::ErrorKind::BrokenPipe)
    )
}

/// Is the server, until the input ends; tells its counts for each line.
pub(crate) fn run(manner: &Manner) -> Result<()> {
    let server = Server::start(manner)?;
    crate::say(&server.place)?;
    for line in std::io::stdin().lock().lines() {
        line?;
        crate::say(&server.counts()?)?;
    }
    Ok(())
}
