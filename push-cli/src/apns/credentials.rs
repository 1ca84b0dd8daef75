//! Keys and certificates, read from files.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use anypush::Identity;
use anypush::apns::ProviderToken;

use crate::args::{Certificate, Credentials};
use crate::files::secret_of;

/// Who the client is to the service.
pub(crate) enum Identify {
    Token(ProviderToken),
    Certificate(Identity),
}

impl Identify {
    pub(super) fn read(credentials: &Credentials) -> Result<Self> {
        let Credentials {
            key,
            key_id,
            team_id,
            certificate,
        } = credentials;
        if let (Some(path), Some(key_id), Some(team_id)) = (key, key_id, team_id) {
            let pem = fs::read(path).with_context(|| format!("can't read {}", path.display()))?;
            let token = ProviderToken::from_p8(pem, key_id, team_id)
                .with_context(|| format!("can't use {}", path.display()))?;
            return Ok(Self::Token(token));
        }
        let identity = certificate_of(certificate)?;
        identity
            .map(Self::Certificate)
            .context("no credentials: give --key, --key-id and --team-id, or --cert")
    }
}

/// The certificate that was given, if one was.
pub(crate) fn certificate_of(certificate: &Certificate) -> Result<Option<Identity>> {
    let Some(path) = &certificate.cert else {
        return Ok(None);
    };
    let password = certificate.password_env.as_deref();
    let password = password
        .map(|variable| secret_of("--password-env", variable, "the password"))
        .transpose()?;
    read(path, certificate.cert_key.as_deref(), password.as_deref()).map(Some)
}

/// A certificate and its key, from PEM or PKCS#12.
fn read(path: &Path, key: Option<&Path>, password: Option<&str>) -> Result<Identity> {
    if let Some(key) = key {
        return Ok(Identity::from_pem_files(path, key)?);
    }
    let content = fs::read(path).with_context(|| format!("can't read {}", path.display()))?;
    if !is_pkcs12(&content) {
        return Identity::from_pem(&content)
            .map_err(|error| anyhow!("{}: {}", path.display(), error.report()));
    }
    Identity::from_pkcs12(&content, password.unwrap_or_default()).map_err(|error| {
        let hint = match password {
            None => " (its password is read from the variable that --password-env names)",
            Some(_) => "",
        };
        anyhow!("{}: {}{hint}", path.display(), error.report())
    })
}

/// PKCS#12 is DER, a sequence; PEM is text.
fn is_pkcs12(content: &[u8]) -> bool {
    content.first() == Some(&0x30)
}
