use std::fmt;
use std::hash::{Hash, Hasher};
use std::path::Path;
use std::sync::Arc;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use crate::pem_fault::PemFault;
use crate::{Error, ErrorKind, Result};

/// The certificate authorities that a server's certificate must come from.
///
/// Two values are equal when one is a clone of the other; the system's roots are equal to
/// themselves. Make one and clone it: connections and TLS configurations are shared by it.
#[derive(Clone, Default)]
pub struct Roots(Option<Arc<[Vec<u8>]>>);

impl Roots {
    /// The roots that the operating system trusts. The default.
    pub const fn system() -> Self {
        Self(None)
    }

    /// Only the certificates of this PEM text.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when there is no certificate in it.
    pub fn from_pem(pem: impl AsRef<[u8]>) -> Result<Self> {
        let roots = CertificateDer::pem_slice_iter(pem.as_ref())
            .map(|certificate| certificate.map(|der| der.to_vec()))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| {
                Error::new(ErrorKind::Config, "the trust roots are not valid PEM")
                    .with_source(PemFault::from(error))
            })?;
        if roots.is_empty() {
            return Err(Error::new(
                ErrorKind::Config,
                "no trust root found: expected PEM with a `BEGIN CERTIFICATE` section",
            ));
        }
        Ok(Self(Some(roots.into())))
    }

    /// Only the certificates of this PEM file.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when the file can't be read or there is no certificate in it.
    pub fn from_pem_file(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let pem = std::fs::read(path).map_err(|error| {
            let message = format!("can't read {}: {error}", path.display());
            Error::new(ErrorKind::Config, message).with_source(error)
        })?;
        Self::from_pem(pem).map_err(|error| {
            Error::new(error.kind(), format!("{}: {error}", path.display())).with_source(error)
        })
    }

    /// The certificates in DER; `None` for the system's.
    pub fn as_der(&self) -> Option<&[Vec<u8>]> {
        self.0.as_deref()
    }

    fn address(&self) -> usize {
        self.0.as_ref().map_or(0, |roots| roots.as_ptr() as usize)
    }
}

impl PartialEq for Roots {
    fn eq(&self, other: &Self) -> bool {
        self.address() == other.address()
    }
}

impl Eq for Roots {}

impl Hash for Roots {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.address().hash(state);
    }
}

impl fmt::Debug for Roots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            None => f.write_str("Roots::system"),
            Some(roots) => write!(f, "Roots({} certificates)", roots.len()),
        }
    }
}
