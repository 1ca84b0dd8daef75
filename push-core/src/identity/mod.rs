mod chain;
mod pem;
#[cfg(feature = "pkcs12")]
mod pkcs12;

use std::fmt;
use std::path::Path;

use crate::{CertificateInfo, Error, ErrorKind, Result};

/// A certificate chain and its private key, read but not yet loaded by any TLS stack.
///
/// However it came (one PEM text or two, PKCS#12, a file or memory), the same certificate gives the
/// same fingerprint.
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
        let chain = pem::read_chain(chain.as_ref())?;
        let (key, format) = pem::read_key(key.as_ref())?;
        // What can't be parsed is said here, where the caller still knows which file it was.
        Self::from_der(chain, key, format)
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
        let chain = pem::read_chain(&read_file(chain_path)?).map_err(|e| in_file(chain_path, e))?;
        let (key, format) =
            pem::read_key(&read_file(key_path)?).map_err(|e| in_file(key_path, e))?;
        Self::from_der(chain, key, format).map_err(|e| in_file(chain_path, e))
    }

    /// Reads certificate chain and key from a PKCS#12 file (.p12, .pfx) in memory; the password of
    /// a file without one is empty.
    ///
    /// The chain is the certificate that belongs to the key (of several, the one that is valid
    /// longest), then those that issued it, as far as the file has them. Encryption by AES, triple
    /// DES and 40-bit RC2 is read, whichever the TLS stack.
    ///
    /// # Errors
    /// [`ErrorKind::Identity`] when the password is wrong, when there is no key, more than one, or
    /// no certificate that belongs to it, or when it is no PKCS#12 file.
    #[cfg(feature = "pkcs12")]
    pub fn from_pkcs12(der: impl AsRef<[u8]>, password: &str) -> Result<Self> {
        pkcs12::read(der.as_ref(), password)
    }

    /// Reads certificate chain and key from a PKCS#12 file.
    ///
    /// # Errors
    /// As [`from_pkcs12`](Self::from_pkcs12), and when the file can't be read.
    #[cfg(feature = "pkcs12")]
    pub fn from_pkcs12_file(path: impl AsRef<Path>, password: &str) -> Result<Self> {
        let path = path.as_ref();
        Self::from_pkcs12(read_file(path)?, password).map_err(|error| in_file(path, error))
    }

    /// Takes certificate chain and key in DER; the first certificate is the client's own.
    ///
    /// # Errors
    /// [`ErrorKind::Identity`] when the chain is empty or its first certificate is not X.509.
    /// Whether key and certificate fit is said by the TLS stack that loads them.
    pub fn from_der(chain: Vec<Vec<u8>>, key: Vec<u8>, format: KeyFormat) -> Result<Self> {
        match chain.first() {
            Some(own) => CertificateInfo::from_der(own)?,
            None => return Err(invalid("the certificate chain is empty")),
        };
        Ok(Self { chain, key, format })
    }

    /// Takes the client's own certificates (those that belong to the key) and any others in DER,
    /// in no order, and makes a chain of them: the own certificate that is valid longest, then
    /// those that issued it. The rest is left out.
    ///
    /// # Errors
    /// [`ErrorKind::Identity`] when there is no own certificate, or one is not X.509.
    pub fn from_unordered_der(
        own: &[Vec<u8>],
        others: &[Vec<u8>],
        key: Vec<u8>,
        format: KeyFormat,
    ) -> Result<Self> {
        let chain = chain::in_order(own, others)?;
        Self::from_der(chain, key, format)
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
