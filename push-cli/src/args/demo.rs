//! `anypush demo`.

use clap::Args;

/// See it work: simulators and clients together, without network or account
///
/// Starts the simulators, sends through every service on every runtime and TLS stack that is built
/// in, and lets some devices fail in every way that a service has. Takes less than half a
/// minute.
///
/// Example: anypush demo --count 100000
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Devices per service and backend
    #[arg(
        long,
        value_name = "N",
        default_value = "20000",
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    pub(crate) count: u32,
}
