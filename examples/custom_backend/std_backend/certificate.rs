//! A client certificate of this backend's own type.

use std::fmt;
use std::sync::Arc;

use anypush::{Certificate, Error, ErrorKind, Identity, KeyFormat, Result};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{
    CertificateDer, PrivateKeyDer, PrivatePkcs1KeyDer, PrivatePkcs8KeyDer, PrivateSec1KeyDer,
};
use rustls::sign::CertifiedKey;

/// Chain and key, in the form in which rustls wants them.
pub(crate) struct StdCertificate {
    chain: Vec<Vec<u8>>,
    pub(super) key: Arc<CertifiedKey>,
}

impl StdCertificate {
    pub(super) fn load(identity: &Identity, provider: &CryptoProvider) -> Result<Self> {
        let der = identity.key_der().to_vec();
        let key = match identity.key_format() {
            KeyFormat::Pkcs8 => PrivateKeyDer::from(PrivatePkcs8KeyDer::from(der)),
            KeyFormat::Sec1 => PrivateKeyDer::from(PrivateSec1KeyDer::from(der)),
            KeyFormat::Pkcs1 => PrivateKeyDer::from(PrivatePkcs1KeyDer::from(der)),
            other => {
                let message = format!("keys in the form {other:?} can't be read");
                return Err(Error::new(ErrorKind::Identity, message));
            }
        };
        let chain = identity.chain_der().to_vec();
        let certificates = chain.iter().cloned().map(CertificateDer::from).collect();
        // Says too whether the key belongs to the certificate.
        let key = CertifiedKey::from_der(certificates, key, provider).map_err(|error| {
            let message = "the certificate and its private key can't be used together";
            Error::new(ErrorKind::Identity, message).with_source(error)
        })?;
        Ok(Self {
            chain,
            key: Arc::new(key),
        })
    }
}

impl Certificate for StdCertificate {
    fn chain_der(&self) -> &[Vec<u8>] {
        &self.chain
    }
}

/// Nothing of the key.
impl fmt::Debug for StdCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StdCertificate")
            .field("certificates", &self.chain.len())
            .finish_non_exhaustive()
    }
}
