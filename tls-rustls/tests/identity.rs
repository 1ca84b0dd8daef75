//! Certificates and keys in all their forms, loaded into rustls.

#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use push_core::{CertificateInfo, ErrorKind, Identity, KeyFormat, Tls};
use tls_rustls::Rustls;

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
}

#[test]
fn elliptic_curve_keys_load_in_both_forms_with_one_fingerprint() {
    let tls = Rustls::new();
    let forms = [
        ("sec1.key", KeyFormat::Sec1),
        ("pkcs8.key", KeyFormat::Pkcs8),
    ];
    let fingerprints = forms.map(|(key, format)| {
        let identity = Identity::from_pem_files(file("client.pem"), file(key)).unwrap();
        assert_eq!(identity.key_format(), format);
        let certificate = tls.load_certificate(&identity).unwrap();
        CertificateInfo::of(certificate.as_ref())
            .unwrap()
            .fingerprint
    });
    assert_eq!(fingerprints[0], fingerprints[1]);
}

#[test]
fn one_text_holds_both_in_any_order() {
    let certificate = std::fs::read_to_string(file("client.pem")).unwrap();
    let key = std::fs::read_to_string(file("sec1.key")).unwrap();
    for text in [format!("{certificate}{key}"), format!("{key}{certificate}")] {
        let identity = Identity::from_pem(text).unwrap();
        Rustls::new().load_certificate(&identity).unwrap();
    }
}

#[test]
fn a_key_of_another_certificate_is_refused() {
    let identity = Identity::from_pem_files(file("client.pem"), file("other.key")).unwrap();
    let error = Rustls::new().load_certificate(&identity).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Identity);
    assert!(error.to_string().contains("does not belong"), "{error}");
}

#[test]
fn what_can_not_be_read_says_what_to_do() {
    let cases = [
        ("client.pem", "encrypted.key", "openssl pkey"),
        ("client.pem", "encrypted-sec1.key", "openssl pkey"),
        ("client.pem", "client.pem", "no private key found"),
        ("sec1.key", "sec1.key", "no certificate found"),
        ("client.p12", "sec1.key", "openssl pkcs12"),
        ("missing.pem", "sec1.key", "can't read"),
    ];
    for (certificate, key, advice) in cases {
        let error = Identity::from_pem_files(file(certificate), file(key)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Identity);
        assert!(error.to_string().contains(advice), "{error}");
    }
}

#[test]
fn nothing_of_the_key_is_shown() {
    let identity = Identity::from_pem_files(file("client.pem"), file("sec1.key")).unwrap();
    let certificate = Rustls::new().load_certificate(&identity).unwrap();
    let shown = format!("{identity:?} {certificate:?}");
    assert!(shown.len() < 200, "{shown}");
}
