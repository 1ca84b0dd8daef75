use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use push_core::{Error, ErrorKind, Result, Roots};
use rustls::client::{ClientConfig, ResolvesClientCert};
use rustls::sign::CertifiedKey;
use rustls::{RootCertStore, SignatureScheme};

use crate::AsyncTlsCertificate;

/// The configurations in use, most recently used last.
///
/// One per roots, certificate and offer: connections of one kind share it, and with it the session
/// tickets. Bounded, since an application server can hold thousands of certificates.
#[derive(Default)]
pub(crate) struct Configs {
    system_roots: OnceLock<RootCertStore>,
    recent: Mutex<Vec<(Key, Arc<ClientConfig>)>>,
}

struct Key {
    roots: Roots,
    offer: Option<&'static [u8]>,
    certificate: Option<Arc<CertifiedKey>>,
}

const KEPT: usize = 64;

impl Configs {
    /// The configuration for this roots, offer and certificate, made if need be.
    pub(crate) fn get(
        &self,
        roots: &Roots,
        offer: Option<&'static [u8]>,
        certificate: Option<&AsyncTlsCertificate>,
    ) -> Result<Arc<ClientConfig>> {
        let key = Key {
            roots: roots.clone(),
            offer,
            certificate: certificate.map(|certificate| certificate.key.clone()),
        };
        if let Some(known) = self.known(&key) {
            return Ok(known);
        }
        // Without the lock: the system's roots take a while to be read.
        let config = Arc::new(self.make(&key)?);
        if let Some(known) = self.known(&key) {
            return Ok(known);
        }
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if recent.len() >= KEPT {
            recent.remove(0);
        }
        recent.push((key, config.clone()));
        Ok(config)
    }

    fn known(&self, wanted: &Key) -> Option<Arc<ClientConfig>> {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let index = recent.iter().position(|(key, _)| key.is(wanted))?;
        let entry = recent.remove(index);
        let config = entry.1.clone();
        recent.push(entry);
        Some(config)
    }

    fn make(&self, key: &Key) -> Result<ClientConfig> {
        let builder = ClientConfig::builder()
            .with_safe_defaults()
            .with_root_certificates(self.roots(&key.roots)?);
        let mut config = match &key.certificate {
            Some(certificate) => {
                let always = Always(certificate.clone());
                builder.with_client_cert_resolver(Arc::new(always))
            }
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = key.offer.iter().map(|protocol| protocol.to_vec()).collect();
        Ok(config)
    }

    fn roots(&self, roots: &Roots) -> Result<RootCertStore> {
        let Some(given) = roots.as_der() else {
            return self.system_roots();
        };
        let mut store = RootCertStore::empty();
        for der in given {
            store
                .add(&rustls::Certificate(der.clone()))
                .map_err(|error| {
                    let message = "a trust root is not a usable certificate";
                    Error::new(ErrorKind::Config, message).with_source(error)
                })?;
        }
        Ok(store)
    }

    fn system_roots(&self) -> Result<RootCertStore> {
        if let Some(store) = self.system_roots.get() {
            return Ok(store.clone());
        }
        let found = rustls_native_certs::load_native_certs();
        let mut store = RootCertStore::empty();
        // Stores hold odd certificates here and there; the usable ones are what counts.
        let ders: Vec<_> = found.certs.iter().map(|der| der.to_vec()).collect();
        store.add_parsable_certificates(&ders);
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
        Ok(self.system_roots.get_or_init(|| store).clone())
    }
}

impl Key {
    fn is(&self, other: &Self) -> bool {
        let same_certificate = match (&self.certificate, &other.certificate) {
            (None, None) => true,
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            _ => false,
        };
        same_certificate && self.roots == other.roots && self.offer == other.offer
    }
}

impl fmt::Debug for Configs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Configs")
    }
}

/// Shows one certificate to every server that asks, whatever authorities it names: as the other TLS
/// stacks do.
struct Always(Arc<CertifiedKey>);

impl ResolvesClientCert for Always {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }

    fn has_certs(&self) -> bool {
        true
    }
}
