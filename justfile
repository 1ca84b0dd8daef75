# The commands that continuous integration runs, one by one.

# What there is
default:
    @just --list

# All of it, as continuous integration does
ci:
    bash .ci/run

# Formatting, lints and documentation, warnings as errors
check:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --all-features -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --all-features

# Everything that needs nothing but this machine
test:
    cargo test --workspace

# The simulators and the clients, together
demo:
    cargo run --release -- demo

# CPU per push, beside other clients and a bare loop
bench *args:
    bench/run {{args}}

# Every fuzz target for a minute, or one: `just fuzz TARGET SECONDS`
fuzz *args:
    fuzz/run {{args}}

# Licences, sources, advisories and bans
deny:
    cargo deny --workspace check
