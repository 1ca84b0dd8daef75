//! The kept inputs of the fuzz target `sim_requests`: see `oracle/mod.rs` for what must hold.

#![allow(clippy::unwrap_used)]

mod oracle;

use std::path::Path;

#[test]
fn another_server_sees_the_same_requests() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    // Written by `cargo package`, whose packages come without the inputs.
    if package.join("Cargo.toml.orig").exists() {
        return;
    }
    let folder = package.join("../fuzz/corpus/sim_requests");
    let inputs = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("no inputs in {}: {error}", folder.display()));
    let mut count = 0;
    for input in inputs {
        let path = input.unwrap().path();
        // Shown with a failure only.
        eprintln!("{}", path.display());
        oracle::requests(&std::fs::read(&path).unwrap());
        count += 1;
    }
    assert!(count > 0, "no inputs in {}", folder.display());
}

/// Else the two would agree about nothing.
#[test]
fn both_servers_take_the_requests_of_the_rfc() {
    // RFC 7541, appendix C.4.
    let blocks: [&[u8]; 2] = [
        b"\x82\x86\x84\x41\x8c\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff",
        b"\x82\x86\x84\xbe\x58\x86\xa8\xeb\x10\x64\x9c\xbf",
    ];
    assert_eq!(oracle::taken(&blocks), (2, 2));
}
