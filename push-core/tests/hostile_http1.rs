//! The kept inputs of the fuzz target `http1_answer`: see `hostile/http1.rs` for what must hold.

#![cfg(feature = "http1")]
#![allow(clippy::unwrap_used)]

#[path = "hostile/http1.rs"]
mod hostile;
mod http1;

use std::path::Path;

#[test]
fn what_is_promised_holds_whatever_a_server_answers() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    // Written by `cargo package`, whose packages come without the inputs.
    if package.join("Cargo.toml.orig").exists() {
        return;
    }
    let folder = package.join("../fuzz/corpus/http1_answer");
    let inputs = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("no inputs in {}: {error}", folder.display()));
    let mut count = 0;
    for input in inputs {
        let path = input.unwrap().path();
        // Shown with a failure only.
        eprintln!("{}", path.display());
        hostile::http1_answer(&std::fs::read(&path).unwrap());
        count += 1;
    }
    assert!(count > 0, "no inputs in {}", folder.display());
}
