use std::fmt;

use openssl::error::ErrorStack;
use openssl::pkey::{PKey, Private};
use openssl::ssl::{SslContextBuilder, SslMethod, SslRef};
use openssl::x509::X509;
use push_core::{Certificate, Error, ErrorKind, Identity, KeyFormat, Result};

use crate::error::Explained;

/// A client certificate loaded by OpenSSL.
pub struct OpensslCertificate {
    chain: Vec<Vec<u8>>,
    own: X509,
    issuers: Vec<X509>,
    key: PKey<Private>,
}

impl OpensslCertificate {
    pub(crate) fn load(identity: &Identity) -> Result<Self> {
        let unusable = |error: ErrorStack| {
            let message = "OpenSSL can't use the certificate or its private key";
            Error::new(ErrorKind::Identity, message).with_source(Explained::stack(&error))
        };
        let der = identity.key_der();
        let key = match identity.key_format() {
            KeyFormat::Pkcs8 => PKey::private_key_from_pkcs8(der),
            KeyFormat::Sec1 | KeyFormat::Pkcs1 => PKey::private_key_from_der(der),
            other => {
                let message = format!("OpenSSL can't read keys in the form {other:?}");
                return Err(Error::new(ErrorKind::Identity, message));
            }
        };
        let key = key.map_err(unusable)?;
        let chain = identity.chain_der().to_vec();
        let mut certificates = Vec::with_capacity(chain.len());
        for der in &chain {
            certificates.push(X509::from_der(der).map_err(unusable)?);
        }
        let mut certificates = certificates.into_iter();
        let own = certificates
            .next()
            .ok_or_else(|| Error::new(ErrorKind::Identity, "the certificate's chain is empty"))?;
        if !own.public_key().map_err(unusable)?.public_eq(&key) {
            return Err(Error::new(
                ErrorKind::Identity,
                "the private key does not belong to the certificate",
            ));
        }
        // What OpenSSL's security level forbids is said now, and not at the first connection.
        SslContextBuilder::new(SslMethod::tls_client())
            .and_then(|mut trial| {
                trial.set_certificate(&own)?;
                trial.set_private_key(&key)
            })
            .map_err(unusable)?;
        Ok(Self {
            chain,
            own,
            issuers: certificates.collect(),
            key,
        })
    }

    /// Shows it to servers that ask for one.
    pub(crate) fn put_into(&self, ssl: &mut SslRef) -> Result<(), ErrorStack> {
        ssl.set_certificate(&self.own)?;
        ssl.set_private_key(&self.key)?;
        for issuer in &self.issuers {
            ssl.add_chain_cert(issuer.clone())?;
        }
        Ok(())
    }
}

impl Certificate for OpensslCertificate {
    fn chain_der(&self) -> &[Vec<u8>] {
        &self.chain
    }
}

impl fmt::Debug for OpensslCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpensslCertificate")
            .field("certificates", &self.chain.len())
            .finish_non_exhaustive()
    }
}
