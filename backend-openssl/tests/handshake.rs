//! Whom the handshake accepts, and what it says of those it does not.

#![allow(clippy::unwrap_used)]

mod common;

use std::io::{Read, Write};

use common::*;
use openssl::ssl::{AlpnError, SslContextBuilder, SslVersion, select_next_proto};
use push_core::{Backend, Error, ErrorKind, Roots, Target};

/// What is told, this level and its source, without OpenSSL's own noise.
fn report(error: &Error) -> String {
    let report = error.report();
    for noise in ["routines", "error:", ".c:", "\n", "ssl/"] {
        assert!(!report.contains(noise), "{noise:?} in {report}");
    }
    report
}

fn try_out(wish: &Wish, change: impl FnOnce(Target) -> Target) -> push_core::Result<()> {
    let authority = authority();
    let server = Server::tls(&wish.by(&authority), |_| {}, |_| {});
    connect(&change(server.target(&authority.roots()))).map(drop)
}

#[test]
fn names_and_addresses_are_verified() {
    let wish = Wish {
        names: vec!["*.example.com".to_owned(), "localhost".to_owned()],
        addresses: vec!["127.0.0.1".to_owned(), "::1".to_owned()],
        ..Wish::server()
    };
    for name in [
        "localhost",
        "127.0.0.1",
        "::1",
        "a.example.com",
        "a.example.com.",
        "LOCALHOST",
    ] {
        try_out(&wish, |target| target.server_name(name))
            .unwrap_or_else(|error| panic!("{name}: {}", error.report()));
    }
    for name in [
        "example.com",
        "a.b.example.com",
        "127.0.0.2",
        "::2",
        "elsewhere.example",
    ] {
        let error = try_out(&wish, |target| target.server_name(name)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Tls);
        assert!(error.to_string().contains("is for another name"), "{error}");
        assert!(report(&error).contains(name), "{error:?}");
    }
}

#[test]
fn a_part_of_a_label_is_no_wildcard() {
    let wish = Wish {
        names: vec!["a*.example.com".to_owned()],
        ..Wish::server()
    };
    let error = try_out(&wish, |target| target.server_name("ab.example.com")).unwrap_err();
    assert!(error.to_string().contains("is for another name"), "{error}");
}

#[test]
fn the_common_name_counts_for_nothing() {
    let wish = Wish {
        common_name: "localhost".to_owned(),
        names: Vec::new(),
        addresses: Vec::new(),
        ..Wish::server()
    };
    let error = try_out(&wish, |target| target).unwrap_err();
    assert!(error.to_string().contains("is for another name"), "{error}");
}

#[test]
fn a_name_that_is_none_is_told_before_anything_is_sent() {
    for name in ["", "not a name", "-", "a..b", "[::1]"] {
        let error = try_out(&Wish::server(), |target| target.server_name(name)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(
            error.to_string().contains("neither a DNS name nor"),
            "{error}"
        );
    }
}

#[test]
fn each_fault_of_a_certificate_is_told() {
    let expired = Wish {
        from: -30,
        until: -1,
        ..Wish::server()
    };
    let early = Wish {
        from: 1,
        ..Wish::server()
    };
    let client = Wish {
        for_clients_only: true,
        ..Wish::server()
    };
    for (wish, words) in [
        (expired, "its certificate has expired"),
        (early, "its certificate is not valid yet"),
        (client, "its certificate can't be trusted"),
    ] {
        let error = try_out(&wish, |target| target).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Tls);
        assert!(error.to_string().contains(words), "{error}");
        assert!(
            report(&error).contains("certificate verify failed"),
            "{error:?}"
        );
    }
}

#[test]
fn only_what_the_roots_issued_is_trusted() {
    let (ours, other) = (
        authority(),
        Wish::authority("another authority").by_itself(),
    );
    let namesake = authority();
    for issued in [
        Wish::server().by(&other),
        Wish::server().by(&namesake),
        Wish::server().by_itself(),
    ] {
        let server = Server::tls(&issued, |_| {}, |_| {});
        let error = refused(&server.target(&ours.roots()));
        assert_eq!(error.kind(), ErrorKind::Tls);
        let words = "its certificate was not issued by a trusted root";
        assert!(error.to_string().contains(words), "{}", error.report());
        report(&error);
    }
    let server = Server::tls(&Wish::server().by(&ours), |_| {}, |_| {});
    let error = refused(&server.target(&Roots::system()));
    assert!(
        error
            .to_string()
            .contains("was not issued by a trusted root")
            || error.to_string().contains("the system has no trust roots"),
        "{error}"
    );
}

#[test]
fn an_intermediate_authority_can_be_a_root() {
    let intermediate = Wish::authority("an authority in between").by(&authority());
    let server = Server::tls(&Wish::server().by(&intermediate), |_| {}, |_| {});
    connect(&server.target(&intermediate.roots())).unwrap();
}

#[test]
fn a_root_that_is_no_certificate_is_told() {
    let pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let server = Server::plain(|_| {});
    let error = refused(&server.target(&Roots::from_pem(pem).unwrap()));
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(
        error.to_string().contains("not a usable certificate"),
        "{error}"
    );
    report(&error);
}

#[test]
fn both_versions_are_spoken_and_none_before_them() {
    let authority = authority();
    let issued = Wish::server().by(&authority);
    for version in [SslVersion::TLS1_2, SslVersion::TLS1_3] {
        let server = Server::tls(&issued, only(version), move |stream| {
            assert_eq!(stream.ssl().version2(), Some(version));
        });
        let connection = connect(&server.target(&authority.roots())).unwrap();
        assert_eq!(connection.peer_addr(), Some(server.address));
        assert_eq!(connection.alpn(), None);
        drop(connection);
        server.finish();
    }
    let old = |context: &mut SslContextBuilder| {
        only(SslVersion::TLS1_1)(context);
        context.set_cipher_list("DEFAULT@SECLEVEL=0").unwrap();
    };
    let server = Server::tls(&issued, old, |_| {});
    let error = refused(&server.target(&authority.roots()));
    assert_eq!(error.kind(), ErrorKind::Tls);
    assert!(report(&error).contains("protocol"), "{}", error.report());
}

fn speaks(protocols: &'static [u8]) -> impl FnOnce(&mut SslContextBuilder) {
    move |context| {
        context.set_alpn_select_callback(move |_, offered| {
            select_next_proto(protocols, offered).ok_or(AlpnError::ALERT_FATAL)
        });
    }
}

#[test]
fn the_protocol_that_was_agreed_is_told() {
    let authority = authority();
    let issued = Wish::server().by(&authority);
    let server = Server::tls(&issued, speaks(b"\x02h2"), |_| {});
    let target = server.target(&authority.roots()).alpn(["spdy/3", "h2"]);
    assert_eq!(connect(&target).unwrap().alpn(), Some(&b"h2"[..]));
    // A server that does not know of it.
    let server = Server::tls(&issued, |_| {}, |_| {});
    let target = server.target(&authority.roots()).alpn(["h2"]);
    assert_eq!(connect(&target).unwrap().alpn(), None);
}

#[test]
fn no_protocol_in_common_is_told_with_the_offer() {
    let authority = authority();
    let server = Server::tls(&Wish::server().by(&authority), speaks(b"\x03foo"), |_| {});
    let error = refused(&server.target(&authority.roots()).alpn(["h2", "http/1.1"]));
    assert_eq!(error.kind(), ErrorKind::Protocol);
    let words = "speaks none of the protocols offered: h2, http/1.1";
    assert!(error.to_string().contains(words), "{error}");
    report(&error);
}

#[test]
fn a_protocol_that_was_not_offered_is_refused() {
    let authority = authority();
    let chooses = |context: &mut SslContextBuilder| {
        context.set_alpn_select_callback(|_, _| Ok(b"foo"));
    };
    let server = Server::tls(&Wish::server().by(&authority), chooses, |_| {});
    let error = refused(&server.target(&authority.roots()).alpn(["h2"]));
    assert_eq!(error.kind(), ErrorKind::Tls);
    report(&error);
}

#[test]
fn a_protocol_without_a_name_is_told() {
    let long = vec![b'x'; 256];
    for name in [&b""[..], &long] {
        let error = try_out(&Wish::server(), |target| target.alpn([name])).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains("1 to 255 bytes"), "{error}");
    }
}

#[test]
fn what_is_no_tls_is_told() {
    for garbage in [
        &b"HTTP/1.1 400 Bad Request\r\n\r\n"[..],
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"220 mail.example ESMTP\r\n",
        &[0; 64],
        &[0xff; 64],
        &[0x16, 0x03, 0x03, 0xff, 0xff, 0, 0, 0],
    ] {
        let server = Server::plain(move |mut stream| {
            stream.write_all(garbage).unwrap();
            // Until the client has had enough.
            let _ = stream.read_to_end(&mut Vec::new());
        });
        let error = refused(&server.target(&authority().roots()));
        assert_eq!(error.kind(), ErrorKind::Tls, "{garbage:?}");
        let words = "it does not speak TLS";
        assert!(
            error.to_string().contains(words),
            "{garbage:?}: {}",
            error.report()
        );
        report(&error);
    }
}

#[test]
fn a_stream_that_breaks_off_can_pass() {
    let server = Server::plain(|mut stream| {
        stream.read_exact(&mut [0; 16]).unwrap();
    });
    let error = refused(&server.target(&authority().roots()));
    assert_eq!(error.kind(), ErrorKind::Connect);
    report(&error);
    // After part of an answer.
    let server = Server::plain(|mut stream| {
        stream
            .write_all(&[0x16, 0x03, 0x03, 0x00, 0x7a, 0x02])
            .unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let error = refused(&server.target(&authority().roots()));
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert!(
        report(&error).contains("ended the connection"),
        "{}",
        error.report()
    );
}

#[test]
fn errors_that_others_left_on_the_thread_are_not_ours() {
    let authority = authority();
    let server = Server::tls(
        &Wish::server().by(&authority),
        |_| {},
        |mut stream| {
            stream.write_all(b"hello").unwrap();
        },
    );
    let target = server.target(&authority.roots());
    // A stack that nobody took.
    openssl::x509::X509::from_der(b"no").unwrap_err().put();
    block_on(async {
        let mut connection = backend().connect(&target, None).await.unwrap();
        openssl::x509::X509::from_der(b"no").unwrap_err().put();
        let mut text = [0; 5];
        smol::io::AsyncReadExt::read_exact(&mut connection, &mut text)
            .await
            .unwrap();
        assert_eq!(&text, b"hello");
    });
}
