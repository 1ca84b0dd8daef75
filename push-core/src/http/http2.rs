//! The way to one destination over a session's HTTP/2 connections.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::credential::Authorize;
use super::exchange::{self, Answer, Outgoing};
use super::limits::Limits;
use super::set::Set;
use crate::session::Session;
use crate::{Certificate, Result, Target};

/// Where requests go, and as whom: what decides which of a session's connections they share.
#[derive(Clone, Debug)]
pub struct Destination {
    pub(crate) target: Target,
    pub(crate) certificate: Option<Arc<dyn Certificate>>,
    pub(crate) credential: Option<(Arc<str>, Arc<dyn Authorize>)>,
    pub(crate) limits: Limits,
}

impl Destination {
    /// A server; its ALPN list becomes `h2`.
    pub fn new(target: Target) -> Self {
        Self::of_either_version(target.alpn(["h2"]))
    }

    /// A server that may choose another protocol, by an ALPN list with more than `h2`.
    pub(super) fn of_either_version(target: Target) -> Self {
        Self {
            target,
            certificate: None,
            credential: None,
            limits: Limits::default(),
        }
    }

    /// Not more than this, where the session allows more. Default: as the session has it.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Shows this certificate where the server asks for one.
    #[must_use]
    pub fn certificate(mut self, certificate: Arc<dyn Certificate>) -> Self {
        self.certificate = Some(certificate);
        self
    }

    /// Authorises requests. The scope names the account: connections are shared by those with the
    /// same scope.
    #[must_use]
    pub fn authorize(mut self, scope: impl Into<Arc<str>>, authorize: Arc<dyn Authorize>) -> Self {
        self.credential = Some((scope.into(), authorize));
        self
    }
}

/// The way to one destination over a session's HTTP/2 connections.
#[derive(Clone, Debug)]
pub struct Http2 {
    // Keeps the session, and with it the janitor, for as long as requests can come.
    session: Session,
    set: Arc<Set>,
    /// Shared by the clones of this handle.
    retired: Arc<AtomicBool>,
}

impl Http2 {
    pub(crate) fn new(session: Session, set: Arc<Set>) -> Self {
        Self {
            session,
            set,
            retired: Arc::default(),
        }
    }

    /// The session that this goes over.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Sends a request and waits for its answer, or until the deadline: one deadline from queueing
    /// to the last byte of the answer. A request that was provably not processed is sent again;
    /// one whose answer was lost only where [`Outgoing::resend_unknown`] allows it.
    ///
    /// # Errors
    /// [`Error::may_have_been_taken`](crate::Error::may_have_been_taken) tells a request that may
    /// have been taken from one that was not.
    ///
    /// # Cancel safety
    /// Dropping the future takes the request back unless it was handed to a connection; its
    /// answer is then ignored.
    pub async fn exchange(
        &self,
        outgoing: &(impl Outgoing + ?Sized),
        deadline: Instant,
    ) -> Result<Answer> {
        if self.retired.load(Ordering::Acquire) {
            return Err(Set::moved());
        }
        exchange::exchange(&self.set, outgoing, deadline).await
    }

    /// Whether the peer last chose another protocol than HTTP/2.
    #[cfg(feature = "http1")]
    pub(super) fn is_declined(&self) -> bool {
        self.set.declined.load(Ordering::Acquire)
    }

    /// The peer speaks HTTP/2 after all.
    #[cfg(feature = "http1")]
    pub(super) fn forget_declined(&self) {
        self.set.declined.store(false, Ordering::Release);
    }

    /// Connects unless there is a connection, waits for the peer's SETTINGS, and sends nothing.
    ///
    /// # Errors
    /// Why there is no connection.
    pub async fn ready(&self, deadline: Instant) -> Result<()> {
        if self.retired.load(Ordering::Acquire) {
            return Err(Set::moved());
        }
        if self.set.is_connected() {
            return Ok(());
        }
        let mut watch = self.set.shared.watch(deadline);
        self.set.acquire(&mut watch, true).await.map(drop)
    }

    /// How many requests can be under way at once on the connections that there are now: the sum
    /// of their stream limits. Zero while there is none. More than that wait their turn, which
    /// counts against their deadlines.
    pub fn capacity(&self) -> usize {
        self.set.capacity()
    }

    /// Ends this way: its connections take no more requests, and close after the last one. Requests
    /// that wait for one end with [`ErrorKind::Moved`](crate::ErrorKind::Moved), and so do those
    /// that come later by this handle or its clones: they were not sent, and may go another way.
    /// Other handles of the same destination connect anew.
    pub fn retire(&self) {
        self.retired.store(true, Ordering::Release);
        self.set.leave();
    }
}
