//! Runs the inputs that are kept for the fuzzer.

use std::path::Path;

/// Runs a target over the inputs that are kept for it.
pub(crate) fn replay(target: &str, run: fn(&[u8])) {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    // Written by `cargo package`, whose packages come without the inputs.
    if package.join("Cargo.toml.orig").exists() {
        return;
    }
    let folder = package.join("../fuzz/corpus").join(target);
    let inputs = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("no inputs in {}: {error}", folder.display()));
    let mut count = 0;
    for input in inputs {
        let path = input.unwrap().path();
        // Shown with a failure only.
        eprintln!("{}", path.display());
        run(&std::fs::read(&path).unwrap());
        count += 1;
    }
    assert!(count > 0, "no inputs in {}", folder.display());
}
