//! Flaws of TLS as a stream.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use backend_conformance::Environment;
use futures_util::AsyncRead;
use push_core::{Certificate, Connection, Error, ErrorKind, Result, Security, Target, async_trait};
use rustls::{ClientConfig, HandshakeKind, SupportedProtocolVersion};
use tokio::sync::oneshot;

use crate::dial::{changing, is_direct, is_plain, telling};
use crate::flaws;
use crate::harness::{Bend, Inner, Shared, Twist, bend, bent, twisted};
use crate::loose::{Loosen, Stream, as_it_should, connection_of, loose};
use crate::verification::{disliking, protocols};

flaws! {
    tls_1_2_is_not_spoken fails
        a_server_of_tls_1_2_alone_is_spoken_to
        // Every version is tried in each of these.
        close_notify_is_the_end_of_file
        an_end_without_close_notify_is_the_end_of_file
        the_protocol_agreed_by_alpn_is_told
        a_server_without_a_common_protocol_is_refused
        a_second_connection_works_as_the_first
        a_large_chain_of_certificates_is_read
        a_session_is_not_resumed_past_verification
        the_certificate_is_shown_where_it_is_asked_for
        a_server_that_can_do_without_a_certificate_is_spoken_to
        a_certificate_that_nobody_asks_for_does_no_harm
        each_connection_shows_its_own_certificate
        keys_are_taken_in_every_form:
        loose(Only(ONLY_1_3));

    tls_1_3_is_not_spoken fails
        a_server_of_tls_1_3_alone_is_spoken_to
        session_tickets_are_not_data
        keys_may_change_under_way
        // Every version is tried in each of these.
        close_notify_is_the_end_of_file
        an_end_without_close_notify_is_the_end_of_file
        the_protocol_agreed_by_alpn_is_told
        a_server_without_a_common_protocol_is_refused
        a_second_connection_works_as_the_first
        a_large_chain_of_certificates_is_read
        a_session_is_not_resumed_past_verification
        the_certificate_is_shown_where_it_is_asked_for
        a_server_that_can_do_without_a_certificate_is_spoken_to
        a_certificate_that_nobody_asks_for_does_no_harm
        each_connection_shows_its_own_certificate
        keys_are_taken_in_every_form:
        loose(Only(ONLY_1_2));

    what_is_too_old_is_spoken_to_without_tls fails
        an_older_version_is_refused:
        twisted(FallsBack);

    plain_targets_agree_on_a_protocol fails
        a_plain_target_speaks_plain:
        twisted(PlainHttp2);

    close_notify_is_no_end fails
        close_notify_is_the_end_of_file:
        loose(WaitsForFin);

    an_end_without_farewell_is_an_error fails
        an_end_without_close_notify_is_the_end_of_file:
        reading(|poll| match poll {
            Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Poll::Ready(Err(error))
            }
            other => as_it_should(other),
        });

    garbage_is_taken_for_the_end fails
        garbage_after_the_handshake_is_an_error
        // The same garbage, behind an empty read.
        an_empty_read_changes_nothing:
        bent(|_| EndsAtGarbage(false));

    reads_hang_after_an_error_of_tls fails
        after_an_error_of_tls_reads_do_not_hang
        // Empty reads and others, after such an error.
        an_empty_read_changes_nothing:
        bent(|_| HangsAfterError(false));

    a_cancelled_handshake_goes_on fails
        a_handshake_that_stalls_waits_until_it_is_cancelled:
        going_on(|target| is_direct(target) && !is_plain(target));

    an_alert_is_told_as_a_broken_connection fails
        an_alert_in_the_handshake_is_an_error_of_tls:
        telling(|_, error| renamed(error, "InternalError", ErrorKind::Connect));

    garbage_is_told_as_a_broken_connection fails
        garbage_instead_of_tls_is_an_error_of_tls:
        telling(|_, error| renamed(error, "does not speak TLS", ErrorKind::Connect));

    a_broken_connection_is_told_as_an_error_of_tls fails
        a_handshake_that_breaks_off_is_an_error_of_connecting:
        telling(|_, error| match error.kind() {
            ErrorKind::Connect => renamed(error, "TLS handshake", ErrorKind::Tls),
            _ => error,
        });

    no_protocols_are_offered fails
        protocols_are_offered_in_their_order
        the_protocol_agreed_by_alpn_is_told
        a_server_without_a_common_protocol_is_refused
        // Tells the same protocol again.
        a_second_connection_works_as_the_first:
        changing(|target| Ok(target.alpn::<Vec<u8>>([])));

    the_preferred_protocol_is_offered_last fails
        protocols_are_offered_in_their_order:
        changing(|target| match &target.security {
            Security::Tls { alpn, .. } => {
                let reversed: Vec<_> = alpn.iter().rev().cloned().collect();
                Ok(target.alpn(reversed))
            }
            _ => Ok(target),
        });

    http2_is_always_offered fails
        without_protocols_none_are_offered:
        changing(|target| match &target.security {
            Security::Tls { alpn, .. } if alpn.is_empty() => Ok(target.alpn(["h2"])),
            _ => Ok(target),
        });

    the_protocol_is_not_told fails
        the_protocol_agreed_by_alpn_is_told
        a_second_connection_works_as_the_first:
        loose(Silent);

    the_protocol_is_told_that_was_hoped_for fails
        a_server_that_ignores_alpn_agrees_on_nothing:
        twisted(Hopeful);

    a_server_that_ignores_alpn_is_refused fails
        a_server_that_ignores_alpn_agrees_on_nothing:
        twisted(Strict);

    a_refused_offer_is_told_as_an_error_of_tls fails
        a_server_without_a_common_protocol_is_refused:
        telling(|_, error| match error.kind() {
            ErrorKind::Protocol => renamed(error, "none of the protocols", ErrorKind::Tls),
            _ => error,
        });

    no_name_is_sent fails
        the_server_is_told_its_name_and_never_an_address:
        loose(Nameless);

    tickets_are_taken_for_the_end fails
        session_tickets_are_not_data:
        loose(TicketsEnd);

    resumed_sessions_forget_their_protocol fails
        a_second_connection_works_as_the_first:
        loose(Forgetful);

    changed_keys_are_an_error fails
        keys_may_change_under_way:
        loose(NoUpdates);

    large_chains_are_refused fails
        a_large_chain_of_certificates_is_read:
        disliking(|server| {
            server.chain.iter().map(|der| der.len()).sum::<usize>() > 16 * 1024
        });
}

/// The same error under another kind, if it says this.
pub fn renamed(error: Error, says: &str, kind: ErrorKind) -> Error {
    if error.report().contains(says) {
        Error::new(kind, error.report())
    } else {
        error
    }
}

static ONLY_1_2: &[&SupportedProtocolVersion] = &[&rustls::version::TLS12];
static ONLY_1_3: &[&SupportedProtocolVersion] = &[&rustls::version::TLS13];

/// Speaks these versions alone.
struct Only(&'static [&'static SupportedProtocolVersion]);

impl Loosen for Only {
    fn versions(&self) -> &'static [&'static SupportedProtocolVersion] {
        self.0
    }
}

/// Sends no name.
struct Nameless;

impl Loosen for Nameless {
    fn configure(&self, config: &mut ClientConfig, _: &Target) {
        config.enable_sni = false;
    }
}

/// Tells no protocol.
struct Silent;

impl Loosen for Silent {
    fn alpn(&self, _: &Stream) -> Option<Vec<u8>> {
        None
    }
}

/// Reads something else than was read.
fn reading(
    read: impl Fn(Poll<io::Result<usize>>) -> Poll<io::Result<usize>> + Send + Sync + 'static,
) -> Environment {
    loose(Reading(read))
}

struct Reading<F>(F);

impl<F> Loosen for Reading<F>
where
    F: Fn(Poll<io::Result<usize>>) -> Poll<io::Result<usize>> + Send + Sync + 'static,
{
    fn read(
        &self,
        stream: &mut Stream,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        (self.0)(Pin::new(stream).poll_read(cx, buf))
    }
}

/// After the farewell, waits for the socket's end.
struct WaitsForFin;

impl Loosen for WaitsForFin {
    fn read(
        &self,
        stream: &mut Stream,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        match as_it_should(Pin::new(&mut *stream).poll_read(cx, buf)) {
            Poll::Ready(Ok(0)) if !buf.is_empty() => {
                let (below, _) = stream.get_mut().get_mut();
                Pin::new(below.get_mut()).poll_read(cx, &mut [0; 64])
            }
            other => other,
        }
    }
}

struct TicketsEnd;

impl Loosen for TicketsEnd {
    fn read(
        &self,
        stream: &mut Stream,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        match as_it_should(Pin::new(&mut *stream).poll_read(cx, buf)) {
            Poll::Pending if connection_of(stream).tls13_tickets_received() > 8 => {
                Poll::Ready(Ok(0))
            }
            other => other,
        }
    }
}

struct Forgetful;

impl Loosen for Forgetful {
    fn kept_as(&self, target: &Target, certificate: Option<&[u8]>) -> Option<String> {
        let Security::Tls { roots, .. } = &target.security else {
            return None;
        };
        let roots = roots.as_der()?.as_ptr();
        let name = self.name(target);
        Some(format!(
            "{name} {} {roots:?} {certificate:?}",
            protocols(target)
        ))
    }

    fn alpn(&self, stream: &Stream) -> Option<Vec<u8>> {
        let tls = connection_of(stream);
        let new = tls.handshake_kind() != Some(HandshakeKind::Resumed);
        tls.alpn_protocol().filter(|_| new).map(<[u8]>::to_vec)
    }
}

struct NoUpdates;

impl Loosen for NoUpdates {
    fn transport(&self, stream: Box<dyn Connection>) -> Box<dyn Connection> {
        bend(stream, SeesUpdates::default())
    }
}

/// Fails at a record of the size of a KeyUpdate: 5 bytes, their type and a tag of 16.
#[derive(Default)]
struct SeesUpdates {
    head: Vec<u8>,
    left: usize,
}

impl Bend for SeesUpdates {
    fn read(
        &mut self,
        inner: &mut Inner,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let poll = Pin::new(inner).poll_read(cx, buf);
        if let Poll::Ready(Ok(count)) = poll {
            for byte in &buf[..count] {
                if self.left > 0 {
                    self.left -= 1;
                    continue;
                }
                self.head.push(*byte);
                if let [kind, _, _, high, low] = self.head[..] {
                    self.left = usize::from(u16::from_be_bytes([high, low]));
                    self.head.clear();
                    if (kind, self.left) == (23, 22) {
                        return Poll::Ready(Err(io::Error::other("no updates, please")));
                    }
                }
            }
        }
        poll
    }
}

/// Takes an error of TLS for the end.
struct EndsAtGarbage(bool);

impl Bend for EndsAtGarbage {
    fn read(
        &mut self,
        inner: &mut Inner,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if self.0 {
            return Poll::Ready(Ok(0));
        }
        match Pin::new(inner).poll_read(cx, buf) {
            Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::InvalidData => {
                self.0 = true;
                Poll::Ready(Ok(0))
            }
            other => other,
        }
    }
}

/// Hangs after an error of TLS.
struct HangsAfterError(bool);

impl Bend for HangsAfterError {
    fn read(
        &mut self,
        inner: &mut Inner,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if self.0 {
            return Poll::Pending;
        }
        let poll = Pin::new(inner).poll_read(cx, buf);
        if let Poll::Ready(Err(error)) = &poll {
            self.0 = error.kind() == io::ErrorKind::InvalidData;
        }
        poll
    }
}

/// Goes on with connecting to these when nobody waits for it any more.
pub fn going_on(to: impl Fn(&Target) -> bool + Send + Sync + 'static) -> Environment {
    twisted(GoesOn(to))
}

struct GoesOn<F>(F);

#[async_trait]
impl<F: Fn(&Target) -> bool + Send + Sync + 'static> Twist for GoesOn<F> {
    async fn connect(
        &self,
        inner: &Shared,
        target: &Target,
        certificate: Option<&dyn Certificate>,
    ) -> Result<Box<dyn Connection>> {
        if certificate.is_some() || !(self.0)(target) {
            return inner.connect(target, certificate).await;
        }
        let (sender, receiver) = oneshot::channel();
        let (backend, target): (Shared, _) = (Arc::clone(inner), target.clone());
        inner.spawn(Box::pin(async move {
            let _ = sender.send(backend.connect(&target, None).await);
        }));
        let gone = |_| Error::new(ErrorKind::RuntimeGone, "the task is gone");
        receiver.await.map_err(gone)?
    }
}

/// Speaks without encryption where TLS is too old.
struct FallsBack;

#[async_trait]
impl Twist for FallsBack {
    async fn connect(
        &self,
        inner: &Shared,
        target: &Target,
        certificate: Option<&dyn Certificate>,
    ) -> Result<Box<dyn Connection>> {
        match inner.connect(target, certificate).await {
            Err(error) if error.report().contains("ServerDoesNotSupport") => {
                let plain = Target::plain(target.host.clone(), target.port);
                inner.connect(&plain, None).await
            }
            other => other,
        }
    }
}

/// Tells a protocol of its own.
struct Says(Vec<u8>);

impl Bend for Says {
    fn alpn<'a>(&'a self, _: &'a Inner) -> Option<&'a [u8]> {
        Some(&self.0)
    }

    fn peer_addr(&self, inner: &Inner) -> Option<SocketAddr> {
        inner.peer_addr()
    }
}

struct PlainHttp2;

#[async_trait]
impl Twist for PlainHttp2 {
    async fn connect(
        &self,
        inner: &Shared,
        target: &Target,
        certificate: Option<&dyn Certificate>,
    ) -> Result<Box<dyn Connection>> {
        let connection = inner.connect(target, certificate).await?;
        Ok(if is_plain(target) {
            bend(connection, Says(b"h2".to_vec()))
        } else {
            connection
        })
    }
}

/// Believes that the server agreed.
struct Hopeful;

#[async_trait]
impl Twist for Hopeful {
    async fn connect(
        &self,
        inner: &Shared,
        target: &Target,
        certificate: Option<&dyn Certificate>,
    ) -> Result<Box<dyn Connection>> {
        let connection = inner.connect(target, certificate).await?;
        Ok(match &target.security {
            Security::Tls { alpn, .. } if connection.alpn().is_none() && !alpn.is_empty() => {
                bend(connection, Says(alpn[0].clone()))
            }
            _ => connection,
        })
    }
}

/// Insists on a protocol.
struct Strict;

#[async_trait]
impl Twist for Strict {
    async fn connect(
        &self,
        inner: &Shared,
        target: &Target,
        certificate: Option<&dyn Certificate>,
    ) -> Result<Box<dyn Connection>> {
        let connection = inner.connect(target, certificate).await?;
        match &target.security {
            Security::Tls { alpn, .. } if connection.alpn().is_none() && !alpn.is_empty() => {
                Err(Error::new(ErrorKind::Protocol, "no protocol was agreed"))
            }
            _ => Ok(connection),
        }
    }
}
