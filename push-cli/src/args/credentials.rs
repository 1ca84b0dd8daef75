//! Who an Apple client is.

use std::path::PathBuf;

use clap::Args;

/// Who sends: a signing key or a certificate.
#[derive(Debug, Args)]
#[command(next_help_heading = "Credentials (a key or a certificate)")]
pub(crate) struct Credentials {
    /// The signing key, as downloaded from Apple
    #[arg(
        long,
        value_name = "FILE.p8",
        requires = "key_id",
        requires = "team_id",
        conflicts_with = "cert"
    )]
    pub(crate) key: Option<PathBuf>,

    /// The key's id, ten letters and digits
    #[arg(long, value_name = "ID", requires = "key")]
    pub(crate) key_id: Option<String>,

    /// The id of the team that the key belongs to, ten letters and digits
    #[arg(long, value_name = "ID", requires = "key")]
    pub(crate) team_id: Option<String>,

    #[command(flatten)]
    pub(crate) certificate: Certificate,
}

/// A client certificate.
#[derive(Debug, Args)]
pub(crate) struct Certificate {
    /// The certificate with its chain and its key: PEM (the key may be apart: --cert-key), or
    /// PKCS#12 (.p12, .pfx)
    #[arg(long, value_name = "FILE")]
    pub(crate) cert: Option<PathBuf>,

    /// The certificate's key in PEM, not encrypted
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub(crate) cert_key: Option<PathBuf>,

    /// The environment variable that holds the password of a PKCS#12 file [default: none, the
    /// password is empty]
    #[arg(
        long,
        value_name = "VAR",
        requires = "cert",
        conflicts_with = "cert_key"
    )]
    pub(crate) password_env: Option<String>,
}
