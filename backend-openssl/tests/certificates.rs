//! Client certificates: loaded, shown, refused, asked for.

#![allow(clippy::unwrap_used)]

mod common;

use std::io::{self, Read, Write};
use std::sync::mpsc::channel;

use backend_openssl::Openssl;
use common::*;
use openssl::ssl::{SslContextBuilder, SslVerifyMode, SslVersion};
use openssl::x509::store::X509StoreBuilder;
use push_core::{Backend, Certificate, CertificateInfo, ErrorKind, Identity, Roots, Tls};
use smol::io::AsyncReadExt;

/// A server that asks for a certificate of this authority.
fn asks(authority: &Issued, version: SslVersion) -> impl FnOnce(&mut SslContextBuilder) + use<> {
    let authority = authority.certificate.clone();
    move |context| {
        only(version)(context);
        let mut store = X509StoreBuilder::new().unwrap();
        store.add_cert(authority).unwrap();
        context.set_cert_store(store.build());
        context.set_verify(SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT);
    }
}

#[test]
fn the_chain_is_shown_whole_and_nothing_else() {
    let root = authority();
    let between = Wish::authority("an authority in between").by(&root);
    let client = Wish::client().by(&between);
    for version in [SslVersion::TLS1_2, SslVersion::TLS1_3] {
        for issuers in [vec![&between], vec![&between, &root]] {
            let (tell, told) = channel();
            let server = Server::tls(
                &Wish::server().by(&root),
                asks(&root, version),
                move |stream| {
                    let chain = stream.ssl().peer_cert_chain().unwrap();
                    let shown: Vec<_> = chain.iter().map(|one| one.to_der().unwrap()).collect();
                    let own = stream.ssl().peer_certificate().unwrap();
                    tell.send((own.to_der().unwrap(), shown)).unwrap();
                },
            );
            let identity = client.identity(&issuers);
            let backend = backend();
            let certificate = backend.load_certificate(&identity).unwrap();
            let target = server.target(&root.roots());
            let _connection =
                block_on(backend.connect(&target, Some(certificate.as_ref()))).unwrap();
            let (own, shown) = told.recv_timeout(PATIENCE).unwrap();
            assert!(own == identity.chain_der()[0]);
            // A server's list of what it was shown is without the first.
            assert!(shown == identity.chain_der()[1..]);
        }
    }
}

#[test]
fn a_certificate_alone_is_not_completed_from_the_roots() {
    let root = authority();
    let (tell, told) = channel();
    let server = Server::tls(
        &Wish::server().by(&root),
        asks(&root, SslVersion::TLS1_3),
        move |stream| {
            tell.send(stream.ssl().peer_cert_chain().unwrap().len())
                .unwrap()
        },
    );
    let backend = backend();
    let identity = Wish::client().by(&root).identity(&[]);
    let certificate = backend.load_certificate(&identity).unwrap();
    let target = server.target(&root.roots());
    let _connection = block_on(backend.connect(&target, Some(certificate.as_ref()))).unwrap();
    assert_eq!(told.recv_timeout(PATIENCE).unwrap(), 0);
}

#[test]
fn after_the_handshake_a_refusal_is_told_to_the_reader() {
    let root = authority();
    let stranger = Wish::authority("another authority").by_itself();
    let backend = backend();
    for (identity, words) in [
        (None, "the server asks for a client certificate"),
        (
            Some(Wish::client().by(&stranger).identity(&[])),
            "the server refused the client certificate",
        ),
        (
            Some(
                Wish {
                    from: -30,
                    until: -1,
                    ..Wish::client()
                }
                .by(&root)
                .identity(&[]),
            ),
            "the server refused the client certificate",
        ),
    ] {
        let issued = Wish::server().by(&root);
        let server = Server::tls(&issued, asks(&root, SslVersion::TLS1_3), |_| {});
        let certificate = identity.map(|identity| backend.load_certificate(&identity).unwrap());
        let target = server.target(&root.roots());
        let error = block_on(async {
            let mut connection = backend
                .connect(&target, certificate.as_deref())
                .await
                .unwrap();
            let error = connection.read(&mut [0; 8]).await.unwrap_err();
            // Once.
            assert_eq!(connection.read(&mut [0; 8]).await.unwrap(), 0);
            error
        });
        assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
        assert!(error.to_string().starts_with(words), "{error}");
        assert!(!error.to_string().contains("routines"), "{error}");
    }
}

#[test]
fn in_the_handshake_a_refusal_is_told_as_such() {
    let root = authority();
    let stranger = Wish::authority("another authority").by_itself();
    let backend = backend();
    let server = Server::tls(
        &Wish::server().by(&root),
        asks(&root, SslVersion::TLS1_2),
        |_| {},
    );
    let identity = Wish::client().by(&stranger).identity(&[]);
    let certificate = backend.load_certificate(&identity).unwrap();
    let target = server.target(&root.roots());
    let error = block_on(backend.connect(&target, Some(certificate.as_ref()))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Tls);
    let words = "the server refused the client certificate";
    assert!(error.to_string().contains(words), "{}", error.report());
}

#[test]
fn a_certificate_that_nobody_asks_for_is_not_shown() {
    let root = authority();
    let server = Server::tls(
        &Wish::server().by(&root),
        |_| {},
        |mut stream| {
            assert!(stream.ssl().peer_certificate().is_none());
            stream.write_all(b"done").unwrap();
            let _ = stream.read(&mut [0; 1]);
        },
    );
    let backend = backend();
    let identity = Wish::client().by(&root).identity(&[]);
    let certificate = backend.load_certificate(&identity).unwrap();
    let target = server.target(&root.roots());
    block_on(async {
        let mut connection = backend
            .connect(&target, Some(certificate.as_ref()))
            .await
            .unwrap();
        connection.read_exact(&mut [0; 4]).await.unwrap();
    });
    server.finish();
}

#[derive(Debug)]
struct Foreign(Vec<Vec<u8>>);

impl Certificate for Foreign {
    fn chain_der(&self) -> &[Vec<u8>] {
        &self.0
    }
}

#[test]
fn a_certificate_of_another_stack_is_refused() {
    let server = Server::plain(|_| {});
    let target = server.target(&Roots::system());
    let error = block_on(backend().connect(&target, Some(&Foreign(Vec::new())))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ForeignCertificate);
}

#[test]
fn a_key_of_another_certificate_is_refused() {
    let root = authority();
    let (one, other) = (Wish::client().by(&root), Wish::client().by(&root));
    let identity = Identity::from_pem_pair(
        one.certificate.to_pem().unwrap(),
        other.key.private_key_to_pem_pkcs8().unwrap(),
    )
    .unwrap();
    let error = Openssl::new().load_certificate(&identity).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Identity);
    assert!(error.to_string().contains("does not belong"), "{error}");
}

#[test]
fn keys_load_in_every_form_with_one_fingerprint() {
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/../tls-rustls/tests/data/");
    let prints = ["sec1.key", "pkcs8.key"].map(|key| {
        let identity =
            Identity::from_pem_files(format!("{data}client.pem"), format!("{data}{key}")).unwrap();
        let certificate = Openssl::new().load_certificate(&identity).unwrap();
        CertificateInfo::of(certificate.as_ref())
            .unwrap()
            .fingerprint
    });
    assert_eq!(prints[0], prints[1]);
}

#[test]
fn a_key_that_is_none_is_told_in_one_line() {
    let own = Wish::client().by_itself();
    let chain = vec![own.certificate.to_der().unwrap()];
    let identity =
        Identity::from_der(chain, b"nonsense".to_vec(), push_core::KeyFormat::Pkcs8).unwrap();
    let error = Openssl::new().load_certificate(&identity).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Identity);
    let report = error.report();
    assert!(report.contains("OpenSSL can't use"), "{report}");
    assert!(
        !report.contains("routines") && !report.contains('\n'),
        "{report}"
    );
}

#[test]
fn nothing_of_the_key_is_shown() {
    let identity = Wish::client().by_itself().identity(&[]);
    let certificate = Openssl::new().load_certificate(&identity).unwrap();
    let shown = format!("{certificate:?}");
    assert!(shown.len() < 100, "{shown}");
}
