//! `anypush completions`.

use clap::Args;
use clap_complete::Shell;

/// Write a completion script for a shell to standard output
///
/// Example, for bash: source <(anypush completions bash)
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell
    pub(crate) shell: Shell,
}
