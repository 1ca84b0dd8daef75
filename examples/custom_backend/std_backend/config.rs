//! What rustls has to know before a handshake.

use std::sync::{Arc, OnceLock};

use anypush::{Error, ErrorKind, Result, Roots};
use rustls::client::ResolvesClientCert;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, RootCertStore};

/// Makes a configuration for each connection. One that is kept, and shared by the connections of a
/// kind, would resume TLS sessions too.
#[derive(Debug)]
pub(super) struct Configs {
    provider: Arc<CryptoProvider>,
    system: OnceLock<Arc<RootCertStore>>,
}

impl Configs {
    /// With a crypto provider of one's own: the default of the process is the program's affair.
    pub(super) fn new(provider: Arc<CryptoProvider>) -> Self {
        Self {
            provider,
            system: OnceLock::new(),
        }
    }

    pub(super) fn provider(&self) -> &CryptoProvider {
        &self.provider
    }

    pub(super) fn make(
        &self,
        roots: &Roots,
        alpn: &[Vec<u8>],
        key: Option<&Arc<CertifiedKey>>,
    ) -> Result<Arc<ClientConfig>> {
        let builder = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| config("the crypto provider offers no TLS version", error))?
            .with_root_certificates(self.roots(roots)?);
        let mut config = match key {
            Some(key) => {
                let resolver: Arc<dyn ResolvesClientCert> =
                    Arc::new(SingleCertAndKey::from(Arc::clone(key)));
                builder.with_client_cert_resolver(resolver)
            }
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = alpn.to_vec();
        Ok(Arc::new(config))
    }

    fn roots(&self, roots: &Roots) -> Result<Arc<RootCertStore>> {
        let Some(given) = roots.as_der() else {
            return self.system();
        };
        let mut store = RootCertStore::empty();
        for der in given {
            store
                .add(CertificateDer::from(der.as_slice()))
                .map_err(|error| config("a trust root is not a usable certificate", error))?;
        }
        Ok(Arc::new(store))
    }

    /// The roots of the operating system, read once.
    fn system(&self) -> Result<Arc<RootCertStore>> {
        if let Some(store) = self.system.get() {
            return Ok(Arc::clone(store));
        }
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if store.is_empty() {
            let message = "the system has no trust roots: install its CA certificates";
            return Err(Error::new(ErrorKind::Config, message));
        }
        Ok(Arc::clone(self.system.get_or_init(|| Arc::new(store))))
    }
}

fn config(message: &str, cause: rustls::Error) -> Error {
    Error::new(ErrorKind::Config, message).with_source(cause)
}
