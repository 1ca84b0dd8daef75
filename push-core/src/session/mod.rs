//! Sessions: connections of any number of destinations over one backend, with common limits,
//! outdating, shutdown and statistics.
//!
//! A session has two kinds of connections: those that requests of HTTP/2 share, to which
//! [`http2`](crate::Session::http2) leads, and exclusive ones. Both count against
//! [`max_connections`](SessionBuilder::max_connections).
//!
//! # Leases
//! A [`Lease`] is an exclusive connection, for protocols that know one user at a time.
//! [`connection`](crate::Session::connection) takes one from the cache, or dials;
//! [`new_connection`](crate::Session::new_connection) always dials, and nobody uses the connection
//! after it. Both are lazy. Connections are cached for what decided their dial: the
//! [`Target`] as a whole, and the certificate, by its fingerprint.
//!
//! ```
//! # use futures_util::{AsyncReadExt, AsyncWriteExt};
//! # use push_core::{Session, Target};
//! async fn ask(session: &Session) -> Result<[u8; 4], Box<dyn std::error::Error>> {
//!     let mut lease = session.connection(Target::tls("quotes.example", 7777), None)?;
//!     lease.write_all(b"ask\n").await?; // Connects, or takes what idles.
//!     lease.flush().await?;
//!     let mut answer = [0; 4];
//!     lease.read_exact(&mut answer).await?; // An error drops the lease: closed, for nobody else.
//!     lease.release(); // All was asked and answered: the next one may have it.
//!     Ok(answer)
//! }
//! ```
//!
//! - **Release** a connection on which nothing is outstanding: no request half written, no answer
//!   expected. What shows not to be clean is closed instead. But the session sees bytes, not
//!   messages: an answer that comes later would be the next user's.
//! - **Close** or drop it in every other case, and after an error. [`close`](Lease::close) says
//!   farewell first; a drop can't wait for that.
//! - **Reset** asks in between whether it is clean: before a new conversation on a connection that
//!   is kept, or on one that [was used before](Lease::is_reused).
//! - A connection that idles is read from all the time: when its peer ends it or says something, it
//!   is out of the cache. What neither end knows (a firewall that has forgotten it) shows at the
//!   first use only: where that fails on a reused one, [`reconnect`](Lease::reconnect) and begin
//!   once more.
//! - **Outdate** closes what has idled for longer than an age, as
//!   [`idle_timeout`](SessionBuilder::idle_timeout) does by itself.
//! - Say how it went: after [`failed`](Lease::failed), as after a dial that failed, the next dial
//!   waits by the [back-off](SessionBuilder::back_off); [`proved`](Lease::proved) and a clean
//!   release forget what failed. Each dial resolves the name anew.
//! - [`max_connections_per_destination`](SessionBuilder::max_connections_per_destination) bounds
//!   those that are leased and those that idle, together: one more lease waits until one is given
//!   back, in the order of coming. What idles makes room for whoever needs it.
//!
//! # Watching a session
//! [`Session::stats`](crate::Session::stats) counts the session as a whole,
//! [`Session::connections`](crate::Session::connections) shows each connection. With the feature
//! `metrics` the same goes to the [`metrics`](https://docs.rs/metrics) facade, under the label
//! `destination` (`HOST:PORT`). Install the recorder before the first client is made: the handles are
//! taken then.
//!
//! | metric | kind | what |
//! |---|---|---|
//! | `anypush_connections` | gauge | connections that are open |
//! | `anypush_connections_opened_total` | counter | connections that came about |
//! | `anypush_dials_failed_total` | counter | dials that failed |
//! | `anypush_goaways_total` | counter | connections whose peer said GOAWAY |
//! | `anypush_requests_waiting` | gauge | requests that wait for a stream, or by HTTP/1.1 for a connection |
//! | `anypush_requests_sent_total` | counter | requests handed to a connection; a resend counts again |
//! | `anypush_requests_answered_total` | counter | answers |
//! | `anypush_requests_resent_total` | counter | requests that were sent again |
//! | `anypush_requests_lost_total` | counter | answers lost with their connection or stream |
//! | `anypush_requests_timed_out_total` | counter | deadlines that passed |
//! | `anypush_request_seconds` | histogram | seconds from the beginning of a request, its wait included, to its answer |
//!
//! There is a label for each destination: where others choose the hosts, bound how many there are.
//!
//! Spans of `tracing`: `dial` and `connection`, at the level `debug`, with the target and the
//! connection's number. Neither spans nor events hold credentials, payloads or device tokens.

mod back_off;
mod builder;
mod config;
mod deadlines;
mod hangup;
mod janitor;
mod key;
mod lease;
mod news;
mod places;
mod stats;

use std::collections::HashMap;
use std::fmt;
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::Poll;
use std::time::{Duration, Instant};

pub use builder::SessionBuilder;
pub use deadlines::Watch;
pub use lease::Lease;
pub use news::Closed;
pub use stats::{ConnectionStats, Stats};

pub(crate) use back_off::{BackOff, wait_after};
pub(crate) use hangup::Hangup;
pub(crate) use key::Key;
pub(crate) use news::News;
pub(crate) use places::Permit;
pub(crate) use stats::Counter;

use crate::clock::later;
use crate::http::set::Set;
use crate::http::{Destination, Http2, Limits};
use crate::{Backend, Certificate, CertificateInfo, Error, ErrorKind, Fingerprint, Result, Target};
use config::Config;
use deadlines::Deadlines;
use janitor::Bell;
use lease::{Pool, Pools};
use places::Places;
use stats::Counters;

/// Connections over one backend, shared by all clients that are given a clone of it.
///
/// Cheap to clone. When the last clone is dropped, and the last client with it, what is under way
/// is answered and the connections close.
#[derive(Clone)]
pub struct Session {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) shared: Arc<Shared>,
    sets: Mutex<HashMap<Key, Arc<Set>>>,
    pools: Mutex<Pools>,
    closed: AtomicBool,
    closing: Arc<News>,
}

/// What every part of a session needs, and which does not keep the session alive.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) config: Config,
    pub(crate) counters: Counters,
    pub(crate) deadlines: Arc<Deadlines>,
    pub(crate) bell: Arc<Bell>,
    pub(crate) places: Places,
    /// How many sets were made.
    sets_made: AtomicU64,
}

impl Shared {
    /// A deadline to be waited for.
    pub(crate) fn watch(&self, at: Instant) -> Watch {
        Watch::new(self.deadlines.clone(), at)
    }
}

/// How a shutdown went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Shutdown {
    /// Requests that waited for a connection: they ended as not sent.
    pub not_sent: usize,
    /// Requests that were under way and still unanswered at the deadline: they ended as unknown.
    pub unanswered: usize,
    /// Leases that were not given back by the deadline: what they read and write failed from then on.
    pub broken_leases: usize,
}

impl Session {
    /// A session over a backend, with the default limits.
    pub fn new(backend: impl Backend) -> Self {
        Self::builder(backend).build()
    }

    /// A session over a backend, with limits of one's own.
    pub fn builder(backend: impl Backend) -> SessionBuilder {
        SessionBuilder::new(Arc::new(backend))
    }

    fn with_config(backend: Arc<dyn Backend>, config: Config) -> Self {
        let bell = Arc::new(Bell::default());
        let shared = Arc::new(Shared {
            backend,
            counters: Counters::default(),
            deadlines: Arc::new(Deadlines::new(bell.clone())),
            bell: bell.clone(),
            places: Places::new(config.max_connections),
            sets_made: AtomicU64::new(0),
            config,
        });
        let inner = Arc::new(Inner {
            shared,
            sets: Mutex::default(),
            pools: Mutex::default(),
            closed: AtomicBool::new(false),
            closing: Arc::default(),
        });
        bell.hang(Arc::downgrade(&inner));
        inner.shared.places.belong_to(Arc::downgrade(&inner));
        Self { inner }
    }

    /// The backend that this session runs on.
    pub fn backend(&self) -> &Arc<dyn Backend> {
        &self.inner.shared.backend
    }

    #[cfg(feature = "http1")]
    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.inner.shared
    }

    /// Whether it was shut down.
    pub fn is_closed(&self) -> bool {
        self.inner.closed.load(Ordering::Acquire)
    }

    /// Resolves once it is shut down: for those who wait for something else than a connection.
    pub fn closed(&self) -> Closed {
        let listener = self.inner.closing.listen();
        Closed {
            already: self.is_closed(),
            listener,
        }
    }

    /// The way to a destination. Connects to nothing yet.
    ///
    /// # Errors
    /// [`ErrorKind::Identity`] when the certificate can't be read, [`ErrorKind::Closed`] after a
    /// shutdown.
    pub fn http2(&self, destination: Destination) -> Result<Http2> {
        let Destination {
            target,
            certificate,
            credential,
            limits,
        } = destination;
        let fingerprint = fingerprint(certificate.as_ref())?;
        let (scope, authorize) = credential.unzip();
        let key = Key {
            target,
            certificate: fingerprint,
            scope: scope.unwrap_or_else(|| Arc::from("")),
            limits,
        };
        let mut sets = self.inner.sets();
        if self.inner.closed.load(Ordering::Acquire) {
            return Err(closed());
        }
        let set = match sets.get(&key) {
            // The latest credentials serve new connections: they can differ in what the key does
            // not hold, such as how long a token lives.
            Some(set) => {
                set.adopt(certificate, authorize);
                set.clone()
            }
            None => {
                let shared = self.inner.shared.clone();
                let number = shared.sets_made.fetch_add(1, Ordering::Relaxed);
                let set = Set::new(number, key.clone(), certificate, authorize, shared);
                let set = Arc::new(set);
                sets.insert(key, set.clone());
                set
            }
        };
        drop(sets);
        Ok(Http2::new(self.clone(), set))
    }

    /// An exclusive connection from the cache: see [the module](self#leases). Nothing is connected
    /// before its first use: that takes one that idles, or dials. For protocols that are not HTTP/2.
    ///
    /// # Errors
    /// [`ErrorKind::Identity`] when the certificate can't be read, [`ErrorKind::Closed`] after a
    /// shutdown.
    pub fn connection(
        &self,
        target: Target,
        certificate: Option<Arc<dyn Certificate>>,
    ) -> Result<Lease> {
        self.lease(target, certificate, Limits::default(), true)
    }

    /// An exclusive connection that nobody has used before, and nobody uses after. Nothing is
    /// connected before its first use.
    ///
    /// # Errors
    /// As [`connection`](Self::connection).
    pub fn new_connection(
        &self,
        target: Target,
        certificate: Option<Arc<dyn Certificate>>,
    ) -> Result<Lease> {
        self.lease(target, certificate, Limits::default(), false)
    }

    pub(crate) fn lease(
        &self,
        target: Target,
        certificate: Option<Arc<dyn Certificate>>,
        limits: Limits,
        cached: bool,
    ) -> Result<Lease> {
        let key = Key {
            target,
            certificate: fingerprint(certificate.as_ref())?,
            scope: Arc::from(""),
            limits,
        };
        let mut pools = self.inner.pools();
        if self.inner.closed.load(Ordering::Acquire) {
            return Err(closed());
        }
        let pool = pools.get(key, certificate, &self.inner.shared);
        drop(pools);
        Ok(Lease::new(self.clone(), pool, cached))
    }

    /// The point in time so long from now, for waits of any length.
    pub fn deadline(&self, wait: Duration) -> Instant {
        later(self.inner.shared.backend.now(), wait)
    }

    /// How many connections it may have at a time: see
    /// [`SessionBuilder::max_connections`].
    pub fn max_connections(&self) -> usize {
        self.inner.shared.config.max_connections
    }

    /// Resolves once this time has come. Many of them cost one timer.
    pub fn watch(&self, at: Instant) -> Watch {
        self.inner.shared.watch(at)
    }

    /// Closes the connections that have been idle for longer than this; tells how many.
    pub fn outdate(&self, age: Duration) -> usize {
        let now = self.inner.shared.backend.now();
        let (sets, pools) = (self.inner.all(), self.inner.all_pools());
        let shared = sets.iter().map(|set| set.outdate(age, now));
        let leases = pools.iter().map(|pool| pool.outdate(age, now));
        shared.chain(leases).sum()
    }

    /// Takes no more requests, ends those that wait, lets those under way be answered and leases be
    /// given back until the deadline, and closes all connections.
    pub async fn shutdown(&self, deadline: Duration) -> Shutdown {
        self.inner.closed.store(true, Ordering::Release);
        self.inner.closing.tell();
        let shared = &self.inner.shared;
        let until = self.deadline(deadline);
        let error = closed();
        let mut outcome = Shutdown::default();
        for set in self.inner.all() {
            outcome.not_sent += set.close(&error);
        }
        for pool in self.inner.all_pools() {
            pool.close(&error);
        }
        let mut watch = shared.watch(until);
        poll_fn(|cx| {
            shared.places.on_freed(cx.waker());
            let (sets, pools) = (self.inner.all(), self.inner.all_pools());
            if sets.iter().all(|set| set.is_disconnected())
                && pools.iter().all(|pool| pool.is_disconnected())
            {
                return Poll::Ready(());
            }
            watch.poll(cx)
        })
        .await;
        for set in self.inner.all() {
            outcome.unanswered += set.abort();
        }
        for pool in self.inner.all_pools() {
            outcome.broken_leases += pool.abort(&error);
        }
        self.inner.sets().clear();
        self.inner.pools().clear();
        shared.bell.ring();
        outcome
    }

    /// What this session did so far, and has open now.
    pub fn stats(&self) -> Stats {
        let mut stats = self.inner.shared.counters.read();
        for set in self.inner.all() {
            let (connections, waiting, in_flight) = set.census();
            stats.connections += connections;
            stats.waiting += waiting;
            stats.in_flight += in_flight;
        }
        for pool in self.inner.all_pools() {
            let census = pool.census();
            stats.connections += census.leased + census.idle;
            stats.leased += census.leased;
            stats.idle_leases += census.idle;
            stats.waiting_leases += census.waiting;
        }
        stats
    }

    /// Each HTTP/2 connection that is open now: what it carries, and what became of its requests.
    pub fn connections(&self) -> Vec<ConnectionStats> {
        let now = self.inner.shared.backend.now();
        let sets = self.inner.all();
        sets.iter().flat_map(|set| set.connections(now)).collect()
    }
}

impl Inner {
    fn sets(&self) -> MutexGuard<'_, HashMap<Key, Arc<Set>>> {
        self.sets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The sets as they are now, to be worked on without the lock.
    fn all(&self) -> Vec<Arc<Set>> {
        let mut all: Vec<_> = self.sets().values().cloned().collect();
        // In the order of their making, not in that of a hash: runs are to be repeatable.
        all.sort_unstable_by_key(|set| set.number);
        all
    }

    fn pools(&self) -> MutexGuard<'_, Pools> {
        self.pools.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn all_pools(&self) -> Vec<Arc<Pool>> {
        self.pools().all()
    }

    /// Closes the connection that has been idle for the longest, of whichever kind; `false` when none
    /// is idle.
    fn close_one_idle(&self) -> bool {
        let (sets, pools) = (self.all(), self.all_pools());
        let set = sets
            .iter()
            .filter_map(|set| Some((set.longest_idle()?, set)));
        let set = set.min_by_key(|(since, _)| *since);
        let pool = pools
            .iter()
            .filter_map(|pool| Some((pool.longest_idle()?, pool)));
        let pool = pool.min_by_key(|(since, _)| *since);
        let now = self.shared.backend.now();
        let so_long = |since| now.saturating_duration_since(since);
        let closed = match (set, pool) {
            (Some((since, set)), pool) if pool.is_none_or(|(other, _)| since <= other) => {
                set.outdate(so_long(since), now)
            }
            (_, Some((since, pool))) => pool.outdate(so_long(since), now),
            (_, None) => 0,
        };
        closed > 0
    }

    /// Looks after the connections; tells when to look again, and whether there are any.
    fn upkeep(&self, now: Instant) -> (Option<Instant>, bool) {
        let config = &self.shared.config;
        let mut next: Option<Instant> = None;
        let mut at = |due: Instant| next = Some(next.map_or(due, |next| next.min(due)));
        for set in self.all() {
            if let Some(timeout) = set.key.limits.idle(config.idle_timeout) {
                set.outdate(timeout, now);
                if let Some(since) = set.longest_idle() {
                    at(later(since, timeout));
                }
            }
            [set.keep_alive(now), set.reclaim(now)]
                .into_iter()
                .flatten()
                .for_each(&mut at);
        }
        for pool in self.all_pools() {
            if let Some(timeout) = pool.idle_timeout() {
                pool.outdate(timeout, now);
                if let Some(since) = pool.longest_idle() {
                    at(later(since, timeout));
                }
            }
        }
        let mut sets = self.sets();
        // A set that nobody holds and that has no connection is not missed.
        sets.retain(|_, set| Arc::strong_count(set) > 1 || !set.is_empty());
        let busy = sets.values().any(|set| !set.is_empty());
        (next, busy)
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        for set in self.all() {
            set.retire_all();
        }
        for pool in self.all_pools() {
            pool.close(&closed());
        }
        self.shared.bell.stop();
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("backend", &self.inner.shared.backend)
            .finish_non_exhaustive()
    }
}

fn fingerprint(certificate: Option<&Arc<dyn Certificate>>) -> Result<Option<Fingerprint>> {
    let info = certificate.map(|certificate| CertificateInfo::of(certificate.as_ref()));
    Ok(info.transpose()?.map(|info| info.fingerprint))
}

fn closed() -> Error {
    Error::new(ErrorKind::Closed, "the session was shut down")
}

/// The session of an inner part, if it is still there.
pub(crate) type WeakInner = Weak<Inner>;
