use std::io;
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use super::PATIENCE;
use super::hello::ClientHello;

/// What one TLS handshake came to, as the server saw it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Handshake {
    /// What the client offered; `None` when it did not begin with a ClientHello.
    pub hello: Option<ClientHello>,
    /// Whether it was made to its end.
    pub completed: bool,
    /// Whether it was TLS 1.3, and not 1.2.
    pub tls13: bool,
    /// Whether an earlier session was resumed.
    pub resumed: bool,
    /// The protocol agreed by ALPN.
    pub alpn: Option<Vec<u8>>,
    /// The certificates that the client showed, its own first, in DER.
    pub client_chain: Vec<Vec<u8>>,
    /// Why it failed.
    pub failure: Option<String>,
}

/// What a peer and the threads of its connections share.
#[derive(Debug, Default)]
pub(super) struct State {
    inner: Mutex<Inner>,
    changed: Condvar,
}

#[derive(Debug, Default)]
pub(super) struct Inner {
    pub(super) stopping: bool,
    pub(super) accepted: usize,
    pub(super) open: usize,
    pub(super) marks: usize,
    pub(super) releases: usize,
    pub(super) received: Vec<u8>,
    pub(super) received_bytes: u64,
    pub(super) handshakes: Vec<Handshake>,
    pub(super) failures: Vec<String>,
    threads: usize,
    sockets: Vec<Weak<TcpStream>>,
}

/// So much of what was received is kept; the rest is counted.
const KEPT_BYTES: usize = 64 * 1024;

/// The stack of a connection's thread: rustls needs some, a thousand connections need it small.
const STACK_BYTES: usize = 512 * 1024;

impl State {
    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes something, and wakes whoever waits for it.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut Inner) -> T) -> T {
        let outcome = change(&mut self.lock());
        self.changed.notify_all();
        outcome
    }

    /// Waits until something holds; `false` when it takes longer than [`PATIENCE`].
    pub(super) fn wait(&self, holds: impl Fn(&Inner) -> bool) -> bool {
        self.wait_for(PATIENCE, holds)
    }

    fn wait_for(&self, patience: Duration, holds: impl Fn(&Inner) -> bool) -> bool {
        let until = Instant::now() + patience;
        let mut inner = self.lock();
        while !holds(&inner) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let woken = self.changed.wait_timeout(inner, left);
            inner = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    /// Waits for the n-th release.
    pub(super) fn wait_for_release(&self, nth: usize) -> io::Result<()> {
        let released = self.wait(|inner| inner.stopping || inner.releases >= nth);
        match (released, self.lock().stopping) {
            (true, false) => Ok(()),
            (_, true) => Err(io::Error::other("the peer ends")),
            (false, false) => Err(io::Error::new(
                io::ErrorKind::TimedOut,
                "nobody released the script",
            )),
        }
    }

    pub(super) fn record(&self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.change(|inner| {
                let room = KEPT_BYTES.saturating_sub(inner.received.len());
                inner.received.extend(bytes.iter().take(room));
                inner.received_bytes += bytes.len() as u64;
            });
        }
    }

    /// Has a socket shut down when the peer ends; `false` when it has ended.
    pub(super) fn adopt(&self, socket: &Arc<TcpStream>) -> bool {
        let mut inner = self.lock();
        if !inner.stopping {
            inner.sockets.retain(|known| known.strong_count() > 0);
            inner.sockets.push(Arc::downgrade(socket));
        }
        !inner.stopping
    }

    /// Runs something on a thread of its own, which the end of the peer waits for.
    pub(super) fn spawn(
        self: &Arc<Self>,
        work: impl FnOnce() + Send + 'static,
    ) -> io::Result<std::thread::JoinHandle<()>> {
        struct Counted(Arc<State>);
        impl Drop for Counted {
            fn drop(&mut self) {
                self.0.change(|inner| inner.threads -= 1);
            }
        }

        self.change(|inner| inner.threads += 1);
        let counted = Counted(self.clone());
        std::thread::Builder::new()
            .name("conformance peer".to_owned())
            .stack_size(STACK_BYTES)
            .spawn(move || {
                let _counted = counted;
                work();
            })
    }

    /// Lets nothing new begin, wakes all who wait and shuts every socket down.
    pub(super) fn stop(&self) {
        let sockets = self.change(|inner| {
            inner.stopping = true;
            std::mem::take(&mut inner.sockets)
        });
        for socket in sockets.iter().filter_map(Weak::upgrade) {
            // One that is down already says so, and that is all.
            let _ = socket.shutdown(Shutdown::Both);
        }
    }

    /// Waits until no thread is left; after [`PATIENCE`] they are left to themselves.
    pub(super) fn wait_for_threads(&self) {
        self.wait(|inner| inner.threads == 0);
    }
}
