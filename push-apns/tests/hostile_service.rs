//! The kept inputs of the fuzz target `apns_answer`: see `hostile/mod.rs` for what must hold.

#![allow(clippy::unwrap_used)]

mod common;
mod hostile;

use std::path::Path;

#[test]
fn what_is_promised_holds_whatever_the_service_answers() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    // Written by `cargo package`, whose packages come without the inputs.
    if package.join("Cargo.toml.orig").exists() {
        return;
    }
    let folder = package.join("../fuzz/corpus/apns_answer");
    let inputs = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("no inputs in {}: {error}", folder.display()));
    let mut count = 0;
    for input in inputs {
        let path = input.unwrap().path();
        // Shown with a failure only.
        eprintln!("{}", path.display());
        hostile::apns_answer(&std::fs::read(&path).unwrap());
        count += 1;
    }
    assert!(count > 0, "no inputs in {}", folder.display());
}
