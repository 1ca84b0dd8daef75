use std::fmt;
use std::path::Path;

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::{CertificateInfo, Error, ErrorKind, Result};

/// A certificate chain and its private key, read but not yet loaded by any TLS stack.
///
/// However it came (one PEM text or two, a file or memory), the same certificate gives the same
/// fingerprint.
#[derive(Clone)]
pub struct Identity {
    chain: Vec<Vec<u8>>,
    key: Vec<u8>,
    format: KeyFormat,
}

/// The encoding of a private key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyFormat {
    /// PKCS#8 (RFC 5958), for any kind of key: `BEGIN PRIVATE KEY`.
    Pkcs8,
    /// SEC1 (RFC 5915), for elliptic curves: `BEGIN EC PRIVATE KEY`.
    Sec1,
    /// PKCS#1 (RFC 8017), for RSA: `BEGIN RSA PRIVATE KEY`.
    Pkcs1,
}

impl Identity {
    /// Reads certificate chain and key from one PEM text, in any order; the first certificate is
    /// the client's own.
    ///
    /// # Errors
    /// [`ErrorKind::Identity`] when there is no certificate, no key, an encrypted key, or no PEM.
    pub fn from_pem(pem: impl AsRef<[u8]>) -> Result<Self> {
        Self::from_pem_pair(pem.as_ref(), pem.as_ref())
    }

    /// Reads the certificate chain from one PEM text and the key from another.
    ///
    /// # Errors
    /// As [`from_pem`](Self::from_pem).
    pub fn from_pem_pair(chain: impl AsRef<[u8]>, key: impl AsRef<[u8]>) -> Result<Self> {
        let chain = read_chain(chain.as_ref())?;
        let (key, format) = read_key(key.as_ref())?;
        let identity = Self { chain, key, format };
        // What can't be parsed is said here, where the caller still knows which file it was.
        CertificateInfo::from_der(&identity.chain[0])?;
        Ok(identity)
    }

    /// Reads certificate chain and key from one PEM file.
    ///
    /// # Errors
    /// As [`from_pem`](Self::from_pem), and when the file can't be read.
    pub fn from_pem_file(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        Self::from_pem(read_file(path)?).map_err(|error| in_file(path, error))
    }

    /// Reads the certificate chain from one PEM file and the key from another.
    ///
    /// # Errors
    /// As [`from_pem`](Self::from_pem), and when a file can't be read.
    pub fn from_pem_files(chain: impl AsRef<Path>, key: impl AsRef<Path>) -> Result<Self> {
        let (chain_path, key_path) = (chain.as_ref(), key.as_ref());
        let chain = read_chain(&read_file(chain_path)?).map_err(|e| in_file(chain_path, e))?;
        let (key, format) = read_key(&read_file(key_path)?).map_err(|e| in_file(key_path, e))?;
        CertificateInfo::from_der(&chain[0]).map_err(|e| in_file(chain_path, e))?;
        Ok(Self { chain, key, format })
    }

    /// The certificates in DER, the client's own first.
    pub fn chain_der(&self) -> &[Vec<u8>] {
        &self.chain
    }

    /// The private key in DER, in [`key_format`](Self::key_format). A secret.
    pub fn key_der(&self) -> &[u8] {
        &self.key
    }

    /// How the private key is encoded.
    pub fn key_format(&self) -> KeyFormat {
        self.format
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("certificates", &self.chain.len())
            .field("key_format", &self.format)
            .finish_non_exhaustive()
    }
}

fn read_chain(pem: &[u8]) -> Result<Vec<Vec<u8>>> {
    let chain = CertificateDer::pem_slice_iter(pem)
        .map(|certificate| certificate.map(|der| der.to_vec()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| invalid("the certificate is not valid PEM").with_source(error))?;
    if chain.is_empty() {
        return Err(invalid(if looks_like_pkcs12(pem) {
            "no PEM certificate found: this looks like a PKCS#12 file (.p12, .pfx); convert it with \
             `openssl pkcs12 -in FILE -nodes -out FILE.pem`"
        } else {
            "no certificate found: expected PEM with a `BEGIN CERTIFICATE` section"
        }));
    }
    Ok(chain)
}

fn read_key(pem: &[u8]) -> Result<(Vec<u8>, KeyFormat)> {
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
        Err(_) if is_encrypted(pem) => Err(invalid(
            "the private key is encrypted; decrypt it with `openssl pkey -in FILE -out FILE.key`",
        )),
        Err(error) => Err(invalid(
            "no private key found: expected PEM with a `BEGIN PRIVATE KEY`, `BEGIN EC PRIVATE KEY` \
             or `BEGIN RSA PRIVATE KEY` section",
        )
        .with_source(error)),
    }
}

fn is_encrypted(pem: &[u8]) -> bool {
    let text = String::from_utf8_lossy(pem);
    text.contains("BEGIN ENCRYPTED PRIVATE KEY") || text.contains("Proc-Type: 4,ENCRYPTED")
}

/// A DER sequence of version 3, which is how every PKCS#12 file begins.
fn looks_like_pkcs12(bytes: &[u8]) -> bool {
    bytes.first() == Some(&0x30) && bytes.windows(3).take(8).any(|w| w == [0x02, 0x01, 0x03])
}

fn read_file(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|error| {
        invalid(format!("can't read {}: {error}", path.display())).with_source(error)
    })
}

fn in_file(path: &Path, error: Error) -> Error {
    Error::new(error.kind(), format!("{}: {error}", path.display())).with_source(error)
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Identity, message)
}
