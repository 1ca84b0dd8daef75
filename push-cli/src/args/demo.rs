//! `anypush demo`.

use clap::Args;

/// See it work: simulators and clients together, without network or account
///
/// Starts the simulators, sends through every service on every runtime and TLS stack that is built
/// in, and lets some devices fail on purpose, so that every verdict is seen. In the end one table has
/// a row for each service. Takes less than half a minute.
///
/// On each backend the same has to become of the devices. Where one differs it has a row of its own, and
/// the exit status is 1.
///
/// Example: anypush demo --count 100000 --by-backend
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// A row for each service and backend, and how fast it was there. Otherwise the slowest and the
    /// fastest backend are told
    #[arg(long)]
    pub(crate) by_backend: bool,

    /// Devices per service and backend
    #[arg(
        long,
        value_name = "N",
        default_value = "15000",
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    pub(crate) count: u32,
}
