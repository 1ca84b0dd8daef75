//! Very many connections at once.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use futures_util::{AsyncReadExt, AsyncWriteExt};
use push_core::Target;
use socket2::{Domain, Socket, Type};

use crate::failure::{Checked, Failure, ensure};
use crate::subject::Subject;

/// Files that the process needs besides.
const OTHER_FILES: u64 = 200;

pub(crate) fn a_thousand_connections_at_once(subject: &mut Subject) -> Checked {
    let count = subject.connections();
    raise_limit(2 * count as u64 + OTHER_FILES)?;
    let crowd = Crowd::start(count, subject.patience())?;
    let target = Target::plain("127.0.0.1", crowd.address.port());
    let backend = subject.backend();
    let dials = (0..count).map(|_| backend.connect(&target, None));
    let mut connections = subject.block_on("connecting all at once", try_join_all(dials))??;
    // All are open now, on both sides; each is told its number.
    let talks = connections.iter_mut().map(async |connection| {
        let mut number = [0; 4];
        connection.read_exact(&mut number).await?;
        connection.write_all(&number).await?;
        connection.flush().await?;
        io::Result::Ok(u32::from_be_bytes(number))
    });
    let mut numbers = subject.block_on("talking over all of them", try_join_all(talks))??;
    numbers.sort_unstable();
    ensure!(
        numbers
            .iter()
            .enumerate()
            .all(|(index, number)| *number as usize == index),
        "expected each of {count} connections to get a number of its own"
    );
    crowd.echoed(count, subject.patience())
}

/// A listener whose one thread takes all connections, and then talks over each.
struct Crowd {
    address: SocketAddr,
    outcome: Receiver<io::Result<usize>>,
}

impl Crowd {
    fn start(count: usize, patience: Duration) -> io::Result<Self> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
        // Room for all: a queue that overflows makes dials wait for seconds.
        socket.listen(i32::try_from(count).unwrap_or(i32::MAX))?;
        let listener = std::net::TcpListener::from(socket);
        let address = listener.local_addr()?;
        listener.set_nonblocking(true)?;
        let (sender, outcome) = sync_channel(1);
        thread::Builder::new().spawn(move || {
            let accept = || loop_until(patience, || listener.accept());
            let streams = (0..count).map(|_| accept()).collect::<io::Result<Vec<_>>>();
            let _ = sender.send(streams.and_then(|streams| talk(&streams, patience)));
        })?;
        Ok(Self { address, outcome })
    }

    fn echoed(self, count: usize, patience: Duration) -> Checked {
        let outcome = self
            .outcome
            .recv_timeout(2 * patience)
            .map_err(|_| Failure::hang("the peer of many connections", 2 * patience))?;
        let echoed = outcome?;
        ensure!(
            echoed == count,
            "expected {count} connections to send their numbers back, {echoed} did"
        );
        Ok(())
    }
}

/// Tells each connection its number: how many sent it back.
fn talk(streams: &[(TcpStream, SocketAddr)], patience: Duration) -> io::Result<usize> {
    let numbers = || streams.iter().zip(0_u32..);
    for ((stream, _), number) in numbers() {
        stream.set_nonblocking(false)?;
        stream.set_read_timeout(Some(patience))?;
        (&*stream).write_all(&number.to_be_bytes())?;
    }
    let mut echoed = 0;
    for ((stream, _), number) in numbers() {
        let mut back = [0; 4];
        (&*stream).read_exact(&mut back)?;
        echoed += usize::from(back == number.to_be_bytes());
    }
    Ok(echoed)
}

fn loop_until<T>(limit: Duration, attempt: impl Fn() -> io::Result<T>) -> io::Result<T> {
    let begun = Instant::now();
    loop {
        match attempt() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && begun.elapsed() < limit => {
                thread::park_timeout(Duration::from_millis(1));
            }
            outcome => return outcome,
        }
    }
}

/// Raises the soft limit of open files, as far as the hard one goes.
fn raise_limit(files: u64) -> Checked {
    let (soft, hard) = rlimit::Resource::NOFILE.get()?;
    if soft >= files {
        return Ok(());
    }
    ensure!(
        hard >= files,
        "this case needs {files} open files and the limit is {hard}: raise it (`ulimit -Hn`), or \
         take fewer with `Environment::connections`"
    );
    rlimit::Resource::NOFILE.set(files, hard)?;
    Ok(())
}
