//! PKCS#12 files of several makers, read without any TLS stack. `data/make.sh` makes them.

#![cfg(feature = "pkcs12")]
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use push_core::{ErrorKind, Identity, KeyFormat, Roots};

const PASSWORD: &str = "anypush";

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
}

fn read(name: &str, password: &str) -> push_core::Result<Identity> {
    Identity::from_pkcs12(std::fs::read(path(name)).unwrap(), password)
}

/// The chain in order of issue, from PEM.
fn chain(name: &str) -> Vec<Vec<u8>> {
    let pem = Roots::from_pem_file(path(name)).unwrap();
    pem.as_der().unwrap().to_vec()
}

#[test]
fn the_chain_is_put_in_the_order_of_issue() {
    for (name, expected) in [
        ("ec-chain.p12", "ec-chain.pem"),
        ("ec-chain-rc2-40.p12", "ec-chain.pem"),
        ("rsa-chain.p12", "rsa-chain.pem"),
        ("rsa-chain-rc2-40.p12", "rsa-chain.pem"),
        ("rsa-chain-3des.p12", "rsa-chain.pem"),
        ("ed25519-chain.p12", "ed25519-chain.pem"),
    ] {
        let identity = read(name, PASSWORD).unwrap();
        assert!(identity.chain_der() == chain(expected), "{name}");
        assert_eq!(identity.key_format(), KeyFormat::Pkcs8);
    }
}

#[test]
fn a_file_without_issuers_gives_the_certificate_alone() {
    for (name, password) in [
        ("ec.p12", PASSWORD),
        ("ec-aes-128.p12", PASSWORD),
        ("ec-no-checksum.p12", PASSWORD),
        ("ec-empty-password.p12", ""),
        ("ec-rc2-40-empty-password.p12", ""),
        ("ec-unprotected.p12", ""),
        ("ec-password-with-umlaut.p12", "pässwörd€"),
    ] {
        let identity = read(name, password).unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert!(
            identity.chain_der() == &chain("ec-chain.pem")[..1],
            "{name}"
        );
    }
}

#[test]
fn what_keytool_writes_is_read() {
    for name in [
        "keytool-ec.p12",
        "keytool-rsa.p12",
        "keytool-rsa-rc2-40.p12",
    ] {
        let identity = Identity::from_pkcs12_file(path(name), PASSWORD).unwrap();
        assert_eq!(identity.chain_der().len(), 1, "{name}");
    }
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
        ("ec-no-checksum.p12", "wrong", "its password is wrong"),
        (
            "rsa-rc2-128.p12",
            PASSWORD,
            "convert it with `openssl pkcs12",
        ),
        ("no-key.p12", PASSWORD, "holds no private key"),
        ("two-keys.p12", PASSWORD, "holds 2 private keys"),
        ("ec-chain.pem", PASSWORD, "`Identity::from_pem`"),
        ("make.sh", PASSWORD, "not a PKCS#12 file"),
        ("missing.p12", PASSWORD, "can't read"),
    ] {
        let error = Identity::from_pkcs12_file(path(name), password).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Identity);
        assert!(error.to_string().contains(advice), "{name}: {error}");
        assert!(error.to_string().contains(name), "{name}: {error}");
    }
}

#[test]
fn what_is_cut_short_is_refused_wherever_it_is_cut() {
    let whole = std::fs::read(path("ec-unprotected.p12")).unwrap();
    for length in 0..whole.len() {
        let error = Identity::from_pkcs12(&whole[..length], "").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Identity);
    }
}

#[test]
fn whatever_is_changed_in_a_file_does_no_harm() {
    let whole = std::fs::read(path("ec-unprotected.p12")).unwrap();
    for at in 0..whole.len() {
        for change in [0x01, 0x80, 0xff] {
            let mut changed = whole.clone();
            changed[at] ^= change;
            // An error or not: names and signatures are not what is read here.
            let _ = Identity::from_pkcs12(changed, "");
        }
    }
}

#[test]
fn a_file_in_ber_says_what_to_do() {
    // A sequence with an indefinite length: its head of four bytes made two, and the end marked.
    let ber = |at: usize| {
        let mut der = std::fs::read(path("ec-unprotected.p12")).unwrap();
        assert_eq!(der[at..at + 2], [0x30, 0x82]);
        let length = usize::from(der[at + 2]) << 8 | usize::from(der[at + 3]);
        der.splice(at + 4 + length..at + 4 + length, [0, 0]);
        der.splice(at..at + 4, [0x30, 0x80]);
        der
    };
    // The outermost, and the one behind the version.
    for at in [0, 7] {
        let error = Identity::from_pkcs12(ber(at), "").unwrap_err();
        assert!(
            error.to_string().contains("BER"),
            "{at}: {}",
            error.report()
        );
        assert!(error.to_string().contains("openssl pkcs12"), "{error}");
    }
}

#[test]
fn a_password_that_no_file_can_have_is_refused() {
    // Not in the basic plane, which is all that the old key derivation knows.
    let error = read("ec-chain-rc2-40.p12", "\u{1f511}").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Identity);
}

#[test]
fn nothing_of_the_key_or_the_password_is_shown() {
    let shown = format!("{:?}", read("ec.p12", PASSWORD).unwrap());
    assert!(shown.len() < 100, "{shown}");
    let error = read("ec.p12", "secret-word").unwrap_err();
    assert!(!format!("{error:?} {}", error.report()).contains("secret-word"));
}
