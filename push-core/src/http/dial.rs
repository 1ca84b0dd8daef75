//! Making a connection for a set: a task of its own, which no waiter's cancellation ends.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::task::Poll;
use std::time::Duration;

use futures_util::future::{Either, select};
use tokio_util::compat::FuturesAsyncReadCompatExt;
use tracing::Instrument;

use super::credential::Authorize;
use super::driver::{Driver, H2Connection};
use super::link::Link;
use super::set::Set;
use super::tally::Event;
use super::wire::{Observed, Wire};
use crate::clock::later;
use crate::compose::timed_out;
use crate::session::{Permit, Shared};
use crate::{Error, ErrorKind, Result, Target};

/// Starts the dial that the set has decided on.
pub(crate) fn start(set: &Arc<Set>) {
    let shared = set.shared.clone();
    let ending = Ending {
        set: Arc::downgrade(set),
        outcome: Err(Error::new(
            ErrorKind::RuntimeGone,
            "the runtime that was to connect has ended",
        )),
    };
    let span = tracing::debug_span!(parent: None, "dial", target = %set.key.target);
    let dialling = run(ending, shared).instrument(span);
    set.shared.backend.spawn(Box::pin(dialling));
}

/// The cause of an error: the server chose another protocol of those it was offered, and did not
/// fail.
#[derive(Debug)]
struct Declined;

impl fmt::Display for Declined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the server chose another protocol")
    }
}

impl std::error::Error for Declined {}

/// Whether the server chose another protocol than HTTP/2, and nothing was sent for that.
pub(super) fn was_declined(error: &Error) -> bool {
    let first: &(dyn std::error::Error + 'static) = error;
    error.kind() == ErrorKind::Protocol
        && std::iter::successors(Some(first), |error| error.source())
            .any(|error| error.is::<Declined>())
}

/// Tells the set how the dial went, also when its task is dropped.
struct Ending {
    set: Weak<Set>,
    outcome: Result<()>,
}

impl Drop for Ending {
    fn drop(&mut self) {
        if let Some(set) = self.set.upgrade() {
            let outcome = std::mem::replace(&mut self.outcome, Ok(()));
            set.dialled(outcome);
        }
    }
}

async fn run(mut ending: Ending, shared: Arc<Shared>) {
    let Some(set) = ending.set.upgrade() else {
        return;
    };
    let (lock, hangup) = (set.dial_lock.clone(), set.hangup.clone());
    drop(set);
    let dialling = std::pin::pin!(async {
        let _guard = lock.lock().await;
        dial(&ending.set, &shared).await
    });
    let outcome = match select(dialling, poll_fn(|cx| hangup.poll(cx))).await {
        Either::Left((outcome, _)) => outcome,
        Either::Right(_) => Ok(()),
    };
    ending.outcome = outcome;
}

async fn dial(weak: &Weak<Set>, shared: &Arc<Shared>) -> Result<()> {
    if let Some(until) = weak.upgrade().and_then(|set| set.not_before()) {
        shared.backend.sleep_until(until).await;
    }
    let wanted = || weak.upgrade().is_some_and(|set| set.is_wanted());
    let Some(permit) = Permit::take(shared, wanted).await else {
        return Ok(());
    };
    let Some(set) = weak.upgrade() else {
        return Ok(());
    };
    let generation = set.generation();
    let target = set.key.target.clone();
    let (certificate, authorize) = set.credentials();
    drop(set);

    let timeout = shared.config.connect_timeout;
    let established = AtomicBool::new(false);
    let connect = async {
        let target = &target;
        let connection = shared
            .backend
            .connect(target, certificate.as_deref())
            .await?;
        let declined = target.offers_a_choice() && connection.alpn() != Some(b"h2");
        if let Some(set) = weak.upgrade() {
            set.declined.store(declined, Ordering::Release);
        }
        if declined {
            let message = format!("{target} offers no HTTP/2");
            return Err(Error::new(ErrorKind::Protocol, message).with_source(Declined));
        }
        let wire = Wire::new(connection);
        established.store(true, Ordering::Relaxed);
        handshake(target, wire).await
    };
    let connect = std::pin::pin!(connect);
    let until = later(shared.backend.now(), timeout);
    let connected = match select(connect, shared.backend.sleep_until(until)).await {
        Either::Left((outcome, _)) => outcome?,
        Either::Right(_) if established.load(Ordering::Relaxed) => {
            let seconds = timeout.as_secs_f64();
            let message =
                format!("{target} connected, and sent no HTTP/2 SETTINGS within {seconds} s");
            return Err(Error::new(ErrorKind::Connect, message));
        }
        Either::Right(_) => return Err(timed_out(&target, timeout)),
    };
    // A connection with credentials that were replaced meanwhile is not wanted any more.
    if let Some(set) = weak.upgrade().filter(|set| set.generation() == generation) {
        connected.join(&set, authorize.as_deref(), permit);
    }
    Ok(())
}

/// A connection whose peer has spoken HTTP/2.
struct Connected {
    sender: h2::client::SendRequest<bytes::Bytes>,
    connection: H2Connection,
    wire: Wire,
}

/// The handshake of HTTP/2, up to the peer's SETTINGS: a refused client certificate shows here
/// and not in a request.
async fn handshake(target: &Target, wire: Wire) -> Result<Connected> {
    let observed = wire.observed();
    let (sender, mut connection) = h2::client::Builder::new()
        .enable_push(false)
        // No stream before the peer has said how many it takes.
        .initial_max_send_streams(0)
        // About a thousand late answers to dropped streams would end the connection otherwise.
        .max_local_error_reset_streams(None)
        // Never by the clock of the machine, but by their number: the same each time.
        .reset_stream_duration(Duration::MAX)
        .max_header_list_size(16 * 1024)
        // Answers of a few bytes are what is expected here, thousands of them in one go.
        .data_frame_budget(16 * 1024 * 1024)
        .handshake(wire.clone().compat())
        .await
        .map_err(|error| no_http2(target, &observed, error))?;
    let settings = poll_fn(|cx| {
        match Pin::new(&mut connection).poll(cx) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(no_http2(target, &observed, error))),
            Poll::Ready(Ok(())) => Poll::Ready(Err(closed_early(target, &observed))),
            // A farewell right after the greeting is none that could be used.
            Poll::Pending if observed.goaway().is_some() => {
                Poll::Ready(Err(closed_early(target, &observed)))
            }
            Poll::Pending if observed.settings_came() => Poll::Ready(Ok(())),
            Poll::Pending => Poll::Pending,
        }
    });
    settings.await?;
    Ok(Connected {
        sender,
        connection,
        wire,
    })
}

fn no_http2(target: &Target, observed: &Observed, error: h2::Error) -> Error {
    if observed.is_not_http2() {
        let message = format!("{target} does not speak HTTP/2");
        return Error::new(ErrorKind::Protocol, message).with_source(error);
    }
    let io = error.get_io();
    if io.is_some_and(|io| io.kind() == io::ErrorKind::PermissionDenied) {
        let message = format!("the TLS handshake with {target} failed");
        return Error::new(ErrorKind::Tls, message).with_source(error);
    }
    if error.is_io() || observed.goaway().is_some() {
        return closed_early(target, observed).with_source(error);
    }
    let message = format!("{target} does not speak HTTP/2 as it should");
    Error::new(ErrorKind::Protocol, message).with_source(error)
}

fn closed_early(target: &Target, observed: &Observed) -> Error {
    let Some(goaway) = observed.goaway() else {
        let message = format!("{target} closed the connection before it could be used");
        return Error::new(ErrorKind::Connect, message);
    };
    let message = format!("{target} refused the connection: {goaway}");
    Error::new(ErrorKind::Connect, message).with_goaway(goaway)
}

impl Connected {
    /// Takes its place in the set, and is driven from now on.
    fn join(self, set: &Arc<Set>, authorize: Option<&dyn Authorize>, permit: Permit) {
        let shared = set.shared.clone();
        set.tally.count(Event::Connected);
        let credential = authorize.map(Authorize::attach);
        let link = Arc::new(Link::new(set.next_id(), self.sender, self.wire, credential));
        tracing::debug!(link = link.id, target = %set.key.target, "connected");
        set.connected(link.clone());
        let span = tracing::debug_span!(parent: None, "connection", link = link.id, target = %set.key.target);
        let driver = Driver::new(link, set, self.connection, permit);
        shared.backend.spawn(Box::pin(driver.instrument(span)));
    }
}
