//! PKCS#12 files of several makers, and encrypted PEM. The files are push-core's, which reads them
//! too: see `make.sh` there.

#![allow(clippy::unwrap_used)]

mod common;

use std::path::{Path, PathBuf};

use backend_openssl::Openssl;
use common::*;
use openssl::pkcs12::Pkcs12;
use openssl::pkey::PKey;
use openssl::rsa::Rsa;
use openssl::symm::Cipher;
use push_core::{CertificateInfo, ErrorKind, Identity, Tls};

const PASSWORD: &str = "anypush";

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../push-core/tests/data")
        .join(name)
}

fn file(name: &str) -> Vec<u8> {
    std::fs::read(path(name)).unwrap()
}

#[test]
fn both_readers_give_the_same() {
    let tls = Openssl::new();
    for (name, password) in [
        ("ec.p12", PASSWORD),
        ("ec-chain.p12", PASSWORD),
        ("rsa-chain.p12", PASSWORD),
        ("ed25519-chain.p12", PASSWORD),
        ("ec-chain-rc2-40.p12", PASSWORD),
        ("rsa-chain-rc2-40.p12", PASSWORD),
        ("rsa-chain-3des.p12", PASSWORD),
        ("ec-aes-128.p12", PASSWORD),
        ("ec-empty-password.p12", ""),
        ("ec-rc2-40-empty-password.p12", ""),
        ("ec-password-with-umlaut.p12", "pässwörd€"),
        ("keytool-ec.p12", PASSWORD),
        ("keytool-rsa.p12", PASSWORD),
        ("keytool-rsa-rc2-40.p12", PASSWORD),
    ] {
        let native = Openssl::read_pkcs12(file(name), password)
            .unwrap_or_else(|error| panic!("{name}: {}", error.report()));
        let neutral = Identity::from_pkcs12(file(name), password).unwrap();
        assert!(native.chain_der() == neutral.chain_der(), "{name}");
        let prints = [native, neutral].map(|identity| {
            let certificate = tls.load_certificate(&identity).unwrap();
            CertificateInfo::of(certificate.as_ref())
                .unwrap()
                .fingerprint
        });
        assert_eq!(prints[0], prints[1], "{name}");
    }
}

#[test]
fn what_only_openssl_can_decrypt_is_read() {
    let identity = Openssl::read_pkcs12(file("rsa-rc2-128.p12"), PASSWORD).unwrap();
    Openssl::new().load_certificate(&identity).unwrap();
    // In BER: an outermost sequence of indefinite length.
    let der = file("ec.p12");
    let ber = [&[0x30, 0x80], &der[4..], &[0, 0]].concat();
    let identity = Openssl::read_pkcs12(ber, PASSWORD).unwrap();
    let other = Identity::from_pkcs12(der, PASSWORD).unwrap();
    assert!(identity.chain_der() == other.chain_der());
}

#[test]
fn what_can_not_be_read_says_what_to_do() {
    for (name, password, advice) in [
        (
            "ec.p12",
            "wrong",
            "the password of the PKCS#12 file is wrong",
        ),
        ("ec.p12", "", "has a password, and none was given"),
        (
            "rsa-chain-rc2-40.p12",
            "wrong",
            "the password of the PKCS#12 file is wrong",
        ),
        ("ec.p12", "zero\0", "zero byte"),
        ("no-key.p12", PASSWORD, "holds no private key"),
        ("two-keys.p12", PASSWORD, "holds 2 private keys"),
        ("ec-chain.pem", PASSWORD, "`Identity::from_pem`"),
        ("make.sh", PASSWORD, "not a PKCS#12 file"),
    ] {
        let error = Openssl::read_pkcs12(file(name), password).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Identity);
        assert!(
            error.to_string().contains(advice),
            "{name}: {}",
            error.report()
        );
        assert!(!error.report().contains("routines"), "{}", error.report());
    }
}

#[test]
fn a_file_without_a_checksum_is_read_or_says_what_to_do() {
    // Without a password by OpenSSL 3, with one by the later versions of it.
    for (name, password) in [("ec-unprotected.p12", ""), ("ec-no-checksum.p12", PASSWORD)] {
        let file = file(name);
        let neutral = Identity::from_pkcs12(&file, password).unwrap();
        match Openssl::read_pkcs12(&file, password) {
            Ok(native) => assert!(native.chain_der() == neutral.chain_der(), "{name}"),
            Err(error) => {
                assert!(error.to_string().contains("with a checksum"), "{error}");
                assert!(openssl::version::number() < 0x3000_0000 || !password.is_empty());
            }
        }
    }
    let error = Openssl::read_pkcs12(file("ec-no-checksum.p12"), "wrong").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Identity);
}

#[test]
fn a_key_without_its_certificate_says_what_to_do() {
    let key = PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
    let alone = Pkcs12::builder().pkey(&key).build2(PASSWORD).unwrap();
    let der = alone.to_der().unwrap();
    for error in [
        Openssl::read_pkcs12(&der, PASSWORD).unwrap_err(),
        Identity::from_pkcs12(&der, PASSWORD).unwrap_err(),
    ] {
        assert!(error.to_string().contains("no certificate"), "{error}");
    }
    // With one of somebody else.
    let mut others = openssl::stack::Stack::new().unwrap();
    others.push(Wish::client().by_itself().certificate).unwrap();
    let strange = Pkcs12::builder()
        .pkey(&key)
        .ca(others)
        .build2(PASSWORD)
        .unwrap();
    let der = strange.to_der().unwrap();
    for error in [
        Openssl::read_pkcs12(&der, PASSWORD).unwrap_err(),
        Identity::from_pkcs12(&der, PASSWORD).unwrap_err(),
    ] {
        let words = "belongs to its private key";
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[test]
fn of_two_certificates_of_one_key_the_one_that_is_valid_longest_is_taken() {
    let authority = authority();
    let old = Wish::client().by(&authority);
    let mut new = openssl::x509::X509::builder().unwrap();
    let name = old.certificate.subject_name();
    let later = openssl::asn1::Asn1Time::days_from_now(400).unwrap();
    new.set_subject_name(name).unwrap();
    new.set_issuer_name(authority.certificate.subject_name())
        .unwrap();
    new.set_not_before(old.certificate.not_before()).unwrap();
    new.set_not_after(&later).unwrap();
    new.set_pubkey(&old.key).unwrap();
    new.sign(&authority.key, openssl::hash::MessageDigest::sha256())
        .unwrap();
    let new = new.build();
    for (one, other) in [(&old.certificate, &new), (&new, &old.certificate)] {
        let mut others = openssl::stack::Stack::new().unwrap();
        others.push(other.clone()).unwrap();
        others.push(authority.certificate.clone()).unwrap();
        let file = Pkcs12::builder()
            .pkey(&old.key)
            .cert(one)
            .ca(others)
            .build2(PASSWORD)
            .unwrap();
        let der = file.to_der().unwrap();
        let expected = [&new, &authority.certificate].map(|one| one.to_der().unwrap());
        for identity in [
            Openssl::read_pkcs12(&der, PASSWORD).unwrap(),
            Identity::from_pkcs12(&der, PASSWORD).unwrap(),
        ] {
            assert!(identity.chain_der() == expected);
        }
    }
}

#[test]
fn encrypted_pem_is_read_in_both_forms() {
    let issued = Wish::client().by_itself();
    let certificate = issued.certificate.to_pem().unwrap();
    let cipher = Cipher::aes_256_cbc();
    let pkcs8 = issued
        .key
        .private_key_to_pem_pkcs8_passphrase(cipher, PASSWORD.as_bytes());
    let old = issued.key.ec_key().unwrap();
    let old = old.private_key_to_pem_passphrase(cipher, PASSWORD.as_bytes());
    for key in [
        pkcs8.unwrap(),
        old.unwrap(),
        issued.key.private_key_to_pem_pkcs8().unwrap(),
    ] {
        let pem = [key.clone(), certificate.clone()].concat();
        let identity = Openssl::read_pem(pem, PASSWORD).unwrap();
        assert!(identity.chain_der()[0] == issued.certificate.to_der().unwrap());
        Openssl::new().load_certificate(&identity).unwrap();
        // And the other way round.
        let pem = [certificate.clone(), key].concat();
        Openssl::read_pem(pem, PASSWORD).unwrap();
    }
}

#[test]
fn pem_that_can_not_be_read_says_what_to_do() {
    let issued = Wish::client().by_itself();
    let certificate = issued.certificate.to_pem().unwrap();
    let cipher = Cipher::aes_256_cbc();
    let key = issued
        .key
        .private_key_to_pem_pkcs8_passphrase(cipher, b"right")
        .unwrap();
    let both = [certificate.clone(), key.clone()].concat();
    for (pem, password, advice) in [
        (&both, "secret-word", "its password is wrong"),
        (&both, "", "its password is wrong"),
        (&certificate, "right", "no private key found"),
        (&key, "right", "no certificate found"),
    ] {
        let error = Openssl::read_pem(pem, password).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Identity);
        assert!(error.to_string().contains(advice), "{}", error.report());
        assert!(!format!("{error:?}").contains("secret-word"));
    }
}

#[test]
fn a_file_that_asks_for_endless_work_is_refused_at_once() {
    let issued = Wish::client().by_itself();
    let file = |checksum: u32, key: u32| {
        let mut builder = Pkcs12::builder();
        builder.pkey(&issued.key).cert(&issued.certificate);
        builder.mac_iter(checksum).key_iter(key);
        builder.build2(PASSWORD).unwrap().to_der().unwrap()
    };
    Openssl::read_pkcs12(file(70_000, 80_000), PASSWORD).unwrap();
    // 70,000 in the file becomes 8,388,607.
    let (modest, endless) = ([2, 3, 1, 0x11, 0x70], [2, 3, 0x7f, 0xff, 0xff]);
    for mut der in [file(70_000, 2048), file(2048, 70_000)] {
        let found = der.windows(5).filter(|window| *window == modest).count();
        assert!(found > 0);
        while let Some(at) = der.windows(5).position(|window| window == modest) {
            der[at..at + 5].copy_from_slice(&endless);
        }
        let error = Openssl::read_pkcs12(&der, PASSWORD).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Identity);
        assert!(error.to_string().contains("iterations"), "{error}");
    }
}
