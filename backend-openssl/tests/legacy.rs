//! The legacy provider: alone in its process, since what is loaded is there for all threads.

#![allow(clippy::unwrap_used)]

mod common;

use std::thread;

use backend_openssl::Openssl;
use common::*;
use openssl::pkcs12::Pkcs12;

const PASSWORD: &str = "anypush";

fn file() -> Vec<u8> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../push-core/tests/data/rsa-rc2-128.p12"
    );
    std::fs::read(path).unwrap()
}

/// Whether OpenSSL reads old files without being helped. Before version 3 there were no providers.
fn old_algorithms_are_there() -> bool {
    let pkcs12 = Pkcs12::from_der(&file()).unwrap();
    openssl::version::number() >= 0x3000_0000 && pkcs12.parse2(PASSWORD).is_ok()
}

#[test]
fn old_algorithms_are_there_for_the_read_and_gone_after_it() {
    let file = file();
    assert!(!old_algorithms_are_there());
    Openssl::read_pkcs12(&file, PASSWORD).unwrap();
    assert!(!old_algorithms_are_there());
    // From many threads at once.
    let read = || {
        for _ in 0..10 {
            Openssl::read_pkcs12(&file, PASSWORD).unwrap();
        }
    };
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(read);
        }
    });
    assert!(!old_algorithms_are_there());
    // While others have connections made, no one disturbs the other. What those look up meanwhile
    // they may keep.
    let authority = authority();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(read);
            scope.spawn(|| {
                for _ in 0..10 {
                    let server = Server::tls(&Wish::server().by(&authority), |_| {}, |_| {});
                    connect(&server.target(&authority.roots())).unwrap();
                }
            });
        }
    });
}
