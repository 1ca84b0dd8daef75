//! The TLS that every service's port speaks.

use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};

use crate::{Error, Files, Result};

/// TLS 1.2 and 1.3; a client's certificate is asked for, not required, and must
/// come from the simulator's authority.
pub(crate) fn server_config(files: &Files, alpn: &[&str]) -> Result<Arc<ServerConfig>> {
    let failed = |error: &dyn std::fmt::Display| Error::Certificate {
        what: "the server's TLS configuration",
        reason: error.to_string(),
    };
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut roots = RootCertStore::empty();
    roots
        .add(files.authority().certificate_der().clone())
        .map_err(|error| failed(&error))?;
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone())
        .allow_unauthenticated()
        .build()
        .map_err(|error| failed(&error))?;
    let chain = vec![files.server().certificate_der().clone()];
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| failed(&error))?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, files.server().key_der())
        .map_err(|error| failed(&error))?;
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    Ok(Arc::new(config))
}
