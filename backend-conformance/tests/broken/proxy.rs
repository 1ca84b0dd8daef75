//! Flaws of going through a proxy.

use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use backend_conformance::Environment;
use futures_util::{AsyncRead, AsyncWrite};
use push_core::{
    Certificate, Connection, Egress, Error, ErrorKind, Proxy, Result, Target, async_trait,
};

use crate::dial::{changing, is_direct, is_plain, on_tcp, telling};
use crate::flaws;
use crate::harness::{Bend, Inner, Shared, Twist, bend, twisted};
use crate::tls::{going_on, renamed};

flaws! {
    the_proxy_is_gone_round fails
        // Everywhere where the target is on this machine.
        a_proxy_is_asked_for_a_tunnel_to_the_address
        tls_through_a_proxy_is_with_the_target
        user_and_password_are_for_the_proxy_alone:
        changing(|mut target| {
            let address = target.host.parse::<IpAddr>();
            let is_here = address.map_or(true, |address| address.is_loopback());
            // Other refusals are not about this.
            let is_tried = target.port > 1024 && !target.host.ends_with(".test");
            if is_here && is_tried {
                target.proxy = None;
            }
            Ok(target)
        });

    the_proxy_resolves_what_it_should_not fails
        a_proxy_is_asked_for_a_tunnel_to_the_address:
        changing(|mut target| {
            if &*target.host == "localhost" && is_plain(&target) && !is_direct(&target) {
                target.proxy = target.proxy.map(Proxy::resolve_by_proxy);
                if target.port > 1024 {
                    target.egress = Egress::any();
                }
            }
            Ok(target)
        });

    the_target_of_a_tunnel_is_not_named_as_the_host fails
        a_proxy_is_asked_for_a_tunnel_to_the_address:
        asking(|request| request.replace("Host:", "X-Host:"));

    ipv6_addresses_go_to_the_proxy_without_brackets fails
        an_ipv6_address_goes_to_the_proxy_in_brackets:
        asking(|request| request.replace(['[', ']'], ""));

    the_proxys_name_is_verified_instead_of_the_targets fails
        tls_through_a_proxy_is_with_the_target:
        changing(|target| match &target.proxy {
            Some(proxy) => {
                let name = proxy.to_string();
                let host = name.split(':').next().unwrap().to_owned();
                Ok(target.server_name(host))
            }
            None => Ok(target),
        });

    user_and_password_are_lost fails
        user_and_password_are_for_the_proxy_alone:
        asking(|request| request.replace("Proxy-Authorization", "X-Authorization"));

    user_and_password_go_to_the_target_too fails
        user_and_password_are_for_the_proxy_alone:
        asking(|request| match request.split("Proxy-Authorization: ").nth(1) {
            Some(secret) => format!("{request}{secret}"),
            None => request,
        });

    names_never_go_to_the_proxy fails
        the_proxy_resolves_where_it_may:
        changing(|target| match target.host.ends_with(".test") {
            true => Err(Error::new(ErrorKind::Resolve, "no such name")),
            false => Ok(target),
        });

    a_proxy_that_resolves_is_asked_past_the_filter fails
        an_egress_filter_and_a_proxy_that_resolves_exclude_each_other:
        changing(|target| match &target.proxy {
            Some(proxy) if format!("{proxy:?}").contains("resolves: true") => {
                Ok(target.egress(Egress::any()))
            }
            _ => Ok(target),
        });

    the_filter_is_for_the_proxy_too fails
        the_egress_filter_is_for_what_the_proxy_leads_to:
        changing(|target| match &target.proxy {
            Some(_) if !target.egress.allows([127, 0, 0, 1].into()) => {
                Err(Error::new(ErrorKind::Egress, "the proxy may not be dialled"))
            }
            _ => Ok(target),
        });

    the_filter_ends_at_the_proxy fails
        the_egress_filter_is_for_what_the_proxy_leads_to:
        // Not for the targets whose one address the filter picks.
        changing(|target| match &target.proxy {
            Some(proxy)
                if target.port == 443 && !format!("{proxy:?}").contains("resolves: true") =>
            {
                Ok(target.egress(Egress::any()))
            }
            _ => Ok(target),
        });

    what_comes_with_the_proxys_head_is_lost fails
        bytes_right_behind_the_proxys_head_are_the_targets:
        on_tcp(|found| found, |stream| bend(stream, Loses::default()));

    heads_with_bytes_above_ascii_are_no_heads fails
        bytes_right_behind_the_proxys_head_are_the_targets:
        on_tcp(|found| found, |stream| bend(stream, Ascii));

    the_proxys_head_is_expected_in_one_piece fails
        a_proxys_head_may_come_in_pieces:
        on_tcp(|found| found, |stream| bend(stream, OnePiece::default()));

    a_proxy_that_refuses_is_an_error_of_ours fails
        a_proxy_that_refuses_is_an_error_of_connecting:
        telling(|_, error| renamed(error, "refused a tunnel", ErrorKind::Config));

    a_proxy_that_wants_a_password_is_tried_again fails
        a_proxy_that_wants_a_password_is_an_error_of_configuration:
        telling(|_, error| renamed(error, "asks for a user", ErrorKind::Connect));

    a_proxy_that_hangs_up_is_an_error_of_protocol fails
        a_proxy_that_hangs_up_is_an_error_of_connecting:
        telling(|_, error| renamed(error, "broke off", ErrorKind::Protocol));

    what_is_no_proxy_is_told_as_a_broken_connection fails
        what_is_no_proxy_is_an_error_of_protocol:
        telling(|_, error| renamed(error, "is no HTTP", ErrorKind::Connect));

    the_proxys_head_is_read_for_ever fails
        a_proxys_head_without_an_end_is_not_read_for_ever:
        twisted(ReadsOn);

    a_cancelled_request_to_a_proxy_goes_on fails
        a_request_to_a_proxy_that_is_cancelled_leaves_no_socket:
        going_on(|target| !is_direct(target));
}

/// Asks the proxy for something else.
fn asking(change: impl Fn(String) -> String + Send + Sync + Clone + 'static) -> Environment {
    on_tcp(
        |found| found,
        move |stream| bend(stream, Asks(Box::new(change.clone()))),
    )
}

struct Asks(Box<dyn Fn(String) -> String + Send>);

impl Bend for Asks {
    fn write(
        &mut self,
        inner: &mut Inner,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if !buf.starts_with(b"CONNECT ") {
            return Pin::new(inner).poll_write(cx, buf);
        }
        let request = (self.0)(String::from_utf8(buf.to_vec()).unwrap());
        // Small, and the first on its socket: it is taken at once.
        match Pin::new(inner).poll_write(cx, request.as_bytes()) {
            Poll::Ready(Ok(count)) => {
                assert_eq!(count, request.len());
                Poll::Ready(Ok(buf.len()))
            }
            other => other,
        }
    }
}

/// What was read of a proxy's head.
#[derive(Default)]
struct Head {
    is_proxy: bool,
    read: Vec<u8>,
}

impl Head {
    fn note_write(&mut self, buf: &[u8]) {
        self.is_proxy |= buf.starts_with(b"CONNECT ");
    }

    /// Whether it is a part of the one head that comes in pieces: others stall for good.
    fn is_in_pieces(&self) -> bool {
        let head = b"HTTP/1.1 200 Connected\r\nVia: x\r\n\r";
        !self.read.is_empty() && head.starts_with(&self.read)
    }

    fn is_over(&self) -> bool {
        self.read.ends_with(b"\r\n\r\n")
    }
}

/// Throws away what is there when the head is over.
#[derive(Default)]
struct Loses(Head);

impl Bend for Loses {
    fn read(
        &mut self,
        inner: &mut Inner,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut *inner).poll_read(cx, buf);
        if let (true, Poll::Ready(Ok(count))) = (self.0.is_proxy, &poll) {
            self.0.read.extend(&buf[..*count]);
            if self.0.is_over() {
                self.0.is_proxy = false;
                let _ = Pin::new(inner).poll_read(cx, &mut [0; 1024]);
            }
        }
        poll
    }

    fn write(
        &mut self,
        inner: &mut Inner,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.0.note_write(buf);
        Pin::new(inner).poll_write(cx, buf)
    }
}

/// Gives up when it has to wait for the rest of the head.
#[derive(Default)]
struct OnePiece(Head);

impl Bend for OnePiece {
    fn read(
        &mut self,
        inner: &mut Inner,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let poll = Pin::new(inner).poll_read(cx, buf);
        match &poll {
            Poll::Ready(Ok(count)) => self.0.read.extend(&buf[..*count]),
            Poll::Pending if self.0.is_proxy && self.0.is_in_pieces() => {
                return Poll::Ready(Err(io::Error::other("half a head")));
            }
            _ => {}
        }
        poll
    }

    fn write(
        &mut self,
        inner: &mut Inner,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.0.note_write(buf);
        Pin::new(inner).poll_write(cx, buf)
    }
}

/// Fails at the first byte that is not ASCII.
struct Ascii;

impl Bend for Ascii {
    fn read(
        &mut self,
        inner: &mut Inner,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let poll = Pin::new(inner).poll_read(cx, buf);
        match poll {
            Poll::Ready(Ok(1)) if buf.len() == 1 && buf[0] == 0xfc => {
                Poll::Ready(Err(io::Error::other("no ASCII")))
            }
            other => other,
        }
    }
}

struct ReadsOn;

#[async_trait]
impl Twist for ReadsOn {
    async fn connect(
        &self,
        inner: &Shared,
        target: &Target,
        certificate: Option<&dyn Certificate>,
    ) -> Result<Box<dyn Connection>> {
        match inner.connect(target, certificate).await {
            Err(error) if error.report().contains("has no end") => std::future::pending().await,
            other => other,
        }
    }
}
