use std::fmt::Debug;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

use async_trait::async_trait;
use futures_util::future::{Either, select};
use futures_util::stream::{FuturesUnordered, StreamExt};

use crate::backend::PortableLock;
use crate::clock::later;
use crate::{
    Backend, BoxFuture, Certificate, Connection, Error, ErrorKind, Identity, Lock, Proxy, Result,
    Security, Target,
};

/// I/O, tasks and time of an environment, without TLS: the smaller half of a [`Backend`].
///
/// # Contract
/// - As [`Backend`]'s, for what stands here: tasks, time and locks without more; sockets are
///   closed when their future or connection is dropped (cases
///   `a_cancelled_connect_leaves_no_socket`, `dropping_closes_the_socket`).
/// - Names are resolved anew each time, and `TCP_NODELAY` is set (cases `localhost_is_resolved`,
///   `small_writes_are_not_held_back`).
#[async_trait]
pub trait Runtime: Debug + Send + Sync + 'static {
    /// Resolves a name, anew each time.
    ///
    /// # Errors
    /// Whatever the environment's resolver says.
    async fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>>;

    /// Opens a TCP connection, with `TCP_NODELAY` set.
    ///
    /// # Errors
    /// Whatever the operating system says.
    async fn connect_tcp(&self, address: SocketAddr) -> io::Result<Box<dyn Connection>>;

    /// Runs a task in the background.
    fn spawn(&self, task: BoxFuture<'static, ()>);

    /// Waits until a point in time.
    fn sleep_until(&self, deadline: Instant) -> BoxFuture<'static, ()>;

    /// Makes an asynchronous mutex.
    fn create_lock(&self) -> Arc<dyn Lock> {
        Arc::new(PortableLock::default())
    }

    /// The monotonic clock.
    #[allow(clippy::disallowed_methods)]
    fn now(&self) -> Instant {
        Instant::now()
    }

    /// The wall clock.
    #[allow(clippy::disallowed_methods)]
    fn system_time(&self) -> SystemTime {
        SystemTime::now()
    }
}

/// A TLS stack over any byte stream: the other half of a [`Backend`].
///
/// # Contract
/// - TLS 1.2 and 1.3 are spoken, nothing older (cases `a_server_of_tls_1_2_alone_is_spoken_to`,
///   `a_server_of_tls_1_3_alone_is_spoken_to`, `an_older_version_is_refused`).
/// - The server's certificate is always verified: against the target's roots (cases
///   `a_certificate_of_another_root_is_refused`, `a_self_signed_certificate_is_refused`,
///   `a_certificate_issued_by_a_server_is_refused`, `the_roots_of_each_target_count`,
///   `a_session_is_not_resumed_past_verification`).
/// - … for the key that belongs to it, by the signature of the handshake (case
///   `a_server_without_its_certificates_key_is_refused`).
/// - … against its name or address (cases `a_certificate_for_another_name_is_refused`,
///   `a_common_name_is_no_name_of_the_server`, `an_address_must_stand_among_the_addresses`,
///   `an_ipv6_address_is_verified`, `the_server_name_counts_and_not_the_host`,
///   `a_wildcard_stands_for_one_label`).
/// - … and for its purpose and time (cases `a_certificate_for_clients_is_refused_as_a_servers`,
///   `an_expired_certificate_is_refused`, `a_certificate_that_is_not_valid_yet_is_refused`).
/// - The target's protocols are offered in order, and its name is sent (cases
///   `protocols_are_offered_in_their_order`, `without_protocols_none_are_offered`,
///   `a_server_without_a_common_protocol_is_refused`,
///   `the_server_is_told_its_name_and_never_an_address`).
/// - A handshake that fails is told by kind (cases
///   `an_alert_in_the_handshake_is_an_error_of_tls`, `garbage_instead_of_tls_is_an_error_of_tls`,
///   `a_handshake_that_breaks_off_is_an_error_of_connecting`).
/// - What TLS says to itself is neither data nor an end (cases `session_tickets_are_not_data`,
///   `keys_may_change_under_way`, `a_second_connection_works_as_the_first`,
///   `a_large_chain_of_certificates_is_read`).
/// - No farewell of the peer (close_notify) is needed for the bytes before it to be read; what is
///   no TLS is an error and never data (cases `close_notify_is_the_end_of_file`,
///   `an_end_without_close_notify_is_the_end_of_file`, `garbage_after_the_handshake_is_an_error`,
///   `after_an_error_of_tls_reads_do_not_hang`).
/// - The client's certificate is shown where it is asked for, each connection's own (cases
///   `the_certificate_is_shown_where_it_is_asked_for`,
///   `a_server_that_can_do_without_a_certificate_is_spoken_to`,
///   `a_certificate_that_nobody_asks_for_does_no_harm`,
///   `each_connection_shows_its_own_certificate`).
/// - Where the peer refuses our certificate, or the lack of one, after the handshake (TLS 1.3),
///   the next read fails with [`io::ErrorKind::PermissionDenied`] (cases
///   `a_certificate_that_is_missing_is_told`, `a_certificate_that_is_refused_is_told`).
/// - Certificates and keys are taken in every form, and refused where they don't fit (cases
///   `keys_are_taken_in_every_form`, `a_key_of_another_certificate_is_refused`,
///   `a_key_that_is_none_is_refused`).
#[async_trait]
pub trait Tls: Debug + Send + Sync + 'static {
    /// Loads a certificate and its key.
    ///
    /// # Errors
    /// [`ErrorKind::Identity`] when they don't fit or can't be used.
    fn load_certificate(&self, identity: &Identity) -> Result<Arc<dyn Certificate>>;

    /// Makes the handshake over an open stream.
    ///
    /// # Errors
    /// [`ErrorKind::Tls`] when it fails, [`ErrorKind::ForeignCertificate`] for a certificate of
    /// another stack, [`ErrorKind::Config`] for a server name that is none.
    async fn handshake(
        &self,
        stream: Box<dyn Connection>,
        target: &Target,
        certificate: Option<&dyn Certificate>,
    ) -> Result<Box<dyn Connection>>;
}

/// A [`Backend`] of a [`Runtime`] and a [`Tls`].
///
/// It resolves, filters the addresses, races IPv6 against IPv4 (RFC 8305), goes through a proxy,
/// makes the handshake, and bounds all of it by one timeout.
#[derive(Debug)]
pub struct Compose<R, T> {
    runtime: R,
    tls: T,
    connect_timeout: Duration,
    /// Counts the dials, so that each starts at another of the host's addresses.
    dials: AtomicUsize,
}

/// How long one address is tried before the next one is tried beside it (RFC 8305, section 8).
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// At most so many addresses are tried: a hostile zone can list thousands.
const MAX_ADDRESSES: usize = 16;

impl<R: Runtime, T: Tls> Compose<R, T> {
    /// Puts a runtime and a TLS stack together; the connect timeout is 60 seconds.
    pub fn new(runtime: R, tls: T) -> Self {
        Self {
            runtime,
            tls,
            connect_timeout: Duration::from_secs(60),
            dials: AtomicUsize::new(0),
        }
    }

    /// How long resolving, connecting and the handshake may take together. Default: 60 seconds; a
    /// session has a limit of its own, which is shorter.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    async fn dial(
        &self,
        target: &Target,
        certificate: Option<&dyn Certificate>,
    ) -> Result<Box<dyn Connection>> {
        target.check()?;
        let stream = match &target.proxy {
            None => self.reach(target).await?,
            Some(proxy) => self.through(proxy, target).await?,
        };
        match &target.security {
            Security::Tls { .. } => self.tls.handshake(stream, target, certificate).await,
            Security::Plain => Ok(stream),
        }
    }

    /// A TCP connection to the target, straight.
    async fn reach(&self, target: &Target) -> Result<Box<dyn Connection>> {
        let addresses = self.addresses(target).await?;
        self.race(target, addresses).await
    }

    /// A tunnel through a proxy, to one address of the target after the other.
    async fn through(&self, proxy: &Proxy, target: &Target) -> Result<Box<dyn Connection>> {
        let authorities = if !proxy.resolves() {
            let addresses = self.addresses(target).await?;
            addresses.iter().map(SocketAddr::to_string).collect()
        } else if target.egress.is_any() {
            vec![target.authority()]
        } else {
            return Err(Error::new(
                ErrorKind::Egress,
                "the egress filter can't be kept where the proxy resolves names",
            ));
        };
        // The proxy itself is the caller's choice: the filter is for what it leads to.
        let to_proxy = Target::plain(proxy.host(), proxy.port());
        let mut failure = None;
        for authority in authorities {
            let mut stream = self.reach(&to_proxy).await.map_err(|error| {
                let message = format!("can't reach the proxy {proxy}");
                Error::new(error.kind(), message).with_source(error)
            })?;
            match proxy.tunnel(&mut stream, &authority).await {
                Ok(()) => return Ok(stream),
                // What it holds against us it holds against us for any address.
                Err(error) if error.kind() != ErrorKind::Connect => return Err(error),
                Err(error) => failure = Some(error),
            }
        }
        Err(failure.unwrap_or_else(|| {
            Error::new(
                ErrorKind::Connect,
                format!("no way to {target} through {proxy}"),
            )
        }))
    }

    /// The addresses to dial, in the order in which to try them.
    async fn addresses(&self, target: &Target) -> Result<Vec<SocketAddr>> {
        let found = match target.host.parse::<IpAddr>() {
            Ok(address) => vec![SocketAddr::new(address, target.port)],
            Err(_) => self
                .runtime
                .resolve(&target.host, target.port)
                .await
                .map_err(|error| {
                    let message = format!("can't resolve {}", target.host);
                    Error::new(ErrorKind::Resolve, message).with_source(error)
                })?,
        };
        if found.is_empty() {
            let message = format!("{} has no address", target.host);
            return Err(Error::new(ErrorKind::Resolve, message));
        }
        let count = found.len();
        let turn = self.dials.fetch_add(1, Ordering::Relaxed);
        let allowed = found
            .into_iter()
            .filter(|address| target.egress.allows(address.ip()))
            .collect::<Vec<_>>();
        if allowed.is_empty() {
            let message = format!(
                "none of the {count} addresses of {} may be dialled: the egress filter refuses them",
                target.host
            );
            return Err(Error::new(ErrorKind::Egress, message));
        }
        let mut order = interleave(allowed, turn);
        order.truncate(MAX_ADDRESSES);
        Ok(order)
    }

    /// Tries the addresses one after the other, each a little later than the one before or as
    /// soon as that one failed; the first connection wins.
    async fn race(
        &self,
        target: &Target,
        addresses: Vec<SocketAddr>,
    ) -> Result<Box<dyn Connection>> {
        let mut waiting = addresses.into_iter();
        let mut attempts = FuturesUnordered::new();
        let mut failure = None;
        loop {
            if let Some(address) = waiting.next() {
                attempts.push(async move {
                    let outcome = self.runtime.connect_tcp(address).await;
                    (address, outcome)
                });
            }
            let head_start = if waiting.len() == 0 {
                Either::Left(std::future::pending())
            } else {
                let until = self.runtime.now() + ATTEMPT_DELAY;
                Either::Right(self.runtime.sleep_until(until))
            };
            match select(attempts.next(), head_start).await {
                Either::Left((Some((_, Ok(stream))), _)) => return Ok(stream),
                Either::Left((Some((address, Err(error))), _)) => {
                    failure = Some((address, error));
                }
                Either::Left((None, _)) if waiting.len() == 0 => break,
                Either::Left((None, _)) | Either::Right(_) => {}
            }
        }
        let error = Error::new(ErrorKind::Connect, format!("can't connect to {target}"));
        Err(match failure {
            Some((address, cause)) => {
                error.with_source(io::Error::new(cause.kind(), format!("{address}: {cause}")))
            }
            None => error,
        })
    }
}

/// Alternates between the families, the first one of the resolver's choice, and turns each
/// family's list, so that connections spread over the addresses.
fn interleave(addresses: Vec<SocketAddr>, turn: usize) -> Vec<SocketAddr> {
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (mut first, mut second): (Vec<_>, Vec<_>) = addresses
        .into_iter()
        .partition(|address| address.is_ipv6() == first_is_v6);
    for family in [&mut first, &mut second] {
        if !family.is_empty() {
            let by = turn % family.len();
            family.rotate_left(by);
        }
    }
    let mut order = Vec::with_capacity(first.len() + second.len());
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    loop {
        match (first.next(), second.next()) {
            (None, None) => return order,
            (one, other) => order.extend(one.into_iter().chain(other)),
        }
    }
}

#[async_trait]
impl<R: Runtime, T: Tls> Backend for Compose<R, T> {
    fn load_certificate(&self, identity: &Identity) -> Result<Arc<dyn Certificate>> {
        self.tls.load_certificate(identity)
    }

    async fn connect(
        &self,
        target: &Target,
        certificate: Option<&dyn Certificate>,
    ) -> Result<Box<dyn Connection>> {
        let until = later(self.runtime.now(), self.connect_timeout);
        let dial = std::pin::pin!(self.dial(target, certificate));
        match select(dial, self.runtime.sleep_until(until)).await {
            Either::Left((outcome, _)) => outcome,
            Either::Right(_) => Err(timed_out(target, self.connect_timeout)),
        }
    }

    fn spawn(&self, task: BoxFuture<'static, ()>) {
        self.runtime.spawn(task);
    }

    fn sleep_until(&self, deadline: Instant) -> BoxFuture<'static, ()> {
        self.runtime.sleep_until(deadline)
    }

    fn create_lock(&self) -> Arc<dyn Lock> {
        self.runtime.create_lock()
    }

    fn now(&self) -> Instant {
        self.runtime.now()
    }

    fn system_time(&self) -> SystemTime {
        self.runtime.system_time()
    }
}

/// The error of a connection that did not come about in time.
pub(crate) fn timed_out(target: &Target, after: Duration) -> Error {
    let through = match &target.proxy {
        Some(proxy) => format!(" through the proxy {proxy}"),
        None => String::new(),
    };
    let seconds = after.as_secs_f64();
    let message = format!("no connection to {target}{through} within {seconds} s");
    Error::new(ErrorKind::Connect, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_alternate_and_each_dial_starts_elsewhere() {
        let list = |texts: &[&str]| -> Vec<SocketAddr> {
            texts.iter().map(|text| text.parse().unwrap()).collect()
        };
        let found = list(&["[::1]:1", "[::2]:1", "1.1.1.1:1", "2.2.2.2:1", "3.3.3.3:1"]);
        assert_eq!(
            interleave(found.clone(), 0),
            list(&["[::1]:1", "1.1.1.1:1", "[::2]:1", "2.2.2.2:1", "3.3.3.3:1"])
        );
        assert_eq!(
            interleave(found, 1),
            list(&["[::2]:1", "2.2.2.2:1", "[::1]:1", "3.3.3.3:1", "1.1.1.1:1"])
        );
    }
}
