//! What a handshake offers, and what it says when it fails: what the conformance suite leaves to each
//! TLS stack.

#![allow(clippy::unwrap_used)]

use std::io::{self, Write};
use std::sync::Arc;

use backend_async_std::AsyncStdRuntime;
use backend_conformance::peer::{
    Authority, ClientCertificates, KeyForm, Leaf, Peer, Stream, TlsSettings, Versions, scripts,
};
use backend_smol::SmolRuntime;
use futures_util::AsyncReadExt;
use legacy_async_tls::AsyncTls;
use push_core::{Backend, Compose, Error, ErrorKind, Identity, Target};

/// async-tls on each of the runtimes.
fn backends() -> [Arc<dyn Backend>; 2] {
    [
        Arc::new(Compose::new(SmolRuntime::new(), AsyncTls::new())),
        Arc::new(Compose::new(AsyncStdRuntime::new(), AsyncTls::new())),
    ]
}

fn fails(target: &Target, kind: ErrorKind) -> Vec<Error> {
    let error = |backend: Arc<dyn Backend>| {
        let error = smol::block_on(backend.connect(target, None)).unwrap_err();
        assert_eq!(error.kind(), kind, "{}", error.report());
        error
    };
    backends().into_iter().map(error).collect()
}

#[test]
fn http_2_alone_is_refused_before_a_byte_is_sent() {
    for offer in [&["h2"][..], &["h2", "h3"]] {
        let peer = Peer::plain(scripts::listen);
        let target = Target::tls("127.0.0.1", peer.port()).alpn(offer.iter().copied());
        for error in fails(&target, ErrorKind::Config) {
            let said = error.to_string();
            assert!(said.contains("HTTP/2 needs another TLS stack"), "{said}");
        }
        assert!(peer.wait_closed());
        assert_eq!(peer.received_bytes(), 0);
    }
}

#[test]
fn http_1_1_is_all_that_is_offered() {
    let authority = Authority::new();
    let settings = TlsSettings::new(&authority).alpn(["h2", "http/1.1"]);
    for backend in backends() {
        let peer = Peer::tls(&settings, scripts::hold);
        let offers: [&[&str]; 3] = [&[], &["http/1.1"], &["h2", "http/1.1"]];
        for (count, offer) in offers.into_iter().enumerate() {
            let target = peer.target().alpn(offer.iter().copied());
            let stream = smol::block_on(backend.connect(&target, None)).unwrap();
            assert_eq!(stream.alpn(), None);
            let offered = peer.wait_handshake(count + 1).unwrap().hello.unwrap().alpn;
            let expected = (!offer.is_empty()).then(|| vec![b"http/1.1".to_vec()]);
            assert_eq!(offered, expected);
        }
    }
}

#[test]
fn a_server_that_knows_no_http_1_1_is_an_error_of_protocol() {
    let authority = Authority::new();
    let settings = TlsSettings::new(&authority).alpn(["h2"]);
    let peer = Peer::tls(&settings, scripts::hold);
    for error in fails(&peer.target().alpn(["http/1.1"]), ErrorKind::Protocol) {
        assert!(error.to_string().contains("does not speak HTTP/1.1"));
    }
}

#[test]
fn a_server_that_is_not_trusted_is_told_why() {
    let authority = Authority::new();
    let settings = || TlsSettings::new(&authority);
    let with = |leaf: Leaf| Peer::tls(&settings().identity(authority.server(&leaf)), scripts::hold);
    let stranger = Authority::new().server(&Leaf::default());
    let cases = [
        (with(Leaf::default().expired()), "has expired"),
        (with(Leaf::default().not_yet_valid()), "is not valid yet"),
        (
            with(Leaf::new(["other.example.com"])),
            "is for another name",
        ),
        (
            Peer::tls(&settings().identity(stranger), scripts::hold),
            "was not issued by a trusted root",
        ),
    ];
    for (peer, why) in cases {
        for error in fails(&peer.target(), ErrorKind::Tls) {
            let said = error.to_string();
            assert!(said.contains("localhost") && said.contains(why), "{said}");
        }
    }
    let peer = Peer::plain(|stream| stream.write_all(b"220 welcome, stranger\r\n"));
    let target = Target::tls("localhost", peer.port());
    for error in fails(&target, ErrorKind::Tls) {
        assert!(error.to_string().contains("does not speak TLS"), "{error}");
    }
    for error in fails(&target.server_name("no name"), ErrorKind::Config) {
        assert!(error.to_string().contains("\"no name\""), "{error}");
    }
}

#[test]
fn a_server_that_wants_another_client_certificate_says_so() {
    let authority = Authority::new();
    let shown = [
        (
            ClientCertificates::Required,
            "asks for a client certificate",
        ),
        (
            ClientCertificates::Refused,
            "refused the client certificate",
        ),
    ];
    for backend in backends() {
        let certificate = backend.load_certificate(&authority.client()).unwrap();
        for (what, said) in shown {
            let settings = TlsSettings::new(&authority).client_certificates(what);
            let peer = Peer::tls(&settings.versions(Versions::Tls13), scripts::hold);
            let refused = what == ClientCertificates::Refused;
            let certificate = refused.then_some(certificate.as_ref());
            let error = smol::block_on(async {
                // It is not settled which of them hears it.
                match backend.connect(&peer.target(), certificate).await {
                    Err(error) => {
                        assert_eq!(error.kind(), ErrorKind::Tls);
                        error.report()
                    }
                    Ok(mut stream) => {
                        let error = stream.read(&mut [0]).await.unwrap_err();
                        assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
                        assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
                        error.to_string()
                    }
                }
            });
            assert!(error.contains(said), "{error}");
        }
    }
}

#[test]
fn a_key_of_another_certificate_is_told() {
    let authority = Authority::new();
    let forms = [KeyForm::Pkcs8, KeyForm::Pkcs1];
    let [one, other] = forms.map(|form| authority.client_pem(form, 0));
    for backend in backends() {
        for (certificate, key) in [(&one, &other), (&other, &one)] {
            let identity = Identity::from_pem_pair(certificate, key).unwrap();
            let error = backend.load_certificate(&identity).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Identity);
            assert!(error.to_string().contains("does not belong"), "{error}");
        }
    }
}

#[test]
fn what_is_wrong_with_the_servers_records_is_told_to_both_sides() {
    let authority = Authority::new();
    let script = |stream: &mut Stream| {
        stream.write_all(b"one")?;
        stream.hold()?;
        // No record of this session.
        stream.write_raw(&[23, 3, 3, 0, 20])?;
        stream.write_raw(&[0; 20])?;
        stream.drain().map(drop)
    };
    for backend in backends() {
        let peer = Peer::tls(&TlsSettings::new(&authority), script);
        smol::block_on(async {
            let mut stream = backend.connect(&peer.target(), None).await.unwrap();
            stream.read_exact(&mut [0; 3]).await.unwrap();
            peer.release();
            let error = stream.read(&mut [0]).await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData);
            assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
        });
        assert!(peer.wait_closed());
        let failures = peer.failures();
        assert!(failures[0].contains("BadRecordMac"), "{failures:?}");
    }
}
