use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use push_core::{Error, ErrorKind, Result, Roots};
use rustls::client::ResolvesClientCert;
use rustls::crypto::CryptoProvider;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;

/// The configurations in use, most recently used last.
///
/// One per roots, certificate and ALPN list: connections of one kind share it, and with it the
/// session tickets. Bounded, since an application server can hold thousands of certificates.
#[derive(Debug)]
pub(crate) struct Configs {
    provider: Arc<CryptoProvider>,
    system_roots: OnceLock<Arc<RootCertStore>>,
    recent: Mutex<Vec<(Key, Arc<ClientConfig>)>>,
}

#[derive(Debug)]
struct Key {
    roots: Roots,
    alpn: Vec<Vec<u8>>,
    certificate: Option<Arc<CertifiedKey>>,
}

const KEPT: usize = 64;

impl Configs {
    pub(crate) fn new(provider: Arc<CryptoProvider>) -> Self {
        Self {
            provider,
            system_roots: OnceLock::new(),
            recent: Mutex::default(),
        }
    }

    pub(crate) fn provider(&self) -> &CryptoProvider {
        &self.provider
    }

    /// The configuration for this roots, certificate and ALPN list, made if need be.
    pub(crate) fn get(
        &self,
        roots: &Roots,
        alpn: &[Vec<u8>],
        certificate: Option<&Arc<CertifiedKey>>,
    ) -> Result<Arc<ClientConfig>> {
        if let Some(known) = self.known(roots, alpn, certificate) {
            return Ok(known);
        }
        // Without the lock: the system's roots take a while to be read.
        let config = Arc::new(self.make(roots, alpn, certificate)?);
        if let Some(known) = self.known(roots, alpn, certificate) {
            return Ok(known);
        }
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if recent.len() >= KEPT {
            recent.remove(0);
        }
        let key = Key {
            roots: roots.clone(),
            alpn: alpn.to_vec(),
            certificate: certificate.cloned(),
        };
        recent.push((key, config.clone()));
        Ok(config)
    }

    fn known(
        &self,
        roots: &Roots,
        alpn: &[Vec<u8>],
        certificate: Option<&Arc<CertifiedKey>>,
    ) -> Option<Arc<ClientConfig>> {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let index = recent
            .iter()
            .position(|(key, _)| key.matches(roots, alpn, certificate))?;
        let entry = recent.remove(index);
        let config = entry.1.clone();
        recent.push(entry);
        Some(config)
    }

    fn make(
        &self,
        roots: &Roots,
        alpn: &[Vec<u8>],
        certificate: Option<&Arc<CertifiedKey>>,
    ) -> Result<ClientConfig> {
        let builder = ClientConfig::builder_with_provider(self.provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|error| {
                let message = "the crypto provider offers no TLS version";
                Error::new(ErrorKind::Config, message).with_source(error)
            })?
            .with_root_certificates(self.roots(roots)?);
        let mut config = match certificate {
            Some(key) => {
                let resolver: Arc<dyn ResolvesClientCert> =
                    Arc::new(SingleCertAndKey::from(key.clone()));
                builder.with_client_cert_resolver(resolver)
            }
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = alpn.to_vec();
        Ok(config)
    }

    fn roots(&self, roots: &Roots) -> Result<Arc<RootCertStore>> {
        let Some(given) = roots.as_der() else {
            return self.system_roots();
        };
        let mut store = RootCertStore::empty();
        for der in given {
            store
                .add(CertificateDer::from(der.as_slice()))
                .map_err(|error| {
                    let message = "a trust root is not a usable certificate";
                    Error::new(ErrorKind::Config, message).with_source(error)
                })?;
        }
        Ok(Arc::new(store))
    }

    fn system_roots(&self) -> Result<Arc<RootCertStore>> {
        if let Some(store) = self.system_roots.get() {
            return Ok(store.clone());
        }
        let found = rustls_native_certs::load_native_certs();
        let mut store = RootCertStore::empty();
        // Stores hold odd certificates here and there; the usable ones are what counts.
        store.add_parsable_certificates(found.certs);
        if store.is_empty() {
            let error = Error::new(
                ErrorKind::Config,
                "the system has no trust roots: install its CA certificates, or give roots of your \
                 own",
            );
            return Err(match found.errors.into_iter().next() {
                Some(cause) => error.with_source(cause),
                None => error,
            });
        }
        Ok(self.system_roots.get_or_init(|| Arc::new(store)).clone())
    }
}

impl Key {
    fn matches(
        &self,
        roots: &Roots,
        alpn: &[Vec<u8>],
        certificate: Option<&Arc<CertifiedKey>>,
    ) -> bool {
        let same_certificate = match (&self.certificate, certificate) {
            (None, None) => true,
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            _ => false,
        };
        same_certificate && self.roots == *roots && self.alpn == alpn
    }
}
