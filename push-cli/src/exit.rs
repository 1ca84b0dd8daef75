//! How the program ends.

use std::fmt;
use std::io;
use std::process::ExitCode;

/// The exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// All was accepted.
    Success,
    /// Some was not.
    SomeNotAccepted,
    /// Wrong use or configuration.
    Usage,
    /// The service could not be reached.
    Unreachable,
    /// Ended by a signal, after what was under way was answered.
    Interrupted,
}

impl Exit {
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::SomeNotAccepted => 1,
            Self::Usage => 2,
            Self::Unreachable => 3,
            Self::Interrupted => 130,
        }
    }

    /// Says on one line of standard error what went wrong, unless it is a closed pipe, and chooses
    /// the status.
    pub(crate) fn of_error(error: &anyhow::Error) -> Self {
        if is_closed_pipe(error) {
            return Self::SomeNotAccepted;
        }
        complain(format_args!("{}", one_line(error)));
        if error.is::<Unreachable>() {
            Self::Unreachable
        } else {
            Self::Usage
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}

/// The service could not be reached.
#[derive(Debug)]
pub(crate) struct Unreachable(pub(crate) String);

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unreachable {}

/// One line on standard error.
pub(crate) fn complain(line: fmt::Arguments<'_>) {
    use io::Write;
    // With a closed standard error there is nobody left to tell.
    let _ = writeln!(io::stderr(), "anypush: {line}");
}

/// An error and its causes, each said once.
fn one_line(error: &anyhow::Error) -> String {
    let mut line = String::new();
    for cause in error.chain() {
        let text = cause.to_string();
        if line.contains(&text) {
            continue;
        }
        if !line.is_empty() {
            line.push_str(": ");
        }
        line.push_str(&text);
    }
    line.replace(['\n', '\r'], " ")
}

/// Whether somebody stopped reading our output.
pub(crate) fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
