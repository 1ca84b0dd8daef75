use std::fmt;
use std::sync::Arc;

use push_core::{Certificate, Error, ErrorKind, Identity, KeyFormat, Result};
use rustls::sign::{self, CertifiedKey, SigningKey};
use rustls::{PrivateKey, SignatureScheme};
use webpki::{EndEntityCert, SignatureAlgorithm};

/// A client certificate loaded into the rustls of async-tls.
pub struct AsyncTlsCertificate {
    chain: Vec<Vec<u8>>,
    pub(crate) key: Arc<CertifiedKey>,
}

impl AsyncTlsCertificate {
    pub(crate) fn load(identity: &Identity) -> Result<Self> {
        match identity.key_format() {
            KeyFormat::Pkcs8 | KeyFormat::Sec1 | KeyFormat::Pkcs1 => {}
            other => {
                let message = format!("async-tls can't read keys in the form {other:?}");
                return Err(Error::new(ErrorKind::Identity, message));
            }
        }
        let key = sign::any_supported_type(&PrivateKey(identity.key_der().to_vec()))
            .map_err(|error| unusable().with_source(error))?;
        let chain = identity.chain_der().to_vec();
        let leaf = chain.first().ok_or_else(unusable)?;
        check_pair(leaf, key.as_ref())?;
        let certificates = chain.iter().cloned().map(rustls::Certificate).collect();
        Ok(Self {
            chain,
            key: Arc::new(CertifiedKey::new(certificates, key)),
        })
    }
}

impl Certificate for AsyncTlsCertificate {
    fn chain_der(&self) -> &[Vec<u8>] {
        &self.chain
    }
}

impl fmt::Debug for AsyncTlsCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncTlsCertificate")
            .field("certificates", &self.chain.len())
            .finish_non_exhaustive()
    }
}

/// What rustls may sign with, and what verifies it.
static SCHEMES: &[(SignatureScheme, &SignatureAlgorithm)] = &[
    (
        SignatureScheme::ECDSA_NISTP256_SHA256,
        &webpki::ECDSA_P256_SHA256,
    ),
    (
        SignatureScheme::ECDSA_NISTP384_SHA384,
        &webpki::ECDSA_P384_SHA384,
    ),
    (SignatureScheme::ED25519, &webpki::ED25519),
    (
        SignatureScheme::RSA_PSS_SHA256,
        &webpki::RSA_PSS_2048_8192_SHA256_LEGACY_KEY,
    ),
];

/// Whether the key is the certificate's. This rustls does not ask, and tells no public keys: so
/// what the one signs, the other must verify.
fn check_pair(leaf: &[u8], key: &dyn SigningKey) -> Result<()> {
    const MESSAGE: &[u8] = b"anypush asks whether this key belongs to this certificate";
    let certificate = EndEntityCert::try_from(leaf).map_err(|error| {
        unusable().with_source(std::io::Error::other(format!("the certificate: {error}")))
    })?;
    let offered = SCHEMES.iter().map(|(scheme, _)| *scheme);
    let signer = key
        .choose_scheme(&offered.collect::<Vec<_>>())
        .ok_or_else(unusable)?;
    let signature = signer
        .sign(MESSAGE)
        .map_err(|error| unusable().with_source(error))?;
    let (_, algorithm) = SCHEMES
        .iter()
        .find(|(scheme, _)| *scheme == signer.scheme())
        .ok_or_else(unusable)?;
    certificate
        .verify_signature(algorithm, MESSAGE, &signature)
        .map_err(|_| {
            let message = "the private key does not belong to the certificate";
            Error::new(ErrorKind::Identity, message)
        })
}

fn unusable() -> Error {
    Error::new(
        ErrorKind::Identity,
        "async-tls can't use the certificate or its private key",
    )
}
