use rustls_pki_types::pem::{Error as Fault, PemObject};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use super::{KeyFormat, invalid};
use crate::pem_fault::PemFault;
use crate::{Error, Result};

pub(super) fn read_chain(pem: &[u8]) -> Result<Vec<Vec<u8>>> {
    let chain = CertificateDer::pem_slice_iter(pem)
        .map(|certificate| certificate.map(|der| der.to_vec()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| match error {
            // The headers of an encrypted key beside it are what can't be read.
            _ if is_encrypted(pem) => encrypted(),
            Fault::MissingSectionEnd { .. } => {
                invalid("the certificate is not whole: its `END CERTIFICATE` line is missing")
            }
            error => invalid("the certificate is not valid PEM").with_source(PemFault::from(error)),
        })?;
    if chain.is_empty() {
        return Err(invalid(if looks_like_pkcs12(pem) {
            "no PEM certificate found: this looks like a PKCS#12 file (.p12, .pfx); read it with \
             `Identity::from_pkcs12` (feature `pkcs12`) or OpenSSL's backend, or convert it with \
             `openssl pkcs12 -in FILE -nodes -out FILE.pem`"
        } else {
            "no certificate found: expected PEM with a `BEGIN CERTIFICATE` section"
        }));
    }
    Ok(chain)
}

pub(super) fn read_key(pem: &[u8]) -> Result<(Vec<u8>, KeyFormat)> {
    match PrivateKeyDer::from_pem_slice(pem) {
        Ok(key) => {
            let format = match key {
                PrivateKeyDer::Pkcs8(_) => KeyFormat::Pkcs8,
                PrivateKeyDer::Sec1(_) => KeyFormat::Sec1,
                PrivateKeyDer::Pkcs1(_) => KeyFormat::Pkcs1,
                _ => return Err(invalid("the private key's format is not known")),
            };
            Ok((key.secret_der().to_vec(), format))
        }
        Err(_) if is_encrypted(pem) => Err(encrypted()),
        Err(error) => Err(invalid(
            "no private key found: expected PEM with a `BEGIN PRIVATE KEY`, `BEGIN EC PRIVATE KEY` \
             or `BEGIN RSA PRIVATE KEY` section",
        )
        .with_source(PemFault::from(error))),
    }
}

fn encrypted() -> Error {
    invalid("the private key is encrypted; decrypt it with `openssl pkey -in FILE -out FILE.key`")
}

fn is_encrypted(pem: &[u8]) -> bool {
    let text = String::from_utf8_lossy(pem);
    text.contains("BEGIN ENCRYPTED PRIVATE KEY") || text.contains("Proc-Type: 4,ENCRYPTED")
}

/// A sequence of version 3, which is how every PKCS#12 file begins.
pub(super) fn looks_like_pkcs12(bytes: &[u8]) -> bool {
    bytes.first() == Some(&0x30) && bytes.windows(3).take(8).any(|w| w == [0x02, 0x01, 0x03])
}
