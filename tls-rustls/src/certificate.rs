use std::fmt;
use std::sync::Arc;

use push_core::{Certificate, Error, ErrorKind, Identity, KeyFormat, Result};
use rustls::crypto::CryptoProvider;
use rustls::sign::CertifiedKey;
use rustls_pki_types::{
    CertificateDer, PrivateKeyDer, PrivatePkcs1KeyDer, PrivatePkcs8KeyDer, PrivateSec1KeyDer,
};

/// A client certificate loaded by rustls.
pub struct RustlsCertificate {
    chain: Vec<Vec<u8>>,
    pub(crate) key: Arc<CertifiedKey>,
}

impl RustlsCertificate {
    pub(crate) fn load(identity: &Identity, provider: &CryptoProvider) -> Result<Self> {
        let der = identity.key_der().to_vec();
        let key = match identity.key_format() {
            KeyFormat::Pkcs8 => PrivateKeyDer::from(PrivatePkcs8KeyDer::from(der)),
            KeyFormat::Sec1 => PrivateKeyDer::from(PrivateSec1KeyDer::from(der)),
            KeyFormat::Pkcs1 => PrivateKeyDer::from(PrivatePkcs1KeyDer::from(der)),
            other => {
                let message = format!("rustls can't read keys in the form {other:?}");
                return Err(Error::new(ErrorKind::Identity, message));
            }
        };
        let chain = identity.chain_der().to_vec();
        let certificates = chain.iter().cloned().map(CertificateDer::from).collect();
        let key = CertifiedKey::from_der(certificates, key, provider).map_err(|error| {
            let message = match error {
                rustls::Error::InconsistentKeys(_) => {
                    "the private key does not belong to the certificate"
                }
                _ => "rustls can't use the certificate or its private key",
            };
            Error::new(ErrorKind::Identity, message).with_source(error)
        })?;
        Ok(Self {
            chain,
            key: Arc::new(key),
        })
    }
}

impl Certificate for RustlsCertificate {
    fn chain_der(&self) -> &[Vec<u8>] {
        &self.chain
    }
}

impl fmt::Debug for RustlsCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RustlsCertificate")
            .field("certificates", &self.chain.len())
            .finish_non_exhaustive()
    }
}
