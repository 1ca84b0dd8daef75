use std::fmt;
use std::sync::{Mutex, OnceLock, PoisonError};

use openssl::error::ErrorStack;
use openssl::ssl::{
    SslContext, SslContextBuilder, SslMethod, SslMode, SslOptions, SslSessionCacheMode,
    SslVerifyMode, SslVersion,
};
use openssl::x509::X509;
use openssl::x509::store::X509StoreBuilder;
use openssl::x509::verify::X509VerifyFlags;
use push_core::{Error, ErrorKind, Result, Roots};

use crate::error::Explained;

/// The configurations in use, most recently used last.
///
/// One per roots and ALPN list; certificates are given to each connection. Bounded, since roots
/// can be made anew for each session.
#[derive(Default)]
pub(crate) struct Configs {
    system_roots: OnceLock<Vec<X509>>,
    recent: Mutex<Vec<(Key, SslContext)>>,
}

struct Key {
    roots: Roots,
    alpn: Vec<Vec<u8>>,
}

const KEPT: usize = 64;

impl Configs {
    /// The configuration for these roots and this ALPN list, made if need be.
    pub(crate) fn get(&self, roots: &Roots, alpn: &[Vec<u8>]) -> Result<SslContext> {
        if let Some(known) = self.known(roots, alpn) {
            return Ok(known);
        }
        // Without the lock: the system's roots take a while to be read.
        let config = self.make(roots, alpn)?;
        if let Some(known) = self.known(roots, alpn) {
            return Ok(known);
        }
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if recent.len() >= KEPT {
            recent.remove(0);
        }
        let key = Key {
            roots: roots.clone(),
            alpn: alpn.to_vec(),
        };
        recent.push((key, config.clone()));
        Ok(config)
    }

    fn known(&self, roots: &Roots, alpn: &[Vec<u8>]) -> Option<SslContext> {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let index = recent
            .iter()
            .position(|(key, _)| key.roots == *roots && key.alpn == alpn)?;
        let entry = recent.remove(index);
        let config = entry.1.clone();
        recent.push(entry);
        Some(config)
    }

    fn make(&self, roots: &Roots, alpn: &[Vec<u8>]) -> Result<SslContext> {
        let alpn = wire_format(alpn)?;
        let roots = match roots.as_der() {
            None => self.system_roots()?,
            Some(given) => &given
                .iter()
                .map(|der| X509::from_der(der))
                .collect::<Result<Vec<_>, _>>()
                .map_err(|error| {
                    let message = "a trust root is not a usable certificate";
                    Error::new(ErrorKind::Config, message).with_source(Explained::stack(&error))
                })?,
        };
        build(roots, &alpn).map_err(|error| {
            let message = "OpenSSL can't be configured";
            Error::new(ErrorKind::Config, message).with_source(Explained::stack(&error))
        })
    }

    fn system_roots(&self) -> Result<&[X509]> {
        if let Some(roots) = self.system_roots.get() {
            return Ok(roots);
        }
        // Not OpenSSL's own search: one that is built from source looks where it would have been
        // installed.
        let found = rustls_native_certs::load_native_certs();
        // Stores hold odd certificates here and there; the usable ones are what counts.
        let roots = found
            .certs
            .iter()
            .filter_map(|der| X509::from_der(der).ok());
        let roots = roots.collect::<Vec<_>>();
        if roots.is_empty() {
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
        Ok(self.system_roots.get_or_init(|| roots))
    }
}

fn build(roots: &[X509], alpn: &[u8]) -> Result<SslContext, ErrorStack> {
    let mut context = SslContextBuilder::new(SslMethod::tls_client())?;
    raise_minimum(&mut context)?;
    // Of TLS 1.2 what HTTP/2 allows (RFC 9113, section 9.2.2), which is what rustls offers too.
    context.set_cipher_list("ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL:!eNULL")?;
    context.set_options(SslOptions::NO_COMPRESSION | SslOptions::NO_RENEGOTIATION);
    // The chain is sent as it was loaded. Buffers are given back while a connection is idle: there
    // can be thousands.
    context.set_mode(
        SslMode::AUTO_RETRY
            | SslMode::ENABLE_PARTIAL_WRITE
            | SslMode::ACCEPT_MOVING_WRITE_BUFFER
            | SslMode::NO_AUTO_CHAIN
            | SslMode::RELEASE_BUFFERS,
    );
    // One read of the stream for a record, not one for its head and one for the rest.
    context.set_read_ahead(true);
    context.set_session_cache_mode(SslSessionCacheMode::OFF);
    context.set_verify(SslVerifyMode::PEER);
    let mut store = X509StoreBuilder::new()?;
    // What is given as a root is one, though another authority has signed it.
    store.set_flags(X509VerifyFlags::PARTIAL_CHAIN)?;
    for root in roots {
        store.add_cert(root.clone())?;
    }
    context.set_cert_store(store.build());
    if !alpn.is_empty() {
        context.set_alpn_protos(alpn)?;
    }
    Ok(context.build())
}

/// To TLS 1.2, where OpenSSL's configuration file does not ask for more; a maximum is its affair.
fn raise_minimum(context: &mut SslContextBuilder) -> Result<(), ErrorStack> {
    match context.min_proto_version() {
        None | Some(SslVersion::SSL3 | SslVersion::TLS1 | SslVersion::TLS1_1) => {
            context.set_min_proto_version(Some(SslVersion::TLS1_2))
        }
        Some(_) => Ok(()),
    }
}

/// The list as it goes over the wire (RFC 7301, section 3.1).
fn wire_format(alpn: &[Vec<u8>]) -> Result<Vec<u8>> {
    let mut list = Vec::new();
    for name in alpn {
        let length = u8::try_from(name.len()).unwrap_or(0);
        if length == 0 {
            let message = format!(
                "a protocol's name has 1 to 255 bytes, and not {}",
                name.len()
            );
            return Err(Error::new(ErrorKind::Config, message));
        }
        list.push(length);
        list.extend_from_slice(name);
    }
    Ok(list)
}

impl fmt::Debug for Configs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        f.debug_struct("Configs")
            .field("recent", &recent.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_minimum_is_raised_and_never_lowered() {
        for (before, after) in [
            (None, SslVersion::TLS1_2),
            (Some(SslVersion::TLS1), SslVersion::TLS1_2),
            (Some(SslVersion::TLS1_1), SslVersion::TLS1_2),
            (Some(SslVersion::TLS1_2), SslVersion::TLS1_2),
            (Some(SslVersion::TLS1_3), SslVersion::TLS1_3),
        ] {
            let mut context = SslContextBuilder::new(SslMethod::tls_client()).unwrap();
            context.set_min_proto_version(before).unwrap();
            raise_minimum(&mut context).unwrap();
            assert_eq!(context.min_proto_version(), Some(after), "{before:?}");
        }
    }
}
