//! Tunnels through an HTTP proxy, and proxies that misbehave.

use std::cell::Cell;
use std::io::{Read, Write};

use push_core::{Egress, ErrorKind, Proxy, Target};

use super::dial::dead_port;
use super::exchange::{echoes, expect_bytes, pending_until, refused_as};
use crate::failure::{Checked, Over, ensure};
use crate::peer::{Authority, Leaf, Peer, ProxyAnswer, ProxyPeer, TlsSettings, scripts};
use crate::subject::Subject;

/// An address of the documentation (RFC 5737), which nobody dials: the proxy only plays.
const ELSEWHERE: &str = "192.0.2.1";

const GRANTED: &[u8] = b"HTTP/1.1 200 OK\r\n\r\nhello";

pub(crate) fn a_proxy_is_asked_for_a_tunnel_to_the_address(subject: &mut Subject) -> Checked {
    let (proxy, peer) = (
        ProxyPeer::new(ProxyAnswer::Tunnel),
        Peer::plain(scripts::echo),
    );
    let target = Target::plain("localhost", peer.port())
        .egress(Egress::filter(|address| address.is_ipv4()))
        .proxy(proxy.proxy());
    let mut connection = subject.connect(&target)?;
    echoes(subject, &mut connection)?;
    let requests = proxy.requests();
    let authority = format!("127.0.0.1:{}", peer.port());
    ensure!(
        requests.len() == 1 && requests[0].authority() == authority,
        "expected one CONNECT to {authority}, the proxy got {requests:?}"
    );
    ensure!(
        requests[0].header("host") == Some(&authority),
        "expected the field Host with {authority} (RFC 9110), the proxy got {requests:?}"
    );
    ensure!(
        requests[0].header("proxy-authorization").is_none(),
        "expected no credentials where none were given, the proxy got {requests:?}"
    );
    ensure!(
        peer.received() == b"there and back",
        "expected the target to get what was written and no more, it got {:?}",
        String::from_utf8_lossy(&peer.received())
    );
    Ok(())
}

pub(crate) fn an_ipv6_address_goes_to_the_proxy_in_brackets(subject: &mut Subject) -> Checked {
    let proxy = ProxyPeer::new(ProxyAnswer::Bytes(GRANTED.to_vec()));
    subject.connect(&Target::plain("2001:db8::1", 443).proxy(proxy.proxy()))?;
    let requests = proxy.requests();
    ensure!(
        requests.len() == 1 && requests[0].authority() == "[2001:db8::1]:443",
        "expected a CONNECT to [2001:db8::1]:443, the proxy got {requests:?}"
    );
    Ok(())
}

pub(crate) fn tls_through_a_proxy_is_with_the_target(subject: &mut Subject) -> Checked {
    let authority = Authority::new();
    let identity = authority.server(&Leaf::new(["push.test"]));
    let peer = Peer::tls(
        &TlsSettings::new(&authority).identity(identity),
        scripts::echo,
    );
    let proxy = ProxyPeer::new(ProxyAnswer::Tunnel);
    let target = peer.target().proxy(proxy.proxy());
    let mut connection = subject.connect(&target.clone().server_name("push.test"))?;
    echoes(subject, &mut connection)?;
    refused_as(subject, &target, None, ErrorKind::Tls)
        .over("for another name than the certificate's, behind the proxy")?;
    // One each, or more: of several addresses one after the other.
    ensure!(
        proxy.requests().len() >= 2,
        "expected both connections to go through the proxy, it got {:?}",
        proxy.requests()
    );
    Ok(())
}

pub(crate) fn user_and_password_are_for_the_proxy_alone(subject: &mut Subject) -> Checked {
    let (proxy, peer) = (
        ProxyPeer::new(ProxyAnswer::Tunnel),
        Peer::plain(scripts::echo),
    );
    let way = proxy.proxy().credentials("Aladdin", "open sesame");
    let mut connection = subject.connect(&peer.target().proxy(way))?;
    echoes(subject, &mut connection)?;
    let requests = proxy.requests();
    // The example of RFC 7617, section 2.
    let expected = "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==";
    ensure!(
        requests.len() == 1 && requests[0].header("proxy-authorization") == Some(expected),
        "expected the field Proxy-Authorization with {expected:?}, the proxy got {requests:?}"
    );
    ensure!(
        peer.received() == b"there and back",
        "expected the target to get nothing of what the proxy was told, it got {:?}",
        String::from_utf8_lossy(&peer.received())
    );
    let shown = format!("{connection:?} {:?}", subject.backend());
    ensure!(
        !shown.contains("sesame") && !shown.contains("QWxhZGRpb"),
        "expected nothing of the password in Debug, got {shown}"
    );
    Ok(())
}

pub(crate) fn the_proxy_resolves_where_it_may(subject: &mut Subject) -> Checked {
    let (proxy, peer) = (
        ProxyPeer::new(ProxyAnswer::Tunnel),
        Peer::plain(scripts::echo),
    );
    proxy.knows("only-the-proxy-knows.test:5223", peer.address());
    let target =
        Target::plain("only-the-proxy-knows.test", 5223).proxy(proxy.proxy().resolve_by_proxy());
    let mut connection = subject.connect(&target)?;
    echoes(subject, &mut connection)?;
    let requests = proxy.requests();
    ensure!(
        requests.len() == 1 && requests[0].authority() == "only-the-proxy-knows.test:5223",
        "expected the name in the CONNECT, the proxy got {requests:?}"
    );
    Ok(())
}

pub(crate) fn an_egress_filter_and_a_proxy_that_resolves_exclude_each_other(
    subject: &mut Subject,
) -> Checked {
    let proxy = ProxyPeer::new(ProxyAnswer::Tunnel);
    let target = Target::plain("localhost", 443)
        .proxy(proxy.proxy().resolve_by_proxy())
        .egress(Egress::filter(|_| true));
    refused_as(subject, &target, None, ErrorKind::Egress)?;
    nobody_asked(&proxy)
}

pub(crate) fn the_egress_filter_is_for_what_the_proxy_leads_to(subject: &mut Subject) -> Checked {
    let proxy = ProxyPeer::new(ProxyAnswer::Bytes(GRANTED.to_vec()));
    for host in [
        "127.0.0.1",
        "localhost",
        "::ffff:127.0.0.1",
        "169.254.169.254",
    ] {
        let target = Target::plain(host, 443)
            .proxy(proxy.proxy())
            .egress(Egress::public());
        refused_as(subject, &target, None, ErrorKind::Egress).over(format!("for {host}"))?;
    }
    nobody_asked(&proxy)?;
    // The proxy itself is on an address that this filter refuses.
    let elsewhere = Egress::filter(|address| address.to_string() == ELSEWHERE);
    let target = Target::plain(ELSEWHERE, 443)
        .proxy(proxy.proxy())
        .egress(elsewhere);
    subject.connect(&target).map(drop)
}

fn nobody_asked(proxy: &ProxyPeer) -> Checked {
    ensure!(
        proxy.requests().is_empty(),
        "expected the proxy not to be asked, it got {:?}",
        proxy.requests()
    );
    Ok(())
}

pub(crate) fn bytes_right_behind_the_proxys_head_are_the_targets(subject: &mut Subject) -> Checked {
    let heads: [&[u8]; 4] = [
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.0 200 Connection established\r\nVia: 1.0 somebody\r\nX-Empty:\r\n\r\n",
        b"HTTP/1.1 204 \r\n\r\n",
        // Bytes above ASCII are allowed in a phrase and in values (RFC 9110, section 5.5).
        b"HTTP/1.1 200 Verbindung f\xfcr dich\r\nVia: 1.1 caf\xe9\r\n\r\n",
    ];
    for head in heads {
        let greeting = b"220 mail.test ready\r\n\r\nand more";
        let proxy = ProxyPeer::new(ProxyAnswer::Bytes([head, greeting].concat()));
        let target = Target::plain(ELSEWHERE, 25).proxy(proxy.proxy());
        let mut connection = subject.connect(&target)?;
        expect_bytes(subject, &mut connection, greeting)
            .over(format!("behind {:?}", String::from_utf8_lossy(head)))?;
    }
    Ok(())
}

pub(crate) fn a_proxys_head_may_come_in_pieces(subject: &mut Subject) -> Checked {
    const PIECES: [&str; 5] = ["HTTP/1.", "1 200 Conn", "ected\r", "\nVia: x\r", "\n\r"];
    let proxy = Peer::plain(|stream| {
        read_head(stream)?;
        for piece in PIECES {
            stream.write_all(piece.as_bytes())?;
            stream.mark();
            stream.hold()?;
        }
        stream.write_all(b"\n")?;
        scripts::echo(stream)
    });
    let way = Proxy::new("127.0.0.1", proxy.port());
    let target = Target::plain(ELSEWHERE, 443).proxy(way);
    let backend = subject.backend().clone();
    let mut dial = backend.connect(&target, None);
    for sent in 1..=PIECES.len() {
        // A few polls more, so that the pieces are mostly read as such.
        let more = Cell::new(0);
        pending_until(subject, "the end of the head", dial.as_mut(), || {
            more.set(more.get() + usize::from(proxy.marks() == sent));
            more.get() > 4
        })?;
        proxy.release();
    }
    let mut connection = subject.block_on("connect", dial)??;
    echoes(subject, &mut connection)
}

fn read_head(stream: &mut impl Read) -> std::io::Result<()> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.extend(byte);
    }
    Ok(())
}

pub(crate) fn a_proxy_that_refuses_is_an_error_of_connecting(subject: &mut Subject) -> Checked {
    for status in [400, 403, 404, 500, 502, 503, 302] {
        fails_as(subject, ProxyAnswer::Status(status), ErrorKind::Connect)?;
    }
    Ok(())
}

pub(crate) fn a_proxy_that_wants_a_password_is_an_error_of_configuration(
    subject: &mut Subject,
) -> Checked {
    fails_as(subject, ProxyAnswer::Status(407), ErrorKind::Config)
}

pub(crate) fn a_proxy_that_hangs_up_is_an_error_of_connecting(subject: &mut Subject) -> Checked {
    fails_as(subject, ProxyAnswer::HangUp, ErrorKind::Connect)?;
    fails_as(subject, ProxyAnswer::Reset, ErrorKind::Connect)?;
    let (_dead, port) = dead_port()?;
    let target = Target::plain(ELSEWHERE, 443).proxy(Proxy::new("127.0.0.1", port));
    refused_as(subject, &target, None, ErrorKind::Connect)
        .over("of a proxy that does not listen")
        .map(drop)
}

pub(crate) fn what_is_no_proxy_is_an_error_of_protocol(subject: &mut Subject) -> Checked {
    for said in [
        &b"SSH-2.0-OpenSSH_9.2\r\n\r\n"[..],
        b"\r\n\r\n",
        b"HTTP/1.1 OK\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"\x00\xff\xfe\r\n\r\n",
    ] {
        fails_as(
            subject,
            ProxyAnswer::Bytes(said.to_vec()),
            ErrorKind::Protocol,
        )?;
    }
    Ok(())
}

pub(crate) fn a_proxys_head_without_an_end_is_not_read_for_ever(subject: &mut Subject) -> Checked {
    fails_as(subject, ProxyAnswer::EndlessHead, ErrorKind::Protocol)
}

fn fails_as(subject: &Subject, answer: ProxyAnswer, kind: ErrorKind) -> Checked {
    let circumstance = match &answer {
        ProxyAnswer::Bytes(bytes) => format!("for {:?}", String::from_utf8_lossy(bytes)),
        other => format!("for {other:?}"),
    };
    let proxy = ProxyPeer::new(answer);
    let target = Target::plain(ELSEWHERE, 443).proxy(proxy.proxy());
    refused_as(subject, &target, None, kind).over(&circumstance)?;
    subject
        .wait_until("the socket to the proxy to close", || {
            proxy.peer().open() == 0
        })
        .over(circumstance)
}

pub(crate) fn a_request_to_a_proxy_that_is_cancelled_leaves_no_socket(
    subject: &mut Subject,
) -> Checked {
    for said in [&b""[..], b"HTTP/1.1 200 Al"] {
        let proxy = ProxyPeer::new(ProxyAnswer::Bytes(said.to_vec()));
        let target = Target::plain(ELSEWHERE, 443).proxy(proxy.proxy());
        let backend = subject.backend().clone();
        let mut dial = backend.connect(&target, None);
        pending_until(subject, "the proxy to be asked", dial.as_mut(), || {
            proxy.peer().marks() == 1
        })?;
        drop(dial);
        subject.wait_until("the socket of a cancelled request to close", || {
            proxy.peer().open() == 0
        })?;
    }
    Ok(())
}
