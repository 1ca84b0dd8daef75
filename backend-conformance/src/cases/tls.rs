//! TLS as a stream: versions, ALPN, names, farewells, and servers that break off.

use std::io::{self, Write};

use futures_util::AsyncWriteExt;
use push_core::{Connection, ErrorKind, Roots, Target};

use super::exchange::{
    echoes, expect_bytes, expect_end, handshake, pending_until, read, refused_as, versions, write,
};
use crate::failure::{Checked, Over, ensure};
use crate::peer::{Authority, Cut, Leaf, Peer, Stream, TlsSettings, Versions, scripts};
use crate::subject::Subject;

fn settings() -> TlsSettings {
    TlsSettings::new(&Authority::new())
}

/// A target with TLS for a server that has none of its own.
fn encrypted(peer: &Peer, roots: Roots) -> Target {
    Target::tls("localhost", peer.port()).roots(roots)
}

pub(crate) fn a_server_of_tls_1_2_alone_is_spoken_to(subject: &mut Subject) -> Checked {
    speaks(subject, Versions::Tls12)
}

pub(crate) fn a_server_of_tls_1_3_alone_is_spoken_to(subject: &mut Subject) -> Checked {
    speaks(subject, Versions::Tls13)
}

fn speaks(subject: &Subject, version: Versions) -> Checked {
    let peer = Peer::tls(&settings().versions(version), |stream| {
        stream.write_each_byte(b"one record per byte")?;
        scripts::echo(stream)
    });
    let mut connection = subject.connect(&peer.target())?;
    expect_bytes(subject, &mut connection, b"one record per byte")?;
    echoes(subject, &mut connection)?;
    let made = handshake(subject, &peer, 1)?;
    ensure!(
        made.tls13 == (version == Versions::Tls13),
        "expected a handshake of {version:?}, the server made {made:?}"
    );
    Ok(())
}

pub(crate) fn an_older_version_is_refused(subject: &mut Subject) -> Checked {
    let authority = Authority::new();
    // A ServerHello of TLS 1.1 with TLS_RSA_WITH_AES_128_CBC_SHA.
    let mut hello = vec![22, 3, 2, 0, 42, 2, 0, 0, 38, 3, 2];
    hello.extend([7; 32]);
    hello.extend([0, 0, 0x2f, 0]);
    let peer = Peer::plain(move |stream| {
        stream.read_hello()?;
        stream.write_all(&hello)?;
        stream.hold_until_closed()
    });
    let target = encrypted(&peer, authority.roots());
    refused_as(subject, &target, None, ErrorKind::Tls).map(drop)
}

pub(crate) fn a_plain_target_speaks_plain(subject: &mut Subject) -> Checked {
    let peer = Peer::plain(scripts::echo);
    let mut connection = subject.connect(&peer.target())?;
    echoes(subject, &mut connection)?;
    ensure!(
        peer.received() == b"there and back",
        "expected the bytes as they were written, the server received {:?}",
        peer.received()
    );
    ensure!(
        connection.alpn().is_none(),
        "expected no protocol to be told without TLS, got {:?}",
        connection.alpn()
    );
    Ok(())
}

pub(crate) fn close_notify_is_the_end_of_file(subject: &mut Subject) -> Checked {
    ends(subject, |stream| {
        stream.write_all(b"last words")?;
        stream.close_notify()?;
        // No FIN: the farewell alone must do.
        stream.hold_until_closed()
    })
}

pub(crate) fn an_end_without_close_notify_is_the_end_of_file(subject: &mut Subject) -> Checked {
    ends(subject, |stream| {
        stream.write_all(b"last words")?;
        stream.finish()
    })
}

fn ends(
    subject: &Subject,
    script: impl Fn(&mut Stream) -> io::Result<()> + Copy + Send + Sync + 'static,
) -> Checked {
    for version in versions(subject) {
        let peer = Peer::tls(&settings().versions(version), script);
        let check = || {
            let mut connection = subject.connect(&peer.target())?;
            expect_bytes(subject, &mut connection, b"last words")?;
            expect_end(subject, &mut connection)?;
            expect_end(subject, &mut connection)
        };
        check().over(format!("over {version:?}"))?;
    }
    Ok(())
}

pub(crate) fn garbage_after_the_handshake_is_an_error(subject: &mut Subject) -> Checked {
    let peer = garbling();
    let mut connection = subject.connect(&peer.target())?;
    write(subject, &mut connection, b"x")?;
    must_fail(subject, &mut connection)
}

pub(crate) fn after_an_error_of_tls_reads_do_not_hang(subject: &mut Subject) -> Checked {
    let peer = garbling();
    let mut connection = subject.connect(&peer.target())?;
    write(subject, &mut connection, b"x")?;
    let _told = read(subject, &mut connection)?;
    // The socket is open, and there is nothing more in it.
    let again = read(subject, &mut connection)?;
    ensure!(
        again.as_ref().is_ok_and(Vec::is_empty) || again.is_err(),
        "expected nothing more after the error, got {again:?}"
    );
    Ok(())
}

/// A server that sends a record that no key of the session made.
fn garbling() -> Peer {
    Peer::tls(&settings(), |stream| {
        stream.read_exactly(1)?;
        let mut record = b"\x17\x03\x03\x00\x40".to_vec();
        record.extend([b'g'; 64]);
        stream.write_raw(&record)?;
        stream.hold_until_closed()
    })
}

fn must_fail(subject: &Subject, connection: &mut Box<dyn Connection>) -> Checked {
    let outcome = read(subject, connection)?;
    ensure!(outcome.is_err(), "expected a read to fail, got {outcome:?}");
    Ok(())
}

pub(crate) fn a_handshake_that_stalls_waits_until_it_is_cancelled(
    subject: &mut Subject,
) -> Checked {
    let authority = Authority::new();
    // Nothing at all, half a head, and half a message.
    for said in [&[][..], &[22, 3], &[22, 3, 3, 0, 90, 2, 0, 0, 86, 3, 3]] {
        let peer = Peer::plain(move |stream| {
            stream.read_hello()?;
            stream.write_all(said)?;
            stream.mark();
            stream.hold_until_closed()
        });
        let target = encrypted(&peer, authority.roots());
        let backend = subject.backend().clone();
        let mut dial = backend.connect(&target, None);
        pending_until(subject, "the server to stall", dial.as_mut(), || {
            peer.marks() == 1
        })?;
        drop(dial);
        subject.wait_until("the socket of a cancelled handshake to close", || {
            peer.open() == 0
        })?;
    }
    Ok(())
}

pub(crate) fn an_alert_in_the_handshake_is_an_error_of_tls(subject: &mut Subject) -> Checked {
    let authority = Authority::new();
    // handshake_failure, internal_error, protocol_version.
    for alert in [40, 80, 70] {
        let peer = Peer::plain(move |stream| {
            stream.read_hello()?;
            stream.write_all(&[21, 3, 3, 0, 2, 2, alert])
        });
        let target = encrypted(&peer, authority.roots());
        refused_as(subject, &target, None, ErrorKind::Tls).over(format!("of alert {alert}"))?;
    }
    Ok(())
}

pub(crate) fn garbage_instead_of_tls_is_an_error_of_tls(subject: &mut Subject) -> Checked {
    let authority = Authority::new();
    let answers: [&[u8]; 4] = [
        b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        &[0; 64],
        &[0xff; 64],
    ];
    for answer in answers {
        let peer = Peer::plain(move |stream| {
            stream.read_hello()?;
            stream.write_all(answer)?;
            stream.hold_until_closed()
        });
        let target = encrypted(&peer, authority.roots());
        refused_as(subject, &target, None, ErrorKind::Tls)
            .over(format!("from {:?}", String::from_utf8_lossy(answer)))?;
    }
    Ok(())
}

pub(crate) fn a_handshake_that_breaks_off_is_an_error_of_connecting(
    subject: &mut Subject,
) -> Checked {
    for how in [Cut::Fin, Cut::Reset] {
        for bytes in [0, 3, 7, 200] {
            let peer = Peer::tls(&settings().cut_after(bytes, how), scripts::hold);
            refused_as(subject, &peer.target(), None, ErrorKind::Connect)
                .over(format!("after {bytes} bytes and {how:?}"))?;
        }
    }
    Ok(())
}

pub(crate) fn the_protocol_agreed_by_alpn_is_told(subject: &mut Subject) -> Checked {
    for version in versions(subject) {
        let peer = Peer::tls(
            &settings().versions(version).alpn(["h2", "http/1.1"]),
            scripts::echo,
        );
        for protocol in ["h2", "http/1.1"] {
            let check = || {
                let mut connection = subject.connect(&peer.target().alpn([protocol]))?;
                ensure!(
                    connection.alpn() == Some(protocol.as_bytes()),
                    "expected the protocol {protocol} to be told, got {:?}",
                    connection.alpn().map(String::from_utf8_lossy)
                );
                echoes(subject, &mut connection)
            };
            check().over(format!("over {version:?}"))?;
        }
    }
    Ok(())
}

pub(crate) fn protocols_are_offered_in_their_order(subject: &mut Subject) -> Checked {
    let peer = Peer::tls(&settings().alpn(["http/1.1"]), scripts::echo);
    let offer = ["zz-preferred", "h2", "http/1.1"];
    subject.connect(&peer.target().alpn(offer))?;
    let hello = handshake(subject, &peer, 1)?.hello.unwrap_or_default();
    let expected = offer.map(|name| name.as_bytes().to_vec()).to_vec();
    ensure!(
        hello.alpn.as_ref() == Some(&expected),
        "expected {offer:?} to be offered in this order, the server got {:?}",
        hello.alpn
    );
    Ok(())
}

pub(crate) fn a_server_without_a_common_protocol_is_refused(subject: &mut Subject) -> Checked {
    for version in versions(subject) {
        let peer = Peer::tls(&settings().versions(version).alpn(["other"]), scripts::hold);
        let target = peer.target().alpn(["h2"]);
        refused_as(subject, &target, None, ErrorKind::Protocol)
            .over(format!("over {version:?}"))?;
    }
    Ok(())
}

pub(crate) fn a_server_that_ignores_alpn_agrees_on_nothing(subject: &mut Subject) -> Checked {
    let peer = Peer::tls(&settings(), scripts::echo);
    let mut connection = subject.connect(&peer.target().alpn(["h2"]))?;
    ensure!(
        connection.alpn().is_none(),
        "expected no protocol to be told where none was agreed, got {:?}",
        connection.alpn().map(String::from_utf8_lossy)
    );
    echoes(subject, &mut connection)
}

pub(crate) fn without_protocols_none_are_offered(subject: &mut Subject) -> Checked {
    let peer = Peer::tls(&settings().alpn(["h2"]), scripts::echo);
    let mut connection = subject.connect(&peer.target())?;
    ensure!(
        connection.alpn().is_none(),
        "expected no protocol to be told where none was offered, got {:?}",
        connection.alpn().map(String::from_utf8_lossy)
    );
    let hello = handshake(subject, &peer, 1)?.hello.unwrap_or_default();
    ensure!(
        hello.alpn.is_none(),
        "expected no extension for ALPN, the server got {:?}",
        hello.alpn
    );
    echoes(subject, &mut connection)
}

pub(crate) fn the_server_is_told_its_name_and_never_an_address(subject: &mut Subject) -> Checked {
    let authority = Authority::new();
    let leaf = Leaf::new(["localhost", "127.0.0.1", "push.test"]);
    let peer = Peer::tls(
        &TlsSettings::new(&authority).identity(authority.server(&leaf)),
        scripts::hold,
    );
    let targets = [
        (peer.target(), Some("localhost")),
        (peer.target_by_address(), None),
        (
            peer.target_by_address().server_name("push.test"),
            Some("push.test"),
        ),
        (peer.target().server_name("127.0.0.1"), None),
    ];
    for (nth, (target, expected)) in targets.into_iter().enumerate() {
        subject.connect(&target)?;
        let hello = handshake(subject, &peer, nth + 1)?.hello;
        let sent = hello.unwrap_or_default().server_name;
        ensure!(
            sent.as_deref() == expected,
            "expected the name {expected:?} to be sent (RFC 6066), the server got {sent:?}"
        );
    }
    Ok(())
}

pub(crate) fn session_tickets_are_not_data(subject: &mut Subject) -> Checked {
    let settings = settings().versions(Versions::Tls13).tickets(40);
    let peer = Peer::tls(&settings, |stream| {
        stream.mark();
        stream.hold()?;
        stream.write_all(b"data")?;
        stream.hold_until_closed()
    });
    let mut connection = subject.connect(&peer.target())?;
    // The mark is behind the tickets: they are here when the read begins.
    subject.wait_until("the tickets", || peer.marks() == 1)?;
    let mut bytes = [0; 64];
    let count = {
        let mut reading = std::pin::pin!(futures_util::AsyncReadExt::read(
            &mut connection,
            &mut bytes
        ));
        pending_until(subject, "data after the tickets", reading.as_mut(), || true)?;
        peer.release();
        subject.block_on("a read", reading)??
    };
    ensure!(
        &bytes[..count] == b"data",
        "expected to read data and nothing of the tickets, got {:?}",
        &bytes[..count]
    );
    Ok(())
}

pub(crate) fn a_second_connection_works_as_the_first(subject: &mut Subject) -> Checked {
    for version in versions(subject) {
        let peer = Peer::tls(
            &settings().versions(version).alpn(["h2"]).tickets(2),
            scripts::echo,
        );
        // Where nothing can be told about it, nothing is offered.
        let agreed = subject.has(crate::Capability::Alpn).then_some("h2");
        let target = peer.target().alpn(agreed);
        // Resumed or not: the second and the third are as good as the first.
        for nth in 1..=3 {
            let check = || {
                let mut connection = subject.connect(&target)?;
                echoes(subject, &mut connection)?;
                subject.block_on("a close", connection.close())??;
                ensure!(
                    connection.alpn() == agreed.map(str::as_bytes),
                    "expected {agreed:?} to be told again, got {:?}",
                    connection.alpn().map(String::from_utf8_lossy)
                );
                Ok(())
            };
            check().over(format!("connection {nth} over {version:?}"))?;
        }
    }
    Ok(())
}

pub(crate) fn keys_may_change_under_way(subject: &mut Subject) -> Checked {
    let peer = Peer::tls(&settings().versions(Versions::Tls13), |stream| {
        stream.write_all(b"old")?;
        stream.refresh_keys()?;
        stream.write_all(b"new")?;
        scripts::echo(stream)
    });
    let mut connection = subject.connect(&peer.target())?;
    expect_bytes(subject, &mut connection, b"oldnew")?;
    echoes(subject, &mut connection)
}

pub(crate) fn a_large_chain_of_certificates_is_read(subject: &mut Subject) -> Checked {
    let authority = Authority::new();
    // About 40 KiB: more than two records.
    let leaf = Leaf::default().intermediates(3).padding(10_000);
    let identity = authority.server(&leaf);
    for version in versions(subject) {
        let settings = TlsSettings::new(&authority)
            .versions(version)
            .identity(identity.clone());
        let peer = Peer::tls(&settings, scripts::echo);
        let mut connection = subject
            .connect(&peer.target())
            .over(format!("over {version:?}"))?;
        echoes(subject, &mut connection)?;
    }
    Ok(())
}
