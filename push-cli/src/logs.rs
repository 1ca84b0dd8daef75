//! Logs on standard error.

use std::io;

use tracing_subscriber::EnvFilter;

/// What happens here, without what the libraries below have to say.
const OURS: &str =
    "anypush=debug,push_core=debug,push_apns=debug,push_gcm=debug,push_web=debug,push_sim=debug";

/// Logs as RUST_LOG says, else as often as -v was given; nothing without both.
pub(crate) fn start(verbose: u8) {
    let from_environment = EnvFilter::try_from_default_env();
    let filter = match (from_environment, verbose) {
        (Ok(filter), _) => filter,
        (Err(_), 0) => return,
        (Err(_), 1) => EnvFilter::new(OURS),
        (Err(_), _) => EnvFilter::new("debug"),
    };
    let started = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(console::colors_enabled_stderr())
        .try_init();
    debug_assert!(started.is_ok(), "logs are started once");
}
