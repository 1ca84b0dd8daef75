//! The cases, by what they are about.

pub(crate) mod cancel;
pub(crate) mod certificates;
pub(crate) mod closing;
pub(crate) mod dial;
pub(crate) mod ending;
pub(crate) mod errors;
pub(crate) mod locks;
pub(crate) mod many;
pub(crate) mod proxy;
pub(crate) mod stream;
pub(crate) mod tasks;
pub(crate) mod time;
pub(crate) mod tls;
pub(crate) mod verification;
pub(crate) mod wakers;

mod exchange;

use std::io::{self, Read};
use std::pin::Pin;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use futures_util::{AsyncRead, AsyncWrite};
use push_core::Connection;

use crate::Capability;
use crate::executor::Wakes;
use crate::failure::{Checked, Failure, Over, ensure};
use crate::peer::{Authority, Peer, Stream, TlsSettings};
use crate::subject::Subject;

/// Checks the same over plain TCP, and over TLS if the backend has it.
fn over_both<S>(
    subject: &mut Subject,
    script: S,
    mut check: impl FnMut(&mut Subject, &Peer) -> Checked,
) -> Checked
where
    S: Fn(&mut Stream) -> io::Result<()> + Clone + Send + Sync + 'static,
{
    check(subject, &Peer::plain(script.clone())).over("over plain TCP")?;
    if subject.has(Capability::Tls) {
        check(subject, &tls(script)).over("over TLS")?;
    }
    Ok(())
}

fn tls<S>(script: S) -> Peer
where
    S: Fn(&mut Stream) -> io::Result<()> + Clone + Send + Sync + 'static,
{
    Peer::tls(&TlsSettings::new(&Authority::new()), script)
}

/// What the system keeps of a connection at the peer's side: so little that writers feel it early,
/// and so much that a segment of the loopback device fits in, else TCP crawls.
const SMALL_BUFFER: usize = 256 * 1024;

/// A poll of a connection, by hand.
trait Polls {
    /// Polls a read into so many bytes: what was read.
    fn poll_bytes(&mut self, wakes: &Arc<Wakes>, at_most: usize) -> Poll<io::Result<Vec<u8>>>;

    /// Polls a write.
    fn poll_write_of(&mut self, wakes: &Arc<Wakes>, bytes: &[u8]) -> Poll<io::Result<usize>>;
}

impl Polls for Box<dyn Connection> {
    fn poll_bytes(&mut self, wakes: &Arc<Wakes>, at_most: usize) -> Poll<io::Result<Vec<u8>>> {
        let mut bytes = vec![0; at_most];
        let waker = wakes.waker();
        let poll = Pin::new(self).poll_read(&mut Context::from_waker(&waker), &mut bytes);
        poll.map_ok(|length| {
            bytes.truncate(length);
            bytes
        })
    }

    fn poll_write_of(&mut self, wakes: &Arc<Wakes>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let waker = wakes.waker();
        Pin::new(self).poll_write(&mut Context::from_waker(&waker), bytes)
    }
}

/// What a peer has read, for cases that can't say beforehand what that will be.
#[derive(Clone, Default)]
struct Received(Arc<Mutex<Vec<u8>>>);

impl Received {
    /// A script that reads to the end, once it is released.
    fn late(&self) -> impl Fn(&mut Stream) -> io::Result<()> + Clone + Send + Sync + 'static {
        let received = self.clone();
        move |stream| {
            stream.set_buffers(SMALL_BUFFER)?;
            stream.hold()?;
            let mut chunk = vec![0; 16 * 1024];
            loop {
                let length = stream.read(&mut chunk)?;
                received.lock().extend(&chunk[..length]);
                if length == 0 {
                    stream.mark();
                    return Ok(());
                }
            }
        }
    }

    fn length(&self) -> usize {
        self.lock().len()
    }

    /// Checks that the peer has read what was reported as written, and forgets it.
    #[track_caller]
    fn expect(&self, written: &[u8]) -> Checked {
        let got = std::mem::take(&mut *self.lock());
        if got == written {
            return Ok(());
        }
        let same = got.iter().zip(written).take_while(|(got, put)| got == put);
        Err(Failure::new(format!(
            "expected the {} bytes that were reported as written, the peer read {}, and only the \
             first {} are the same",
            written.len(),
            got.len(),
            same.count()
        )))
    }

    fn lock(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Polls a read that must wait, since there is nothing to read yet.
#[track_caller]
fn must_wait(connection: &mut Box<dyn Connection>, wakes: &Arc<Wakes>) -> Checked {
    match connection.poll_bytes(wakes, 64) {
        Poll::Pending => Ok(()),
        Poll::Ready(got) => Err(Failure::new(format!(
            "expected a read to wait for the peer, got {got:?}"
        ))),
    }
}

/// Waits until a script of the peer's has said that all is well ([`Stream::mark`]).
#[track_caller]
fn peer_is_content(subject: &Subject, peer: &Peer, what: &str) -> Checked {
    subject.wait_until(what, || peer.marks() > 0 || !peer.failures().is_empty())?;
    ensure!(
        peer.marks() > 0,
        "expected {what}, the peer says: {}",
        peer.failures().join(", ")
    );
    Ok(())
}

/// A script's complaint.
fn complaint(text: &str) -> io::Result<()> {
    Err(io::Error::other(text.to_owned()))
}

/// Bytes that tell their place, so that none can be lost, doubled or moved unseen.
fn pattern(length: usize) -> Vec<u8> {
    /// A prime, so that no power of two of them repeats.
    const PERIOD: usize = 65_521;
    static BLOCK: LazyLock<Vec<u8>> =
        LazyLock::new(|| (0..PERIOD).map(|at| (at ^ (at >> 8)) as u8).collect());
    let mut bytes = BLOCK.repeat(length / PERIOD + 1);
    bytes.truncate(length);
    bytes
}
