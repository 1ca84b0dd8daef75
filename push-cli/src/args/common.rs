//! The options that every command has that talks to a service.

use std::fmt;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::value;

/// Connection, output and logs.
#[derive(Debug, Args)]
pub(crate) struct Common {
    /// PEM file of the roots to trust instead of the system's
    #[arg(long, value_name = "FILE", help_heading = "Connection")]
    pub(crate) ca: Option<PathBuf>,

    /// HTTP proxy to go through: http://[USER:PASSWORD@]HOST[:PORT]. Names are resolved here, and the
    /// proxy is asked for addresses. The environment's proxies are not used
    #[arg(long, value_name = "URL", help_heading = "Connection")]
    pub(crate) proxy: Option<Secret>,

    /// The async runtime that carries everything
    #[arg(
        long,
        value_enum,
        value_name = "NAME",
        default_value_t,
        help_heading = "Connection"
    )]
    pub(crate) runtime: RuntimeName,

    /// The TLS stack
    #[arg(
        long,
        value_enum,
        value_name = "NAME",
        default_value_t,
        help_heading = "Connection"
    )]
    pub(crate) tls: TlsName,

    /// Seconds that one push or request may take, with all that goes before its answer; also the
    /// longest wait for the first connection. Fractions are fine
    #[arg(
        long,
        value_name = "SECS",
        default_value = "30",
        value_parser = value::seconds,
        help_heading = "Connection"
    )]
    pub(crate) timeout: Duration,

    /// How to tell what came of it [default: human on a terminal, else json]
    #[arg(long, value_enum, value_name = "FORM", help_heading = "Output")]
    pub(crate) output: Option<OutputFormat>,

    /// Log to standard error: -v what happens, -vv also what the libraries below do. RUST_LOG, where it is set, decides
    /// instead. No secret is logged, and of device tokens only the start
    #[arg(short, long, action = clap::ArgAction::Count, help_heading = "Output")]
    pub(crate) verbose: u8,
}

/// How much may be under way at a time.
#[derive(Debug, Args)]
pub(crate) struct Limits {
    /// At most so many connections; more than one are opened only while the streams of those that
    /// are open do not suffice
    #[arg(
        long,
        value_name = "N",
        default_value = "8",
        help_heading = "Connection"
    )]
    pub(crate) connections: NonZeroUsize,

    /// At most so many unanswered requests
    #[arg(
        long,
        value_name = "N",
        default_value = "1000",
        help_heading = "Connection"
    )]
    pub(crate) in_flight: NonZeroU32,
}

/// Where to send to.
#[derive(Debug, Args)]
pub(crate) struct Devices {
    /// A device; may be repeated
    #[arg(long = "token", value_name = "TOKEN", help_heading = "Devices")]
    pub(crate) token: Vec<String>,

    /// A file of devices, one per line, or - for standard input. It is read as it is sent, so its
    /// size does not matter. Blank lines and white space around a device are skipped
    #[arg(long, value_name = "FILE|-", help_heading = "Devices")]
    pub(crate) tokens: Option<Source>,
}

impl Common {
    /// The backend that was chosen.
    pub(crate) fn backend(&self) -> BackendName {
        BackendName {
            runtime: self.runtime,
            tls: self.tls,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum RuntimeName {
    #[default]
    Tokio,
    Smol,
    /// Discontinued by its authors, who name smol as the successor
    AsyncStd,
}

impl RuntimeName {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Tokio => "tokio",
            Self::Smol => "smol",
            Self::AsyncStd => "async-std",
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum TlsName {
    #[default]
    Rustls,
    Openssl,
}

impl TlsName {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Rustls => "rustls",
            Self::Openssl => "openssl",
        }
    }
}

/// What carries everything: a runtime and a TLS stack.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BackendName {
    pub(crate) runtime: RuntimeName,
    pub(crate) tls: TlsName,
}

impl BackendName {
    /// Every one that is built in.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let runtimes = [RuntimeName::Tokio, RuntimeName::Smol, RuntimeName::AsyncStd];
        runtimes.into_iter().flat_map(|runtime| {
            [TlsName::Rustls, TlsName::Openssl].map(|tls| Self { runtime, tls })
        })
    }
}

impl fmt::Display for BackendName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.runtime.as_str(), self.tls.as_str())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputFormat {
    /// Lines and tables for people, and a progress bar while it takes long
    Human,
    /// One JSON object per line for programs, in order of completion; pushes are summed up on a last
    /// line
    Json,
}

/// A text that can hold a password: it is read by who uses it, so that no usage error shows it.
#[derive(Clone)]
pub(crate) struct Secret(pub(crate) String);

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// Where a service is. A URL is read by who uses it, so that no usage error shows what may stand in it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum ServiceUrl {
    /// The service's own place.
    Production,
    Url(String),
}

impl ServiceUrl {
    /// The URL that was given.
    pub(crate) fn given(&self) -> Option<&str> {
        match self {
            Self::Production => None,
            Self::Url(url) => Some(url),
        }
    }
}

impl From<&str> for ServiceUrl {
    fn from(text: &str) -> Self {
        match text {
            "production" => Self::Production,
            url => Self::Url(url.to_owned()),
        }
    }
}

impl fmt::Debug for ServiceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServiceUrl")
    }
}

/// A file, or standard input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Stdin,
    File(PathBuf),
}

impl From<&Path> for Source {
    fn from(path: &Path) -> Self {
        Self::File(path.to_owned())
    }
}

impl From<&str> for Source {
    fn from(text: &str) -> Self {
        match text {
            "-" => Self::Stdin,
            path => Self::File(Path::new(path).to_owned()),
        }
    }
}
