//! What OpenSSL's own configuration file allows and forbids: each in a process of its own, since it
//! is read once.

#![allow(clippy::unwrap_used)]

mod common;

use std::path::Path;
use std::process::Command;

use common::*;
use openssl::ssl::{SslContextBuilder, SslVersion};
use push_core::ErrorKind;

/// Whether this is the process that has these settings; if not, runs the test in one that does.
fn with_settings(test: &str, settings: &str) -> bool {
    const INSIDE: &str = "ANYPUSH_TEST_HAS_SETTINGS";
    if std::env::var_os(INSIDE).is_some() {
        return true;
    }
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{test}.cnf"));
    let sections = "openssl_conf = all\n[all]\nssl_conf = tls\n[tls]\nsystem_default = it\n[it]\n";
    std::fs::write(&file, format!("{sections}{settings}\n")).unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test])
        .env("OPENSSL_CONF", file)
        .env(INSIDE, "1")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}");
    assert!(told.contains("1 passed"), "{told}");
    false
}

fn without_certificates(context: &mut SslContextBuilder) {
    context.set_security_level(0);
    context
        .set_cipher_list("AECDH-AES256-SHA:@SECLEVEL=0")
        .unwrap();
    only(SslVersion::TLS1_2)(context);
}

#[test]
fn a_server_without_a_certificate_is_refused() {
    if !with_settings(
        "a_server_without_a_certificate_is_refused",
        "CipherString = ALL:aNULL:@SECLEVEL=0",
    ) {
        return;
    }
    let authority = authority();
    let issued = Wish::server().by(&authority);
    let server = Server::tls(&issued, without_certificates, |_| {});
    let error = refused(&server.target(&authority.roots()));
    assert_eq!(error.kind(), ErrorKind::Tls, "{}", error.report());
}

#[test]
fn a_minimum_of_the_system_holds() {
    let settings = "MinProtocol = TLSv1.3";
    if !with_settings("a_minimum_of_the_system_holds", settings) {
        return;
    }
    let authority = authority();
    let issued = Wish::server().by(&authority);
    let old = Server::tls(&issued, only(SslVersion::TLS1_2), |_| {});
    refused(&old.target(&authority.roots()));
    let new = Server::tls(&issued, only(SslVersion::TLS1_3), |_| {});
    connect(&new.target(&authority.roots())).unwrap();
}

#[test]
fn a_maximum_of_the_system_holds() {
    let settings = "MaxProtocol = TLSv1.2";
    if !with_settings("a_maximum_of_the_system_holds", settings) {
        return;
    }
    let authority = authority();
    let issued = Wish::server().by(&authority);
    let new = Server::tls(&issued, only(SslVersion::TLS1_3), |_| {});
    refused(&new.target(&authority.roots()));
    let old = Server::tls(&issued, only(SslVersion::TLS1_2), |_| {});
    connect(&old.target(&authority.roots())).unwrap();
}
